"""Faults of a resolved profile that only its compilation shows: patterns, variables, contradictions."""

from __future__ import annotations

from collections.abc import Iterator

from hardcheck.apparmor.automaton import AutomatonFault
from hardcheck.apparmor.conflicts import change_profile_conflict, exec_conflict
from hardcheck.apparmor.faults import Fault
from hardcheck.apparmor.file_access import FileTable, FileTableFault, pattern_forms
from hardcheck.apparmor.globs import GlobFault, parse_glob
from hardcheck.apparmor.profile import Profile
from hardcheck.apparmor.rules.change_profile import ChangeProfileRule
from hardcheck.apparmor.rules.dbus import DbusRule
from hardcheck.apparmor.rules.io_uring import IoUringRule
from hardcheck.apparmor.rules.mount import MountRule
from hardcheck.apparmor.rules.mqueue import MqueueRule
from hardcheck.apparmor.rules.ptrace import PtraceRule
from hardcheck.apparmor.rules.signal import SignalRule
from hardcheck.apparmor.rules.unix import UnixRule
from hardcheck.apparmor.syntax import Rule
from hardcheck.apparmor.variables import VariableFault


def check_profile(profile: Profile, table: FileTable | None = None) -> tuple[Fault, ...]:
    """Return what keeps a profile from being compiled; empty when nothing does."""
    faults = list(_pattern_faults(profile))
    try:
        for form in pattern_forms(profile, profile.attachment) if profile.attachment else ():
            parse_glob(form)
    except (VariableFault, GlobFault) as error:
        faults.append(profile.source.fault(profile.at, f"attachment: {error}"))
    try:
        table = table or FileTable(profile)
    except FileTableFault as error:
        return (*faults, *error.faults)
    try:
        conflicts = (exec_conflict(table), change_profile_conflict(table))
        faults += [
            profile.fault(
                found.right, f"conflicting exec modes for '{found.path}': here and at {found.left.where}"
            )
            for found in conflicts
            if found is not None and found.left is not None and found.right is not None
        ]
    except (VariableFault, GlobFault, AutomatonFault) as error:
        faults.append(profile.source.fault(profile.at, str(error)))
    return tuple(faults)


def _pattern_faults(profile: Profile) -> Iterator[Fault]:
    for kind, rules in profile.rules.items():
        if kind == "file":
            for rule in profile.file_rules:
                if rule.target is not None and (fault := _fault_of(profile, rule, rule.target)):
                    yield fault
            continue
        for other in rules:
            for pattern in rule_patterns(other):
                fault = _fault_of(profile, other, pattern)
                if fault is not None:
                    yield fault
                    break


def _fault_of(profile: Profile, rule: Rule, pattern: str) -> Fault | None:
    try:
        for form in profile.variables.expand(pattern):
            parse_glob(form)
    except (VariableFault, GlobFault) as error:
        return profile.fault(rule, f"'{pattern[:80]}': {error}")
    return None


def rule_patterns(rule: Rule) -> Iterator[str]:
    """Yield the patterns of a rule that is no file rule."""
    fields: tuple[str | None, ...] = ()
    if isinstance(rule, DbusRule):
        fields = (rule.bus, rule.path, rule.interface, rule.member, rule.name, rule.label)
    elif isinstance(rule, (SignalRule, PtraceRule)):
        fields = (rule.peer,)
    elif isinstance(rule, UnixRule):
        fields = (rule.local.address, rule.local.label, rule.peer.address, rule.peer.label)
    elif isinstance(rule, MountRule):
        fields = (rule.source_pattern, rule.point, *rule.fstypes)
    elif isinstance(rule, ChangeProfileRule):
        fields = (rule.executable, rule.target)
    elif isinstance(rule, MqueueRule):
        fields = (rule.name, rule.label)
    elif isinstance(rule, IoUringRule):
        fields = (rule.label,)
    yield from (field for field in fields if field is not None)
