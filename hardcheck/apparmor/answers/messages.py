"""D-Bus: sending, receiving, owning a name, eavesdropping."""

from __future__ import annotations

import msgspec

from hardcheck.apparmor.answers.peers import matches_label
from hardcheck.apparmor.matching import matcher_for
from hardcheck.apparmor.outcome import Outcome, judge
from hardcheck.apparmor.profile import Profile
from hardcheck.apparmor.rules.dbus import ALL_DBUS, DbusRule
from hardcheck.apparmor.syntax import Rule

SEND, RECEIVE, EAVESDROP, BIND = 2, 4, 0x20, 0x40


class Message(msgspec.Struct, frozen=True):
    """A message, or the owning of ``name`` on ``bus``; ``label`` is the label of the peer."""

    bus: str
    name: str = ""
    path: str = ""
    interface: str = ""
    member: str = ""
    label: str = ""


def answer_dbus(profile: Profile, access: int, message: Message) -> Outcome:
    """May the profile send (2), receive (4), eavesdrop (0x20) or bind (0x40)?

    Binding looks at bus and name only, eavesdropping at the bus only.
    """
    rules: list[tuple[Rule, int]] = []
    for rule in profile.dbus_rules:
        if not _matches(profile, rule.bus, message.bus):
            continue
        bits = rule.access & EAVESDROP
        if _matches(profile, rule.name, message.name):
            bits |= rule.access & BIND
            if _matches_message(profile, rule, message):
                bits |= rule.access & (SEND | RECEIVE)
        rules.append((rule, bits))
    rules += [(rule, ALL_DBUS) for rule in profile.all_rules]
    return judge(rules, access)


def _matches_message(profile: Profile, rule: DbusRule, message: Message) -> bool:
    return (
        matches_label(profile, rule.label, message.label)
        and (
            rule.path is None
            or matcher_for(profile.variables.expand_paths(rule.path)).matches_text(message.path)
        )
        and _matches(profile, rule.interface, message.interface)
        and _matches(profile, rule.member, message.member)
    )


def _matches(profile: Profile, pattern: str | None, text: str) -> bool:
    return pattern is None or matcher_for(profile.variables.expand(pattern)).matches_text(text)
