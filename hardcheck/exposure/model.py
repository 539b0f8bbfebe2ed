"""Goals, services and answers of the exposure page: values only."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

import msgspec

from hardcheck.access import Action, Object, Verdict
from hardcheck.facts import Absent
from hardcheck.facts.mac import Confined
from hardcheck.findings import Severity

Framework = Literal["selinux", "apparmor"]
Origin = Literal["host", "default", "none"]
"""Where the objects of a goal come from: the host's own facts, the goal's list, or it has none."""


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


OUTCOME_OF = {
    Verdict.ALLOWED: Outcome.ALLOWED,
    Verdict.LOGGED: Outcome.LOGGED,
    Verdict.UNKNOWN: Outcome.UNKNOWN,
    Verdict.DENIED: Outcome.BLOCKED,
}


class Ask(msgspec.Struct, frozen=True):
    """One question without its subject. ``text`` is as the goal has it.

    Where ``takes_object`` the object found on the host stands in for the one in ``object_``, with
    ``suffix`` behind it when it is a path; where ``takes_self`` the service's own label does.
    """

    text: str
    action: Action
    object_: Object
    takes_object: bool = False
    takes_self: bool = False
    suffix: str = ""


Way = tuple[Ask, ...]
"""Questions of which all have to be answered with yes."""


class Goal(msgspec.Struct, frozen=True):
    """Something that an attacker wants. ``ways`` by framework: one of them is enough.

    ``objects`` names the finder of the host's own objects, ``defaults`` stand in where it finds none.
    ``chain`` above 0: the goal is an unconfined label within that many transitions, and has no ways.
    """

    id: str
    title: str
    why: str
    severity: Severity
    ways: dict[Framework, tuple[Way, ...]]
    objects: str = ""
    defaults: tuple[str, ...] = ()
    chain: int = 0


class Target(msgspec.Struct, frozen=True):
    """An object of a goal: a path, or the label of a process (``is_label``). ``shown`` is for people."""

    name: str
    shown: str = ""
    is_label: bool = False


class Identity(msgspec.Struct, frozen=True):
    """Processes of a service that are the same to the kernel: account, capabilities and label.

    ``label`` is empty where it could not be read; ``capabilities`` are the effective ones by name.
    """

    uid: int
    gid: int
    user: str
    label: str
    subject: str
    state: Confined | Absent
    capabilities: tuple[str, ...]
    seccomp: str
    no_new_privileges: bool | Absent
    pids: tuple[int, ...]
    executables: tuple[str, ...] = ()


class Service(msgspec.Struct, frozen=True):
    """A service that the network reaches, with its workers. ``behind`` names what passes requests to it,
    empty when it listens itself; ``container`` the container that it runs in."""

    name: str
    unit: str
    sockets: tuple[str, ...]
    identities: tuple[Identity, ...]
    behind: str = ""
    container: str = ""
    names: tuple[str, ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that its processes run as, each once; "" stands for one that could not be read."""
        return tuple(dict.fromkeys(identity.label for identity in self.identities))

    @property
    def pids(self) -> tuple[int, ...]:
        """All its processes."""
        return tuple(pid for identity in self.identities for pid in identity.pids)


class Ordinary(msgspec.Struct, frozen=True):
    """What file modes, accounts and capabilities say, apart from the policy."""

    verdict: Literal["permits", "forbids", "unknown"]
    text: str


class Reason(msgspec.Struct, frozen=True, omit_defaults=True):
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


class GoalAnswer(msgspec.Struct, frozen=True):
    """What comes of one goal for one service, with the reasons that decided (``more`` were left out)."""

    goal: str
    title: str
    severity: Severity
    outcome: Outcome
    origin: Origin
    objects: tuple[str, ...]
    reasons: tuple[Reason, ...]
    more: int = 0
    switches: tuple[Switch, ...] = ()
    chain: tuple[str, ...] = ()


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
        if self.letter == "unknown":
            return f"none of {self.total} points could be judged"
        share = 100 * (self.open + self.unknown) / self.total
        if not self.unknown:
            return f"{self.open} of {self.total} points open = {share:.0f} % = {self.letter}"
        points = f"{self.open} open + {self.unknown} unknown of {self.total} points"
        return f"{points} = {share:.0f} % = {self.letter} (at best {self.best})"


class ServiceExposure(msgspec.Struct, frozen=True):
    """One service with its answers, its grade, and the one change that would close most."""

    service: Service
    answers: tuple[GoalAnswer, ...]
    grade: Grade
    change: str = ""
    change_points: int = 0


class Tenant(msgspec.Struct, frozen=True):
    """A site and what runs its code: the account and the labels of its pool's processes."""

    site: str
    docroots: tuple[str, ...]
    pools: tuple[str, ...]
    uid: int | Absent
    labels: tuple[str, ...] | Absent


class TenantAccess(msgspec.Struct, frozen=True):
    """What one site's code may do to another site's files."""

    reader: str
    owner: str
    read: Outcome
    write: Outcome
    reasons: tuple[Reason, ...]


class Tenants(msgspec.Struct, frozen=True):
    """The sites of a host, and each one's access to each other's files. ``unknown``: why there is none."""

    tenants: tuple[Tenant, ...] = ()
    matrix: tuple[TenantAccess, ...] = ()
    unknown: str = ""


class HostExposure(msgspec.Struct, frozen=True):
    """The exposure of one host. ``unknown`` says why there are no services where that is not known."""

    host: str
    framework: str
    services: tuple[ServiceExposure, ...]
    tenants: Tenants
    grade: str
    assumed: tuple[str, ...] = ()
    unknown: str = ""


class Difference(msgspec.Struct, frozen=True):
    """A goal that comes out otherwise under an assumption."""

    service: str
    goal: str
    before: Outcome
    after: Outcome
