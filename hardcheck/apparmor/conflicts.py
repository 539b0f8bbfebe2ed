"""Exec rules that contradict each other: apparmor_parser refuses such a profile.

Two rules conflict when one path matches both, they have the same rank (priority, and whether they
have wildcards), apply to the same owner, and lead to different transitions. So the question is not
whether two patterns are equal but whether they have a path in common that no rule of higher rank
decides; a walk over the automaton of the exec rules finds such a path.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from hardcheck.apparmor.automaton import Automaton, State
from hardcheck.apparmor.file_access import Entry, FileTable, decide_bits
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
    entries: list[Entry] = []
    numbers: dict[int, int] = {}
    automaton = Automaton()
    for glob, number in table.forms:
        if table.entries[number].bits & EXEC:
            if number not in numbers:
                numbers[number] = len(entries)
                entries.append(table.entries[number])
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
                        left.exact and right.exact,
                        stand_in.exec_mode,
                        rule.prefix.priority * 4,
                        rule.prefix.mode,
                    )
                )
    return _search(automaton, entries, nul=True) if len(entries) > 1 else None


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
        accepted = [entries[number] for number in states[0].accepted]
        return len(accepted) > 1 and any(decide_bits(accepted, owner).conflict for owner in (True, False))

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
            key = (entry.rank(EXEC), entry.rule.prefix.owner, _transition(entry.exec_mode))
            groups[key] = groups.get(key, 0) | 1 << number
        of_entry.append(key)
    against = {key: sum(bits for other, bits in groups.items() if _contradict(key, other)) for key in groups}
    return [against[key] if key is not None else 0 for key in of_entry]


def _transition(mode: ExecMode) -> tuple[object, ...]:
    if mode.target:
        return (mode.target, mode.fallback, mode.scrub)
    return (mode,)


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
