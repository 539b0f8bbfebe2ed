"""Capabilities: what a profile leaves of those that the process holds."""

from __future__ import annotations

from hardcheck.apparmor.outcome import Outcome
from hardcheck.apparmor.profile import Profile
from hardcheck.apparmor.rules.capability import CAPABILITIES
from hardcheck.apparmor.syntax import Mode, Rule


def answer_capability(profile: Profile, name: str) -> Outcome:
    """May the profile use capability ``name`` (lower case, without CAP_)?

    Capability rules are sets, not automata: deny beats allow, priorities do not count
    (apparmor_parser ``parser_yacc.y``: ``caps.allow & ~caps.deny``).
    """
    rules: list[Rule] = [rule for rule in profile.capability_rules if rule.covers(name)]
    rules += profile.all_rules
    denying = tuple(rule for rule in rules if rule.prefix.mode is Mode.DENY)
    if denying:
        quiet = any(not rule.prefix.audit for rule in denying)
        return Outcome(False, denying, by_deny=True, quiet=quiet)
    if rules:
        return Outcome(True, tuple(rules), audited=any(rule.prefix.audit for rule in rules))
    return Outcome(False)


def allowed_capabilities(profile: Profile) -> frozenset[str]:
    """Return the names of the capabilities that the profile's rules allow."""
    return frozenset(name for name in CAPABILITIES if answer_capability(profile, name).allowed)
