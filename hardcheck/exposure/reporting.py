"""The exposure of a host as its audit's report holds it: the same answers with the reasons that decide."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from hardcheck.exposure.exposing import expose
from hardcheck.exposure.host import Host
from hardcheck.exposure.model import Goal, GoalAnswer, Identity, ServiceExposure, Tenant
from hardcheck.exposure.model import HostExposure as Exposed
from hardcheck.facts import Absent, Facts
from hardcheck.findings.exposure import (
    GoalInfo,
    GoalReason,
    GoalResult,
    HostExposure,
    Outcome,
    RunsAs,
    ServiceResult,
    SiteAccess,
    SiteResult,
)

MOST_REASONS = 3
_MOST_GROUNDS = 3
_MOST_OBJECTS = 6
_MOST_TEXT = 300
_MOST_EXECUTABLES = 4


def goal_infos(goals: tuple[Goal, ...]) -> tuple[GoalInfo, ...]:
    """What a report says once of each goal."""
    return tuple(GoalInfo(goal.id, goal.title, goal.why, goal.severity, goal.chain) for goal in goals)


def exposing(goals: tuple[Goal, ...]) -> Callable[[str, Facts], HostExposure]:
    """A function that asks a host's services these goals: the host's name and facts in, its part of the
    report out."""

    def expose_host(name: str, facts: Facts) -> HostExposure:
        return report_of(expose(Host(name, facts), goals))

    return expose_host


def report_of(found: Exposed) -> HostExposure:
    """The values of a report. Every answer stays; of its reasons the first few do."""
    return HostExposure(
        grade=found.grade,
        services=tuple(_service(one) for one in found.services),
        sites=tuple(_site(one) for one in found.tenants.tenants),
        site_matrix=tuple(
            SiteAccess(one.reader, one.owner, one.read, one.write, tuple(map(_reason, one.reasons)))
            for one in found.tenants.matrix
        ),
        unknown=_cut(found.unknown),
        sites_unknown=_cut(found.tenants.unknown),
    )


def _service(one: ServiceExposure) -> ServiceResult:
    service = one.service
    return ServiceResult(
        name=service.name,
        unit=service.unit,
        sockets=service.sockets,
        runs_as=tuple(map(_runs_as, service.identities)),
        grade=one.grade,
        goals=tuple(map(_goal, one.answers)),
        behind=service.behind,
        container=service.container,
        activated_by=service.activated_by,
        change=one.change,
        change_points=one.change_points,
    )


def _runs_as(one: Identity) -> RunsAs:
    state = f"unknown: {one.state.reason}" if isinstance(one.state, Absent) else one.state
    privileges = one.no_new_privileges
    return RunsAs(
        uid=one.uid,
        user=one.user,
        label=one.label,
        state=state,
        processes=len(one.pids),
        capabilities=one.capabilities,
        seccomp=one.seccomp,
        no_new_privileges="unknown" if isinstance(privileges, Absent) else "yes" if privileges else "no",
        executables=one.executables[:_MOST_EXECUTABLES],
    )


def _goal(answer: GoalAnswer) -> GoalResult:
    most = 1 if answer.outcome is Outcome.BLOCKED else MOST_REASONS
    left_out = answer.more + max(0, len(answer.reasons) - most)
    return GoalResult(
        goal=answer.goal,
        outcome=answer.outcome,
        origin=answer.origin,
        objects=answer.objects[:_MOST_OBJECTS],
        reasons=tuple(map(_reason, answer.reasons[:most])),
        more=left_out,
        switches=answer.switches,
        chain=answer.chain,
    )


def _reason(reason: GoalReason) -> GoalReason:
    because = tuple(map(_cut, reason.because[:_MOST_GROUNDS]))
    return replace(reason, because=because, note=_cut(reason.note), outside=())


def _site(one: Tenant) -> SiteResult:
    if isinstance(one.labels, Absent):
        return SiteResult(one.site, one.docroots, one.labels.detail)
    uid = "an unknown uid" if isinstance(one.uid, Absent) else f"uid {one.uid}"
    labels = ", ".join(label or "an unknown label" for label in one.labels)
    return SiteResult(one.site, one.docroots, f"{uid} in {labels}")


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_TEXT else text[: _MOST_TEXT - 3] + "..."
