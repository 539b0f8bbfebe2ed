"""AppArmor behind the common question."""

from __future__ import annotations

import pytest

from hardcheck.access.model import (
    AccessPolicy,
    Action,
    Capability,
    Native,
    Object,
    Path,
    Port,
    Subject,
    Verdict,
)
from hardcheck.apparmor import parse
from hardcheck.apparmor.access import AppArmorPolicy

POLICY: AccessPolicy = AppArmorPolicy(
    parse(
        "abi <kernel>,\n"
        "profile web /usr/sbin/web {\n"
        "  /srv/** r,\n  owner /var/log/web rw,\n  /bin/sh Ux,\n  network inet stream,\n  capability chown,\n"
        "  capability sys_admin,\n  mount -> /mnt/,\n  signal send peer=peer,\n  change_profile -> peer,\n}\n"
        "profile peer { signal receive peer=web, /etc/shadow r, }\n"
        "profile deaf { }\n"
        "profile learning flags=(complain) { }\n"
    )
)
WEB = Subject("web")


@pytest.mark.parametrize(
    ("action", "object_", "verdict"),
    [
        (Action.READ, Path("/srv/x"), Verdict.ALLOWED),
        (Action.WRITE, Path("/srv/x"), Verdict.DENIED),
        (Action.WRITE, Path("/var/log/web", owner=True), Verdict.ALLOWED),
        (Action.WRITE, Path("/var/log/web"), Verdict.DENIED),
        (Action.READ, Path("/srv/a", kind="dir"), Verdict.ALLOWED),
        (Action.EXECUTE, Path("/bin/sh"), Verdict.ALLOWED),
        (Action.CONNECT, Port("tcp", 443), Verdict.ALLOWED),
        (Action.CONNECT, Port("udp", 53), Verdict.DENIED),
        (Action.CONNECT, Port("tcp", 443, "::1"), Verdict.DENIED),
        (Action.BIND, Port("tcp", 80, "127.0.0.1"), Verdict.ALLOWED),
        (Action.USE, Capability("chown"), Verdict.ALLOWED),
        (Action.USE, Capability("sys_module"), Verdict.DENIED),
        (Action.LOAD_MODULE, Path("/lib/x.ko"), Verdict.DENIED),
        (Action.MOUNT, Path("/mnt"), Verdict.ALLOWED),
        (Action.MOUNT, Path("/srv"), Verdict.DENIED),
        (Action.SIGNAL, Subject("peer"), Verdict.ALLOWED),
        (Action.SIGNAL, Subject("deaf"), Verdict.DENIED),
        (Action.TRANSITION, Subject("peer"), Verdict.ALLOWED),
        (Action.PTRACE, Subject("peer"), Verdict.DENIED),
        (Action.USE, Native("inet stream", "network", "connect"), Verdict.ALLOWED),
        (Action.USE, Native("/srv/x", "file", "r"), Verdict.ALLOWED),
        (Action.USE, Native("set=term peer=peer", "signal", "send"), Verdict.ALLOWED),
        (Action.USE, Native("fstype=tmpfs tmpfs -> /mnt/", "mount", "mount"), Verdict.ALLOWED),
        (Action.USE, Native("x", "no-such-kind", "r"), Verdict.UNKNOWN),
        (Action.USE, Native("/x", "file", "fly"), Verdict.UNKNOWN),
        (Action.READ, Port("tcp", 1), Verdict.UNKNOWN),
    ],
)
def test_questions_are_translated_and_answered(action: Action, object_: Object, verdict: Verdict) -> None:
    assert POLICY.may(WEB, action, object_).verdict is verdict


def test_the_mode_behind_a_label_is_passed_over() -> None:
    assert POLICY.may(Subject("web (enforce)"), Action.READ, Path("/srv/x")).allowed


def test_complain_is_logged_and_an_unknown_subject_unknown() -> None:
    assert POLICY.may(Subject("learning"), Action.READ, Path("/x")).verdict is Verdict.LOGGED
    assert POLICY.may(Subject("nobody"), Action.READ, Path("/x")).verdict is Verdict.UNKNOWN
    assert POLICY.may(Subject("unconfined"), Action.READ, Path("/x")).verdict is Verdict.ALLOWED


def test_an_exec_says_where_it_leads() -> None:
    assert POLICY.may(WEB, Action.EXECUTE, Path("/bin/sh")).leads_to == "unconfined"


@pytest.mark.parametrize(("path", "leads_to"), [("/usr/sbin/web", "web"), ("/usr/bin/other", "unconfined")])
def test_what_an_unconfined_task_executes_gets_the_profile_that_attaches(path: str, leads_to: str) -> None:
    answer = POLICY.may(Subject("unconfined"), Action.EXECUTE, Path(path))
    assert (answer.verdict, answer.leads_to) == (Verdict.ALLOWED, leads_to)


def test_who_may_lists_profiles_that_may_by_rule() -> None:
    assert [one.name for one in POLICY.who_may(Action.READ, Path("/etc/shadow"))] == ["peer", "unconfined"]
    assert [one.name for one in POLICY.who_may(Action.CONNECT, Port("tcp", 1))] == ["unconfined", "web"]


def test_what_may_lists_patterns_sockets_and_capabilities() -> None:
    assert POLICY.what_may(WEB, Action.READ) == ("/srv/**", *_PROC, "owner /var/log/web")
    assert POLICY.what_may(WEB, Action.CONNECT) == ("inet stream",)
    assert POLICY.what_may(WEB, Action.USE) == ("chown", "sys_admin")
    assert POLICY.what_may(Subject("unconfined"), Action.WRITE) == ("**",)
    assert POLICY.what_may(Subject("nobody"), Action.WRITE) == ()


# A profile that may change profile may look at its own attributes.
_PROC = ("owner /proc/*/attr/apparmor/", "owner /sys/module/apparmor/parameters/enabled")


def test_who_may_names_loaded_profiles_alone_and_tells_whose_text_is_missing() -> None:
    text = "profile a { /etc/shadow r, }\nprofile b { /etc/shadow r, }\n"
    everything = parse(text)
    assert AppArmorPolicy(everything).silent == ()
    policy = AppArmorPolicy(everything.with_loaded(["a", "from-elsewhere"]))
    assert policy.who_may(Action.READ, Path("/etc/shadow")) == (Subject("a"), Subject("unconfined"))
    assert policy.silent == ("from-elsewhere",)
