"""Host patterns over a plain list, read as Ansible reads ``--limit`` ("Patterns" in its user guide).

Parts are joined by ``,`` (or ``:``); a part is a name, a glob, ``~REGEX``, or ``all``; ``!PART`` takes away
and ``&PART`` keeps only. The order of parts does not matter. ``@FILE`` has one pattern a line.
"""

from __future__ import annotations

import fnmatch
import re
from pathlib import Path

from hardcheck.errors import UsageError

_COLON = re.compile(r":(?![^\[]*\])(?![0-9A-Fa-f]*:)")


def limit_names(names: list[str], pattern: str) -> list[str]:
    """The names that a pattern leaves, in their order.

    Raises:
        UsageError: a part that fits no name, a broken regular expression, a file that cannot be read.
    """
    parts = [part for part in _parts(pattern) if part]
    wanted: set[str] = set()
    plain = [part for part in parts if part[0] not in "!&"]
    for part in plain or ["all"]:
        wanted |= _fits(names, part, must=True)
    for part in parts:
        if part[0] == "&":
            wanted &= _fits(names, part[1:], must=True)
    for part in parts:
        if part[0] == "!":
            wanted -= _fits(names, part[1:], must=False)
    return [name for name in names if name in wanted]


def _parts(pattern: str) -> list[str]:
    if pattern.startswith("@"):
        try:
            text = Path(pattern[1:]).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{pattern}: {getattr(error, 'strerror', None) or 'not UTF-8'}") from None
        return [line.strip() for line in text.splitlines()]
    if "," in pattern or pattern.startswith("~"):
        return [part.strip() for part in pattern.split(",")]
    return [part.strip() for part in _COLON.split(pattern)]


def _fits(names: list[str], part: str, *, must: bool) -> set[str]:
    if part in ("all", "*"):
        return set(names)
    if part.startswith("~"):
        try:
            regex = re.compile(part[1:])
        except re.error as error:
            raise UsageError(f"{part}: not a regular expression: {error}") from None
        found = {name for name in names if regex.search(name)}
    else:
        found = {name for name in names if fnmatch.fnmatchcase(name, part)}
    if must and not found:
        raise UsageError(f"{part}: no host of that name or pattern in the inventory")
    return found
