"""Each policy of tests/policies answers its one question."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

from hardcheck.errors import PolicyError
from hardcheck.selinux import Policy
from hardcheck.selinux.labelling import Operation
from tests.corpora import need_tool
from tests.unit.selinux.policies import SMALL, small

SERVER = "system_u:system_r:server_t:s0"
OTHER = "system_u:system_r:other_t:s0"
CONTENT = "system_u:object_r:content_t:s0"
SECRET = "system_u:object_r:secret_t:s0"
PROGRAM = "system_u:object_r:server_exec_t:s0"
NAMES = sorted(path.stem for path in SMALL.glob("*.33"))


def allowed(policy: Policy, source: str, target: str, class_: str = "file", **booleans: bool) -> set[str]:
    return set(policy.access(source, target, class_, booleans).allowed)


@pytest.mark.parametrize("name", NAMES)
def test_the_compiled_file_is_the_one_that_was_hashed(name: str) -> None:
    sums = dict(reversed(line.split()) for line in (SMALL / "SHA256SUMS").read_text().splitlines())
    assert sums[f"{name}.33"] == hashlib.sha256((SMALL / f"{name}.33").read_bytes()).hexdigest()


@pytest.mark.parametrize("name", NAMES)
def test_the_compiled_file_comes_from_its_source(name: str, tmp_path: Path) -> None:
    secilc = need_tool("secilc")
    version = subprocess.run(["dpkg-query", "-W", "-f=${Version}", "secilc"], capture_output=True, text=True)
    if shutil.which("dpkg-query") is None or not version.stdout.startswith("3.4"):
        pytest.skip("the files were compiled with secilc 3.4")
    goal = tmp_path / "policy"
    command = [
        secilc,
        "-N",
        "-c",
        "33",
        "-f",
        "/dev/null",
        "-o",
        goal,
        SMALL / "base.cil",
        SMALL / f"{name}.cil",
    ]
    subprocess.run(command, check=True, timeout=60)
    assert goal.read_bytes() == (SMALL / f"{name}.33").read_bytes()


def test_a_rule_about_attributes_reaches_their_types() -> None:
    assert allowed(small("attribute"), OTHER, SECRET) == {"getattr"}
    assert allowed(small("attribute"), SERVER, CONTENT) == {"getattr", "read", "open"}


@pytest.mark.parametrize(
    ("may_write", "may_append", "right"),
    [(False, True, "append"), (True, True, "append"), (True, False, "write"), (False, False, "append")],
)
def test_booleans_choose_the_branch(may_write: bool, may_append: bool, right: str) -> None:
    rights = allowed(small("boolean"), SERVER, CONTENT, may_write=may_write, may_append=may_append)
    assert rights == {"read", "open", right}


def test_the_booleans_of_a_host_become_the_setting_and_what_if_lies_over_it() -> None:
    host = small("boolean").with_booleans({"may_write": True, "may_append": False})
    assert "write" in allowed(host, SERVER, CONTENT)
    assert "append" in allowed(host, SERVER, CONTENT, may_write=False)
    assert "append" in allowed(small("boolean"), SERVER, CONTENT)


def test_an_unknown_boolean_is_an_error() -> None:
    with pytest.raises(PolicyError, match="booleans: expected booleans that the policy defines"):
        small("boolean").with_booleans({"no_such": True})


def test_a_failed_constraint_takes_its_permissions_and_no_others() -> None:
    theirs = SECRET.replace("system_u", "person_u")
    assert allowed(small("constraint"), SERVER, theirs) == {"getattr"}
    assert allowed(small("constraint"), SERVER, SECRET) == {"getattr", "read", "write"}
    decision = small("constraint").decide(SERVER, theirs, "file", "read")
    assert not decision.allowed
    assert decision.because == (
        "allow server_t secret_t:file { getattr read write };",
        "refused by constrain file { read write } (u1 == u2 or t1 == other_t);",
    )


def test_levels_decide_reading_and_writing() -> None:
    low, high = SECRET, SECRET.replace("s0", "s1:c0.c2")
    above = SERVER.replace("s0", "s1:c0.c2")
    assert allowed(small("mls"), SERVER, low) == {"read", "write"}
    assert allowed(small("mls"), SERVER, high) == set()
    assert allowed(small("mls"), above, low) == {"read"}
    assert allowed(small("mls"), above, high) == {"read", "write"}
    assert (
        "mlsconstrain file read (l1 dom l2);" in small("mls").decide(SERVER, high, "file", "read").because[1]
    )


def test_a_bounded_type_has_no_more_than_its_bound() -> None:
    assert allowed(small("bounds"), OTHER, CONTENT) == {"read"}
    assert allowed(small("bounds"), OTHER, SECRET) == set()
    because = small("bounds").decide(OTHER, SECRET, "file", "read").because
    assert because[-1] == "refused by typebounds server_t other_t; server_t itself lacks file read"


def test_a_new_role_needs_a_role_allow_rule() -> None:
    person = "person_u:person_r:server_t:s0"
    assert allowed(small("roles"), SERVER, "person_u:person_r:other_t:s0", "process") == {"transition"}
    assert allowed(small("roles"), person, OTHER, "process") == set()
    because = small("roles").decide(person, OTHER, "process", "transition").because
    assert because[-1] == "refused: no rule allow person_r system_r;"


def test_a_permissive_type_is_known() -> None:
    policy = small("permissive")
    assert policy.access(OTHER, SECRET, "file").permissive
    assert not policy.access(SERVER, SECRET, "file").permissive
    assert policy.decide(OTHER, SECRET, "file", "read").permissive


def test_auditallow_and_dontaudit_are_told_apart() -> None:
    policy = small("audit")
    assert policy.access(SERVER, CONTENT, "file").auditallow == {"read"}
    assert policy.access(SERVER, SECRET, "file").dontaudit == {"read", "getattr"}
    assert policy.decide(SERVER, CONTENT, "file", "read").audited
    assert not policy.decide(SERVER, CONTENT, "file", "open").audited
    assert not policy.decide(SERVER, SECRET, "file", "read").audited
    assert policy.decide(SERVER, SECRET, "file", "write").audited


@pytest.mark.parametrize(
    ("command", "passes"),
    [(0x5400, False), (0x5401, True), (0x5410, True), (0x5411, False), (0x8912, True), (0x8A00, False)],
)
def test_extended_rules_filter_ioctl_commands(command: int, passes: bool) -> None:
    policy = small("ioctl")
    assert policy.decide(SERVER, CONTENT, "file", "ioctl", command=command).allowed == passes
    assert policy.decide(SERVER, CONTENT, "file", "ioctl", command=command | 0xC0040000).allowed == passes


def test_without_extended_rules_every_ioctl_command_passes() -> None:
    assert small("ioctl").decide(SERVER, SECRET, "file", "ioctl", command=0x1234).allowed


def test_new_objects_get_their_context() -> None:
    policy = small("transitions")
    assert policy.transition(SERVER, CONTENT, "file").context == SECRET
    assert policy.transition(SERVER, CONTENT, "file", name="special").context == PROGRAM
    assert policy.transition(SERVER, CONTENT, "lnk_file").context == CONTENT
    assert policy.transition(SERVER, CONTENT, "dir", operation=Operation.MEMBER).context == SECRET
    assert policy.transition(SERVER, CONTENT, "file", operation=Operation.CHANGE).context == PROGRAM


def test_a_process_gets_type_role_and_range_by_rules() -> None:
    new = small("transitions").transition(SERVER, PROGRAM, "process")
    assert new.context == "system_u:person_r:other_t:s0-s1"
    assert new.valid
    assert new.rule == "type_transition"


def test_defaults_of_a_class_are_followed() -> None:
    folder = "person_u:object_r:content_t:s0-s1:c0,c1"
    source = "system_u:system_r:server_t:s0-s1:c1.c2"
    assert (
        small("transitions").transition(source, folder, "dir").context
        == "person_u:object_r:server_t:s0-s1:c1"
    )


def test_a_context_that_is_not_authorised_is_marked() -> None:
    new = small("attribute").transition("person_u:person_r:server_t:s0", PROGRAM, "process")
    assert new.valid
    assert not small("attribute").transition("person_u:system_r:server_t:s0", PROGRAM, "process").valid


def test_unlabelled_objects_get_the_context_of_the_first_fitting_record() -> None:
    lookups, show = small("objects").lookups, small("objects").labels.show
    assert show(lookups.port("tcp", 80)).split(":")[2] == "web_port_t"
    assert show(lookups.port("tcp", 81)).split(":")[2] == "secret_t"
    assert show(lookups.port("tcp", 8080)).split(":")[2] == "port_t"
    assert show(lookups.port("udp", 80)).split(":")[2] == "port_t"
    assert show(lookups.node("127.1.2.3")) == CONTENT
    assert show(lookups.node("fe80::1")) == SECRET
    assert show(lookups.node("10.0.0.1")).split(":")[2] == "security_t"
    assert show(lookups.interface("lo")) == CONTENT
    assert show(lookups.interface("eth0")).split(":")[2] == "security_t"


def test_files_without_labels_get_the_longest_prefix() -> None:
    lookups, show = small("objects").lookups, small("objects").labels.show
    for path, context in (("/sys/kernel", SECRET), ("/mounts", CONTENT)):
        found = lookups.genfs("proc", path)
        assert found is not None
        assert show(found) == context
    assert lookups.genfs("sysfs", "/") is None
    assert lookups.pseudo_file("/proc/1/maps") is None
    assert lookups.pseudo_file("/etc/passwd") is None
    fs_use = lookups.fs_use("ext4")
    assert fs_use is not None
    assert fs_use.behaviour.name == "XATTR"
    assert lookups.fs_use("vfat") is None


@pytest.mark.parametrize(("class_", "permission"), [("no_class", "read"), ("file", "no_permission")])
def test_what_the_policy_does_not_define_goes_by_handle_unknown(class_: str, permission: str) -> None:
    decision = small("audit").decide(SERVER, CONTENT, class_, permission)
    assert not decision.allowed
    assert "handle_unknown is deny" in decision.because[0]


def test_an_unknown_class_is_an_answer_and_an_unknown_type_an_error() -> None:
    assert not small("audit").access(SERVER, CONTENT, "no_class").known
    with pytest.raises(PolicyError, match="a type that the policy defines"):
        small("audit").access(SERVER, "system_u:object_r:no_t:s0", "file")
