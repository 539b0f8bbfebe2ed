"""Selectors of the old syslog form: which messages of a facility one takes, syslog.conf(5)::

    auth,authpriv.*
    *.info;mail.none;authpriv.none;cron.none
    *.=debug;auth,authpriv.none

Parts between semicolons hold one after the other, later ones changing what earlier ones took.
"""

from __future__ import annotations

_LEVELS = {
    "emerg": 0,
    "panic": 0,
    "alert": 1,
    "crit": 2,
    "err": 3,
    "error": 3,
    "warning": 4,
    "warn": 4,
    "notice": 5,
    "info": 6,
    "debug": 7,
}
_ALL = frozenset(range(8))
_NEEDED = frozenset(range(7))
"""Messages of info and above; debug is not asked for."""


def covers_facility(selector: str, facility: str) -> bool:
    """Whether every message of the facility from ``info`` up is taken. A selector that is none of the old
    form (a condition) covers nothing."""
    taken: frozenset[int] = frozenset()
    for part in selector.split(";")[:100]:
        facilities, dot, priority = part.strip().partition(".")
        if not dot:
            return False
        names = facilities.split(",")
        if facility not in names and "*" not in names:
            continue
        change = _levels(priority.strip())
        if change is None:
            return False
        how, levels = change
        taken = taken | levels if how == "take" else taken - levels
    return taken >= _NEEDED


def _levels(priority: str) -> tuple[str, frozenset[int]] | None:
    """``not`` or ``take``, and the priorities it is about; None for no priority."""
    if priority == "none":
        return "not", _ALL
    plain = priority.lstrip("!")
    exact = plain.startswith("=")
    plain = plain.lstrip("=")
    if plain == "*":
        levels = _ALL
    elif plain in _LEVELS:
        levels = frozenset({_LEVELS[plain]}) if exact else frozenset(range(_LEVELS[plain] + 1))
    else:
        return None
    return ("not" if priority.startswith("!") else "take"), levels
