"""Goals, services and answers of the exposure page: values only. What a report holds as well is in
`hardcheck.findings.exposure`."""

from __future__ import annotations

from typing import Literal

import msgspec

from hardcheck.access import Action, Object, Verdict
from hardcheck.facts import Absent
from hardcheck.facts.mac import Confined
from hardcheck.findings import Severity
from hardcheck.findings.exposure import ChainStep, GoalReason, Grade, Outcome, Switch

Framework = Literal["selinux", "apparmor"]
Origin = Literal["host", "default", "none"]
"""Where the objects of a goal come from: the host's own facts, the goal's list, or it has none."""


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
    empty when it listens itself; ``container`` the container that it runs in; ``activated_by`` the
    socket unit that systemd holds for it."""

    name: str
    unit: str
    sockets: tuple[str, ...]
    identities: tuple[Identity, ...]
    behind: str = ""
    container: str = ""
    names: tuple[str, ...] = ()
    activated_by: str = ""

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that its processes run as, each once; "" stands for one that could not be read."""
        return tuple(dict.fromkeys(identity.label for identity in self.identities))

    @property
    def pids(self) -> tuple[int, ...]:
        """All its processes."""
        return tuple(pid for identity in self.identities for pid in identity.pids)


class GoalAnswer(msgspec.Struct, frozen=True):
    """What comes of one goal for one service, with the reasons that decided (``more`` were left out)."""

    goal: str
    title: str
    severity: Severity
    outcome: Outcome
    origin: Origin
    objects: tuple[str, ...]
    reasons: tuple[GoalReason, ...]
    more: int = 0
    switches: tuple[Switch, ...] = ()
    chain: tuple[ChainStep, ...] = ()

    @property
    def nothing_there(self) -> bool:
        """Whether it is blocked for want of any object on this host, with no word of the policy."""
        return self.origin == "host" and not self.objects


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
    reasons: tuple[GoalReason, ...]


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
