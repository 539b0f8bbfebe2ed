"""The narrowest boolean, or the fewest together, that allow what was denied.

Found from the conditional rules that would grant it: for each the settings of its booleans under which it
holds. Of those that allow everything that was asked for the one with the fewest flips comes first, then the
one that opens least.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

import msgspec

from hardcheck.selinux.avtab import RuleKind
from hardcheck.selinux.rules import FoundRule
from hardcheck.triage.model import Opening
from hardcheck.triage.openings import Openings
from hardcheck.triage.selinux_case import SelinuxCase

_MOST_FLIPS = 4
_MOST_TRIED = 24
_MOST_TOLD = 3


class Setting(msgspec.Struct, frozen=True):
    """States of booleans that allow what was denied, with all else that they open; ``rules`` are those that
    would allow it."""

    states: dict[str, bool]
    opens: Opening
    rules: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """``NAME=on`` for people."""
        return " ".join(f"{name}={'on' if state else 'off'}" for name, state in sorted(self.states.items()))


def settings_for(case: SelinuxCase, openings: Openings, target: str = "") -> tuple[Setting, ...]:
    """Every smallest setting that allows all that was denied, the narrowest first; none where no boolean
    does. Of the first few it is told what they open; one that opens what is on the danger list comes last."""
    refused = case.refused(target)
    class_ = case.class_
    if not refused or class_ is None:
        return ()
    context = case.policy.context(target or case.target)
    rules = tuple(_granting(case, context.type, refused))
    fitting = [flips for flips in _candidates(case, rules) if not case.refused(target, flips)]
    smallest = [
        one
        for one in fitting
        if not any(other.items() < one.items() for other in fitting if other is not one)
    ]
    source = case.source_context
    ranked = sorted(smallest, key=lambda flips: (len(flips), openings.width(source, flips), sorted(flips)))
    asked = (class_.name, context.type, frozenset(case.wanted))
    found: list[Setting] = []
    for flips in ranked[:_MOST_TOLD]:
        opens = openings.opening(source, flips, asked)
        found.append(Setting(flips, opens, _rules_shown(case, rules, flips)))
        if not opens.dangers:
            break
    rest = [Setting(flips, Opening(openings.rights(source, flips))) for flips in ranked[len(found) :]]
    harmless = [one for one in found if not one.opens.dangers]
    return (*harmless, *(one for one in found if one.opens.dangers), *rest)


def _rules_shown(
    case: SelinuxCase, rules: tuple[FoundRule, ...], flips: Mapping[str, bool]
) -> tuple[str, ...]:
    """The rules that these flips bring into force, in the policy language."""
    states = case.policy.states()
    statements = case.policy.statements
    shown = [
        statements.conditional(rule.text(statements), rule.condition, states)
        for rule in rules
        if _touches(case, rule, flips)
    ]
    return tuple(dict.fromkeys(shown))[:3]


def _touches(case: SelinuxCase, rule: FoundRule, flips: Mapping[str, bool]) -> bool:
    condition = rule.condition
    if condition is None:
        return False
    names = {case.policy.names.boolean_names[value] for value in condition.block.booleans}
    return bool(names & set(flips))


def _granting(case: SelinuxCase, target: int, refused: tuple[str, ...]) -> Iterator[FoundRule]:
    """Conditional allow rules for the pair that name one of the permissions and are not in force."""
    class_ = case.class_
    assert class_ is not None
    mask = sum(class_.masks[name] for name in refused)
    attributes = case.policy.decider.attributes
    states = case.policy.states()
    found = case.policy.rules.at(
        attributes(case.source_context.type), attributes(target), class_.value, RuleKind.ALLOW, mask
    )
    for rule in found:
        condition = rule.condition
        if condition is not None and condition.block.holds(states) != condition.when:
            yield rule


def _candidates(case: SelinuxCase, rules: tuple[FoundRule, ...]) -> Iterator[dict[str, bool]]:
    """Flips of the booleans of one condition, the fewest first, under which it comes to hold; then the
    union of two where no one condition gives everything."""
    names = case.policy.names.boolean_names
    states = case.policy.states()
    single: list[dict[str, bool]] = []
    for rule in rules:
        condition = rule.condition
        if condition is None:
            continue
        for size in range(1, _MOST_FLIPS + 1):
            for chosen in combinations(sorted(condition.block.booleans), size):
                flipped = {**states, **{value: not states[value] for value in chosen}}
                if condition.block.holds(flipped) == condition.when:
                    flips = {names[value]: not states[value] for value in chosen}
                    if flips not in single and len(single) < _MOST_TRIED:
                        single.append(flips)
    yield from single
    for left, right in combinations(single[:8], 2):
        both = {**left, **right}
        if both not in single and all(both[name] == state for name, state in left.items()):
            yield both
