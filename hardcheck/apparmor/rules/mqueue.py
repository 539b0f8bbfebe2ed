"""Message queue rules (AppArmor 4.0): ``mqueue [access] [type=posix|sysv] [label=] [NAME],``."""

from __future__ import annotations

from typing import ClassVar

from hardcheck.apparmor.rules.conditions import parse_access, parse_conditions, single
from hardcheck.apparmor.syntax import Owner, Prefix, Rule
from hardcheck.apparmor.tokenizer import LABEL, NO_EQUALS, Cursor

MQUEUE_ACCESS = {
    "write": 2,
    "w": 2,
    "read": 4,
    "r": 4,
    "create": 0x10,
    "delete": 0x20,
    "open": 0x40,
    "setattr": 0x100,
    "getattr": 0x200,
}
ALL_MQUEUE = 0x376


class MqueueRule(Rule, frozen=True, kw_only=True, gc=False):
    """``type_`` is ``posix``, ``sysv`` or empty for both; ``name`` and ``label`` None for any."""

    access: int
    type_: str
    name: str | None
    label: str | None

    kind: ClassVar[str] = "mqueue"


def parse_mqueue(cursor: Cursor, at: int, prefix: Prefix) -> MqueueRule:
    """A message queue rule; the keyword is taken."""
    if prefix.owner is not Owner.ANY:
        cursor.fail(f"'{prefix.owner}' is not allowed on mqueue rules", at)
    access = parse_access(cursor, MQUEUE_ACCESS, "mqueue")
    type_: str | None = None
    label: str | None = None
    for condition in parse_conditions(cursor):
        if condition.name == "type":
            type_ = single(cursor, condition, type_, "mqueue")
            if type_ not in ("posix", "sysv"):
                cursor.fail(f"'{type_}' is no type of message queues", condition.at)
        elif condition.name == "label":
            label = single(cursor, condition, label, "mqueue")
        else:
            cursor.fail(f"mqueue rules have no condition '{condition.name}'", condition.at)
    cursor.skip()
    here = cursor.pos
    name = cursor.word_or_none(LABEL, NO_EQUALS)
    if name is not None:
        implied = "posix" if name.startswith("/") else "sysv" if name.isascii() and name.isdigit() else ""
        if not implied or (type_ is not None and type_ != implied):
            cursor.fail(f"'{name}' is no name of a {type_ or 'posix or sysv'} message queue", here)
        type_ = implied
    cursor.end_of_rule("mqueue")
    return MqueueRule(
        source=cursor.source,
        at=at,
        end=cursor.pos,
        prefix=prefix,
        access=access or ALL_MQUEUE,
        type_=type_ or "",
        name=name,
        label=label,
    )
