"""Decisions of every kind, with the rules that decided."""

from __future__ import annotations

import pytest

from hardcheck.access.model import Verdict
from hardcheck.apparmor import ProfileSet, features_of_tree, parse
from hardcheck.apparmor.abi import EVERY_FEATURE
from hardcheck.apparmor.answers.messages import Message
from hardcheck.apparmor.answers.mounts import MountRequest
from hardcheck.apparmor.decision import decide
from hardcheck.apparmor.objects import (
    AaObject,
    CapabilityObject,
    FileObject,
    HatObject,
    IoUringObject,
    LinkObject,
    PeerObject,
    PivotObject,
    ProfileObject,
    QueueObject,
    SignalObject,
    SocketObject,
    UmountObject,
    UnixObject,
    UsernsObject,
)
from hardcheck.apparmor.rules import mount_flags as ms
from hardcheck.errors import UsageError

TEXT = """abi <kernel>,
profile p {
  /etc/passwd r,
  owner /home/** rw,
  audit deny /home/*/.ssh/** w,
  deny /home/*/.gnupg/** rw,
  /log a,
  /bin/same ix,
  /bin/kid Cx -> kid,
  /bin/gone Px -> nowhere,
  /bin/falls Pux -> nowhere,
  /bin/free Ux,
  /bin/att px,
  /l/* rwl,
  link subset /m/* -> /etc/passwd,
  capability chown,
  deny capability sys_admin,
  network inet stream,
  network (send receive) inet dgram peer=(ip=10.0.0.1 port=53),
  signal send set=(term) peer=p//kid,
  ptrace read peer=unconfined,
  dbus send bus=system path=/org/x{,/**} peer=(name=org.x),
  dbus bind bus=system name=org.mine,
  unix connect type=stream peer=(addr=@sock label=other),
  mount fstype=tmpfs options=(rw nosuid) -> /mnt/*/,
  mount options=bind /a/ -> /mnt/b/,
  umount /mnt/**,
  pivot_root oldroot=/mnt/old/ /mnt/,
  change_profile -> p//*,
  userns,
  mqueue (open read) /q*,
  io_uring sqpoll,
  profile kid { }
  ^hat { }
}
profile att /bin/att { }
profile lenient flags=(complain) { deny /quiet r, audit deny /loud r, }
profile off flags=(unconfined) { }
profile loose flags=(default_allow) { deny /no r, }
"""


@pytest.fixture(scope="module")
def policy() -> ProfileSet:
    return parse(TEXT)


_ALLOWED: list[tuple[str, AaObject, int]] = [
    ("read", FileObject("/etc/passwd"), 3),
    ("write", FileObject("/home/a/x", owner=True), 4),
    ("append", FileObject("/log"), 7),
    ("execute", FileObject("/bin/same"), 8),
    ("use", CapabilityObject("chown"), 16),
    ("connect", SocketObject("inet", "stream"), 18),
    ("send", SignalObject("term", "p//kid"), 20),
    ("read", PeerObject("unconfined"), 21),
    ("send", Message("system", "org.x", "/org/x/y", "a.b", "Get", "l"), 22),
    ("bind", Message("system", "org.mine"), 23),
    ("connect", UnixObject("stream", "@me", "@sock", "other"), 24),
    ("mount", MountRequest("/mnt/x/", "tmpfs", "tmpfs", ms.NOSUID), 25),
    ("mount", MountRequest("/mnt/b/", "/a/", "", ms.BIND), 26),
    ("umount", UmountObject("/mnt/x/"), 27),
    ("pivot-root", PivotObject("/mnt/", "/mnt/old/"), 28),
    ("transition", ProfileObject("p//kid"), 29),
    ("create", UsernsObject(), 30),
    ("open", QueueObject("/queue"), 31),
    ("sqpoll", IoUringObject(), 32),
]
_DENIED: list[tuple[str, AaObject]] = [
    ("write", FileObject("/etc/passwd")),
    ("write", FileObject("/home/a/x", owner=False)),
    ("write", FileObject("/log")),
    ("write", FileObject("/home/a/.ssh/id", owner=True)),
    ("execute", FileObject("/bin/gone")),
    ("use", CapabilityObject("sys_admin")),
    ("use", CapabilityObject("kill")),
    ("connect", SocketObject("inet6", "stream")),
    ("create", SocketObject("inet", "raw")),
    ("send", SignalObject("kill", "p//kid")),
    ("send", SignalObject("term", "other")),
    ("trace", PeerObject("unconfined")),
    ("receive", Message("system", "org.x", "/org/x", "a.b", "Get", "l")),
    ("connect", UnixObject("stream", "@me", "@sock", "stranger")),
    ("mount", MountRequest("/mnt/x/", "tmpfs", "tmpfs", 0)),
    ("mount", MountRequest("/mnt/x/", "tmpfs", "ramfs", ms.NOSUID)),
    ("mount", MountRequest("/mnt/b/", "/a/", "", ms.REMOUNT)),
    ("umount", UmountObject("/srv/")),
    ("pivot-root", PivotObject("/mnt/", "/other/")),
    ("transition", ProfileObject("unconfined")),
    ("transition", HatObject("nohat")),
    ("delete", QueueObject("/queue")),
    ("override_creds", IoUringObject("x")),
]


@pytest.mark.parametrize(("action", "object_", "line"), _ALLOWED, ids=str)
def test_what_a_rule_allows_names_the_rule(
    policy: ProfileSet, action: str, object_: AaObject, line: int
) -> None:
    answer = decide(policy, "p", action, object_)
    assert answer.verdict is Verdict.ALLOWED
    assert answer.because[0].startswith(f"policy:{line}: ")
    assert answer.outside


@pytest.mark.parametrize(("action", "object_"), _DENIED, ids=str)
def test_what_no_rule_allows_is_denied(policy: ProfileSet, action: str, object_: AaObject) -> None:
    answer = decide(policy, "p", action, object_)
    assert answer.verdict is Verdict.DENIED
    assert answer.because


def test_deny_rules_decide_what_is_recorded(policy: ProfileSet) -> None:
    loud = decide(policy, "p", "write", FileObject("/home/a/.ssh/id"))
    silent = decide(policy, "p", "read", FileObject("/home/a/.gnupg/key"))
    assert (loud.audited, silent.audited) == (True, False)
    assert loud.because == ("policy:5: audit deny /home/*/.ssh/** w,",)


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("/bin/same", "p"),
        ("/bin/kid", "p//kid"),
        ("/bin/falls", "unconfined"),
        ("/bin/free", "unconfined"),
        ("/bin/att", "att"),
    ],
)
def test_an_exec_leads_to_a_label(policy: ProfileSet, path: str, label: str) -> None:
    answer = decide(policy, "p", "execute", FileObject(path))
    assert answer.allowed
    assert answer.leads_to == label


def test_a_link_needs_the_pair_and_the_subset(policy: ProfileSet) -> None:
    assert not decide(policy, "p", "link", LinkObject("/l/x", "/etc/passwd")).allowed  # /l/x has w
    assert decide(policy, "p", "link", LinkObject("/l/x", "/l/y")).allowed
    assert decide(policy, "p", "link", LinkObject("/m/x", "/etc/passwd")).allowed
    assert not decide(policy, "p", "link", LinkObject("/m/x", "/etc/shadow")).allowed


def test_the_subset_test_holds_the_owner_of_the_file_alone(policy: ProfileSet) -> None:
    assert not decide(policy, "p", "link", LinkObject("/l/x", "/etc/passwd", owner=True)).allowed
    assert decide(policy, "p", "link", LinkObject("/l/x", "/etc/passwd", owner=False)).allowed


def _mounts(rule: str, version: tuple[int, ...], request: MountRequest) -> bool:
    return decide(parse(f"profile x {{\n {rule}\n}}", parser_version=version), "x", "mount", request).allowed


def test_an_old_parser_makes_more_of_mount_rules_than_they_say() -> None:
    bind, plain = MountRequest("/b/", "/a/", "", ms.BIND), MountRequest("/b/", "/dev/sda", "ext4", 0)
    for version in ((3, 0, 10), (3, 1, 4), (4, 0), (5, 0)):
        assert _mounts("mount options=(rw bind),", version, bind)
        assert not _mounts("mount options=(rw bind),", version, plain)
    for version in ((3, 0, 8), (3, 1, 3), (2, 13)):
        assert _mounts("mount options=(rw bind),", version, bind)
        assert _mounts("mount options=(rw bind),", version, plain)


def test_an_old_parser_lets_remount_rules_without_options_remount_without_flags_only() -> None:
    bare = MountRequest("/b/", "none", "", ms.REMOUNT)
    read_only = MountRequest("/b/", "none", "", ms.REMOUNT | ms.RDONLY)
    assert [_mounts("remount,", (3, 0, 8), one) for one in (bare, read_only)] == [True, False]
    assert [_mounts("remount,", (4, 0), one) for one in (bare, read_only)] == [True, True]


def test_complain_only_logs_but_a_silent_deny_rule_holds(policy: ProfileSet) -> None:
    verdicts = [
        decide(policy, "lenient", "read", FileObject(path)).verdict for path in ("/x", "/loud", "/quiet")
    ]
    assert verdicts == [Verdict.LOGGED, Verdict.LOGGED, Verdict.DENIED]


def test_unconfined_and_default_allow_let_pass_what_is_not_denied(policy: ProfileSet) -> None:
    assert decide(policy, "off", "write", FileObject("/etc/shadow")).allowed
    assert decide(policy, "unconfined", "write", FileObject("/etc/shadow")).allowed
    assert decide(policy, "loose", "read", FileObject("/yes")).allowed
    assert not decide(policy, "loose", "read", FileObject("/no")).allowed


def test_a_stack_may_what_all_its_parts_may(policy: ProfileSet) -> None:
    assert decide(policy, "p//&unconfined", "read", FileObject("/etc/passwd")).allowed
    assert not decide(policy, "p//&att", "read", FileObject("/etc/passwd")).allowed
    assert decide(policy, "p//&gone", "read", FileObject("/etc/passwd")).unknown


def test_a_hat_can_be_changed_to(policy: ProfileSet) -> None:
    assert decide(policy, "p", "transition", HatObject("hat")).leads_to == "p//hat"


def test_an_unknown_profile_is_unknown_and_an_unknown_action_is_refused(policy: ProfileSet) -> None:
    assert decide(policy, "nobody", "read", FileObject("/x")).verdict is Verdict.UNKNOWN
    with pytest.raises(UsageError, match="no action"):
        decide(policy, "p", "fly", FileObject("/x"))


def test_addresses_count_only_where_the_kernel_knows_them() -> None:
    text = "abi <kernel>,\nprofile p { network inet dgram peer=(ip=10.0.0.1 port=53), }"
    old = parse(text)
    old.kernel = features_of_tree("old", {"network_v8/af_mask": "inet"})
    fine = parse(text)
    fine.kernel = EVERY_FEATURE
    there, elsewhere = (SocketObject("inet", "dgram", peer=(ip, 53)) for ip in ("10.0.0.1", "10.0.0.2"))
    assert decide(fine, "p", "send", there).allowed
    assert not decide(fine, "p", "send", elsewhere).allowed
    assert decide(old, "p", "send", elsewhere).allowed


@pytest.mark.parametrize(
    ("rules", "allowed"),
    [
        ("/a r, deny /a r,", False),
        ("priority=1 /a r, deny /a r,", True),
        ("priority=1 deny /a r, priority=2 /** r,", True),
        ("prompt /a r,", False),
        ("prompt /a r, /* r,", True),
        ("all,", True),
        ("deny all,", False),
    ],
)
def test_priority_then_deny_then_allow_then_prompt(rules: str, allowed: bool) -> None:
    assert decide(parse(f"profile p {{ {rules} }}"), "p", "read", FileObject("/a")).allowed is allowed


def test_an_exact_exec_rule_wins_over_a_pattern() -> None:
    policy = parse("profile p { /bin/* ix, /bin/sh Ux, /bin/[ab] Cx, }")
    assert [str(policy.file("p", f"/bin/{name}").exec_mode) for name in ("x", "sh", "a")] == [
        "ix",
        "Ux",
        "Cx",
    ]


@pytest.mark.parametrize(
    ("flags", "rules", "action", "allowed"),
    [
        ("", "file,", "open", False),
        ("", "file,\n mqueue,", "create", False),
        ("complain", "file,", "read", False),
        ("default_allow", "", "write", False),
        ("", "", "delete", True),
        ("attach_disconnected", "file,", "create", True),
        ("attach_disconnected", "/q r,", "read", True),
        ("attach_disconnected", "/q r,", "write", False),
        ("attach_disconnected", "", "open", True),
    ],
)
def test_a_posix_queue_is_a_file_to_a_kernel_without_rules_for_queues(
    flags: str, rules: str, action: str, allowed: bool
) -> None:
    written = f" flags=({flags})" if flags else ""
    kernel = features_of_tree("kernel 6.1", {"file/mask": "read write", "network_v8/af_mask": "inet"})
    files = {"/etc/apparmor.d/p": f"abi <kernel>,\nprofile p{written} {{\n {rules}\n}}\n".encode()}
    answer = decide(ProfileSet.read(files, kernel=kernel), "p", action, QueueObject("/q"))
    assert answer.allowed is allowed
    assert answer.allowed or answer.enforced
    assert decide(ProfileSet.read(files, kernel=kernel), "p", action, QueueObject("7")).allowed
