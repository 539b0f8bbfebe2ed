"""One event in every form that a log may have: the same refusal comes of each."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from hardcheck.denials.model import ChangeKind, Denial, Outcome
from tests.unit.denials.logs import denials, log, summary, summary_of

ID = "1795233080.101:88"
AVC = (
    'avc:  denied  { getattr read } for  pid=9 comm="nginx" name="x" dev="vda" ino=12 '
    "scontext=system_u:system_r:httpd_t:s0 tcontext=unconfined_u:object_r:user_home_t:s0:c1,c2 tclass=file "
    "permissive=0"
)
SYSCALL = (
    "arch=c000003e syscall=257 success=no exit=-13 a0=ffffff9c a1=7f a2=0 a3=0 items=1 ppid=1 pid=9 "
    "auid=4294967295 uid=33 gid=33 euid=33 suid=33 fsuid=33 egid=33 sgid=33 fsgid=33 tty=(none) "
    'ses=4294967295 comm="nginx" exe="/usr/sbin/nginx" subj=system_u:system_r:httpd_t:s0 key=(null)'
)
CWD = 'cwd="/srv/www"'
PATH = (
    'item=0 name="x" inode=12 dev=fc:01 mode=0100600 ouid=1000 ogid=1000 rdev=00:00 '
    "obj=unconfined_u:object_r:user_home_t:s0:c1,c2 nametype=NORMAL"
)
TITLE = "proctitle=2F7573722F7362696E2F6E67696E78002D67006461656D6F6E206F66663B"
RECORDS = (("AVC", AVC), ("SYSCALL", SYSCALL), ("CWD", CWD), ("PATH", PATH), ("PROCTITLE", TITLE))
NUMBERS = {"AVC": 1400, "SYSCALL": 1300, "CWD": 1307, "PATH": 1302, "PROCTITLE": 1327}
AT = datetime(2026, 11, 21, 3, 51, 20, 101000, UTC)


def audit_log(node: str = "", enriched: bool = False, order: tuple[int, ...] = (0, 1, 2, 3, 4)) -> str:
    lines = []
    for place in order:
        name, body = RECORDS[place]
        extra = '\x1dARCH=x86_64 SYSCALL=openat AUID="unset" UID="www-data"' if enriched else ""
        lines.append(f"{node}type={name} msg=audit({ID}): {body}{extra}\n")
    return "".join(lines)


def kernel(prefix: str) -> str:
    return "".join(f"{prefix}audit: type={NUMBERS[name]} audit({ID}): {body}\n" for name, body in RECORDS)


def journal_fields(name: str, body: str) -> dict[str, str]:
    return {
        "__CURSOR": "s=1",
        "__REALTIME_TIMESTAMP": "1795233080102000",
        "_TRANSPORT": "audit",
        "_HOSTNAME": "web1",
        "_AUDIT_TYPE_NAME": name,
        "_AUDIT_ID": "88",
        "_SOURCE_REALTIME_TIMESTAMP": "1795233080101000",
        "MESSAGE": f"{name} {body}",
    }


def export(binary: bool) -> bytes:
    out = b""
    for name, body in RECORDS:
        for key, value in journal_fields(name, body).items():
            raw = value.encode()
            if binary and key == "MESSAGE":
                out += key.encode() + b"\n" + len(raw).to_bytes(8, "little") + raw + b"\n"
            else:
                out += key.encode() + b"=" + raw + b"\n"
        out += b"\n"
    return out


def as_json(indent: int | None = None) -> str:
    return "".join(json.dumps(journal_fields(*record), indent=indent) + "\n" for record in RECORDS)


def ausearch_interpreted() -> str:
    head = "msg=audit(11/21/2026 03:51:20.101:88) : "
    return (
        "----\n"
        f"type=PROCTITLE {head}proctitle=/usr/sbin/nginx -g daemon off; \n"
        f"type=PATH {head}item=0 name=x inode=12 dev=fc:01 mode=file,600 ouid=joe ogid=joe rdev=00:00 "
        "obj=unconfined_u:object_r:user_home_t:s0:c1,c2 nametype=NORMAL \n"
        f"type=CWD {head}cwd=/srv/www \n"
        f"type=SYSCALL {head}arch=x86_64 syscall=openat success=no exit=EACCES(Permission denied) "
        "a0=AT_FDCWD a1=0x7f a2=O_RDONLY a3=0x0 items=1 ppid=1 pid=9 auid=unset uid=www-data gid=www-data "
        "comm=nginx exe=/usr/sbin/nginx subj=system_u:system_r:httpd_t:s0 key=(null) \n"
        f"type=AVC {head}{AVC.replace(chr(34), '')} \n"
    )


FORMS: dict[str, str | bytes] = {
    "audit.log": audit_log(),
    "enriched": audit_log(enriched=True),
    "node names": audit_log(node="node=web1 "),
    "parts first": audit_log(order=(3, 2, 1, 0, 4)),
    "one line": audit_log().replace("\n", " ") + "\n",
    "ausearch": "----\ntime->Sat Nov 21 03:51:20 2026\n" + audit_log(),
    "ausearch -i": ausearch_interpreted(),
    "dmesg": kernel("[  123.456789] "),
    "dmesg -T": kernel("[Sat Nov 21 03:51:20 2026] "),
    "dmesg raw": kernel("<5>[  123.456789] "),
    "syslog": kernel("Nov 21 03:51:20 web1 kernel: [  123.456789] "),
    "syslog iso": kernel("2026-11-21T03:51:20.101000+00:00 web1 kernel: "),
    "journal short-full": kernel("Sat 2026-11-21 03:51:20 UTC web1 kernel: "),
    "journal short-unix": kernel("1795233080.101 web1 kernel: "),
    "journal short-monotonic": kernel("[  123.456789] web1 kernel: "),
    "audispd": "".join(
        f"Nov 21 03:51:20 web1 audispd: type={name} msg=audit({ID}): {body}\n" for name, body in RECORDS
    ),
    "export": export(binary=False),
    "export, binary": export(binary=True),
    "json": as_json(),
    "json-pretty": as_json(indent=8),
    "CRLF": audit_log().replace("\n", "\r\n"),
    "no line feed at the end": audit_log().rstrip("\n"),
}


def plain(denial: Denial) -> Denial:
    """Without what a form cannot have: names of hosts, lines, interpreted numbers."""
    process = msgspec.structs.replace(denial.process, ids={})
    where = msgspec.structs.replace(denial.where, line=0)
    identity = msgspec.structs.replace(denial.id, node="") if denial.id else None
    paths = tuple(msgspec.structs.replace(path, ouid=None, ogid=None, mode=None) for path in denial.paths)
    changes = {"process": process, "where": where, "id": identity, "paths": paths, "host": ""}
    return msgspec.structs.replace(denial, **changes, syscall=None)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_refusal(form: str) -> None:
    (wanted,) = denials(FORMS["audit.log"])
    (found,) = denials(FORMS[form])
    one = plain(found)
    if form == "ausearch -i":  # the title is one text there: its arguments cannot be told apart
        one = msgspec.structs.replace(
            one, process=msgspec.structs.replace(one.process, argv=wanted.process.argv)
        )
    assert one == plain(wanted)
    assert found.syscall is not None
    assert (found.syscall.success, found.syscall.exit) == (False, -13)
    health = summary(FORMS[form]).health
    assert (health.damaged, health.foreign, health.doubles) == (0, 0, 0)


def test_the_refusal_has_everything() -> None:
    (found,) = denials(FORMS["audit.log"])
    assert (found.outcome, found.at, found.path, found.path_from) == (
        *(Outcome.DENIED, AT, "/srv/www/x", "cwd"),
    )
    assert found.process.argv == ("/usr/sbin/nginx", "-g", "daemon off;")
    assert (found.process.auid, found.process.ids["fsuid"]) == (None, 33)
    assert (found.paths[0].mode, found.paths[0].ouid) == (0o100600, 1000)
    assert found.selinux is not None
    assert found.selinux.target.endswith(":s0:c1,c2")
    assert found.selinux.extra["ino"] == "12"


def test_the_journals_text_has_no_ids_and_is_joined_all_the_same() -> None:
    lines = [
        f"Nov 21 03:51:20 web1 audit{'[9]' if n < 2 else ''}: {t} {b}" for n, (t, b) in enumerate(RECORDS)
    ]
    (found,) = denials("\n".join(lines) + "\n")
    assert (found.path, found.process.exe, found.id) == ("/srv/www/x", "/usr/sbin/nginx", None)
    assert found.at == AT.replace(microsecond=0)


def test_a_call_of_another_process_is_not_joined() -> None:
    other = SYSCALL.replace("pid=9 ", "pid=10 ").replace("/usr/sbin/nginx", "/bin/other")
    (found,) = denials(f"type=AVC msg=audit({ID}): {AVC}\ntype=SYSCALL msg=audit({ID}): {other}\n")
    assert (found.syscall, found.process.exe) == (None, "")


def test_interleaved_events_are_joined_each_with_its_own() -> None:
    lines = []
    for name, body in RECORDS:
        for serial in range(300):
            own = body.replace("nginx", f"n{serial}").replace("pid=9", f"pid={serial + 2}")
            own = own.replace("2F6E67696E78", "2F6E")
            lines.append(f"type={name} msg=audit(1795233080.101:{serial}): {own}")
    found = denials("\n".join(lines))
    assert len(found) == 300
    for one in found:
        assert one.id is not None
        assert one.process.exe == f"/usr/sbin/n{one.id.serial}"
        assert one.path == "/srv/www/x"


def test_rotations_are_one_log_and_an_event_may_lie_across_two(tmp_path: Path) -> None:
    lines = audit_log().splitlines(keepends=True)
    (tmp_path / "audit.log").write_text("".join(lines[2:]))
    (tmp_path / "audit.log.1.gz").write_bytes(gzip.compress("".join(lines[:2]).encode()))
    found = summary_of([tmp_path / "audit.log.1.gz", tmp_path / "audit.log"])
    assert (found.denials, list(found.groups[0].paths.values)) == (1, ["/srv/www/x"])


def test_a_damaged_rotation_is_told(tmp_path: Path) -> None:
    packed = gzip.compress((audit_log() * 500).encode())
    (tmp_path / "audit.log.1.gz").write_bytes(packed[: len(packed) // 2])
    health = summary_of([tmp_path / "audit.log.1.gz"]).health
    assert health.unreadable
    assert not health.whole


def test_an_event_in_two_logs_counts_once_and_one_of_two_hosts_twice() -> None:
    found = summary(FORMS["audit.log"], FORMS["syslog"], FORMS["json"], FORMS["dmesg"])
    assert (found.denials, found.health.doubles) == (1, 3)
    twice = summary(audit_log(), audit_log().replace(":88", ":89"))
    assert twice.denials == 2


def test_two_records_of_one_log_are_no_doubles_however_alike() -> None:
    assert summary(audit_log() + audit_log()).denials == 2


def test_the_journals_text_shows_the_kernels_line_too() -> None:
    body = 'apparmor="DENIED" operation="open" profile="p" name="/x" pid=9 comm="c" denied_mask="r"'
    line = f"Nov 21 03:51:20 web1 audit[9]: AVC {body}\n"
    kernel_line = f"Nov 21 03:51:20 web1 kernel: audit: type=1400 audit({ID}): {body}\n"
    assert summary(line + kernel_line).denials == 1
    assert summary(kernel_line + line).denials == 1
    assert summary(kernel_line + line + kernel_line.replace(":88", ":89") + line).denials == 2
    assert summary(line + line + line).denials == 3


def test_since_leaves_out_what_was_before() -> None:
    later = audit_log().replace("1795233080", "1795239080")
    found = summary(audit_log() + later, since=datetime(2026, 11, 21, 4, tzinfo=UTC))
    assert (found.denials, found.groups[0].first) == (1, datetime(2026, 11, 21, 5, 31, 20, 101000, UTC))


def test_blocks_may_end_anywhere() -> None:
    content = (audit_log() + kernel("[ 1.0] ")).encode()
    from hardcheck.denials.reading import read_denials

    wanted = [plain(one) for one in read_denials([log(content)])]
    for size in (1, 7, 64, 333):
        assert [plain(one) for one in read_denials([log(content, block=size)])] == wanted
    for size in (1, 5, 100):
        assert [plain(one) for one in read_denials([log(export(binary=True), block=size)])] == wanted[:1]


def test_a_boot_before_the_time_asked_for_is_not_told() -> None:
    boot = "2026-11-20T10:00:00+00:00 web1 kernel: Linux version 6.1.0-28-amd64 (debian)\n"
    assert [change.kind for change in summary(boot).changes] == [ChangeKind.BOOT]
    assert summary(boot, since=datetime(2026, 11, 20, 11, tzinfo=UTC)).changes == ()
