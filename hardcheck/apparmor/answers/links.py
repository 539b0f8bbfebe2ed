"""Hard links: the new name, the pair of names, and the subset test (kernel ``profile_path_link``)."""

from __future__ import annotations

from hardcheck.apparmor.file_access import Entry, FileTable, applies
from hardcheck.apparmor.globs import encode_text
from hardcheck.apparmor.matching import ANY_TARGET, matcher_for
from hardcheck.apparmor.outcome import Outcome
from hardcheck.apparmor.permissions import EXEC, LINK
from hardcheck.apparmor.rules.file import FileRule
from hardcheck.apparmor.syntax import Mode


def answer_link(table: FileTable, name: str, target: str, owner: bool) -> Outcome:
    """May the profile give the file ``target`` the further name ``name``? ``owner``: of the file."""
    accepted = table.automaton.match(encode_text(name)).accepted
    of_name = table.access_at(accepted, owner)
    if not of_name.allowed & LINK:
        return Outcome(False, _speaking(table, accepted, owner))
    pairs = [
        entry
        for entry in (table.entries[number] for number in accepted)
        if entry.bits & LINK and applies(entry.rule, owner) and _reaches(table, entry, target)
    ]
    allow, subset, deciding, audited = _judge_pair(pairs)
    if not allow:
        denied = any(entry.mode is Mode.DENY for entry in deciding)
        quiet = any(entry.mode is Mode.DENY and not entry.rule.prefix.audit for entry in deciding)
        return Outcome(False, _rules(deciding), by_deny=denied, quiet=quiet)
    # The compiler marks the test in the owner's half of the permissions alone: no one else is held to it.
    if subset and owner:
        of_target = table.access(target, owner)
        excess = of_name.allowed & ~LINK & ~of_target.allowed
        same_exec = not of_name.allowed & EXEC or of_name.exec_mode == of_target.exec_mode
        if excess or not same_exec:
            return Outcome(
                False, _rules(deciding), note=f"'{name}' has permissions that '{target}' has not: {of_name}"
            )
    return Outcome(True, _rules(deciding), audited=audited)


def _judge_pair(pairs: list[Entry]) -> tuple[bool, bool, list[Entry], bool]:
    """Return whether the pair is allowed, under the subset test, by which entries, audited."""
    if not pairs:
        return False, False, [], False
    rank = max(entry.rank(LINK) for entry in pairs)
    deciding = [entry for entry in pairs if entry.rank(LINK) == rank]
    if deciding[0].mode is Mode.DENY or deciding[0].mode is Mode.PROMPT:
        return False, False, deciding, False
    demanding = [entry for entry in pairs if entry.rule.target is None or entry.rule.subset]
    subset = False
    if demanding:
        top = max(entry.rank(LINK) for entry in demanding)
        subset = all(entry.mode is not Mode.DENY for entry in demanding if entry.rank(LINK) == top)
    return True, subset, deciding, any(entry.rule.prefix.audit for entry in deciding)


def _reaches(table: FileTable, entry: Entry, target: str) -> bool:
    if entry.rule.target is None:
        return ANY_TARGET.matches_text(target)
    forms = table.profile.variables.expand_paths(entry.rule.target)
    return matcher_for(forms).matches_text(target)


def _speaking(table: FileTable, accepted: tuple[int, ...], owner: bool) -> tuple[FileRule, ...]:
    entries = [table.entries[number] for number in accepted]
    return _rules([e for e in entries if e.bits & LINK and applies(e.rule, owner)])


def _rules(entries: list[Entry]) -> tuple[FileRule, ...]:
    return tuple({id(entry.rule): entry.rule for entry in entries}.values())
