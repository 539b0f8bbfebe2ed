"""User namespace rules (AppArmor 4.0): ``userns [create],``."""

from __future__ import annotations

from typing import ClassVar

from hardcheck.apparmor.rules.conditions import parse_access, parse_conditions
from hardcheck.apparmor.syntax import Owner, Prefix, Rule
from hardcheck.apparmor.tokenizer import Cursor


class UsernsRule(Rule, frozen=True, kw_only=True, gc=False):
    """The right to create user namespaces."""

    kind: ClassVar[str] = "userns"


def parse_userns(cursor: Cursor, at: int, prefix: Prefix) -> UsernsRule:
    """A userns rule; the keyword is taken."""
    if prefix.owner is not Owner.ANY:
        cursor.fail(f"'{prefix.owner}' is not allowed on userns rules", at)
    parse_access(cursor, {"create": 1}, "userns")
    conditions = parse_conditions(cursor)
    if conditions:
        cursor.fail(f"userns rules have no condition '{conditions[0].name}'", conditions[0].at)
    cursor.end_of_rule("userns")
    return UsernsRule(source=cursor.source, at=at, end=cursor.pos, prefix=prefix)
