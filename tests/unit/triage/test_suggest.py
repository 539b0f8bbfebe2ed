"""Suggestions as files: they run, compile and load as data whatever a log holds."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from hardcheck.denials.model import Group
from hardcheck.triage.apparmor_recheck import witnesses
from hardcheck.triage.explain import explain
from hardcheck.triage.recheck import recheck
from hardcheck.triage.suggest import suggestions
from hardcheck.triage.world import World, without_host, world_of_profiles
from hardcheck.triage.written import SuggestedFile, plain
from tests.corpora import need_tool
from tests.unit.triage.groups import apparmor, debian_world, profiles, selinux

APP = "profile app /usr/bin/app {\n  /srv/www/a/** r,\n  include if exists <local/app>\n}\n"


class _Loader(yaml.SafeLoader):
    """Reads Ansible's mark of texts that hold no template."""


_Loader.add_constructor("!unsafe", lambda _, node: str(node.value))


def files(groups: Iterable[Group], world: World) -> dict[str, SuggestedFile]:
    explanations = explain(groups, world)
    found = suggestions(explanations, "web1", recheck(explanations, world))
    return {file.name: file for file in found}


MIXED = (
    selinux("httpd_t", "admin_home_t", "file", "read", "/var/www/html/moved.html"),
    selinux("httpd_t", "default_t", "file", "read", "/data/shop/index.html"),
    selinux("httpd_t", "unreserved_port_t", "tcp_socket", "name_bind", object_="tcp 9999"),
    selinux("httpd_t", "mysqld_port_t", "tcp_socket", "name_connect", object_="tcp 3306"),
    selinux("ntpd_t", "cron_spool_t", "dir", "search"),
    selinux("httpd_t", "shadow_t", "file", "read", "/etc/shadow"),
)


def test_every_cure_is_in_the_script_and_no_danger() -> None:
    found = files(MIXED, debian_world())
    lines = [line.removesuffix(" || failed=1") for line in found["cures.sh"].text.splitlines()]
    for line in (
        "restorecon -v -- /var/www/html/moved.html",
        "semanage fcontext -a -t httpd_sys_content_t '/data/shop(/.*)?'",
        "semanage port -a -t http_port_t -p tcp 9999",
        "setsebool -P httpd_can_network_connect_db=on",
    ):
        assert line in lines
    assert "shadow" not in found["cures.sh"].text
    assert "allow ntpd_t cron_spool_t:dir { search };" in found["hardcheck_local.te"].text
    assert "opens beside what was asked for" in found["cures.sh"].text


def test_the_way_back_is_the_other_way_round() -> None:
    lines = files(MIXED, debian_world())["undo.sh"].text.splitlines()
    assert lines[2:] == [
        "setsebool -P httpd_can_network_connect_db=off",
        "semanage port -d -p tcp 9999",
        "semanage fcontext -d '/data/shop(/.*)?'",
        "semodule -lfull | grep -qw hardcheck_local && semodule -r hardcheck_local",
    ]


def test_what_is_not_answered_is_said() -> None:
    text = files(MIXED, debian_world())["README.txt"].text
    assert text.index("Not to be allowed") < text.index("Password hashes")
    assert "asked again for 1 groups" in text
    assert "allows all of it" in text


def test_the_module_compiles(tmp_path: Path) -> None:
    checkmodule = need_tool("checkmodule")
    te = tmp_path / "hardcheck_local.te"
    te.write_text(files(MIXED, debian_world())[te.name].text)
    done = subprocess.run([checkmodule, "-M", "-m", "-o", te.with_suffix(".mod"), te], capture_output=True)
    assert done.returncode == 0, done.stderr


def test_the_snippet_goes_to_its_file_and_compiles(tmp_path: Path) -> None:
    group = apparmor("app", "open", "/var/lib/app/a b", "rwc")
    found = files([group], world_of_profiles(profiles(APP)))
    snippet = found["apparmor/local/app"].text
    assert snippet.splitlines()[-1] == '"/var/lib/app/a b" rw,'
    if shutil.which("apparmor_parser", path="/usr/sbin:/sbin:/usr/bin"):
        text = APP.replace("include if exists <local/app>", snippet)
        (tmp_path / "p").write_text(text)
        tool = need_tool("apparmor_parser")
        done = subprocess.run([tool, "-Q", "-K", "-S", tmp_path / "p"], capture_output=True)
        assert done.returncode == 0, done.stderr


def test_the_ansible_file_is_a_list_of_tasks() -> None:
    groups = [selinux("httpd_t", "admin_home_t", "file", "read", "/var/www/{{ lookup('pipe', 'id') }}")]
    (task,) = yaml.load(files(groups, debian_world())["cures.yml"].text, _Loader)
    assert task["ansible.builtin.command"]["argv"][-1] == "/var/www/{{ lookup('pipe', 'id') }}"
    text = files(groups, debian_world())["cures.yml"].text
    assert "!unsafe" in text


def run(script: str, folder: Path, *words: str) -> str:
    """Run a script of suggestions below a folder, its tools replaced; what they were told."""
    tools = folder / "bin"
    tools.mkdir(exist_ok=True)
    for name in ("apparmor_parser", "semodule", "semanage", "restorecon", "setsebool"):
        (tools / name).write_text(f'#!/bin/sh\necho {name} "$@"\n')
        (tools / name).chmod(0o755)
    path = folder / "script.sh"
    path.write_text(script.replace("/etc/apparmor.d/local", str(folder)))
    command = ["/bin/sh", str(path), *words]
    done = subprocess.run(command, capture_output=True, text=True, env={"PATH": f"{tools}:/usr/bin:/bin"})
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_rules_are_added_only_on_request_once_and_can_be_taken_back(tmp_path: Path) -> None:
    found = files([apparmor("app", "open", "/var/lib/app/a b", "rwc")], world_of_profiles(profiles(APP)))
    local = tmp_path / "app"
    local.write_text("/own r,")
    assert run(found["cures.sh"].text, tmp_path) == ""
    assert local.read_text() == "/own r,"
    for _ in range(2):
        told = run(found["cures.sh"].text, tmp_path, "--rules")
        assert told == "apparmor_parser -r -- /etc/apparmor.d/app\n"
        assert local.read_text() == '/own r,\n"/var/lib/app/a b" rw,\n'
    run(found["undo.sh"].text, tmp_path)
    assert local.read_text() == "/own r,\n"


def test_the_module_is_installed_only_on_request(tmp_path: Path) -> None:
    found = files(MIXED[4:5], debian_world())
    assert run(found["cures.sh"].text, tmp_path) == ""
    assert run(found["cures.sh"].text, tmp_path, "--rules") == f"semodule -i {tmp_path}/hardcheck_local.cil\n"
    tasks = yaml.load(found["cures.yml"].text, _Loader)
    assert [task["tags"] for task in tasks] == [["never", "hardcheck_rules"]] * 2


def test_nothing_to_do_gives_the_read_me_alone() -> None:
    assert list(files([], without_host())) == ["README.txt"]


NAMES = st.one_of(
    st.text(min_size=1, max_size=40).filter(lambda text: "\0" not in text),
    st.sampled_from(
        ["a\nrm -rf /", "$(id)", "`id`", "'; id #", "\x1b[2J", "\u202e", "-R", "*", "{{ x }}", "\udcff"]
    ),
)


@settings(max_examples=60, deadline=None)
@given(NAMES)
def test_no_name_leaves_its_line_or_its_argument(name: str) -> None:
    groups = [
        selinux("httpd_t", "admin_home_t", "file", "read", f"/var/www/html/{name}"),
        selinux("httpd_t", "default_t", "file", "read", f"/data/{name}/x"),
        selinux(name, "etc_t", "file", name),
    ]
    found = files(groups, debian_world())
    for file in found.values():
        assert all(char == "\n" or char.isprintable() for char in file.text)
    for line in found["cures.sh"].text.splitlines() if "cures.sh" in found else ():
        if line.endswith(" || failed=1"):
            assert shlex.split(line)[0] in ("restorecon", "semanage", "semodule")
    tasks = yaml.load(found["cures.yml"].text, _Loader) if "cures.yml" in found else []
    commands = [
        task["ansible.builtin.command"]["argv"] for task in tasks if "ansible.builtin.copy" not in task
    ]
    assert {argv[0] for argv in commands} <= {"restorecon", "semanage", "semodule"}


@settings(max_examples=40, deadline=None)
@given(NAMES)
def test_no_name_writes_a_rule_of_its_own_into_a_profile(name: str) -> None:
    world = world_of_profiles(profiles(APP))
    groups = [apparmor("app", "open", f"/var/lib/app/{name}", "r")]
    found = files(groups, world)
    for line in found["apparmor/local/app"].text.splitlines() if "apparmor/local/app" in found else ():
        assert line.startswith(("#", "/var/lib/app/", '"/var/lib/app/'))
    assert recheck(explain(groups, world), world).dangers == ()


def test_comments_keep_to_one_printable_line() -> None:
    assert plain("a\nb\x1b\u202e") == "a\\nb\\x1b\\u202e"


def test_every_kind_of_danger_on_paths_has_a_witness() -> None:
    assert len({id_ for id_, _, _ in witnesses()}) >= 12


@pytest.mark.parametrize("rule", ["/etc/** r,", "capability sys_admin,"])
def test_asking_again_finds_what_a_wide_rule_would_open(rule: str) -> None:
    from hardcheck.triage.apparmor_place import with_rules
    from hardcheck.triage.apparmor_recheck import _new_dangers

    policy = profiles(APP)
    after = with_rules(policy, "app", [rule])
    assert after is not None
    assert _new_dangers(policy, after, "app")
