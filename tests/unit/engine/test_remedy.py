from __future__ import annotations

import shlex
import subprocess

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from hardcheck.engine.remedy import fill, has_places, is_safe, read_remedies
from hardcheck.engine.yaml_source import parse_yaml
from hardcheck.errors import ConfigError
from hardcheck.findings import Framework, Remedy


def remedy(step: str = "true", ansible: str = "") -> Remedy:
    return Remedy(Framework.ANY, (step,), ("true",), ("true",), "nothing", ansible=ansible)


def step(template: str, *names: str) -> str:
    (filled,) = fill([remedy(template)], names)
    return filled.steps[0]


HOSTILE = [
    "$(id)",
    "`id`",
    "a b",
    "a'b",
    'a"b',
    "a;id",
    "a|b",
    "*",
    "~",
    "!x",
    "\\",
    "{item}",
    "é",
    "#x",
    "a\u00a0b",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_shell_reads_back_the_very_name(name: str) -> None:
    line = step("printf %s -- {item}", name)
    run = subprocess.run(["sh", "-c", line.replace("-- ", "")], capture_output=True, check=True)
    assert run.stdout.decode() == name
    assert shlex.split(line)[-1] == name


@pytest.mark.parametrize(
    "name", ["a\nb", "a\x00b", "\x1b[2J", "a\rb", "\u202egnp", "\u2028", "\udcff", "\u200b", ""]
)
def test_a_name_with_control_or_format_characters_is_left_out_and_said_so(name: str) -> None:
    assert not is_safe(name)
    assert step("aa-enforce -- {item}", "good", name).split("\n") == [
        "aa-enforce -- good",
        "# left out: 1 whose name could be taken for something else by a shell",
    ]


def test_a_leading_dash_needs_a_template_that_ends_the_options() -> None:
    assert step("aa-enforce -- {item}", "-rf") == "aa-enforce -- -rf"
    assert step("aa-enforce {item}", "-rf", "ok").split("\n")[0] == "aa-enforce ok"
    assert "left out: 1" in step("aa-enforce {item}", "-rf")


def test_items_go_into_one_line_and_item_makes_lines() -> None:
    assert step("semanage permissive -d -- {items}", "a_t", "b t") == "semanage permissive -d -- a_t 'b t'"
    assert step("semanage permissive -d -- {item}", "a_t", "b t", "a_t") == (
        "semanage permissive -d -- a_t\nsemanage permissive -d -- 'b t'"
    )


def test_shell_and_jinja_braces_are_no_places() -> None:
    template = "for i in ${items}; do echo \"${item}\"; done; awk '{print}' # {{ item }} {{item}}"
    assert not has_places([remedy(template)])
    assert step(template, "x") == template


def test_without_names_a_line_becomes_a_comment() -> None:
    assert step("aa-enforce -- {item}") == "# for each one found: aa-enforce -- {item}"
    assert step("true") == "true"


def test_a_remedy_is_filled_with_a_bounded_number_of_names() -> None:
    lines = step("x -- {item}", *(f"t{n}" for n in range(1000))).split("\n")
    assert len(lines) == 201
    assert lines[-1] == "# left out: 800 more, see the finding"


ANSIBLE = """\
- name: Enforce
  ansible.builtin.command:
    argv: [aa-enforce, --, "{{ item }}"]
  loop: {items}
- community.general.selinux_permissive:
    name: {item}
"""


def test_ansible_gets_quoted_scalars_and_lists() -> None:
    (filled,) = fill([remedy(ansible=ANSIBLE)], ['a"b: {x}', "b"])
    tasks = yaml.safe_load(filled.ansible.replace('    name: "b"\n', ""))
    assert tasks[0]["loop"] == ['a"b: {x}', "b"]
    assert tasks[1]["community.general.selinux_permissive"]["name"] == 'a"b: {x}'


def test_a_name_that_jinja_would_run_is_marked_unsafe() -> None:
    (filled,) = fill([remedy(ansible="- loop: {items}\n")], ["{{ lookup('pipe','id') }}", "{% x %}", "ok"])
    assert filled.ansible == '- loop: [!unsafe "{{ lookup(\'pipe\',\'id\') }}", !unsafe "{% x %}", "ok"]\n'


def test_ansible_without_names_loops_over_nothing() -> None:
    (filled,) = fill([remedy(ansible=ANSIBLE)], [])
    assert "loop: []" in filled.ansible


@given(st.text(st.characters(exclude_categories=("Cs",)), min_size=1))
def test_every_safe_name_survives_yaml(name: str) -> None:
    (filled,) = fill([remedy(ansible="- loop: {items}\n")], [name])
    if is_safe(name) and "{{" not in name and "{%" not in name and "{#" not in name:
        assert yaml.safe_load(filled.ansible)[0]["loop"] == [name]
    elif not is_safe(name):
        assert filled.ansible.startswith("# left out: 1")


@given(st.lists(st.text(st.characters(exclude_categories=("Cs",)), max_size=8), max_size=6))
def test_a_filled_line_has_as_many_words_as_its_template(names: list[str]) -> None:
    for line in step("cmd -- {item}", *names).split("\n"):
        if not line.startswith("#"):
            words = shlex.split(line)
            assert words[:2] == ["cmd", "--"]
            assert len(words) == 3
            assert words[2] in names


def test_placeholders_in_backquotes_or_after_a_backslash_are_refused() -> None:
    for bad in ["'x `{item}`'", "'x \\{item}'", "'cat <<E\n  {item}'"]:
        text = f"{{steps: [{bad}], verify: ['true'], rollback: ['true'], may_break: x}}"
        with pytest.raises(ConfigError, match="item"):
            read_remedies(parse_yaml(text, "f"), Framework.ANY)
