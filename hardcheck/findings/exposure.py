"""What a compromised service could do, as the report holds it: values only.

The answers are those of `hardcheck.exposure`, cut to the reasons that a reader needs; titles stand
once, in `FleetExposure`. Letters run from A (least open) to F.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Literal

import msgspec

from hardcheck.findings.severity import Severity

LETTERS = (("A", 5), ("B", 15), ("C", 30), ("D", 50), ("E", 75), ("F", 100))
"""Each letter with the greatest share, in percent, of open points that still earns it."""

UNKNOWN_GRADE = "unknown"


class Outcome(StrEnum):
    """What comes of a goal. The order is that of the attacker: what surely works comes first."""

    ALLOWED = "allowed"
    LOGGED = "logged only"  # the kernel lets it pass and writes a record: permissive or complain
    UNKNOWN = "unknown"
    BLOCKED = "blocked"

    @property
    def is_open(self) -> bool:
        """Whether the kernel's MAC lets it pass."""
        return self in (Outcome.ALLOWED, Outcome.LOGGED)


class Ordinary(msgspec.Struct, frozen=True):
    """What file modes, accounts and capabilities say, apart from the policy."""

    verdict: Literal["permits", "forbids", "unknown"]
    text: str


class GoalReason(msgspec.Struct, frozen=True, omit_defaults=True):
    """One question's answer. ``outside`` is what the policy's answer does not weigh."""

    question: str
    subject: str
    outcome: Outcome
    because: tuple[str, ...] = ()
    leads_to: str = ""
    note: str = ""
    ordinary: Ordinary | None = None
    outside: tuple[str, ...] = ()


class Switch(msgspec.Struct, frozen=True):
    """Booleans that decide a goal: one, or several that only together do. ``on`` is their state now;
    flipping them gives ``outcome``. ``also`` are the service's other goals that this would close.
    """

    names: tuple[str, ...]
    on: bool
    outcome: Outcome
    also: tuple[str, ...] = ()


class ChainStep(msgspec.Struct, frozen=True):
    """One change of domain or profile on the way to an unconfined one, and what makes it."""

    source: str
    target: str
    how: str

    def __str__(self) -> str:
        return f"{self.source} -> {self.target} ({self.how})"


class Grade(msgspec.Struct, frozen=True):
    """A to F. Points are the weights of the goals' severities: ``open`` of those that pass, ``unknown`` of
    those that could not be judged, of ``total``. ``letter`` takes what is unknown for open,
    ``best`` for blocked; both are "unknown" where nothing was judged."""

    letter: str
    best: str
    open: int
    unknown: int
    total: int

    @property
    def arithmetic(self) -> str:
        """The sum in words."""
        if self.letter == UNKNOWN_GRADE:
            return f"none of {self.total} points could be judged"
        share = 100 * (self.open + self.unknown) / self.total
        if not self.unknown:
            return f"{self.open} of {self.total} points open = {share:.0f} % = {self.letter}"
        points = f"{self.open} open + {self.unknown} unknown of {self.total} points"
        return f"{points} = {share:.0f} % = {self.letter} (at best {self.best})"


class GoalInfo(msgspec.Struct, frozen=True):
    """An attack goal, as a report describes it once. ``steps`` above 0: the goal is a chain of at most so
    many transitions to an unconfined label."""

    id: str
    title: str
    why: str
    severity: Severity
    steps: int = 0


class GoalResult(msgspec.Struct, frozen=True, omit_defaults=True):
    """What comes of one goal for one service. ``origin`` says whether the objects are the host's own or the
    goal's default paths; ``more`` counts the reasons that were left out."""

    goal: str
    outcome: Outcome
    origin: Literal["host", "default", "none"] = "none"
    objects: tuple[str, ...] = ()
    reasons: tuple[GoalReason, ...] = ()
    more: int = 0
    switches: tuple[Switch, ...] = ()
    chain: tuple[ChainStep, ...] = ()


class RunsAs(msgspec.Struct, frozen=True, omit_defaults=True):
    """Processes of a service that are the same to the kernel. ``state`` is how their label is confined, or
    why that is unknown; ``label`` is empty where it could not be read."""

    uid: int
    user: str
    label: str
    state: str
    processes: int
    capabilities: tuple[str, ...] = ()
    seccomp: str = ""
    no_new_privileges: str = ""  # yes, no, or unknown
    executables: tuple[str, ...] = ()


class ServiceResult(msgspec.Struct, frozen=True, omit_defaults=True):
    """One service: its answers in the order of the goals, its grade, and the one change that would
    shrink its exposure most, with the points it closes (0 where they are not known)."""

    name: str
    unit: str
    sockets: tuple[str, ...]
    runs_as: tuple[RunsAs, ...]
    grade: Grade
    goals: tuple[GoalResult, ...]
    behind: str = ""
    container: str = ""
    activated_by: str = ""
    change: str = ""
    change_points: int = 0


class SiteResult(msgspec.Struct, frozen=True):
    """A web site and what runs its code, in words; ``unknown`` where that was not seen."""

    site: str
    docroots: tuple[str, ...]
    runs_as: str


class SiteAccess(msgspec.Struct, frozen=True):
    """What one site's code may do to another site's files by the policy, and by the file modes."""

    reader: str
    owner: str
    read: Outcome
    write: Outcome
    reasons: tuple[GoalReason, ...] = ()


class HostExposure(msgspec.Struct, frozen=True):
    """The exposure of one host. ``grade`` is its worst service's; ``unknown`` says why there are no
    services where that is not known; ``sites_unknown`` the same of the web sites."""

    grade: str
    services: tuple[ServiceResult, ...] = ()
    sites: tuple[SiteResult, ...] = ()
    site_matrix: tuple[SiteAccess, ...] = ()
    unknown: str = ""
    sites_unknown: str = ""


class FleetExposure(msgspec.Struct, frozen=True):
    """Over all hosts: the attack goals that were asked, and the worst grade."""

    goals: tuple[GoalInfo, ...]
    grade: str


def worst(letters: Iterable[str]) -> str:
    """The worst letter; "unknown" where a service could not be judged and none is an F, or none is there."""
    seen = set(letters)
    known = [letter for letter, _ in LETTERS if letter in seen]
    if known and known[-1] == LETTERS[-1][0]:
        return known[-1]
    return UNKNOWN_GRADE if UNKNOWN_GRADE in seen or not known else known[-1]
