"""Resource limits: ``set rlimit NAME <= VALUE [UNIT],``.

A limit of the profile caps the limits of the task; the value is in bytes, seconds (cpu),
microseconds (rttime), or plain numbers, None for infinity.
"""

from __future__ import annotations

import re
from typing import ClassVar

from hardcheck.apparmor.syntax import Prefix, Rule
from hardcheck.apparmor.tokenizer import Cursor

_SIZES = frozenset(("fsize", "data", "stack", "core", "rss", "as", "memlock", "msgqueue"))
_COUNTS = frozenset(("nofile", "ofile", "nproc", "locks", "sigpending", "rtprio"))
_LIMITS = _SIZES | _COUNTS | {"cpu", "rttime", "nice"}
_NUMBER = re.compile(r"-?[0-9]+")
_WORD = re.compile(r"[A-Za-z_]+")
_SIZE_UNITS = {"K": 10, "KB": 10, "M": 20, "MB": 20, "G": 30, "GB": 30}
_MICROSECONDS = {
    "us": 1,
    "microsecond": 1,
    "microseconds": 1,
    "ms": 1000,
    "millisecond": 1000,
    "milliseconds": 1000,
    "s": 10**6,
    "sec": 10**6,
    "second": 10**6,
    "seconds": 10**6,
    "min": 60 * 10**6,
    "minute": 60 * 10**6,
    "minutes": 60 * 10**6,
    "h": 3600 * 10**6,
    "hour": 3600 * 10**6,
    "hours": 3600 * 10**6,
    "d": 86400 * 10**6,
    "day": 86400 * 10**6,
    "days": 86400 * 10**6,
    "week": 7 * 86400 * 10**6,
    "weeks": 7 * 86400 * 10**6,
}


class RlimitRule(Rule, frozen=True, kw_only=True, gc=False):
    """The resource named is limited to ``value``; None is infinity."""

    name: str
    value: int | None

    kind: ClassVar[str] = "rlimit"


def parse_set_rlimit(cursor: Cursor, at: int, prefix: Prefix) -> RlimitRule:
    """``set rlimit ...``; the word ``set`` is taken."""
    if prefix != Prefix():
        cursor.fail("a resource limit takes no qualifiers", at)
    cursor.skip()
    if cursor.take(_WORD) != "rlimit":
        cursor.fail("expected 'rlimit' after 'set'")
    cursor.skip()
    here = cursor.pos
    name = cursor.take(_WORD)
    if name not in _LIMITS or name is None:
        cursor.fail(f"'{name}' is no resource limit" if name else "expected the name of a limit", here)
    cursor.expect("<=", f"'{name}'")
    cursor.skip()
    here = cursor.pos
    number = cursor.take(_NUMBER)
    unit = None
    if number is None:
        if cursor.take(_WORD) != "infinity":
            cursor.fail("expected a number or 'infinity'", here)
    else:
        cursor.skip()
        unit = cursor.take(_WORD)
    cursor.end_of_rule("rlimit")
    value = None if number is None else _value(cursor, name, number, unit, here)
    return RlimitRule(
        source=cursor.source,
        at=at,
        end=cursor.pos,
        prefix=prefix,
        name="nofile" if name == "ofile" else name,
        value=value,
    )


def _value(cursor: Cursor, name: str, number: str, unit: str | None, at: int) -> int:
    if len(number) > 20:
        cursor.fail(f"{number[:20]}... is too large a limit", at)
    value = int(number)
    if name == "nice":
        if unit or not -20 <= value <= 19:
            cursor.fail("nice takes a number from -20 to 19", at)
        return value
    if value < 0:
        cursor.fail(f"{name} takes no negative limit", at)
    if name in _SIZES:
        if unit is not None and unit not in _SIZE_UNITS:
            cursor.fail(f"'{unit}' is no unit of {name}: K, M, G (or KB, MB, GB)", at)
        return value << _SIZE_UNITS.get(unit or "", 0)
    if name in ("cpu", "rttime"):
        scale = _MICROSECONDS.get(unit or ("seconds" if name == "cpu" else "us"))
        if scale is None:
            cursor.fail(f"'{unit}' is no unit of time", at)
        if name == "cpu":
            if value * scale % 10**6 and value * scale < 10**6:
                cursor.fail("less than a second of cpu time", at)
            return value * scale // 10**6
        return value * scale
    if unit is not None:
        cursor.fail(f"{name} takes no unit", at)
    return value
