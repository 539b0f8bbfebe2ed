"""What parsers before 3.0.10 (of 3.1: before 3.1.4) make of a mount rule: more than it says (CVE-2016-1585).

They put all options of a rule together and then write a match for each operation that any of them speaks
of: ``options=(rw, bind)`` thereby allows new mounts with no flags too, and ``remount,`` remounts without
further flags alone. Distributions have brought the correction to earlier versions of theirs (Ubuntu), which
the number does not tell; where it is not known the loose meaning is the careful answer.
"""

from __future__ import annotations

from hardcheck.apparmor.rules import mount_flags as ms
from hardcheck.apparmor.rules.mount import MountMatch, MountRule


def loose_matches(rule: MountRule) -> tuple[MountMatch, ...]:
    """Return the matches that such a parser compiles a ``mount`` or ``remount`` rule to."""
    if rule.action != "mount":
        return rule.matches
    flags, free = rule.stated
    typed, sourced = bool(rule.fstypes), rule.source_pattern is not None
    found = []
    if flags & ms.REMOUNT and not sourced and not typed:
        found.append(_match("remount", flags, free, ms.REMOUNT_FLAGS))
    if flags & ms.BIND and not typed:
        found.append(_match("bind", flags, free, ms.BIND_FLAGS, by_source=True))
    if flags & ms.PROPAGATION and not sourced and not typed:
        found.append(_match("make", flags, free, ms.MAKE_FLAGS))
    if flags & ms.MOVE and not typed:
        found.append(_match("move", flags, free, ms.MOVE_FLAGS, by_source=True))
    if (flags | free) & ~ms.COMMANDS:
        found.append(_match("new", flags, free, ms.NEW_FLAGS, by_source=True, by_type=True))
    return tuple(found)


def _match(
    operation: str, flags: int, free: int, known: int, *, by_source: bool = False, by_type: bool = False
) -> MountMatch:
    every = flags == ms.ALL_FLAGS
    known &= flags
    return MountMatch(
        operation, known & ~free, known & free, any_flags=every, by_source=by_source, by_type=by_type
    )
