"""Kleene's three-valued logic. The third value is an `Absent`: it carries why there is no answer."""

from __future__ import annotations

from collections.abc import Iterable

from hardcheck.facts import Absent

Truth = bool | Absent


def all_of(parts: Iterable[Truth]) -> Truth:
    """AND: one False decides; then the first Absent; True only when all are True."""
    unknown: Absent | None = None
    for part in parts:
        if part is False:
            return False
        if part is not True and unknown is None:
            assert isinstance(part, Absent)
            unknown = part
    return True if unknown is None else unknown


def any_of(parts: Iterable[Truth]) -> Truth:
    """OR: one True decides; then the first Absent; False only when all are False."""
    unknown: Absent | None = None
    for part in parts:
        if part is True:
            return True
        if part is not False and unknown is None:
            assert isinstance(part, Absent)
            unknown = part
    return False if unknown is None else unknown


def negate(part: Truth) -> Truth:
    """NOT: what is unknown stays unknown."""
    return part if isinstance(part, Absent) else not part
