"""A faulty rule file gives one line: file, line, key, what was expected, and the nearest right word."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardcheck.engine.load import compile_rule, digest, load_rule, load_rules
from hardcheck.errors import ConfigError, ConfigFaults
from hardcheck.findings import Framework, Severity, Status
from tests.unit.engine.world import HEAD, REMEDY, SPECS, fault_of, plain_rule

SIDED = (
    HEAD
    + f"""\
keys: [selinux_state]
selinux:
  applies_when: {{fact: selinux.enforcing, present: true}}
  check: {{fact: selinux.config.mode, equals: enforcing}}
  letter: {{check: {{fact: selinux.enforcing, equals: true}}, note: asks only for now}}
  remedy: {REMEDY}
apparmor:
  check: {{every: apparmor.profiles, has: {{mode: {{equals: enforce}}}}}}
  remedy: [{REMEDY}]
neither: fail
"""
)


def test_a_rule_with_two_sides_is_read_whole() -> None:
    rule = compile_rule(SIDED.encode(), "a-rule.yaml", SPECS)
    assert rule.info.sides == (Framework.SELINUX, Framework.APPARMOR)
    assert rule.info.severity is Severity.HIGH
    assert rule.info.keys == ("selinux_state",)
    assert rule.neither is Status.FAIL
    assert rule.proof == ("mac.lsm",)
    selinux = rule.sides[Framework.SELINUX]
    assert selinux.evidence == ("selinux.enforce", "selinux.config")
    assert selinux.letter_note == "asks only for now"
    assert len(rule.info.remedies) == 2


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "severity: high",
            "severity: hihg",
            "r.yaml:3: severity: expected one of critical, high, medium, low, info, "
            "found 'hihg' (nearest: high)",
        ),
        ("severity: high\n", "", "r.yaml:1: expected the key 'severity'"),
        ("title: A rule", "titel: A rule", "r.yaml:2: titel: expected one of the keys"),
        ("title: A rule", "title: ''", "title: expected a title"),
        ("title: A rule", "title: 1.0", "title: expected a title (put it in quotes), found 1.0"),
        ("id: a-rule", "id: A Rule", "id: expected an id of small letters"),
        ("topic: mac.state", "topic: Mac State", "topic: expected a topic such as mac.state"),
        ("sources: [selinux(8)]", "sources: []", "sources: expected a list that is not empty"),
        (
            "neither: fail",
            "neither: pass",
            "r.yaml:16: neither: expected one of fail, not_applicable, found 'pass'",
        ),
        ("neither: fail\n", "", "expected the key 'neither'"),
        ("equals: enforcing", "equls: enforcing", "(nearest: equals)"),
        ("equals: enforcing", "equals: true", "selinux.check.equals: expected text (in quotes), found true"),
        ("equals: enforcing", "equals: 1", "expected text (in quotes), found 1"),
        ("equals: enforcing", "equals: [a]", "expected text, found a list of 1"),
        ("equals: enforcing", "equals: enforcing, in: [x]", "expected one operator, found equals, in"),
        ("equals: enforcing", "at_least: high", "expected a number, found 'high'"),
        ("equals: enforcing", "matches: '('", "expected a regular expression"),
        ("equals: enforcing", "in: []", "expected a list that is not empty"),
        (
            "selinux.config.mode",
            "selinux.config.mod",
            "expected a field of selinux.config: line, mode, note, found 'mod' (nearest: mode)",
        ),
        (
            "selinux.config.mode",
            "selinux.confgi.mode",
            "expected a known fact, found 'selinux.confgi.mode' (nearest: selinux.config)",
        ),
        (
            "selinux.config.mode",
            "selinux.config.mode.x",
            "expected no field after selinux.config.mode (text), found 'x'",
        ),
        ("selinux.config.mode", "selinux..mode", "expected a path like"),
        ("selinux.config.mode", "'[x]'", "expected a path that begins with a name"),
        ("selinux.config.mode", "'selinux.config[x]'", "expected no [key] after selinux.config"),
        (
            "selinux.config.mode",
            "apparmor.profiles.mode",
            "no field after apparmor.profiles (a list of Profile)",
        ),
        (
            "equals: enforce}",
            "equals: enforced}",
            "expected one of enforce, complain, found 'enforced' (nearest: enforce)",
        ),
        (
            "{mode: {equals: enforce}}",
            "{mdoe: {equals: enforce}}",
            "expected a field of item: attached, mode, name, pids, used, found 'mdoe' (nearest: mode)",
        ),
        ("{mode: {equals: enforce}}", "{mode: enforce}", "expected a mapping of operators"),
        ("{mode: {equals: enforce}}", "{}", "expected a condition"),
        (
            "every: apparmor.profiles",
            "every: selinux.config",
            "expected a path to a list, found selinux.config (Config)",
        ),
        ("{every: apparmor.profiles, has", "{none: apparmor.profiles, hass", "expected one of the keys"),
        (
            "check: {every: apparmor.profiles, has: {mode: {equals: enforce}}}",
            "check: {evry: x}",
            "all, any, not, found 'evry' (nearest: every)",
        ),
        (
            "check: {every: apparmor.profiles, has: {mode: {equals: enforce}}}",
            "check: {all: []}",
            "check.all: expected a list that is not empty",
        ),
        ("note: asks only for now", "nota: x", "expected one of the keys check, note"),
        ("present: true", "present: 1", "expected true or false, found 1"),
        (f"  remedy: [{REMEDY}]\n", "", "apparmor: expected a remedy"),
        ("may_break: nothing", "may_brake: nothing", "(nearest: may_break)"),
        ("steps: ['true']", "steps: 'true'", "expected a list of commands"),
        ("steps: ['true']", "steps: [\"aa-enforce '{item}'\"]", "expected {item} outside of quotes"),
        ("may_break: nothing", "may_break: nothing, families: [redhat]", "one of debian, rhel, suse"),
        ("may_break: nothing", 'may_break: nothing, ansible: "a: x{item}"', "as a whole value of its own"),
    ],
)
def test_a_fault_is_one_line_that_helps(old: str, new: str, message: str) -> None:
    assert old in SIDED
    with pytest.raises(ConfigError) as caught:
        compile_rule(SIDED.replace(old, new).encode(), "r.yaml", SPECS)
    text = str(caught.value)
    assert message in text
    assert text.startswith("r.yaml:")
    assert "\n" not in text


def test_a_rule_without_sides_keeps_its_keys_at_the_top() -> None:
    with pytest.raises(ConfigError, match="expected one of the keys"):
        compile_rule(
            (HEAD + f"check: {{fact: count, equals: 1}}\nremedy: {REMEDY}\n").encode(), "r.yaml", SPECS
        )
    rule = plain_rule("{fact: count, equals: 1}")
    assert rule.info.sides == (Framework.ANY,)
    assert rule.neither is None


def test_only_a_rule_of_severity_info_may_do_without_a_remedy() -> None:
    text = HEAD + "check: {fact: count, equals: 1}\n"
    with pytest.raises(ConfigError, match="expected a remedy"):
        compile_rule(text.encode(), "r.yaml", SPECS)
    assert compile_rule(text.replace("high", "info").encode(), "r.yaml", SPECS).info.remedies == ()


def test_a_side_may_say_that_it_has_nothing_to_ask() -> None:
    start, end = SIDED.index("apparmor:"), SIDED.index("neither:")
    text = SIDED[:start] + "apparmor: {not_applicable: AppArmor has no booleans}\n" + SIDED[end:]
    rule = compile_rule(text.encode(), "r.yaml", SPECS)
    assert rule.sides[Framework.APPARMOR].check is None


def test_every_faulty_file_of_a_folder_is_reported_at_once(tmp_path: Path) -> None:
    (tmp_path / "mac").mkdir()
    (tmp_path / "mac" / "a-rule.yaml").write_text(SIDED)
    (tmp_path / "mac" / "b.yaml").write_text("id: b")
    (tmp_path / "mac" / "c.yaml").write_text(SIDED.replace("a-rule", "c").replace("high", "hgih"))
    with pytest.raises(ConfigFaults) as caught:
        load_rules(tmp_path, SPECS)
    assert len(caught.value.faults) == 2
    assert len(str(caught.value).split("\n")) == 2


def test_an_id_is_the_name_of_its_file_and_unique(tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text(SIDED)
    with pytest.raises(ConfigError, match=r"expected the name of the file \(other\), found 'a-rule'"):
        load_rule(tmp_path / "other.yaml", SPECS)
    (tmp_path / "other.yaml").unlink()
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a-rule.yaml").write_text(SIDED)
    with pytest.raises(ConfigError, match="expected an id of its own"):
        load_rules(tmp_path, SPECS)


def test_a_folder_without_rules_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"rule files \(\*\.yaml\), found none"):
        load_rules(tmp_path, SPECS)


def test_the_digest_of_a_rule_set_knows_every_byte_and_no_order() -> None:
    one = compile_rule(SIDED.encode(), "r.yaml", SPECS)
    other = compile_rule(SIDED.replace("A rule", "Another").encode(), "r.yaml", SPECS)
    assert digest([one, other]) == digest([other, one])
    assert digest([one]) != digest([other])


words = st.sampled_from(
    [
        "id",
        "title",
        "severity",
        "topic",
        "rationale",
        "sources",
        "check",
        "fact",
        "equals",
        "every",
        "has",
        "where",
        "none",
        "count",
        "at_most",
        "all",
        "any",
        "not",
        "remedies",
        "selinux",
        "apparmor",
        "neither",
        "selinux.config.mode",
        "apparmor.profiles",
        "sysctl.values[x].now",
        "mode",
        "enforce",
        "show",
        "empty",
        "present",
        "matches",
        "in",
        "item",
        "letter",
        "applies_when",
        "steps",
        "contains",
    ]
)
leaves = st.one_of(words, st.booleans(), st.integers(0, 5), st.text(max_size=5))
trees = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=4),
    max_leaves=15,
)


@given(st.dictionaries(words, trees, max_size=8), st.booleans())
def test_a_random_rule_is_compiled_or_refused_with_a_config_error(
    tree: dict[str, object], headed: bool
) -> None:
    text = json.dumps(tree)
    if headed:
        text = HEAD + f"check: {text}\nremedies: [{REMEDY}]\n"
    assert "\n" not in fault_of(lambda: compile_rule(text.encode(), "r.yaml", SPECS))
