"""All goals for all services of a host, with the grades and the one change that shrinks each most."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from hardcheck.errors import UsageError
from hardcheck.exposure.asking import answer_goal
from hardcheck.exposure.grade import grade_of
from hardcheck.exposure.host import Host
from hardcheck.exposure.model import (
    Goal,
    GoalAnswer,
    HostExposure,
    Service,
    ServiceExposure,
    Tenants,
)
from hardcheck.exposure.services import matches, services_of
from hardcheck.exposure.tenants import tenants_of
from hardcheck.exposure.whatif import switches_of, with_booleans
from hardcheck.facts import Absent
from hardcheck.findings.exposure import Outcome, Switch, worst


def expose(
    host: Host, goals: tuple[Goal, ...], wanted: Iterable[str] = (), assumed: tuple[str, ...] = ()
) -> HostExposure:
    """Ask every goal of every service, or of those ``wanted`` by name. ``assumed`` says in words what was
    set otherwise on this host.

    Raises:
        UsageError: a wanted service that the host does not have.
    """
    services = services_of(host)
    if isinstance(services, Absent):
        why = f"services are not known: {services.reason}: {services.detail}"
        return HostExposure(host.name, host.framework, (), tenants_of(host, ()), "unknown", assumed, why)
    picked = _pick(host, services, tuple(wanted))
    exposures = []
    for service in picked:
        answers = tuple(answer_goal(host, service, goal) for goal in goals)
        answers = _with_switches(host, service, goals, answers)
        change, points = _best_change(service, answers)
        exposures.append(ServiceExposure(service, answers, grade_of(answers), change, points))
    tenants = tenants_of(host, services) if not tuple(wanted) else Tenants()
    letters = worst(exposure.grade.letter for exposure in exposures)
    return HostExposure(host.name, host.framework, tuple(exposures), tenants, letters, assumed)


def _pick(host: Host, services: tuple[Service, ...], wanted: tuple[str, ...]) -> tuple[Service, ...]:
    for name in wanted:
        if not any(matches(service, name) for service in services):
            known = ", ".join(service.name for service in services) or "none"
            raise UsageError(f"{host.name} has no network-facing service called {name!r}; it has: {known}")
    return tuple(one for one in services if not wanted or any(matches(one, name) for name in wanted))


def _with_switches(
    host: Host,
    service: Service,
    goals: tuple[Goal, ...],
    answers: tuple[GoalAnswer, ...],
) -> tuple[GoalAnswer, ...]:
    """Add the booleans that decide, and what each would close beside. SELinux only."""
    if host.framework != "selinux" or isinstance(host.policy, Absent):
        return answers
    switches = {
        goal.id: switches_of(host, service, goal, answer) for goal, answer in zip(goals, answers, strict=True)
    }
    closing = {
        switch.names: switch.on
        for found in switches.values()
        for switch in found
        if switch.outcome is Outcome.BLOCKED
    }
    closed = {names: _closed_by(host, service, goals, answers, names, on) for names, on in closing.items()}
    return tuple(
        msgspec.structs.replace(answer, switches=_whole(answer.goal, switches[answer.goal], closed))
        for answer in answers
    )


def _whole(
    goal: str, switches: tuple[Switch, ...], closed: dict[tuple[str, ...], tuple[str, ...]]
) -> tuple[Switch, ...]:
    """The switches of a goal with the other goals that each would close."""
    return tuple(
        msgspec.structs.replace(
            one, also=tuple(other for other in closed.get(one.names, ()) if other != goal)
        )
        for one in switches
    )


def _closed_by(
    host: Host,
    service: Service,
    goals: tuple[Goal, ...],
    answers: tuple[GoalAnswer, ...],
    names: tuple[str, ...],
    on: bool,
) -> tuple[str, ...]:
    other = with_booleans(host, dict.fromkeys(names, not on))
    return tuple(
        goal.id
        for goal, answer in zip(goals, answers, strict=True)
        if answer.outcome.is_open and answer_goal(other, service, goal).outcome is Outcome.BLOCKED
    )


def _best_change(service: Service, answers: tuple[GoalAnswer, ...]) -> tuple[str, int]:
    """The one change that closes most points, in words, and the points where they are known."""
    open_ = sum(answer.severity.weight for answer in answers if answer.outcome.is_open)
    logged = sum(answer.severity.weight for answer in answers if answer.outcome is Outcome.LOGGED)
    states = {identity.state for identity in service.identities if isinstance(identity.state, str)}
    if not open_:
        return "", 0
    if "unconfined" in states:
        return "confine it: its label is unconfined, and nothing is held back", 0
    if logged:
        return "enforce its policy: these denials are only logged now", logged
    weights = {answer.goal: answer.severity.weight for answer in answers}
    points: dict[str, int] = {}
    for answer in answers:
        for switch in answer.switches:
            if answer.outcome.is_open and switch.outcome is Outcome.BLOCKED:
                state = "off" if switch.on else "on"
                text = "setsebool -P " + " ".join(f"{name}={state}" for name in switch.names)
                points[text] = sum(weights[goal] for goal in {answer.goal, *switch.also})
    best = max(points, key=lambda text: (points[text], text), default="")
    return best, points.get(best, 0)
