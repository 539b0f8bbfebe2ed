"""AppArmor's records: ``apparmor="DENIED" operation="open" ...`` and the 150x types before it.

Fields are read by name: the kernel, dbus-daemon and dbus-broker order them differently, and each
generation renamed some (``parent``, ``profile`` or ``label``, ``requested_mask`` or ``requested`` or
``mask``). Source: kernel security/apparmor/audit.c, lib.c, net.c, task.c; libapparmor grammar.y for the
old types.
"""

from __future__ import annotations

from collections.abc import Mapping

from hardcheck.denials.fields import number, owner
from hardcheck.denials.joined import Joined, asked_through, known, process_of
from hardcheck.denials.model import ApparmorDenial, Denial, Event, Outcome, Record
from hardcheck.denials.paths import object_path

_BY_TYPE = {
    "APPARMOR_DENIED": "DENIED",
    "APPARMOR_ALLOWED": "ALLOWED",
    "APPARMOR_AUDIT": "AUDIT",
    "APPARMOR_HINT": "HINT",
    "APPARMOR_STATUS": "STATUS",
    "APPARMOR_ERROR": "ERROR",
    "APPARMOR_KILL": "KILLED",
}
OUTCOMES = {
    "DENIED": Outcome.DENIED,
    "KILLED": Outcome.DENIED,
    "ALLOWED": Outcome.WOULD_DENY,
    "AUDIT": Outcome.GRANTED,
}
_PEERS = ("peer", "peer_label", "peer_profile", "tcontext")  # the last by io_uring alone
_ADDRESSES = ("addr", "peer_addr")
_TAKEN_WORDS = (
    "apparmor operation class info error namespace profile label name pid comm requested_mask requested "
    "denied_mask denied mask target name2 tcontext peer peer_label peer_profile fsuid ouid family sock_type "
    "protocol capability capname signal fstype fs_type srcname flags hostname laddr lport faddr fport saddr "
    "src daddr dest parent msg type node uid auid ses subj sauid terminal"
)
_TAKEN = frozenset(_TAKEN_WORDS.split())


def verdict_of(record: Record) -> str:
    """DENIED, ALLOWED, AUDIT, KILLED, HINT, STATUS or ERROR; empty for a record of another kind."""
    return record.fields.get("apparmor", "") or (
        _BY_TYPE.get(record.type, "") if "operation" in record.fields else ""
    )


def read_apparmor(record: Record, event: Event, joined: Joined) -> Denial | None:
    """A refusal or a granted access; None for a record without an operation."""
    fields = record.fields
    verdict = verdict_of(record)
    operation = fields.get("operation", "")
    if verdict not in OUTCOMES or not operation:
        return None
    name = fields.get("name", "")
    path, how = (name, "record") if name.startswith("/") and "bus" not in fields else ("", "")
    if not path and joined.paths and not name:
        path, how = object_path("", "", "", joined)
    return Denial(
        framework="apparmor",
        outcome=OUTCOMES[verdict],
        at=event.at,
        id=event.id,
        where=record.where,
        host=event.host,
        process=asked_through(record) if record.type.startswith("USER_") else process_of(record, joined),
        syscall=joined.syscall,
        paths=joined.paths,
        sockaddr=joined.sockaddr,
        path=path,
        path_from=how,
        apparmor=_apparmor(fields, verdict),
    )


def _apparmor(fields: Mapping[str, str], verdict: str) -> ApparmorDenial:
    error = number(fields.get("error", ""))
    return ApparmorDenial(
        verdict=verdict,
        operation=fields.get("operation", ""),
        profile=fields.get("profile") or fields.get("label", ""),
        class_=fields.get("class", ""),
        namespace=fields.get("namespace", ""),
        name=fields.get("name", ""),
        requested=fields.get("requested_mask") or fields.get("requested", ""),
        denied=fields.get("denied_mask") or fields.get("denied") or fields.get("mask", ""),
        target=fields.get("target") or fields.get("name2", ""),
        peer=next((fields[name] for name in _PEERS if fields.get(name)), ""),
        info=fields.get("info", ""),
        error=abs(error) if error is not None else None,
        fsuid=owner(fields.get("fsuid", "")),
        ouid=owner(fields.get("ouid", "")),
        family=fields.get("family", ""),
        sock_type=fields.get("sock_type", ""),
        protocol=fields.get("protocol", ""),
        local=_end(fields, ("laddr", "saddr"), ("lport", "src")),
        foreign=_end(fields, ("faddr", "daddr"), ("fport", "dest")),
        capability=_capability(fields),
        signal=fields.get("signal", ""),
        fstype=fields.get("fstype") or fields.get("fs_type", ""),
        srcname=fields.get("srcname", ""),
        flags=fields.get("flags", ""),
        hostname=known(fields.get("hostname", "")),
        extra={
            name: "" if value == "none" and name in _ADDRESSES else known(value)
            for name, value in fields.items()
            if name not in _TAKEN
        },
    )


def _capability(fields: Mapping[str, str]) -> str:
    if fields.get("operation") != "capable":
        return ""
    return fields.get("capname") or fields.get("name", "")


def _end(fields: Mapping[str, str], addresses: tuple[str, ...], ports: tuple[str, ...]) -> str:
    """``ADDRESS:PORT`` of one end, IPv6 in brackets; ``*`` for an address that is not in the record."""
    address = next((fields[name] for name in addresses if fields.get(name)), "")
    port = next((fields[name] for name in ports if fields.get(name)), "")
    if not (address or port):
        return ""
    shown = f"[{address}]" if ":" in address else address or "*"
    return f"{shown}:{port}" if port else shown
