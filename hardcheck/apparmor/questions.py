"""Questions about sets: who may do this to a path, what may a profile do it to, does one allow more.

None of them compiles what it does not need: `who_may` looks at the few rules of each profile whose
beginning fits the path, `allows_more` walks the two automata side by side for one rule at a time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

import msgspec

from hardcheck.apparmor.answers.capabilities import allowed_capabilities
from hardcheck.apparmor.automaton import Automaton, State
from hardcheck.apparmor.file_access import (
    Entry,
    FileAccess,
    FileTable,
    applies,
    decide_bits,
    is_exact,
    pattern_forms,
    resolved_exec,
)
from hardcheck.apparmor.globs import Glob, GlobFault, encode_text, parse_glob
from hardcheck.apparmor.implied import implied_file_rules
from hardcheck.apparmor.matching import matcher_for
from hardcheck.apparmor.permissions import EXEC, letters_of
from hardcheck.apparmor.profile import Profile
from hardcheck.apparmor.profileset import ProfileSet
from hardcheck.apparmor.rules.file import FileRule
from hardcheck.apparmor.rules.network import FAMILIES, TYPES
from hardcheck.apparmor.syntax import Mode, Owner
from hardcheck.apparmor.variables import VariableFault
from hardcheck.apparmor.walks import Undecided, shortest

_LITERAL = re.compile(r"[^\\*?\[{@]*")
_STEPS_A_RULE = 8_000


class Holder(msgspec.Struct, frozen=True):
    """A profile that may, by which rules; ``unknown``: it could not be asked, and why."""

    profile: str
    because: tuple[str, ...]
    unknown: str = ""


class Grant(msgspec.Struct, frozen=True):
    """A pattern of paths that a profile may do something to, except what ``without`` matches.

    ``owner`` is ``owner`` where only the task's own files count, ``other`` for those of others.
    """

    pattern: str
    owner: str
    because: str
    without: tuple[str, ...] = ()


class Excess(msgspec.Struct, frozen=True):
    """What one profile allows and another does not; ``witness`` is a path (or a capability, a socket).

    ``undecided`` holds the rules for which the search was given up.
    """

    kind: str = ""
    witness: str = ""
    owner: bool = False
    allowed: str = ""
    because: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()

    @property
    def found(self) -> bool:
        """Whether there is an excess."""
        return bool(self.kind)


def access_of(profile: Profile, path: str, owner: bool, bits: int) -> FileAccess:
    """As `ProfileSet.file`, for some permission bits and without compiling the profile.

    Raises:
        VariableFault, GlobFault: a rule that would have to be looked at cannot be compiled.
    """
    data = encode_text(path)
    entries: list[Entry] = []
    for rule in (*profile.file_rules, *implied_file_rules(profile)):
        if not rule.bits & bits or not applies(rule, owner) or not _may_begin(profile, rule.pattern, path):
            continue
        glob = _matching_form(profile, rule, data)
        if glob is not None:
            mode = resolved_exec(profile, rule)
            level = rule.prefix.priority * 4
            exact = is_exact(profile, glob)
            entries.append(Entry(rule, rule.bits, exact, mode, level, rule.prefix.mode))
    return decide_bits(entries, owner)


def who_may(policy: ProfileSet, bits: int, path: str, owner: bool = False) -> tuple[Holder, ...]:
    """Return every profile whose rules allow all of ``bits`` on ``path``, sorted by name."""
    found: list[Holder] = []
    for name, profile in sorted(policy.profiles.items()):
        if not policy.mediates(profile, "file"):
            found.append(Holder(name, (f"{profile.where}: the profile is in mode unconfined",)))
            continue
        try:
            access = access_of(profile, path, owner, bits)
        except (VariableFault, GlobFault) as error:
            found.append(Holder(name, (), unknown=str(error)))
            continue
        if not bits & ~access.allowed:
            rules = (rule for rule in access.rules if rule.bits & bits and not rule.prefix.denies)
            found.append(Holder(name, tuple(profile.cite(rule) for rule in rules)))
    return tuple(found)


def what_may(profile: Profile, bits: int) -> tuple[Grant, ...]:
    """Return the patterns on which a profile allows any of ``bits``, sorted, with what is denied there.

    A deny rule that only covers a part is named in ``without``; a pattern that a deny rule repeats word
    for word is left out.

    Raises:
        VariableFault, GlobFault: a rule cannot be compiled.
    """
    denied = [
        (form, rule)
        for rule in profile.file_rules
        if rule.prefix.mode is Mode.DENY and not bits & ~rule.bits
        for form in pattern_forms(profile, rule.pattern)
    ]
    whole = {form for form, rule in denied if rule.prefix.owner is Owner.ANY}
    found: dict[tuple[str, str], Grant] = {}
    for rule in (*profile.file_rules, *implied_file_rules(profile)):
        if rule.prefix.mode is Mode.DENY or not rule.bits & bits:
            continue
        for form in pattern_forms(profile, rule.pattern):
            key = (form, str(rule.prefix.owner))
            if form not in whole and key not in found:
                without = tuple(sorted({other for other, _ in denied if _meet(form, other)}))
                found[key] = Grant(form, key[1], profile.cite(rule), without)
    return tuple(found[key] for key in sorted(found))


def allows_more(policy: ProfileSet, left: str | Profile, right: str | Profile) -> Excess:
    """Return something that ``left`` allows and ``right`` does not: a file, a capability, a socket.

    The witness path is as short as one can be for the rule it was found by.

    Raises:
        ProfileError: one of the two cannot be compiled.
        UsageError: there is no such profile.
    """
    left, right = policy.profile(left), policy.profile(right)
    if not policy.mediates(left, "file"):
        confined = policy.mediates(right, "file")
        why = (f"{left.where}: the profile is in mode unconfined",)
        return Excess("unconfined", "everything", allowed="everything", because=why) if confined else Excess()
    if not policy.mediates(right, "file"):
        return Excess()
    more = sorted(allowed_capabilities(left) - allowed_capabilities(right))
    if more:
        return Excess("capability", more[0], allowed=more[0])
    for family in FAMILIES:
        for type_ in TYPES:
            if policy.network(left, family, type_) and not policy.network(right, family, type_):
                return Excess("network", f"{family} {type_}", allowed="network")
    return _more_files(policy.table(left), policy.table(right))


def intersection(left: str, right: str) -> str | None:
    """Return a text that both patterns match, None if there is none.

    Raises:
        GlobFault: one of them has no meaning.
        Undecided: the search was given up.
    """
    starts = (matcher_for((left,)).start, matcher_for((right,)).start)
    found = shortest(
        starts,
        lambda states: all(state.accepted for state in states),
        lambda states: not any(state.is_dead for state in states),
        _STEPS_A_RULE,
    )
    return None if found is None else found.decode("utf-8", "surrogateescape")


def _meet(left: str, right: str) -> bool:
    left_prefix, right_prefix = parse_glob(left).literal_prefix, parse_glob(right).literal_prefix
    shorter = min(len(left_prefix), len(right_prefix))
    if left_prefix[:shorter] != right_prefix[:shorter]:
        return False
    try:
        return intersection(left, right) is not None
    except Undecided:
        return True


def _may_begin(profile: Profile, pattern: str, path: str) -> bool:
    """A cheap look: whether the text before the first wildcard or variable fits the path."""
    if profile.aliases or "//" in pattern:
        return True
    return path.startswith(_literal_start(pattern))


@lru_cache(maxsize=1 << 15)
def _literal_start(pattern: str) -> str:
    match = _LITERAL.match(pattern)
    assert match is not None
    return match[0]


def _matching_form(profile: Profile, rule: FileRule, data: bytes) -> Glob | None:
    """Return the form of the rule's pattern that matches, an exact one before others."""
    found = None
    for form in pattern_forms(profile, rule.pattern):
        glob = parse_glob(form)
        if data.startswith(glob.literal_prefix) and matcher_for((form,)).matches(data):
            if is_exact(profile, glob):
                return glob
            found = glob
    return found


def _more_files(left: FileTable, right: FileTable) -> Excess:
    undecided: list[str] = []
    kept = {(glob.text, *_grant(right.entries[number])) for glob, number in right.forms}
    right_denies = any(entry.mode is Mode.DENY for entry in right.entries)
    for glob, number in left.forms:
        entry = left.entries[number]
        if entry.mode is Mode.DENY or (not right_denies and (glob.text, *_grant(entry)) in kept):
            continue
        try:
            excess = _excess_of_rule(left, right, glob, entry)
        except Undecided:
            undecided.append(left.profile.cite(entry.rule))
            continue
        if excess is not None:
            return excess
    return Excess(undecided=tuple(dict.fromkeys(undecided)))


def _grant(entry: Entry) -> tuple[object, ...]:
    return (entry.bits, entry.rule.prefix.owner, entry.exec_mode, entry.level, entry.mode, entry.exact)


def _excess_of_rule(left: FileTable, right: FileTable, glob: Glob, entry: Entry) -> Excess | None:
    driver = Automaton()
    driver.add(glob.elements, 0)

    def wanted(states: tuple[State, ...]) -> bool:
        return bool(states[0].accepted) and any(_excesses(left, right, states[1], states[2], entry))

    starts = (driver.start, left.automaton.start, right.automaton.start)
    text = shortest(starts, wanted, lambda states: not states[0].is_dead, _STEPS_A_RULE)
    if text is None:
        return None
    ends = left.automaton.match(text), right.automaton.match(text)
    owner, bits = next(iter(_excesses(left, right, *ends, entry)))
    access = left.access_at(ends[0].accepted, owner)
    shown = letters_of(bits) + (f" {access.exec_mode}" if bits & EXEC else "")
    rules = tuple(left.profile.cite(rule) for rule in access.rules if rule.bits & bits)
    return Excess("file", text.decode("utf-8", "surrogateescape"), owner, shown.strip(), rules)


def _excesses(
    left: FileTable, right: FileTable, left_end: State, right_end: State, entry: Entry
) -> Iterator[tuple[bool, int]]:
    """Yield (owner, bits) that the left side allows at its state and the right side does not at its."""
    for owner in (False, True):
        if not applies(entry.rule, owner):
            continue
        ours, theirs = left.access_at(left_end.accepted, owner), right.access_at(right_end.accepted, owner)
        bits = ours.allowed & ~theirs.allowed
        leaves = ours.exec_mode is not None and ours.exec_mode.kind == "u"
        if leaves and (theirs.exec_mode is None or theirs.exec_mode.kind != "u"):
            bits |= EXEC
        if bits:
            yield owner, bits
