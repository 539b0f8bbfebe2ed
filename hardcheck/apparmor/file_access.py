"""What a profile's file rules say of a path: the rules compiled into one automaton.

For each permission on its own (apparmor_parser ``accept_perms``): of the rules that match the path
and mention the permission, those of the highest priority count; among them deny beats allow, and
allow beats prompt. For execution, rules without wildcards beat those with, and what is left must
agree, or the profile does not compile.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from hardcheck.apparmor.automaton import Automaton, AutomatonFault
from hardcheck.apparmor.faults import Fault, FaultFound
from hardcheck.apparmor.globs import Glob, GlobFault, encode_text, parse_glob
from hardcheck.apparmor.implied import implied_file_rules
from hardcheck.apparmor.permissions import (
    APPEND,
    EXEC,
    LINK,
    LOCK,
    MMAP,
    READ,
    WRITE,
    ExecMode,
    letters_of,
)
from hardcheck.apparmor.profile import Profile
from hardcheck.apparmor.rules.file import FileRule
from hardcheck.apparmor.syntax import Mode, Owner
from hardcheck.apparmor.variables import VariableFault, filter_slashes

_BITS = (EXEC, WRITE, READ, APPEND, LINK, LOCK, MMAP)
_MAX_ALIASED = 64  # copies that aliases make of one pattern


class FileAccess(msgspec.Struct, frozen=True):
    """What one profile allows on one path for one owner state.

    ``allowed``, ``denied`` (by a deny rule), ``quiet`` (denied without a record), ``audited`` (allowed
    with a record) and ``asked`` (by a prompt rule) are bits of `permissions`; ``exec_mode`` is there
    where EXEC is allowed. ``rules`` are the rules that match.
    """

    allowed: int
    denied: int = 0
    quiet: int = 0
    audited: int = 0
    asked: int = 0
    exec_mode: ExecMode | None = None
    rules: tuple[FileRule, ...] = ()
    conflict: bool = False

    def __str__(self) -> str:
        """As ``rwk Px``; a lone minus for nothing."""
        letters = letters_of(self.allowed)
        if self.exec_mode is not None:
            letters = f"{letters} {self.exec_mode}".strip()
        return letters or "-"

    @property
    def permissions(self) -> str:
        """The letters of ``r w a l k m`` that are allowed."""
        return letters_of(self.allowed)


class Entry(msgspec.Struct, frozen=True):
    """One rule in the automaton, as far as decisions need it."""

    rule: FileRule
    bits: int
    exact: bool
    exec_mode: ExecMode | None
    level: int  # four times the priority
    mode: Mode

    def rank(self, bit: int) -> int:
        """The higher rank decides (apparmor_parser ``pri_update_perm``)."""
        if self.mode is Mode.DENY:
            return self.level + 3
        if self.mode is Mode.PROMPT:
            return self.level
        return self.level + (2 if self.exact and bit == EXEC else 1)


class FileTable:
    """The file rules of one profile, compiled.

    Raises:
        FileTableFault: with the faults of patterns that cannot be compiled.
    """

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.entries: list[Entry] = []
        self.forms: list[tuple[Glob, int]] = []
        self.automaton = Automaton()
        self._kept: dict[tuple[tuple[int, ...], bool], FileAccess] = {}
        faults: list[Fault] = []
        for rule in (*profile.file_rules, *implied_file_rules(profile)):
            try:
                self._add(rule)
            except (VariableFault, GlobFault, AutomatonFault) as error:
                faults.append(profile.fault(rule, str(error)))
        if faults:
            raise FileTableFault(tuple(faults))

    def _add(self, rule: FileRule) -> None:
        mode = resolved_exec(self.profile, rule)
        added: dict[bool, int] = {}
        for form in pattern_forms(self.profile, rule.pattern):
            glob = parse_glob(form)
            exact = is_exact(self.profile, glob)
            number = added.get(exact)
            if number is None:
                number = added[exact] = len(self.entries)
                level = rule.prefix.priority * 4
                self.entries.append(Entry(rule, rule.bits, exact, mode, level, rule.prefix.mode))
            self.forms.append((glob, number))
            self.automaton.add(glob.elements, number)

    def access(self, path: str, owner: bool) -> FileAccess:
        """Return what the profile allows on ``path``; ``owner``: the task's user owns the file."""
        return self.access_at(self.automaton.match(encode_text(path)).accepted, owner)

    def access_at(self, accepted: tuple[int, ...], owner: bool) -> FileAccess:
        """Return what the rules of these numbers say together."""
        key = (accepted, owner)
        found = self._kept.get(key)
        if found is None:
            if len(self._kept) > 20_000:
                self._kept.clear()
            found = self._kept[key] = decide_bits([self.entries[number] for number in accepted], owner)
        return found


class FileTableFault(FaultFound):
    """A profile whose file rules cannot be compiled."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        self.faults = faults
        super().__init__(0, str(faults[0]))


def is_exact(profile: Profile, glob: Glob) -> bool:
    """Whether the parser that compiles the profile takes the pattern for an exact match."""
    return glob.exact and not (profile.classes_are_wild and glob.has_class)


def pattern_forms(profile: Profile, pattern: str) -> tuple[str, ...]:
    """Return the forms of a path pattern: variables put in, slashes filtered, aliases added."""
    forms = profile.variables.expand_paths(pattern)
    if not profile.aliases:
        return forms
    found = list(forms)
    for form in forms:
        for old, new in profile.aliases:
            if form.startswith(old) and len(found) < len(forms) + _MAX_ALIASED:
                found.append(filter_slashes(new + form[len(old) :]))
    return tuple(dict.fromkeys(found))


def resolved_exec(profile: Profile, rule: FileRule) -> ExecMode | None:
    """Return the exec mode with the full name of its target: ``cx -> name`` is a named child."""
    mode = rule.exec_mode
    if mode is None or not mode.target:
        return mode
    target = mode.target
    if mode.kind == "c" and not target.removeprefix("&").startswith(":"):
        target = f"{profile.name}//{target}"
    return ExecMode(mode.kind, mode.fallback, mode.scrub, target)


def same_transition(left: ExecMode, right: ExecMode) -> bool:
    """Whether two exec modes compile to the same: a named target hides whether it was p or c."""
    if left.target or right.target:
        return (left.target, left.fallback, left.scrub) == (right.target, right.fallback, right.scrub)
    return left == right


def applies(rule: FileRule, owner: bool) -> bool:
    """Whether a rule counts for this owner state."""
    wanted = rule.prefix.owner
    return wanted is Owner.ANY or (wanted is Owner.OWNER) == owner


def decide_bits(entries: Iterable[Entry], owner: bool) -> FileAccess:
    """Put the matching rules together, bit by bit."""
    matching = [entry for entry in entries if applies(entry.rule, owner)]
    allowed = denied = quiet = audited = asked = 0
    exec_mode, conflict = None, False
    ranks: dict[int, int] = {}
    for bit in _BITS:
        speaking = [
            entry for entry in matching if entry.bits & bit and not (bit == LINK and entry.mode is Mode.DENY)
        ]
        if not speaking:
            continue
        rank = ranks[bit] = max(entry.rank(bit) for entry in speaking)
        deciding = [entry for entry in speaking if entry.rank(bit) == rank]
        if deciding[0].mode is Mode.DENY:
            denied |= bit
            if any(not entry.rule.prefix.audit for entry in deciding):
                quiet |= bit
            continue
        if any(entry.rule.prefix.audit for entry in deciding):
            audited |= bit
        if deciding[0].mode is Mode.PROMPT:
            asked |= bit
        else:
            allowed |= bit
        if bit == EXEC:
            modes = [entry.exec_mode for entry in deciding if entry.exec_mode is not None]
            conflict = any(not same_transition(modes[0], mode) for mode in modes[1:])
            exec_mode = modes[0] if modes and allowed & EXEC else None
    inherits = exec_mode is not None and "i" in (exec_mode.kind, exec_mode.fallback)
    if inherits and ranks.get(MMAP, ranks[EXEC]) <= ranks[EXEC]:  # who inherits maps the program
        allowed |= MMAP
    return FileAccess(
        allowed,
        denied,
        quiet,
        audited & allowed,
        asked,
        exec_mode,
        tuple({id(entry.rule): entry.rule for entry in matching}.values()),
        conflict,
    )
