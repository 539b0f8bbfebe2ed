"""Signal rules: ``signal [send receive] [set=(...)] [peer=LABEL],``."""

from __future__ import annotations

import re
from typing import ClassVar

from hardcheck.apparmor.rules.conditions import parse_access, parse_conditions, single
from hardcheck.apparmor.syntax import Owner, Prefix, Rule
from hardcheck.apparmor.tokenizer import Cursor

SIGNAL_ACCESS = {"send": 2, "write": 2, "w": 2, "receive": 4, "read": 4, "r": 4}
ALL_SIGNAL = 6
_SIGNAL_NAMES = (
    "hup int quit ill trap abrt bus fpe kill usr1 segv usr2 pipe alrm term stkflt chld cont stop tstp "
    "ttin ttou urg xcpu xfsz vtalrm prof winch io pwr sys emt exists"
)
SIGNALS = frozenset(_SIGNAL_NAMES.split())
_SYNONYMS = {"stp": "tstp", "poll": "io"}
_REALTIME = re.compile(r"rtmin\+(0|[1-9][0-9]?)")


class SignalRule(Rule, frozen=True, kw_only=True, gc=False):
    """``signals`` empty is every signal; ``peer`` is a pattern of labels, None for any."""

    access: int
    signals: frozenset[str]
    peer: str | None

    kind: ClassVar[str] = "signal"


def signal_name(word: str) -> str | None:
    """Return the name that the kernel uses for a signal, None if there is no such signal."""
    if word in SIGNALS:
        return word
    if word in _SYNONYMS:
        return _SYNONYMS[word]
    match = _REALTIME.fullmatch(word)
    return word if match is not None and int(match[1]) <= 32 else None


def parse_signal(cursor: Cursor, at: int, prefix: Prefix) -> SignalRule:
    """A signal rule; the keyword is taken."""
    if prefix.owner is not Owner.ANY:
        cursor.fail(f"'{prefix.owner}' is not allowed on signal rules", at)
    access = parse_access(cursor, SIGNAL_ACCESS, "signal")
    signals: set[str] = set()
    peer: str | None = None
    for condition in parse_conditions(cursor):
        if condition.name == "set":
            if not condition.equals:
                cursor.fail("'in' is not allowed in signal rules", condition.at)
            for word in condition.values:
                name = signal_name(word)
                if name is None:
                    cursor.fail(f"'{word}' is no signal", condition.at)
                signals.add(name)
        elif condition.name == "peer":
            peer = single(cursor, condition, peer, "signal")
        else:
            cursor.fail(f"signal rules have no condition '{condition.name}'", condition.at)
    cursor.end_of_rule("signal")
    return SignalRule(
        source=cursor.source,
        at=at,
        end=cursor.pos,
        prefix=prefix,
        access=access or ALL_SIGNAL,
        signals=frozenset(signals),
        peer=peer,
    )
