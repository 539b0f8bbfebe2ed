"""Is there a path that a profile may write and then execute (or map executable)?

The patterns are laid over each other in pairs first, which is quick and settles nearly every profile. Only
where two meet and other rules forbid the path that shows it, the automaton of all rules is searched.
"""

from __future__ import annotations

from functools import lru_cache

from hardcheck.apparmor.automaton import State
from hardcheck.apparmor.file_access import FileAccess, FileTable, applies, pattern_forms
from hardcheck.apparmor.globs import Glob, parse_glob
from hardcheck.apparmor.implied import implied_file_rules
from hardcheck.apparmor.matching import matcher_for
from hardcheck.apparmor.permissions import EXEC, MMAP, WRITE
from hardcheck.apparmor.profile import Profile
from hardcheck.apparmor.questions import access_of
from hardcheck.apparmor.rules.file import FileRule
from hardcheck.apparmor.syntax import Mode
from hardcheck.apparmor.walks import Undecided, shortest

_PAIR_STEPS = 3_000
_STEPS = 6_000
_MAX_PAIRS = 50_000


def writable_program(profile: Profile) -> str | None:
    """Return such a path (of a file that the user owns), None if there is none beyond the base abstraction's.

    Raises:
        Undecided: the search was given up.
        VariableFault, GlobFault, AutomatonFault, FileTableFault: a rule cannot be compiled.
    """
    writing, executing = _globs(profile, WRITE), _globs(profile, EXEC | MMAP)
    met, pairs = False, 0
    for ours in writing:
        for theirs in executing:
            if not _may_meet(ours.literal_prefix, theirs.literal_prefix):
                continue
            pairs += 1
            if pairs > _MAX_PAIRS:
                raise Undecided
            found = _common(ours.text, theirs.text)
            if found == b"":
                continue
            if found is not None:
                path = found.decode("utf-8", "surrogateescape")
                access = access_of(profile, path, True, WRITE | EXEC | MMAP)
                if _both(access) and not any(map(_is_of_base, access.rules)):
                    return path
            met = True
    return _search(FileTable(profile)) if met else None


def _globs(profile: Profile, bits: int) -> list[Glob]:
    """The patterns of the rules that grant any of ``bits``."""
    rules = (*profile.file_rules, *implied_file_rules(profile))
    forms = {
        form: None
        for rule in rules
        if rule.bits & bits
        and rule.prefix.mode is not Mode.DENY
        and applies(rule, True)
        and not _is_of_base(rule)
        for form in pattern_forms(profile, rule.pattern)
    }
    return [parse_glob(form) for form in forms]


def _is_of_base(rule: FileRule) -> bool:
    """Whether the base abstraction lets the same paths be written and executed by this one rule."""
    both = rule.bits & WRITE and rule.bits & (EXEC | MMAP)
    return bool(both) and rule.source.name.endswith("abstractions/base")


def _may_meet(left: bytes, right: bytes) -> bool:
    return left.startswith(right) or right.startswith(left)


@lru_cache(maxsize=1 << 15)
def _common(left: str, right: str) -> bytes | None:
    """A path that both match, empty for none, None where the search was given up."""
    starts = (matcher_for((left,)).start, matcher_for((right,)).start)
    try:
        found = shortest(
            starts,
            lambda states: all(state.accepted for state in states),
            lambda states: not any(state.is_dead for state in states),
            _PAIR_STEPS,
        )
    except Undecided:
        return None
    return found or b""


def _both(access: FileAccess) -> bool:
    return bool(access.allowed & WRITE and access.allowed & (EXEC | MMAP))


def _search(table: FileTable) -> str | None:
    """Go through the automaton of all rules together."""
    write, execute = _numbers(table, WRITE), _numbers(table, EXEC | MMAP)

    def worthwhile(states: tuple[State, ...]) -> bool:
        reachable = states[0].reachable
        return bool(reachable & write and reachable & execute)

    of_base = {number for number, entry in enumerate(table.entries) if _is_of_base(entry.rule)}

    def wanted(states: tuple[State, ...]) -> bool:
        accepted = states[0].accepted
        return of_base.isdisjoint(accepted) and _both(table.access_at(accepted, True))

    found = shortest((table.automaton.start,), wanted, worthwhile, _STEPS)
    return None if found is None else found.decode("utf-8", "surrogateescape")


def _numbers(table: FileTable, bits: int) -> int:
    return sum(
        1 << number
        for number, entry in enumerate(table.entries)
        if entry.bits & bits and entry.mode is not Mode.DENY
    )
