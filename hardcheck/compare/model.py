"""What a comparison says: values only, for people and machines alike."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from hardcheck.compare.catalogue import Side
from hardcheck.findings import Framework, Status

SIDES: tuple[Side, Side] = ("selinux", "apparmor")
NAMES: Mapping[str, str] = {
    "selinux": "SELinux",
    "apparmor": "AppArmor",
    "neither": "no framework",
    "undecided": "unknown",
}


class Cover(StrEnum):
    """What a framework does, or would do, to a service."""

    ENFORCED = "enforced"
    SHIPPED = "policy shipped"  # whether it binds was not read
    PERMISSIVE = "permissive"  # denials are only logged: a permissive domain, complain mode
    UNCONFINED = "unconfined"  # a label that binds nothing, or a stub
    NONE = "no policy"  # nothing of this kind is shipped for its programs
    UNKNOWN = "unknown"


class ServiceLine(msgspec.Struct, frozen=True):
    """One running service. ``network``: others reach it. ``now`` is what the running framework does to
    it, ``subjects`` its domains or profiles; ``shipped`` is by framework what would hold its programs
    with the policy that the host's distribution ships, ``elsewhere`` what other projects have."""

    name: str
    network: bool
    executables: tuple[str, ...]
    subjects: tuple[str, ...]
    now: Cover
    would: Mapping[Side, Cover]
    shipped: Mapping[Side, tuple[str, ...]]
    elsewhere: Mapping[Side, tuple[str, ...]]


class Condition(msgspec.Struct, frozen=True):
    """What has to hold before a framework can run here. ``met`` is None where it could not be seen;
    ``barred``: nothing that an administrator does on this host changes it. ``step`` cures what is not met."""

    text: str
    met: bool | None
    source: str
    step: str = ""
    barred: bool = False


class FailedRule(msgspec.Struct, frozen=True):
    """A rule of an objective that did not pass, with what was seen and the evidence it rests on."""

    rule: str
    status: Status
    observed: str
    evidence: tuple[str, ...]


class ObjectiveLine(msgspec.Struct, frozen=True):
    """One MAC objective: the verdict under the framework that runs, and what another would give."""

    id: str
    title: str
    status: Status
    counts: Mapping[Status, int]
    failed: tuple[FailedRule, ...]
    other: Mapping[Side, str]


class Criterion(msgspec.Struct, frozen=True):
    """One line of the table that the recommendation follows. ``leans`` is ``selinux``, ``apparmor``,
    ``even``, or ``unknown`` where this host does not show it; an unknown weighs for neither."""

    name: str
    selinux: str
    apparmor: str
    leans: str
    weight: int
    source: str


class Recommendation(msgspec.Struct, frozen=True):
    """What follows of the table. ``points`` are the weights that lean to each side, and those that lean to
    neither; the reasons against stand beside those for it."""

    text: str
    points: Mapping[str, int]
    for_it: tuple[str, ...]
    against_it: tuple[str, ...]


class Prospect(msgspec.Struct, frozen=True):
    """A framework that does not run on the host: what it needs first, and the steps to it."""

    framework: Side
    conditions: tuple[Condition, ...]
    steps: tuple[str, ...]

    @property
    def possible(self) -> bool | None:
        """Whether it can run here at all; None where that could not be seen."""
        if any(one.met is False and one.barred for one in self.conditions):
            return False
        return None if any(one.met is None for one in self.conditions) else True


class HostComparison(msgspec.Struct, frozen=True):
    """One host. ``unknown`` says why there is nothing else, for one that could not be seen."""

    host: str
    groups: tuple[str, ...]
    framework: Framework
    verdict: str
    unknown: str = ""
    objectives: tuple[ObjectiveLine, ...] = ()
    services: tuple[ServiceLine, ...] = ()
    services_unknown: str = ""
    prospects: tuple[Prospect, ...] = ()
    criteria: tuple[Criterion, ...] = ()
    recommendation: Recommendation | None = None


class FleetCell(msgspec.Struct, frozen=True):
    """How far one group of hosts under one framework is with an objective."""

    group: str
    framework: Framework
    met: int
    total: int
    unknown: int

    @property
    def shown(self) -> str:
        """``web 12/12 (SELinux)``, with what could not be judged."""
        unknown = f", {self.unknown} unknown" if self.unknown else ""
        return f"{self.group} {self.met}/{self.total} ({NAMES[self.framework.value]}{unknown})"


class FleetLine(msgspec.Struct, frozen=True):
    """One objective over all hosts; ``unit`` says what is counted."""

    title: str
    unit: str
    cells: tuple[FleetCell, ...]


class Comparison(msgspec.Struct, frozen=True):
    """The hosts in the order asked for, and the fleet they make."""

    hosts: tuple[HostComparison, ...]
    fleet: tuple[FleetLine, ...]
