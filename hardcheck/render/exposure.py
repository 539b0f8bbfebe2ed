"""The report's part on exposure arranged for reading: the matrix of each host, its reasons, its graph.

Only grouping, numbering and drawing happens here; every answer and grade is the report's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from hardcheck.errors import ConfigError
from hardcheck.findings import Report
from hardcheck.findings.exposure import (
    GoalInfo,
    GoalResult,
    HostExposure,
    Outcome,
    ServiceResult,
    SiteAccess,
)
from hardcheck.render.graph import Graph, Way, draw
from hardcheck.render.view import HostView, ReportView

BLOCK_SERVICES = 8
"""So many services stand side by side in one matrix; more go into further ones."""

DETAILED_HOSTS = 20
"""Up to so many hosts the page has their matrices and reasons; beyond, the grades and the JSON report."""

_COMMON_ANSWERS = 6  # a ground of at least so many answers is told once for all


@dataclass(frozen=True, slots=True)
class AnswerView:
    """One goal's answer. ``number`` is the goal's place in the report."""

    number: int
    info: GoalInfo
    result: GoalResult


@dataclass(frozen=True, slots=True)
class ServiceView:
    """One service. Of what passes or is not known ``told`` are the answers that ``common`` decides, one
    ground for many, and ``singular`` those with grounds of their own."""

    number: int
    result: ServiceResult
    common: str
    told: tuple[AnswerView, ...]
    singular: tuple[AnswerView, ...]
    blocked: tuple[AnswerView, ...]
    cells: tuple[Outcome | None, ...]  # by goal; None where it was not asked


@dataclass(frozen=True, slots=True)
class SiteRow:
    """One site's code against every site's files; None stands for itself and for what was not asked."""

    site: str
    cells: tuple[SiteAccess | None, ...]


@dataclass(frozen=True, slots=True)
class HostExposureView:
    """One host. ``blocks`` are its services, a few for each matrix; ``graph`` is None without services."""

    host: HostView
    exposure: HostExposure
    services: tuple[ServiceView, ...]
    blocks: tuple[tuple[ServiceView, ...], ...]
    graph: Graph | None
    steps: int
    site_rows: tuple[SiteRow, ...]

    @property
    def worst_service(self) -> ServiceView | None:
        """The service with the greatest share of open points."""
        return max(self.services, key=_weight, default=None)


@dataclass(frozen=True, slots=True)
class ExposureView:
    """All hosts of which anything was collected, in the report's order."""

    grade: str
    goals: tuple[GoalInfo, ...]
    hosts: tuple[HostExposureView, ...]

    @property
    def detailed(self) -> bool:
        """Whether a document has room for the matrices and reasons."""
        return len(self.hosts) <= DETAILED_HOSTS


def exposures(report: Report, view: ReportView) -> ExposureView | None:
    """The part on exposure; None for a report without one.

    Raises:
        ConfigError: an answer names a goal that the report does not have.
    """
    if report.exposure is None:
        return None
    goals = report.exposure.goals
    places = {goal.id: place for place, goal in enumerate(goals)}
    hosts = tuple(
        _host(host, host.result.exposure, goals, places)
        for host in view.hosts
        if host.result.exposure is not None
    )
    return ExposureView(report.exposure.grade, goals, hosts)


def _host(
    host: HostView, exposure: HostExposure, goals: tuple[GoalInfo, ...], places: dict[str, int]
) -> HostExposureView:
    services = tuple(
        _service(number, service, goals, places) for number, service in enumerate(exposure.services, 1)
    )
    blocks = tuple(
        services[start : start + BLOCK_SERVICES] for start in range(0, len(services), BLOCK_SERVICES)
    )
    chained = next((goal for goal in goals if goal.steps), None)
    ways = _ways(services, chained.id) if chained is not None else []
    return HostExposureView(
        host,
        exposure,
        services,
        blocks,
        draw(ways) if ways else None,
        chained.steps if chained is not None else 0,
        _site_rows(exposure),
    )


def _service(
    number: int, service: ServiceResult, goals: tuple[GoalInfo, ...], places: dict[str, int]
) -> ServiceView:
    for result in service.goals:
        if result.goal not in places:
            raise ConfigError("report: exposure", "goals that the report lists", repr(result.goal)[:80])
    common = _common(service.goals)
    answers = [
        AnswerView(places[result.goal] + 1, goals[places[result.goal]], result) for result in service.goals
    ]
    blocked = [answer for answer in answers if answer.result.outcome is Outcome.BLOCKED]
    others = [answer for answer in answers if answer.result.outcome is not Outcome.BLOCKED]
    told = [answer for answer in others if common and _ground(answer.result) == common]
    by_goal = {answer.number - 1: answer.result.outcome for answer in answers}
    return ServiceView(
        number,
        service,
        common,
        tuple(told),
        tuple(answer for answer in others if answer not in told),
        tuple(blocked),
        tuple(by_goal.get(place) for place in range(len(goals))),
    )


def _ground(result: GoalResult) -> str:
    """What decided, where that is one line for all that was asked."""
    grounds = {reason.because for reason in result.reasons}
    if len(grounds) != 1 or result.switches:
        return ""
    (lines,) = grounds
    return lines[0] if len(lines) == 1 else ""


def _common(results: Sequence[GoalResult]) -> str:
    counts = Counter(_ground(result) for result in results if result.outcome is not Outcome.BLOCKED)
    counts.pop("", None)
    ground, count = max(counts.items(), key=lambda item: item[1], default=("", 0))
    return ground if count >= _COMMON_ANSWERS else ""


def _weight(service: ServiceView) -> tuple[int, int]:
    grade = service.result.grade
    return grade.open + grade.unknown, -service.number


def _ways(services: Sequence[ServiceView], goal: str) -> list[Way]:
    ways = []
    for service in services:
        for result in service.result.goals:
            if result.goal == goal:
                label = result.reasons[0].subject if result.reasons else ""
                start = result.chain[0].source if result.chain else _short(label)
                ways.append(Way(service.result.name, start, result.outcome, result.chain))
    return ways


def _short(label: str) -> str:
    """The domain of a SELinux context; other labels are as they are."""
    parts = label.split(":")
    return parts[2] if len(parts) >= 4 and not label.startswith((":", "/")) else label


def _site_rows(exposure: HostExposure) -> tuple[SiteRow, ...]:
    names = [site.site for site in exposure.sites]
    known = {(one.reader, one.owner): one for one in exposure.site_matrix}
    return tuple(SiteRow(name, tuple(known.get((name, other)) for other in names)) for name in names)
