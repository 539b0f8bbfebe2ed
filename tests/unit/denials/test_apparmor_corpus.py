"""AppArmor's own log tests: every key that libapparmor's parser gives, given by ours too.

libapparmor calls 19 of its 130 samples invalid. Of two of them we read more than it does, as said below.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

import pytest

from hardcheck.denials.model import ApparmorDenial, Denial, StateChange
from tests.corpora import corpus
from tests.unit.denials.logs import denials, summary

_FOLDER = "libraries/libapparmor/testsuite/test_multi"
_EVENTS = {"DENIED": "AA_RECORD_DENIED", "ALLOWED": "AA_RECORD_ALLOWED", "AUDIT": "AA_RECORD_AUDIT"}
_PROTOCOLS = {"6": "tcp", "17": "udp", "0": "ip"}
# Read by us, invalid there: a name of odd hexadecimal that an old kernel left behind; grep's file name.
_MORE = {"ptrace_garbage_lp1689667_2": 1}


@functools.cache
def samples() -> dict[str, Path]:
    return {path.stem: path for path in sorted((corpus("apparmor-log-tests") / _FOLDER).glob("*.in"))}


def expected(path: Path) -> dict[str, str]:
    lines = path.with_suffix(".out").read_text().splitlines()[1:]
    return dict(line.split(": ", 1) for line in lines if ": " in line)


def port(end: str) -> str:
    return end.rpartition(":")[2] if ":" in end else ""


def address(end: str) -> str:
    return end.rpartition(":")[0].strip("[]").replace("*", "") if ":" in end else end


def number(text: str) -> str:
    return str(int(text)) if text else ""


def shown(value: object) -> str:
    return "" if value is None else str(value)


def ours(found: Denial) -> dict[str, str]:
    """A refusal under libapparmor's names."""
    one = found.apparmor
    assert one is not None
    values = {
        "Event type": _EVENTS[one.verdict],
        "Operation": one.operation,
        "Mask": one.requested,
        "Denied Mask": one.denied,
        "fsuid": shown(one.fsuid),
        "ouid": shown(one.ouid),
        "Profile": one.profile,
        "Name": one.capability if one.operation == "capable" else one.name,
        "Name2": one.target,
        "Command": found.process.comm or one.extra.get("exe", ""),
        "Parent": shown(found.process.ppid),
        "PID": shown(found.process.pid),
        "Info": one.info,
        "ErrorCode": shown(one.error),
        "Network family": one.family,
        "Socket type": one.sock_type,
        "Protocol": _PROTOCOLS.get(one.protocol, one.protocol) if one.family else "",
        "Local addr": address(one.local),
        "Foreign addr": address(one.foreign),
        "Local port": port(one.local),
        "Foreign port": port(one.foreign),
        "Flags": one.flags,
        "Src name": one.srcname,
        "FS Type": one.fstype,
        "Signal": one.signal,
        "Namespace": one.namespace,
        "Class": one.class_,
        **others(one),
        **identity(found),
    }
    return {name: value for name, value in values.items() if value}


def others(one: ApparmorDenial) -> dict[str, str]:
    bus = one.operation.startswith(("dbus_", "uring_"))
    return {
        "Peer profile" if bus else "Peer": one.peer,
        "Peer PID": one.extra.get("peer_pid", ""),
        "Net Addr": one.extra.get("addr", ""),
        "Peer Addr": one.extra.get("peer_addr", ""),
        "Attribute": one.extra.get("attribute", ""),
        "Task": number(one.extra.get("task", "")),
        "Token": number(one.extra.get("magic_token", "")),
        "DBus bus": one.extra.get("bus", ""),
        "DBus path": one.extra.get("path", ""),
        "DBus interface": one.extra.get("interface", ""),
        "DBus member": one.extra.get("member") or one.extra.get("method", ""),
    }


def identity(found: Denial | StateChange) -> dict[str, str]:
    if found.id is None:
        return {}
    stamp = found.id
    return {
        "Audit ID": f"{stamp.seconds}.{stamp.milliseconds:03d}:{stamp.serial}",
        "Epoch": str(stamp.seconds),
        "Audit subid": str(stamp.serial),
    }


def change(found: StateChange) -> dict[str, str]:
    """A change of state under libapparmor's names, as far as both have them."""
    values = {
        "Operation": found.operation,
        "Name": found.name,
        "PID": shown(found.process.pid),
        "Command": found.process.comm,
        **identity(found),
    }
    return {name: value for name, value in values.items() if value}


def compare(wanted: dict[str, str], got: dict[str, str]) -> dict[str, tuple[str, str]]:
    keys = (wanted.keys() | got.keys()) - {"File"}
    return {
        key: (wanted.get(key, ""), got.get(key, ""))
        for key in keys
        if wanted.get(key, "") != got.get(key, "")
    }


def check(path: Path, read: Callable[[bytes], list[Denial]]) -> dict[str, tuple[str, str]]:
    wanted = expected(path)
    found = read(path.read_bytes())
    if wanted["Event type"] in _EVENTS.values():
        return compare(wanted, ours(found[0])) if len(found) == 1 else {"refusals": ("1", str(len(found)))}
    if wanted["Event type"] == "AA_RECORD_INVALID":
        more = _MORE.get(path.stem, 0)
        return {"refusals": (str(more), str(len(found)))} if len(found) != more else {}
    changes = summary(path.read_bytes()).changes
    if len(changes) != 1 or found:
        return {"changes": ("1", str(len(changes)))}
    both = ("Operation", "Name", "PID", "Command", "Audit ID", "Epoch", "Audit subid")
    return compare({key: wanted[key] for key in both if key in wanted}, change(changes[0]))


def test_every_field_of_every_sample_is_libapparmors() -> None:
    assert len(samples()) == 130
    wrong = {name: found for name, path in samples().items() if (found := check(path, denials))}
    assert wrong == {}


@pytest.mark.parametrize("end", [b"\r\n", b"\n\n", b"\0\n"])
def test_how_a_line_ends_changes_no_field(end: bytes) -> None:
    def read(content: bytes) -> list[Denial]:
        return denials(content.rstrip(b"\n") + end)

    for name, path in samples().items():
        if expected(path)["Event type"] in _EVENTS.values():
            assert check(path, read) == {}, name


def test_groups_have_what_single_refusals_have() -> None:
    for name, path in samples().items():
        content = path.read_bytes()
        assert summary(content).denials == len(denials(content)), name
