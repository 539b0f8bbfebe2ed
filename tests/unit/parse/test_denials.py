"""Denials from the logs: none is lost, none is counted twice, and where the log ends is said."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from hardcheck.evidence import Reason
from hardcheck.facts import Absent
from hardcheck.facts.denials import Denials
from hardcheck.parse.denials import parse_denials
from tests.corpora import corpus
from tests.unit.parse.system_hosts import host

AVC = (
    'type=AVC msg=audit(1795233080.101:88): avc:  denied  { getattr read } for  pid=9 comm="nginx" '
    'path="/srv/www/x" dev="vda" ino=12 scontext=system_u:system_r:httpd_t:s0 '
    "tcontext=unconfined_u:object_r:user_home_t:s0 tclass=file permissive=0"
)
APPARMOR = (
    'type=AVC msg=audit(1795233080.102:89): apparmor="ALLOWED" operation="open" profile="php-fpm" '
    'name="/etc/hostname" pid=9 comm="php" requested_mask="r" denied_mask="r" fsuid=33 ouid=0'
)


def denials(*lines: str, kernel_log: str = "absent\n") -> Denials:
    text = "window type=DAEMON_START msg=audit(1795230000.000:1): op=start\n" + "".join(
        f"{x}\n" for x in lines
    )
    found = parse_denials(host({"denials.audit_log": text, "denials.kernel_log": kernel_log}))
    assert isinstance(found, Denials)
    return found


@pytest.mark.parametrize(
    "name",
    [
        "sepolgen-logs/python/sepolgen/tests/test_data/httpd.log",
        "sepolgen-logs/python/sepolgen/tests/test_data/audit.log",
        "sepolgen-logs/python/audit2allow/test.log",
        "apparmor.d-logs/tests/testdata/logs/audit.log",
        "auparse-logs/auparse/test/test.log",
        "insights-outputs/parsers/test_audit_log/AUDIT_LOG_NORMAL.txt",
    ],
)
def test_no_denial_of_a_real_log_is_lost(name: str) -> None:
    archive, _, path = name.partition("/")
    content = (corpus(archive) / path).read_bytes()
    wanted = len(
        re.findall(rb'avc: +denied +\{|apparmor="(?:DENIED|ALLOWED|KILLED)"|type=SELINUX_ERR', content)
    )
    found = parse_denials(
        host({"denials.audit_log": b"window x\n" + content, "denials.kernel_log": "absent\n"})
    )
    assert isinstance(found, Denials)
    assert (found.events, found.unread) == (wanted, 0)


def test_every_record_of_libapparmor_is_read() -> None:
    folder = corpus("apparmor-log-tests")
    files = sorted(folder.rglob("*.in"))
    assert len(files) > 100
    for path in files:
        content = path.read_bytes()
        wanted = len(re.findall(rb'apparmor="(?:DENIED|ALLOWED|KILLED)"', content))
        items = {"denials.audit_log": b"window x\n" + content, "denials.kernel_log": "absent\n"}
        found = parse_denials(host(items))
        assert isinstance(found, Denials)
        kinds = rb"type=(?:150[23]|UNKNOWN\[150[23]\]|APPARMOR_DENIED|APPARMOR_ALLOWED) .*operation="
        old = len(re.findall(kinds, content))
        broken = int("invalid_audit_id" in path.name)  # its id is no number: told as a line not read
        # kernels before 2.6.24 wrote sentences: told as not read
        words = content.count(b"type=APPARMOR msg=")
        assert (found.events, found.unread) == (wanted + old - broken, broken + words), path.name


def test_the_same_event_in_two_logs_counts_once() -> None:
    line = f"2026-11-21T03:51:20+0000 host kernel: audit: {AVC.removeprefix('type=AVC msg=')}"
    line = line.replace("audit: audit(", "audit: type=1400 audit(")
    found = denials(AVC, kernel_log=f"window 2026-11-21T03:49:00+0000 host kernel: Linux\n{line}\n")
    assert (found.events, len(found.groups)) == (1, 1)


def test_a_group_says_who_wanted_what_of_what() -> None:
    (group,) = denials(AVC, AVC.replace(":88", ":90")).groups  # type: ignore[misc]
    assert (group.source, group.target, group.class_) == ("httpd_t", "user_home_t", "file")
    assert (group.wanted, group.name, group.enforced, group.count) == (
        ("getattr", "read"),
        "/srv/www/x",
        True,
        2,
    )
    assert group.first == datetime(2026, 11, 21, 3, 51, 20, 101000, UTC)
    assert group.programs == ("nginx",)


def test_complain_mode_is_told_from_a_refusal() -> None:
    groups = denials(APPARMOR, APPARMOR.replace("ALLOWED", "DENIED").replace(":89", ":90")).groups
    assert isinstance(groups, tuple)
    assert sorted((group.source, group.enforced) for group in groups) == [
        ("php-fpm", False),
        ("php-fpm", True),
    ]


def test_switching_to_permissive_weakens_and_the_start_does_not() -> None:
    changes = denials(
        "type=MAC_STATUS msg=audit(1795233000.1:3): enforcing=1 old_enforcing=0 auid=4294967295 ses=1",
        "type=MAC_STATUS msg=audit(1795233001.1:4): enforcing=0 old_enforcing=1 auid=1000 ses=1",
    ).changes
    assert isinstance(changes, tuple)
    assert [(change.weakens, change.auid) for change in changes] == [(False, None), (True, 1000)]


@pytest.mark.parametrize("reason", [Reason.DENIED, Reason.TIMEOUT])
def test_nothing_found_proves_nothing_while_a_log_is_missing(reason: Reason) -> None:
    found = parse_denials(
        host({"denials.audit_log": reason, "denials.kernel_log": "window 2026-11-21T03:49:00+0000 x\n"})
    )
    assert isinstance(found, Denials)
    assert isinstance(found.groups, Absent)
    assert found.groups.reason is reason


def test_what_was_found_is_told_also_while_a_log_is_missing() -> None:
    kernel_log = f"window 2026-11-21T03:49:00+0000 x\n{AVC}\n"
    found = parse_denials(host({"denials.audit_log": Reason.DENIED, "denials.kernel_log": kernel_log}))
    assert isinstance(found, Denials)
    assert isinstance(found.groups, tuple)
    assert found.missing == ("/var/log/audit/audit.log: denied",)


def test_an_empty_log_is_no_proof_of_silence() -> None:
    found = parse_denials(host({"denials.audit_log": "window \n", "denials.kernel_log": "absent\n"}))
    assert isinstance(found, Absent)


def test_records_that_the_kernel_dropped_are_said_to_be_lost() -> None:
    assert not denials(AVC).lost
    assert denials(AVC, "type=KERNEL msg=audit(1795233001.1:4): audit: rate limit exceeded").lost
    printed = "window 2026-11-21T03:49:00+0000 x\nx kernel: kauditd_printk_skb: 7 callbacks suppressed\n"
    assert not denials(AVC, kernel_log=printed).lost, "the audit log has what the ring has not"
