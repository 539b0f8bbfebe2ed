"""Exec rules that contradict each other: apparmor_parser refuses such a profile.

Two rules conflict when one path matches both, they have the same rank (priority, and whether they
have wildcards), apply to the same owner, and lead to different transitions. So the question is not
whether two patterns are equal but whether they have a path in common on which no rule of higher
priority matches; a walk over the automaton of the exec rules finds such a path. A deny rule or an exact
match on that path does not help: the compiler meets the contradiction before it gets to them (seen in
apparmor_parser 3.0.8).
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from hardcheck.apparmor.automaton import Automaton, State
from hardcheck.apparmor.file_access import Entry, FileTable, is_exact
from hardcheck.apparmor.globs import parse_glob
from hardcheck.apparmor.permissions import EXEC, ExecMode
from hardcheck.apparmor.rules.file import FileRule
from hardcheck.apparmor.syntax import Mode, Owner
from hardcheck.apparmor.walks import Undecided, shortest


class ExecConflict(msgspec.Struct, frozen=True):
    """``path`` matches both rules; ``undecided``: the search was given up, there may be a conflict."""

    path: str
    left: FileRule | None = None
    right: FileRule | None = None
    undecided: bool = False


def exec_conflict(table: FileTable) -> ExecConflict | None:
    """Return a path on which the exec rules of a profile contradict each other, None if there is none."""
    same = _same_pattern(table)
    if same is not None:
        return same
    entries: list[Entry] = []
    numbers: dict[int, int] = {}
    automaton = Automaton()
    for glob, number in table.forms:
        entry = table.entries[number]
        if entry.bits & EXEC and entry.mode is not Mode.DENY:
            if number not in numbers:
                numbers[number] = len(entries)
                entries.append(entry)
            automaton.add(glob.elements, numbers[number])
    if len(entries) < 2:
        return None
    return _search(automaton, entries)


def change_profile_conflict(table: FileTable) -> ExecConflict | None:
    """As `exec_conflict`, for ``change_profile safe|unsafe EXEC -> TARGET`` rules."""
    profile = table.profile
    entries: list[Entry] = []
    automaton = Automaton()
    for rule in profile.change_profile_rules:
        if rule.executable is None or rule.prefix.mode is Mode.DENY:
            continue
        stand_in = FileRule(
            source=rule.source,
            at=rule.at,
            end=rule.end,
            prefix=rule.prefix,
            pattern=rule.executable,
            bits=EXEC,
            exec_mode=ExecMode("p", scrub=rule.scrub),
        )
        for executable in profile.variables.expand(rule.executable):
            for target in profile.variables.expand(rule.target):
                left, right = parse_glob(executable), parse_glob(target)
                automaton.add((*left.elements, 0, *right.elements), len(entries))
                entries.append(
                    Entry(
                        stand_in,
                        EXEC,
                        is_exact(profile, left) and is_exact(profile, right),
                        stand_in.exec_mode,
                        rule.prefix.priority * 4,
                        rule.prefix.mode,
                    )
                )
    return _search(automaton, entries, nul=True) if len(entries) > 1 else None


def _same_pattern(table: FileTable) -> ExecConflict | None:
    """Rules with one and the same pattern are merged before anything else: deny rules do not help there."""
    first: dict[tuple[object, ...], list[Entry]] = {}
    for glob, number in table.forms:
        entry = table.entries[number]
        if not entry.bits & EXEC or entry.mode is Mode.DENY:
            continue
        rule = entry.rule
        key = (glob.text, rule.target, rule.subset, rule.prefix.mode, rule.prefix.audit, entry.level)
        before = first.setdefault(key, [])
        for other in before:
            if _contradict(_key(entry), _key(other)):
                return ExecConflict(glob.text, other.rule, rule)
        before.append(entry)
    return None


def _search(automaton: Automaton, entries: Sequence[Entry], nul: bool = False) -> ExecConflict | None:
    opponents = _opponents(entries)
    if not any(opponents):
        return None
    hopeful: dict[int, bool] = {}

    def worthwhile(states: tuple[State, ...]) -> bool:
        reachable = states[0].reachable
        known = hopeful.get(reachable)
        if known is None:
            known = any(
                reachable >> number & 1 and opponents[number] & reachable for number in range(len(entries))
            )
            hopeful[reachable] = known
        return known

    def wanted(states: tuple[State, ...]) -> bool:
        accepted = states[0].accepted
        if len(accepted) < 2:
            return False
        level = max(entries[number].level for number in accepted)
        top = sum(1 << number for number in accepted if entries[number].level == level)
        return any(top >> number & 1 and opponents[number] & top for number in accepted)

    try:
        found = shortest((automaton.start,), wanted, worthwhile)
    except Undecided:
        return ExecConflict("", undecided=True)
    if found is None:
        return None
    accepted = automaton.match(found).accepted
    left, right = _pair(accepted, opponents)
    path = found.replace(b"\0", b" -> ").decode("utf-8", "surrogateescape")
    return ExecConflict(path, entries[left].rule, entries[right].rule)


def _opponents(entries: Sequence[Entry]) -> list[int]:
    """For each entry the entries that it contradicts where both match, as bits."""
    groups: dict[tuple[object, ...], int] = {}
    of_entry: list[tuple[object, ...] | None] = []
    for number, entry in enumerate(entries):
        key = None
        if entry.mode is not Mode.DENY and entry.exec_mode is not None:
            key = _key(entry)
            groups[key] = groups.get(key, 0) | 1 << number
        of_entry.append(key)
    against = {key: sum(bits for other, bits in groups.items() if _contradict(key, other)) for key in groups}
    return [against[key] if key is not None else 0 for key in of_entry]


def _key(entry: Entry) -> tuple[object, ...]:
    """Rank, owner and transition; a named target hides whether it was p or c."""
    mode = entry.exec_mode
    transition: object = mode
    if mode is not None and mode.target:
        transition = (mode.target, mode.fallback, mode.scrub)
    return (entry.rank(EXEC), entry.rule.prefix.owner, transition)


def _contradict(left: tuple[object, ...], right: tuple[object, ...]) -> bool:
    owners = (left[1], right[1])
    apart = Owner.OWNER in owners and Owner.OTHER in owners
    return left[0] == right[0] and not apart and left[2] != right[2]


def _pair(accepted: tuple[int, ...], opponents: Sequence[int]) -> tuple[int, int]:
    for left in accepted:
        for right in accepted:
            if opponents[left] >> right & 1:
                return left, right
    return accepted[0], accepted[-1]
