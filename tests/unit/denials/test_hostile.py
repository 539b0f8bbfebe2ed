"""Logs that a host, or a user of it, made to mislead, to break or to stall the reader."""

from __future__ import annotations

import json
import time
import tracemalloc
from collections.abc import Iterator
from functools import partial

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hardcheck.denials import fields, grouping, joining
from hardcheck.denials.lines import LIMIT
from hardcheck.denials.model import Denial
from hardcheck.denials.reading import LogFile, read_denials, read_logs
from tests.unit.denials.logs import denials, log, summary
from tests.unit.denials.test_forms import AVC, FORMS, ID, audit_log

LINE = f"type=AVC msg=audit({ID}): {AVC}\n"
APPARMOR = (
    'type=AVC msg=audit(1795233080.102:89): apparmor="DENIED" operation="open" profile="p" name="NAME" '
    'pid=9 comm="c" requested_mask="r" denied_mask="r" fsuid=33 ouid=0\n'
)
_CORPUS = [form.encode() if isinstance(form, str) else form for form in FORMS.values()] + [APPARMOR.encode()]
_SMALL = settings(max_examples=60, deadline=2000, suppress_health_check=list(HealthCheck))


def readable(content: bytes) -> list[Denial]:
    """Read in every way; what comes out can be written as JSON, so it is all text and numbers."""
    found = summary(content)
    msgspec.json.encode(found)
    single = denials(content)
    msgspec.json.encode(single)
    return single


@_SMALL
@given(st.binary(max_size=2000))
def test_any_bytes_are_read(content: bytes) -> None:
    readable(content)


@_SMALL
@given(st.sampled_from(_CORPUS), st.data())
def test_any_change_of_a_log_is_read(content: bytes, data: st.DataObject) -> None:
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content)))
        end = data.draw(st.integers(at, min(len(content), at + 60)))
        content = content[:at] + data.draw(st.binary(max_size=12)) + content[end:]
    readable(content)


@_SMALL
@given(st.sampled_from(_CORPUS), st.integers(1, 3000))
def test_a_log_that_is_cut_is_read(content: bytes, length: int) -> None:
    readable(content[:length])
    readable(content[-length:])


_PIECES = (
    'type=AVC msg=audit(1.2:3): |avc:  denied  { read } for |apparmor="DENIED" | pid=1 |scontext=a:b:c '
    "|tcontext=a:b:d:s0:c1 |tclass=file |msg='|'|\"|\x1d|\n|node=x |Nov 21 03:51:20 h kernel: |audit(1.2:3): "
    '|comm="x" |name=2F62 |saddr=0200 |type=SYSCALL msg=audit(1.2:3): success=no exit=-13 pid=1 |{|}|\0|='
    '|a0=1 |MESSAGE\n|type=USER_AVC msg=audit(1.2:4): |operation="open" |SELinux: |callbacks suppressed'
)
_WORDS = st.sampled_from([piece.encode() for piece in _PIECES.split("|")])


@_SMALL
@given(st.lists(_WORDS, max_size=25).map(b"".join))
def test_any_mixture_of_what_records_are_made_of_is_read(content: bytes) -> None:
    readable(content)


@pytest.mark.parametrize(
    "content",
    [
        b"a" * 10_000_000,
        b"type=AVC msg=audit(1.2:3): avc:  denied  { read } for " + b"a=" * 2_000_000,
        b'type=AVC msg=audit(1.2:3): apparmor="DENIED" operation="' + b"x " * 2_000_000,
        b"type=" * 1_000_000 + b"\n",
        b"type=AVC msg=audit(1.2:3): " * 200_000,
        b"audit(" * 500_000,
        b"avc: " * 500_000,
        b"avc:  denied  {" * 200_000,
        (b"Nov 21 03:51:20 " + b"h: " * 500_000 + b"audit: type=1400 audit(1.2:3): avc: "),
        b'{"MESSAGE": "' + b"avc: " * 1_000_000,
        b"[" * 1_000_000,
        b'{"_TRANSPORT":"audit","MESSAGE":' + b"[" * 500_000,
        b"__CURSOR=a\nMESSAGE\n" + b"\xff" * 8 + b"x" * 3_000_000,
        b"__CURSOR=a\n" + b"M" * 3_000_000,
        b"\0" * 5_000_000,
        b"type=EXECVE msg=audit(1.2:3): " + b"".join(b'a%d="x" ' % n for n in range(100_000)),
        b"\n" * 3_000_000,
        b"type=UNKNOWN[1503] msg=audit(" + b"9" * 1_000_000,
        b"saddr={" * 300_000,
    ],
    ids=range(19),
)
def test_no_line_stalls_the_reader(content: bytes) -> None:
    start = time.process_time()
    readable(content)
    assert time.process_time() - start < 6, "the machine may be slow, but not that slow"


def endless(count: int) -> Iterator[bytes]:
    """A log in which nothing repeats: names, profiles, processes, ids."""
    for n in range(count):
        name = f"/data/{n % 97}/{n:x}" + "y" * 300
        text = APPARMOR.replace("NAME", name).replace('"p"', f'"p{n % 500}"').replace("102:89", f"102:{n}")
        yield text.replace("pid=9", f"pid={n}").encode()


def test_memory_does_not_grow_with_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, bound in (("_SHAPES", 200), ("_COARSE", 100), ("MAX_GROUPS", 150), ("_KEPT", 300_000)):
        monkeypatch.setattr(grouping, name, bound)
    monkeypatch.setattr(joining, "WINDOW", 32)
    peaks = []
    for count in (600, 1800):
        file = LogFile("x", partial(endless, count))
        tracemalloc.start()
        found = read_logs([[file]])
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert found.denials == count
        assert sum(group.count for group in found.groups) + found.health.ungrouped == count
        assert len(found.groups) <= 150
        assert found.health.ungrouped
    assert peaks[1] < peaks[0] * 1.4


def test_a_line_of_ten_megabytes_costs_only_itself() -> None:
    found = summary(LINE + "x" * 10_000_000 + "\n" + LINE)
    assert (found.denials, found.health.cut_lines, found.health.whole) == (2, 1, False)


@pytest.mark.parametrize("end", range(30, len(LINE) - 1, 17))
def test_a_refusal_that_was_cut_is_shown_and_never_dropped(end: int) -> None:
    found = summary(LINE[:end] + "\n")
    whole = "tclass=f" in LINE[:end]
    assert found.denials == whole
    if "avc:  denied" in LINE[:end] and not whole:
        assert found.health.damaged == 1
        assert found.health.damages[0].text


def test_names_keep_their_bytes_as_escapes() -> None:
    name = bytes(range(1, 32)) + b"\x1b[2J\xff\xe2\x80\xae<script>"
    (found,) = denials(APPARMOR.replace('"NAME"', name.hex().upper()))
    assert found.apparmor is not None
    assert found.apparmor.name == name.decode("utf-8", "backslashreplace")
    assert len(found.apparmor.name) < LIMIT


@pytest.mark.parametrize(
    "line",
    [
        f"Nov 21 03:51:20 web1 logger: audit: type=1400 audit({ID}): {AVC}",
        f"Nov 21 03:51:20 web1 sshd[7]: type=AVC msg=audit({ID}): {AVC}",
        f"2026-11-21T03:51:20+00:00 web1 myapp[1]: {AVC}",
        f"Nov 21 03:51:20 web1 app: kernel: audit: type=1400 audit({ID}): {AVC}",
        f"type=USER_CMD msg=audit({ID}): pid=1 uid=1000 msg='cmd=x type=AVC msg=audit(1.2:3): {AVC}'",
        f"type=USER_LOGIN msg=audit({ID}): pid=1 msg='acct=\"type=AVC msg=audit(1.2:3): {AVC}\"'",
    ],
)
def test_a_record_in_another_programs_message_is_not_believed(line: str) -> None:
    health = summary(line + "\n").health
    assert denials(line + "\n") == []
    assert health.foreign == 1
    assert health.damages[0].where.line == 1


def entry(**fields: str) -> str:
    base = {"_HOSTNAME": "h", "__REALTIME_TIMESTAMP": "1795233080101000"}
    return json.dumps({**base, **fields}) + "\n"


def test_the_journal_believes_the_transport_and_not_the_name() -> None:
    text = f"audit: type=1400 audit({ID}): {AVC}"
    assert denials(entry(_TRANSPORT="syslog", SYSLOG_IDENTIFIER="kernel", _UID="1000", MESSAGE=text)) == []
    assert denials(entry(_TRANSPORT="stdout", SYSLOG_IDENTIFIER="audit", _UID="1000", MESSAGE=text)) == []
    assert len(denials(entry(_TRANSPORT="kernel", SYSLOG_IDENTIFIER="kernel", MESSAGE=text))) == 1
    body = APPARMOR.split("): ")[1]
    bus = {"_TRANSPORT": "syslog", "SYSLOG_IDENTIFIER": "dbus-daemon", "_UID": "1000", "MESSAGE": body}
    assert len(denials(entry(**bus, _EXE="/usr/bin/dbus-daemon"))) == 1
    assert denials(entry(**bus, _EXE="/home/eve/x")) == []


def test_a_command_line_cannot_change_the_contexts_of_a_program_s_refusal() -> None:
    line = (
        f"type=USER_AVC msg=audit({ID}): pid=1 uid=0 auid=0 ses=1 subj=system_u:system_r:init_t:s0 msg='"
        'avc:  denied  { start } for auid=1000 uid=1000 gid=1000 cmdline="x scontext=a:b:fake_t:s0 '
        'tcontext=a:b:fake_t:s0 tclass=file permissive=1 " scontext=u:r:user_t:s0 '
        "tcontext=system_u:object_r:sshd_unit_t:s0 tclass=service permissive=0 "
        'exe="/usr/lib/systemd/systemd" sauid=0 hostname=? addr=? terminal=?\'\n'
    )
    (found,) = denials(line)
    one = found.selinux
    assert one is not None
    assert (one.source, one.class_, one.permissive) == ("u:r:user_t:s0", "service", False)
    assert (one.manager, found.process.ids["uid"], found.process.exe) == (
        "/usr/lib/systemd/systemd",
        1000,
        "",
    )


def test_scrubbed_ids_join_no_more_than_is_kept_together() -> None:
    content = audit_log().replace(ID, "1111111111.111:1111") * 500
    assert len(list(read_denials([log(content)]))) == 500


_FIELDS = st.text(alphabet="abcomexn=\"' ,()[]._-0123456789ABCDEF/\x00\t", max_size=120).map(str.encode)


@given(_FIELDS)
def test_bytes_beyond_ascii_change_no_other_field(text: bytes) -> None:
    """Records of ASCII take a shorter way through the reader than others."""
    with_more = fields.read_fields(b"zz=\xc3\xa9 " + text)
    assert with_more.pop("zz") == "\u00e9"
    assert with_more == {name: value for name, value in fields.read_fields(text).items() if name != "zz"}


def test_a_value_is_cut_at_its_limit() -> None:
    found = fields.read_fields(b'name="' + b"a" * 40_000 + b'" comm=' + b"61" * 20_000 + b" key=b)")
    assert found == {"name": "a" * fields.LIMIT, "comm": "a" * fields.LIMIT, "key": "b"}
