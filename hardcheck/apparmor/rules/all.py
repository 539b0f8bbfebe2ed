"""The rule for everything (AppArmor 4.1): ``all,``."""

from __future__ import annotations

from typing import ClassVar

from hardcheck.apparmor.syntax import Owner, Prefix, Rule
from hardcheck.apparmor.tokenizer import Cursor


class AllRule(Rule, frozen=True, kw_only=True, gc=False):
    """Every class of rules at once; execution as ``ix`` with a priority lower, so that others win."""

    kind: ClassVar[str] = "all"


def parse_all(cursor: Cursor, at: int, prefix: Prefix) -> AllRule:
    """``all,``; the keyword is taken."""
    if prefix.owner is not Owner.ANY:
        cursor.fail(f"'{prefix.owner}' is not allowed on 'all'", at)
    cursor.end_of_rule("all")
    return AllRule(source=cursor.source, at=at, end=cursor.pos, prefix=prefix)
