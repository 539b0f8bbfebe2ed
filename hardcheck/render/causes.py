"""Failures by cause: which fail on their own, and which only because another one does (`Finding.follows`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from hardcheck.findings import Status
from hardcheck.render.view import UNJUDGED, Failure, FindingView, HostView, ReportView, RuleView


@dataclass(frozen=True, slots=True)
class Causes:
    """``own`` are the failures that are a cause of their own on some host, ``following`` the others; both in
    the report's order. ``open_rules`` are the numbers of the rules that a host fails or that could not be
    judged on one; ``places`` are the places in ``own``, from 1, by rule number."""

    own: tuple[Failure, ...]
    following: tuple[Failure, ...]
    counts: Counter[str]
    open_rules: frozenset[int]
    places: Mapping[int, int]

    def followers(self, failure: Failure) -> int:
        """How many rules fail for this one alone."""
        return self.counts[failure.rule.info.id]

    def own_of(self, host: HostView) -> tuple[FindingView, ...]:
        """The failures of a host that no other failure shown there is the cause of."""
        failed = host.of(Status.FAIL)
        causes = {view.rule.info.id for view in failed if not view.finding.follows}
        return tuple(view for view in failed if view.finding.follows not in causes)

    def following_of(self, host: HostView) -> tuple[tuple[RuleView, tuple[FindingView, ...]], ...]:
        """The other failures of a host, below the rule whose failure is their cause."""
        rules = {view.rule.info.id: view.rule for view in self.own_of(host) if not view.finding.follows}
        grouped: dict[str, list[FindingView]] = {}
        for view in host.of(Status.FAIL):
            if view.finding.follows in rules:
                grouped.setdefault(view.finding.follows, []).append(view)
        return tuple((rules[rule], tuple(views)) for rule, views in grouped.items())


def causes(view: ReportView) -> Causes:
    """The failures of a report by cause."""
    following = tuple(one for one in view.failures if all(each.finding.follows for each in one.findings))
    by_cause = [{each.finding.follows for each in one.findings} for one in following]
    own = tuple(one for one in view.failures if one not in following)
    return Causes(
        own=own,
        following=following,
        counts=Counter(min(rules) for rules in by_cause if len(rules) == 1),
        open_rules=frozenset(
            each.rule.number
            for each in view.findings
            if each.finding.status is Status.FAIL or each.finding.status in UNJUDGED
        ),
        places={one.rule.number: place for place, one in enumerate(own, 1)},
    )
