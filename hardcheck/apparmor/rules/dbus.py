"""D-Bus rules: ``dbus [access] [bus=] [path=] [interface=] [member=] [name=] [peer=(...)],``.

They are enforced by the bus daemon, which asks the kernel for its opinion of each message.
"""

from __future__ import annotations

from typing import ClassVar

from hardcheck.apparmor.rules.conditions import parse_access, parse_conditions, parse_group, single
from hardcheck.apparmor.syntax import Owner, Prefix, Rule
from hardcheck.apparmor.tokenizer import Cursor

DBUS_ACCESS = {
    "send": 2,
    "write": 2,
    "w": 2,
    "receive": 4,
    "read": 4,
    "r": 4,
    "eavesdrop": 0x20,
    "bind": 0x40,
}
_SEND, _RECEIVE, _EAVESDROP, _BIND = 2, 4, 0x20, 0x40
ALL_DBUS = _SEND | _RECEIVE | _EAVESDROP | _BIND
_OWN = ("bus", "name", "path", "interface", "member")
_PEER = ("name", "label")


class DbusRule(Rule, frozen=True, kw_only=True, gc=False):
    """Patterns, None for any; ``name`` is the own name of a bind, the peer's name of a message."""

    access: int
    bus: str | None
    path: str | None
    interface: str | None
    member: str | None
    name: str | None
    label: str | None

    kind: ClassVar[str] = "dbus"


def parse_dbus(cursor: Cursor, at: int, prefix: Prefix) -> DbusRule:
    """A dbus rule; the keyword is taken."""
    if prefix.owner is not Owner.ANY:
        cursor.fail(f"'{prefix.owner}' is not allowed on dbus rules", at)
    access = parse_access(cursor, DBUS_ACCESS, "dbus")
    found: dict[str, str] = {}
    for condition in parse_conditions(cursor):
        if condition.name not in _OWN:
            cursor.fail(f"dbus rules have no condition '{condition.name}' here", condition.at)
        found[condition.name] = single(cursor, condition, found.get(condition.name), "dbus")
    own_name = "name" in found
    for condition in parse_group(cursor, "dbus"):
        if condition.name not in (*_PEER, *_OWN):
            cursor.fail(f"dbus rules have no condition '{condition.name}' in peer=()", condition.at)
        found[condition.name] = single(cursor, condition, found.get(condition.name), "dbus")
    cursor.end_of_rule("dbus")
    message = bool(found.keys() & {"path", "interface", "member", "label"}) or (
        "name" in found and not own_name
    )
    return DbusRule(
        source=cursor.source,
        at=at,
        end=cursor.pos,
        prefix=prefix,
        access=_implied_access(cursor, access, message, own_name, found, at),
        bus=found.get("bus"),
        path=found.get("path"),
        interface=found.get("interface"),
        member=found.get("member"),
        name=found.get("name"),
        label=found.get("label"),
    )


def _implied_access(
    cursor: Cursor, access: int, message: bool, service: bool, found: dict[str, str], at: int
) -> int:
    """Check access against conditions; a rule without access has all that fit its conditions."""
    if message and service:
        cursor.fail("conditions on a message and on an own name in one dbus rule", at)
    if not access:
        if message:
            return _SEND | _RECEIVE
        return _BIND if service else ALL_DBUS
    if message and access & _BIND:
        cursor.fail("'bind' cannot stand with conditions on messages", at)
    if service and access & (_SEND | _RECEIVE):
        cursor.fail("'send' and 'receive' cannot stand with an own name", at)
    if access & _EAVESDROP and found.keys() - {"bus"}:
        cursor.fail("'eavesdrop' takes no condition but bus", at)
    return access
