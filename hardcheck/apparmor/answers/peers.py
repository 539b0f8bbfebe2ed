"""Signals and ptrace: between a profile and the label of a peer. Both ends must allow."""

from __future__ import annotations

from collections.abc import Callable

from hardcheck.apparmor.matching import matcher_for
from hardcheck.apparmor.outcome import Outcome, judge
from hardcheck.apparmor.profile import Profile
from hardcheck.apparmor.rules.all import AllRule
from hardcheck.apparmor.rules.ptrace import ALL_PTRACE
from hardcheck.apparmor.rules.signal import ALL_SIGNAL, signal_name
from hardcheck.apparmor.syntax import Rule

STACK = "//&"


def answer_signal(profile: Profile, access: int, signal: str, peer: str) -> Outcome:
    """May the profile send (2) or receive (4) ``signal`` to or from a task labelled ``peer``?"""
    name = signal_name(signal) or signal

    def rules(label: str) -> list[tuple[Rule, int]]:
        found: list[tuple[Rule, int]] = [
            (rule, rule.access)
            for rule in profile.signal_rules
            if (not rule.signals or name in rule.signals) and matches_label(profile, rule.peer, label)
        ]
        return found + _all(profile.all_rules, ALL_SIGNAL)

    return _each_part(rules, peer, access)


def answer_ptrace(profile: Profile, access: int, peer: str) -> Outcome:
    """May the profile trace (2), read (4), be traced (0x40) or read (0x80) by a task labelled ``peer``?"""

    def rules(label: str) -> list[tuple[Rule, int]]:
        found: list[tuple[Rule, int]] = [
            (rule, rule.access) for rule in profile.ptrace_rules if matches_label(profile, rule.peer, label)
        ]
        return found + _all(profile.all_rules, ALL_PTRACE)

    return _each_part(rules, peer, access)


def matches_label(profile: Profile, pattern: str | None, label: str) -> bool:
    """Whether a pattern of a rule matches a label; no pattern matches any."""
    if pattern is None:
        return True
    return matcher_for(profile.variables.expand(pattern)).matches_text(label)


def _all(rules: list[AllRule], bits: int) -> list[tuple[Rule, int]]:
    return [(rule, bits) for rule in rules]


def _each_part(rules: Callable[[str], list[tuple[Rule, int]]], label: str, access: int) -> Outcome:
    """A stack ``a//&b`` is allowed when it is as a whole, or when each of its parts is."""
    whole = judge(rules(label), access)
    if whole.allowed or STACK not in label:
        return whole
    outcomes = [judge(rules(part), access) for part in label.split(STACK)]
    return next((outcome for outcome in outcomes if not outcome.allowed), outcomes[0])
