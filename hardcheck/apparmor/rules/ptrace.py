"""Ptrace rules: ``ptrace [read readby trace tracedby] [peer=LABEL],``."""

from __future__ import annotations

from typing import ClassVar

from hardcheck.apparmor.rules.conditions import parse_access, parse_conditions, single
from hardcheck.apparmor.syntax import Owner, Prefix, Rule
from hardcheck.apparmor.tokenizer import Cursor

PTRACE_ACCESS = {"trace": 2, "write": 2, "w": 2, "read": 4, "r": 4, "tracedby": 0x40, "readby": 0x80}
ALL_PTRACE = 0xC6


class PtraceRule(Rule, frozen=True, kw_only=True, gc=False):
    """``peer`` is a pattern of labels, None for any."""

    access: int
    peer: str | None

    kind: ClassVar[str] = "ptrace"


def parse_ptrace(cursor: Cursor, at: int, prefix: Prefix) -> PtraceRule:
    """A ptrace rule; the keyword is taken."""
    if prefix.owner is not Owner.ANY:
        cursor.fail(f"'{prefix.owner}' is not allowed on ptrace rules", at)
    access = parse_access(cursor, PTRACE_ACCESS, "ptrace")
    peer: str | None = None
    for condition in parse_conditions(cursor):
        if condition.name != "peer":
            cursor.fail(f"ptrace rules have no condition '{condition.name}'", condition.at)
        peer = single(cursor, condition, peer, "ptrace")
    cursor.end_of_rule("ptrace")
    return PtraceRule(
        source=cursor.source,
        at=at,
        end=cursor.pos,
        prefix=prefix,
        access=access or ALL_PTRACE,
        peer=peer,
    )
