"""Mount rules: ``mount``, ``remount``, ``umount`` and ``pivot_root``.

A mount rule is compiled into up to five matches, one for each thing that mount(2) can do: a remount,
a bind mount, a change of propagation, a move and a new mount. Which of them a rule speaks of follows
from its options (apparmor_parser ``mount.cc``); `MountRule.matches` holds them.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from hardcheck.apparmor.rules import mount_flags as ms
from hardcheck.apparmor.rules.conditions import Condition, parse_conditions
from hardcheck.apparmor.syntax import Owner, Prefix, Rule
from hardcheck.apparmor.tokenizer import LABEL, NO_EQUALS, WORD, Cursor


class MountMatch(msgspec.Struct, frozen=True):
    """One thing a mount rule speaks of.

    ``operation`` is ``new`` ``remount`` ``bind`` ``move`` ``make`` ``umount`` or ``pivot_root``;
    ``required`` flags must be set and others only if ``optional``; ``any_flags`` passes all;
    ``by_source`` and ``by_type`` say whether source and type of file system are looked at;
    ``mount_point`` whether the pattern of the mount point is the rule's source (old spelling).
    """

    operation: str
    required: int = 0
    optional: int = 0
    any_flags: bool = False
    by_source: bool = False
    by_type: bool = False
    point_is_source: bool = False


class MountRule(Rule, frozen=True, kw_only=True, gc=False):
    """Patterns of ``source`` and ``point``, None for any; ``fstypes`` empty for any.

    ``stated`` are all the flags that the options set, and those that they leave free or unset.
    """

    action: str  # mount, umount, pivot_root
    source_pattern: str | None
    point: str | None
    fstypes: tuple[str, ...]
    matches: tuple[MountMatch, ...]
    stated: tuple[int, int] = (0, 0)
    transition: str | None = None

    kind: ClassVar[str] = "mount"


def parse_mount(cursor: Cursor, at: int, prefix: Prefix) -> MountRule:
    """``mount [conditions] [SOURCE] [-> POINT],``; the keyword is taken."""
    _no_owner(cursor, prefix, at)
    conditions = parse_conditions(cursor)
    source = _optional_pattern(cursor)
    point = None
    cursor.skip()
    if cursor.take_text("->"):
        behind = parse_conditions(cursor)
        if behind:
            cursor.fail("conditions of the mount point are not supported", behind[0].at)
        cursor.skip()
        point = cursor.word("a mount point after '->'", LABEL, NO_EQUALS)
    cursor.end_of_rule("mount")
    return _mount_rule(cursor, at, prefix, conditions, source, point, remount=False)


def parse_remount(cursor: Cursor, at: int, prefix: Prefix) -> MountRule:
    """``remount [conditions] [POINT],``; the keyword is taken."""
    _no_owner(cursor, prefix, at)
    conditions = parse_conditions(cursor)
    point = _optional_pattern(cursor)
    cursor.end_of_rule("remount")
    return _mount_rule(cursor, at, prefix, conditions, None, point, remount=True)


def parse_umount(cursor: Cursor, at: int, prefix: Prefix) -> MountRule:
    """``umount [conditions] [POINT],``; the keyword is taken."""
    _no_owner(cursor, prefix, at)
    conditions = parse_conditions(cursor)
    point = _optional_pattern(cursor)
    cursor.end_of_rule("umount")
    fstypes, _, _, _ = _read_conditions(cursor, conditions, remount=False)
    return MountRule(
        source=cursor.source,
        at=at,
        end=cursor.pos,
        prefix=prefix,
        action="umount",
        source_pattern=None,
        point=point,
        fstypes=fstypes,
        matches=(MountMatch("umount"),),
    )


def parse_pivot_root(cursor: Cursor, at: int, prefix: Prefix) -> MountRule:
    """``pivot_root [oldroot=OLD] [NEW] [-> PROFILE],``; the keyword is taken."""
    _no_owner(cursor, prefix, at)
    old = None
    for condition in parse_conditions(cursor):
        if condition.name != "oldroot" or old is not None:
            cursor.fail(f"pivot_root rules have no condition '{condition.name}'", condition.at)
        old = condition.values[0]
    new = _optional_pattern(cursor)
    transition = None
    cursor.skip()
    if cursor.take_text("->"):
        cursor.skip()
        transition = cursor.word("a profile after '->'", WORD)
    cursor.end_of_rule("pivot_root")
    return MountRule(
        source=cursor.source,
        at=at,
        end=cursor.pos,
        prefix=prefix,
        action="pivot_root",
        source_pattern=old,
        point=new,
        fstypes=(),
        matches=(MountMatch("pivot_root", by_source=True),),
        transition=transition,
    )


def _no_owner(cursor: Cursor, prefix: Prefix, at: int) -> None:
    if prefix.owner is not Owner.ANY:
        cursor.fail(f"'{prefix.owner}' is not allowed on mount rules", at)


def _optional_pattern(cursor: Cursor) -> str | None:
    cursor.skip()
    if cursor.text.startswith("->", cursor.pos):
        return None
    return cursor.word_or_none(LABEL, NO_EQUALS)


def _mount_rule(
    cursor: Cursor,
    at: int,
    prefix: Prefix,
    conditions: tuple[Condition, ...],
    source: str | None,
    point: str | None,
    remount: bool,
) -> MountRule:
    fstypes, required, optional, stated = _read_conditions(cursor, conditions, remount)
    matches: list[MountMatch] = []
    for flags in required:
        for free in optional:
            matches += _matches_of(cursor, at, flags, free, source, point, bool(fstypes))
    if not matches:
        cursor.fail("a mount rule that can match nothing", at)
    return MountRule(
        source=cursor.source,
        at=at,
        end=cursor.pos,
        prefix=prefix,
        action="mount",
        source_pattern=source,
        point=point,
        fstypes=fstypes,
        matches=tuple(matches),
        stated=stated,
    )


def _read_conditions(
    cursor: Cursor, conditions: tuple[Condition, ...], remount: bool
) -> tuple[tuple[str, ...], list[int], list[int], tuple[int, int]]:
    """Return fstypes, the sets of required flags, the sets of optional flags, and all that is stated."""
    fstypes: tuple[str, ...] = ()
    required: list[int] = []
    optional: list[int] = []
    stated, unstated = 0, 0
    for condition in conditions:
        if condition.name in ("fstype", "vfstype"):
            fstypes += condition.values
        elif condition.name in ("options", "option"):
            flags, unset = _flags(cursor, condition)
            stated |= flags
            unstated |= unset
            if not condition.equals:
                stated, unstated = stated | unset, unstated | flags
                optional.append(flags | unset)
                continue
            if remount:
                flags |= ms.REMOUNT
            if flags & unset:
                cursor.fail("options that contradict each other", condition.at)
            required.append(flags)
        else:
            cursor.fail(f"mount rules have no condition '{condition.name}'", condition.at)
    if not required and not optional:
        if remount:
            return fstypes, [ms.REMOUNT], [ms.REMOUNT_FLAGS & ~ms.REMOUNT], (ms.REMOUNT, 0)
        return fstypes, [ms.ALL_FLAGS], [ms.ALL_FLAGS], (ms.ALL_FLAGS, ms.ALL_FLAGS)
    both = (stated | ms.REMOUNT, 0) if remount else (stated, unstated)
    return fstypes, required or [ms.REMOUNT if remount else 0], optional or [0], both


def _flags(cursor: Cursor, condition: Condition) -> tuple[int, int]:
    flags = unset = 0
    for word in condition.values:
        if word not in ms.OPTIONS:
            cursor.fail(f"'{word}' is no mount option", condition.at)
        sets, clears = ms.OPTIONS[word]
        flags |= sets
        unset |= clears
    return flags, unset


def _matches_of(
    cursor: Cursor, at: int, flags: int, free: int, source: str | None, point: str | None, typed: bool
) -> list[MountMatch]:
    """Which operations a mount rule with these flags speaks of."""
    every = flags == ms.ALL_FLAGS
    if not flags or every:
        found = []
        if source is None and not typed:
            found.append(_match("remount", flags, free, ms.REMOUNT_FLAGS, every))
        if not typed:
            found.append(_match("bind", flags, free, ms.BIND_FLAGS, every, by_source=True))
        if not (source is not None and point is not None) and not typed:
            found.append(_make(flags, free, source, point, every))
        if not typed:
            found.append(_match("move", flags, free, ms.MOVE_FLAGS, every, by_source=True))
        found.append(_match("new", flags, free, ms.NEW_FLAGS, every, by_source=True, by_type=True))
        return found
    if flags & ms.REMOUNT and source is None and not typed:
        return [_match("remount", flags, free, ms.REMOUNT_FLAGS)]
    if flags & ms.BIND and not typed:
        return [_match("bind", flags, free, ms.BIND_FLAGS, by_source=True)]
    if flags & (ms.PROPAGATION | ms.REC) and not typed:
        if source is not None and point is not None:
            cursor.fail("a change of propagation has a mount point and no source", at)
        return [_make(flags, free, source, point)]
    if flags & ms.MOVE and not typed:
        return [_match("move", flags, free, ms.MOVE_FLAGS, by_source=True)]
    if (flags | free) & ~ms.COMMANDS:
        return [_match("new", flags, free, ms.NEW_FLAGS, by_source=True, by_type=True)]
    return []


def _match(
    operation: str,
    flags: int,
    free: int,
    known: int,
    every: bool = False,
    by_source: bool = False,
    by_type: bool = False,
) -> MountMatch:
    return MountMatch(
        operation, flags & known & ~free, free & known, any_flags=every, by_source=by_source, by_type=by_type
    )


def _make(flags: int, free: int, source: str | None, point: str | None, every: bool = False) -> MountMatch:
    return MountMatch(
        "make",
        flags & ms.MAKE_FLAGS & ~free,
        free & ms.MAKE_FLAGS,
        any_flags=every,
        point_is_source=source is not None and point is None,
    )
