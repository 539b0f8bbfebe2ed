"""io_uring rules (AppArmor 4.0): ``io_uring [sqpoll override_creds] [label=],``."""

from __future__ import annotations

from typing import ClassVar

from hardcheck.apparmor.rules.conditions import parse_access, parse_conditions, single
from hardcheck.apparmor.syntax import Owner, Prefix, Rule
from hardcheck.apparmor.tokenizer import Cursor

IO_URING_ACCESS = {"override_creds": 8, "sqpoll": 0x10}
ALL_IO_URING = 0x18


class IoUringRule(Rule, frozen=True, kw_only=True, gc=False):
    """``label`` is the pattern of labels whose credentials may be taken, None for any."""

    access: int
    label: str | None

    kind: ClassVar[str] = "io_uring"


def parse_io_uring(cursor: Cursor, at: int, prefix: Prefix) -> IoUringRule:
    """An io_uring rule; the keyword is taken."""
    if prefix.owner is not Owner.ANY:
        cursor.fail(f"'{prefix.owner}' is not allowed on io_uring rules", at)
    access = parse_access(cursor, IO_URING_ACCESS, "io_uring")
    label: str | None = None
    for condition in parse_conditions(cursor):
        if condition.name != "label":
            cursor.fail(f"io_uring rules have no condition '{condition.name}'", condition.at)
        label = single(cursor, condition, label, "io_uring")
    cursor.end_of_rule("io_uring")
    return IoUringRule(
        source=cursor.source,
        at=at,
        end=cursor.pos,
        prefix=prefix,
        access=access or ALL_IO_URING,
        label=label,
    )
