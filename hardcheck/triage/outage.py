"""The other way round: enforced domains and profiles whose denials may be why a service does not work, and
the way to let just that one through while they are studied, instead of the whole host.

What is on the danger list is never let through: then the way is not told, and the reason is.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from hardcheck.denials.model import Framework, UnitRuns
from hardcheck.facts import Absent
from hardcheck.triage.model import Effect, Explanation
from hardcheck.triage.request import learning_parent
from hardcheck.triage.services import unit_name
from hardcheck.triage.world import World


class Outage(msgspec.Struct, frozen=True):
    """One enforced subject with open denials. ``failed`` are its services that did not start; ``open`` lets
    it alone through and ``close`` takes that back, both empty where ``against`` says why not."""

    framework: Framework
    name: str
    count: int
    last: datetime | None
    services: tuple[str, ...]
    failed: tuple[str, ...] = ()
    open: tuple[str, ...] = ()
    close: tuple[str, ...] = ()
    against: tuple[str, ...] = ()


def outages(
    explanations: Iterable[Explanation], units: Iterable[UnitRuns], world: World
) -> tuple[Outage, ...]:
    """Every enforced subject with open denials: those whose service failed first, then by their number."""
    found: dict[tuple[Framework, str], list[Explanation]] = {}
    for one in explanations:
        if one.open and one.effect is Effect.REFUSED:
            name = learning_parent(one.group.source.partition("//&")[0])[0]
            if _is_subject(one.group.framework, name, world):
                found.setdefault((one.group.framework, name), []).append(one)
    failing = tuple(run.unit for run in units if run.failed)
    listed = [_outage(framework, name, ones, failing) for (framework, name), ones in found.items()]
    return tuple(sorted(listed, key=lambda one: (not one.failed, -one.count, one.name)))


def _is_subject(framework: Framework, name: str, world: World) -> bool:
    """Whether the policy knows it: names of a log are anybody's, and an option is no name."""
    if not name or name.startswith("-") or not name.isprintable() or " " in name:
        return False
    if framework == "selinux" and not isinstance(world.selinux, Absent):
        return name in world.selinux.names.types
    return True


def _outage(framework: Framework, name: str, ones: list[Explanation], failing: tuple[str, ...]) -> Outage:
    programs = {program for one in ones for program in one.group.comms.values}
    programs |= {exe.rpartition("/")[2] for one in ones for exe in one.group.exes.values}
    services = tuple(dict.fromkeys(one.service for one in ones if one.service))
    named = {unit_name(service) for service in services}
    against = tuple(dict.fromkeys(hit.title for one in ones for hit in one.danger))
    lasts = [one.group.last for one in ones if one.group.last is not None]
    open_, close = ((), ()) if against else _ways(framework, name)
    return Outage(
        framework=framework,
        name=name,
        count=sum(one.group.count for one in ones),
        last=max(lasts, default=None),
        services=services,
        failed=tuple(unit for unit in failing if unit_name(unit) in named or unit_name(unit) in programs),
        open=open_,
        close=close,
        against=against,
    )


def _ways(framework: Framework, name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if framework == "selinux":
        return ("semanage", "permissive", "-a", name), ("semanage", "permissive", "-d", name)
    return ("aa-complain", "--", name), ("aa-enforce", "--", name)
