"""Unix socket rules: ``unix [access] [type=] [addr=] [label=] [peer=(addr= label=)],``."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from hardcheck.apparmor.rules.conditions import (
    Condition,
    parse_access,
    parse_conditions,
    parse_group,
    single,
)
from hardcheck.apparmor.rules.network import ALL_SOCKET, PEER_SOCKET, SOCKET_ACCESS
from hardcheck.apparmor.syntax import Owner, Prefix, Rule
from hardcheck.apparmor.tokenizer import Cursor

_TYPES = ("none", "stream", "dgram", "raw", "rdm", "seqpacket", "dccp", "packet")


class UnixEnd(msgspec.Struct, frozen=True):
    """One end of a unix socket; None is any.

    ``address`` is ``@name`` (abstract), ``none`` (anonymous) or ``auto`` (bound by the kernel);
    ``label`` a pattern of labels.
    """

    address: str | None = None
    label: str | None = None


class UnixRule(Rule, frozen=True, kw_only=True, gc=False):
    """``access`` bits on unix sockets that have no path; ``type_`` empty is every type."""

    access: int
    type_: str
    local: UnixEnd
    peer: UnixEnd

    kind: ClassVar[str] = "unix"


def parse_unix(cursor: Cursor, at: int, prefix: Prefix) -> UnixRule:
    """A unix rule; the keyword is taken."""
    if prefix.owner is not Owner.ANY:
        cursor.fail(f"'{prefix.owner}' is not allowed on unix rules", at)
    access = parse_access(cursor, SOCKET_ACCESS, "unix")
    conditions = parse_conditions(cursor)
    peer_conditions = parse_group(cursor, "unix")
    cursor.end_of_rule("unix")
    type_ = None
    rest: list[Condition] = []
    for condition in conditions:
        if condition.name == "type":
            type_ = single(cursor, condition, type_, "unix")
            if type_ not in _TYPES:
                cursor.fail(f"'{type_}' is no type of sockets", condition.at)
        elif condition.name in ("protocol", "attr", "opt", "label"):
            cursor.fail(f"'{condition.name}' is not supported in unix rules", condition.at)
        else:
            rest.append(condition)
    local, peer = _end(cursor, rest), _end(cursor, list(peer_conditions))
    if peer != UnixEnd() and access & ~PEER_SOCKET:
        cursor.fail("an access that has no peer cannot stand with peer=()", at)
    return UnixRule(
        source=cursor.source,
        at=at,
        end=cursor.pos,
        prefix=prefix,
        access=access or ALL_SOCKET,
        type_=type_ or "",
        local=local,
        peer=peer,
    )


def _end(cursor: Cursor, conditions: list[Condition]) -> UnixEnd:
    address, label = None, None
    for condition in conditions:
        if condition.name == "addr":
            address = single(cursor, condition, address, "unix")
            if not (address.startswith("@") or address in ("none", "auto")):
                cursor.fail(f"'{address}' is no address: '@name', 'none' or 'auto'", condition.at)
        elif condition.name == "label":
            label = single(cursor, condition, label, "unix")
        else:
            cursor.fail(f"unix rules have no condition '{condition.name}' here", condition.at)
    return UnixEnd(address, label)
