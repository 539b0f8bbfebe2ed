"""A report arranged for reading: what the page, the PDF and the text all show, in their order.

Only grouping, counting and numbering happens here; every status is the engine's.
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from hardcheck.errors import ConfigError
from hardcheck.findings import (
    EvidenceRef,
    Finding,
    Framework,
    HostResult,
    Remedy,
    Report,
    RuleInfo,
    Score,
    Severity,
    Status,
    Waiver,
)
from hardcheck.reasons import Reason

MAC_SIDES = (Framework.SELINUX, Framework.APPARMOR)
_LONG_LINES = 10
OBSERVED_SHOWN = 500
"""Characters of what was observed that every document shows at least."""

UNJUDGED = (Status.UNKNOWN, Status.ERROR)


class Appendix(Enum):
    """Which items of evidence a document lists; a host has some 300. Those that could not be had
    are always listed, and the JSON report and the bundles have them all."""

    CITED = "cited"  # those that any finding rests on
    OPEN = "open"  # those that a failure, an unknown or an error rests on


@dataclass(frozen=True, slots=True)
class Bar:
    """A score and its coverage as three whole percentages that make 100: passed, failed, not judged."""

    passed: int
    failed: int
    unjudged: int


@dataclass(frozen=True, slots=True)
class RuleView:
    """A rule with its number in the report and the controls it is evidence for."""

    number: int
    info: RuleInfo
    controls: tuple[ControlRef, ...]
    remedies: Mapping[Framework, tuple[Remedy, ...]]

    @property
    def controls_by_profile(self) -> tuple[tuple[str, tuple[ControlRef, ...]], ...]:
        """The controls it is evidence for, under the title of each profile."""
        grouped = itertools.groupby(self.controls, key=lambda ref: ref.profile)
        return tuple((profile, tuple(refs)) for profile, refs in grouped)

    @property
    def both_sides(self) -> bool:
        """Whether remedies of the two frameworks stand side by side."""
        return any(side in self.remedies for side in MAC_SIDES)


@dataclass(frozen=True, slots=True)
class ControlRef:
    """A control that a rule is evidence for."""

    number: int  # of the control in the whole report
    profile: str  # title of its profile
    id: str
    partial: bool


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """One item of evidence. ``number`` is its place in the host's appendix, 0 when it is not in it."""

    number: int
    ref: EvidenceRef


@dataclass(frozen=True, slots=True)
class FindingView:
    """One finding, with its number in the report, its rule, its host's number and its evidence."""

    number: int
    finding: Finding
    rule: RuleView
    host: int
    evidence: tuple[EvidenceView, ...]
    waiver: Waiver | None  # the one that holds for it

    @property
    def listed_items(self) -> tuple[str, ...]:
        """The items, unless what was observed names each of them already."""
        shown = self.finding.observed[:OBSERVED_SHOWN]
        named = all(item in shown for item in self.finding.items)
        return () if named else self.finding.items

    @property
    def long(self) -> bool:
        """Whether it takes so many lines that a page may end inside it."""
        lines = sum(len(remedy.steps) for remedy in self.own_remedies)
        return len(self.listed_items) + lines > _LONG_LINES

    @property
    def own_remedies(self) -> tuple[Remedy, ...]:
        """The remedies that fit this host: with its values where there are, else the rule's for its side."""
        sides = {self.finding.framework, Framework.ANY}
        own = self.finding.remedies or self.rule.info.remedies
        return tuple(remedy for remedy in own if remedy.framework in sides)


@dataclass(frozen=True, slots=True)
class UnjudgedGroup:
    """The checks of one host that could not be judged for one reason."""

    reason: Reason | None
    status: Status
    findings: tuple[FindingView, ...]


@dataclass(frozen=True, slots=True)
class HostView:
    """One host: its findings by status, what is wrong first."""

    number: int
    result: HostResult
    bar: Bar | None
    by_status: Mapping[Status, tuple[FindingView, ...]]
    unjudged: tuple[UnjudgedGroup, ...]
    failed_by_severity: Mapping[Severity, int]
    evidence: tuple[EvidenceView, ...]  # what the appendix lists

    def of(self, status: Status) -> tuple[FindingView, ...]:
        """Its findings of one status, in the report's order."""
        return self.by_status.get(status, ())

    @property
    def unjudged_count(self) -> int:
        """How many of its checks could not be judged."""
        return sum(len(group.findings) for group in self.unjudged)

    @property
    def missing_evidence(self) -> int:
        """How many items of its bundle could not be had."""
        return sum(item.reason is not None for item in self.result.evidence)

    @property
    def waived_bar(self) -> Bar | None:
        """Its score without the waived findings; None where none is waived."""
        return score_bar(self.result.waived_score) if self.result.waived_score is not None else None


@dataclass(frozen=True, slots=True)
class Failure:
    """A rule that fails somewhere, with every finding that fails it."""

    rule: RuleView
    findings: tuple[FindingView, ...]

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts it fails on, in the report's order."""
        return tuple(view.finding.host for view in self.findings)


@dataclass(frozen=True, slots=True)
class Objective:
    """One MAC rule across the frameworks: the same question, each host's answer under its framework."""

    rule: RuleView
    sides: Mapping[Framework, tuple[FindingView, ...]]

    @property
    def answered_sides(self) -> int:
        """Under how many of the two frameworks the question applies to a host."""
        return sum(
            any(view.finding.status is not Status.NOT_APPLICABLE for view in self.sides.get(side, ()))
            for side in MAC_SIDES
        )


@dataclass(frozen=True, slots=True)
class ReportView:
    """The whole report in reading order."""

    report: Report
    bar: Bar | None
    waived_bar: Bar | None  # without the waived findings; None where none is waived
    hosts: tuple[HostView, ...]
    reached: tuple[HostView, ...]
    unreached: tuple[HostView, ...]
    rules: tuple[RuleView, ...]
    findings: tuple[FindingView, ...]
    failures: tuple[Failure, ...]  # the most severe first, then by number of hosts
    objectives: tuple[Objective, ...]  # those that both frameworks answer first, then by severity
    failed_by_severity: Mapping[Severity, int]
    topics: Mapping[str, tuple[RuleView, ...]]
    appendix: Appendix


def arrange(report: Report, appendix: Appendix = Appendix.CITED) -> ReportView:
    """Arrange a report for reading.

    Raises:
        ConfigError: a finding names a rule or host that the report does not have.
    """
    rules = _rules(report)
    by_id = {rule.info.id: rule for rule in rules}
    waivers = {result.waiver.id: result.waiver for result in report.overlays.waivers}
    places = {host.name: place for place, host in enumerate(report.hosts)}
    listed = _listed_evidence(report, appendix)
    numbers = [{item.ref.key: item.number for item in items} for items in listed]
    findings = []
    for count, finding in enumerate(report.findings, 1):
        if finding.rule not in by_id:
            raise ConfigError("report: findings", "rules that the report lists", repr(finding.rule)[:80])
        if finding.host not in places:
            raise ConfigError("report: findings", "hosts that the report lists", repr(finding.host)[:80])
        place = places[finding.host]
        evidence = tuple(EvidenceView(numbers[place].get(ref.key, 0), ref) for ref in finding.evidence)
        waiver = waivers.get(finding.waiver)
        findings.append(FindingView(count, finding, by_id[finding.rule], place + 1, evidence, waiver))
    hosts = _hosts(report, findings, listed)
    failing = [view for view in findings if view.finding.status is Status.FAIL]
    return ReportView(
        report=report,
        bar=score_bar(report.score),
        waived_bar=score_bar(report.waived_score) if report.waived_score is not None else None,
        hosts=hosts,
        reached=tuple(host for host in hosts if host.result.reached),
        unreached=tuple(host for host in hosts if not host.result.reached),
        rules=rules,
        findings=tuple(findings),
        failures=_failures(failing),
        objectives=_objectives(rules, findings),
        failed_by_severity=_by_severity(failing),
        topics=_topics(rules),
        appendix=appendix,
    )


def score_bar(score: Score) -> Bar | None:
    """The score with its coverage as one bar; None where nothing applies."""
    passed, judged = score.percent, score.coverage_percent
    if passed is None or judged is None:
        return None
    return Bar(passed, judged - passed, 100 - judged)


def _rules(report: Report) -> tuple[RuleView, ...]:
    controls = defaultdict(list)
    number = 0
    for profile in report.profiles:
        for control in profile.controls:
            number += 1
            for rule in control.rules:
                ref = ControlRef(number, profile.title, control.id, rule in control.partial)
                controls[rule].append(ref)
    return tuple(
        RuleView(place, rule, tuple(controls[rule.id]), _sides(rule.remedies))
        for place, rule in enumerate(report.rules, 1)
    )


def _sides(remedies: Iterable[Remedy]) -> dict[Framework, tuple[Remedy, ...]]:
    sides: dict[Framework, tuple[Remedy, ...]] = {}
    for remedy in remedies:
        sides[remedy.framework] = (*sides.get(remedy.framework, ()), remedy)
    return sides


def _listed_evidence(report: Report, appendix: Appendix) -> list[tuple[EvidenceView, ...]]:
    """For each host the items that the appendix lists, numbered by their place in its bundle."""
    cited: dict[str, set[str]] = defaultdict(set)
    for finding in report.findings:
        if appendix is Appendix.CITED or finding.status in (Status.FAIL, *UNJUDGED):
            cited[finding.host].update(ref.key for ref in finding.evidence)
    return [
        tuple(
            EvidenceView(place, ref)
            for place, ref in enumerate(host.evidence, 1)
            if ref.reason is not None or ref.key in cited[host.name]
        )
        for host in report.hosts
    ]


def _hosts(
    report: Report, findings: Iterable[FindingView], evidence: Iterable[tuple[EvidenceView, ...]]
) -> tuple[HostView, ...]:
    grouped = defaultdict(list)
    for view in findings:
        grouped[view.host].append(view)
    hosts = []
    for number, (host, listed) in enumerate(zip(report.hosts, evidence, strict=True), 1):
        own = grouped[number]
        by_status = {
            status: tuple(view for view in own if view.finding.status is status) for status in Status
        }
        severities = _by_severity(by_status[Status.FAIL])
        bar = score_bar(host.score)
        hosts.append(HostView(number, host, bar, by_status, _unjudged(own), severities, listed))
    return tuple(hosts)


def _unjudged(findings: Iterable[FindingView]) -> tuple[UnjudgedGroup, ...]:
    grouped = defaultdict(list)
    for view in findings:
        if view.finding.status in UNJUDGED:
            grouped[view.finding.status, view.finding.reason].append(view)
    order = list(Reason)
    keys = sorted(grouped, key=lambda key: (key[0] is Status.ERROR, order.index(key[1]) if key[1] else -1))
    return tuple(UnjudgedGroup(reason, status, tuple(grouped[status, reason])) for status, reason in keys)


def _by_severity(findings: Iterable[FindingView]) -> dict[Severity, int]:
    counts = Counter(view.rule.info.severity for view in findings)
    return {severity: counts[severity] for severity in Severity}


def _failures(failing: Iterable[FindingView]) -> tuple[Failure, ...]:
    grouped = defaultdict(list)
    for view in failing:
        grouped[view.rule.number].append(view)
    failures = [Failure(views[0].rule, tuple(views)) for views in grouped.values()]
    order = list(Severity)
    failures.sort(
        key=lambda item: (order.index(item.rule.info.severity), -len(item.findings), item.rule.info.id)
    )
    return tuple(failures)


def _objectives(rules: Iterable[RuleView], findings: Iterable[FindingView]) -> tuple[Objective, ...]:
    grouped: dict[int, dict[Framework, list[FindingView]]] = defaultdict(lambda: defaultdict(list))
    for view in findings:
        grouped[view.rule.number][view.finding.framework].append(view)
    objectives = []
    for rule in rules:
        if any(side in rule.info.sides for side in MAC_SIDES):
            sides = {framework: tuple(views) for framework, views in grouped[rule.number].items()}
            objectives.append(Objective(rule, sides))
    order = list(Severity)
    objectives.sort(key=lambda one: (-one.answered_sides, order.index(one.rule.info.severity)))
    return tuple(objectives)


def _topics(rules: Iterable[RuleView]) -> dict[str, tuple[RuleView, ...]]:
    grouped = defaultdict(list)
    for rule in rules:
        grouped[rule.info.topic].append(rule)
    return {topic: tuple(members) for topic, members in grouped.items()}
