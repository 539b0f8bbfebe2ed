"""Denials and changes of the MAC state, as the logs of a host have them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

import msgspec

from hardcheck.facts.base import Absent
from hardcheck.reasons import Reason


class DenialGroup(msgspec.Struct, frozen=True):
    """Denials that ask for the same thing, counted.

    ``source`` and ``target`` are the types of SELinux contexts, or an AppArmor profile and its peer;
    ``class_`` is the object class or AppArmor's operation; ``wanted`` the permissions or the denied
    mask; ``name`` the object's path or name as recorded. ``enforced`` is False where the access went
    through (permissive, complain), None where the record does not say. Times are UTC, None for
    records without one.
    """

    framework: Literal["selinux", "apparmor"]
    source: str
    target: str
    class_: str
    wanted: tuple[str, ...]
    name: str
    enforced: bool | None
    count: int
    first: datetime | None
    last: datetime | None
    programs: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """One line for people."""
        wanted = " ".join(self.wanted)
        target = " ".join(word for word in (self.target, self.class_, self.name) if word)
        return f"{self.source}: {wanted} on {target} ({self.count} times)"


class StateChange(msgspec.Struct, frozen=True):
    """A record of a change: ``kind`` is mode, policy, boolean, or profile; ``detail`` is its text;
    ``auid`` the login that made it, None when unset (boot, a service)."""

    kind: Literal["mode", "policy", "boolean", "profile"]
    detail: str
    at: datetime | None
    auid: int | None = None
    weakens: bool = False

    @property
    def shown(self) -> str:
        """When, what and by which login, for people."""
        when = self.at.strftime("%Y-%m-%dT%H:%M:%SZ") if self.at else "at a time not recorded"
        return f"{when} {self.detail}" + ("" if self.auid is None else f" (login {self.auid})")


class Denials(msgspec.Struct, frozen=True):
    """All that was read. ``sources`` are the logs that had an answer and ``missing`` those that had none,
    with the reason; ``since`` is the oldest time seen in them, ``lost`` tells that the kernel or a limit
    dropped records, ``unread`` counts lines of a form not known. ``groups`` and ``changes`` are Absent
    instead of empty where a log was missing: then nothing shows that there was none."""

    groups: tuple[DenialGroup, ...] | Absent
    changes: tuple[StateChange, ...] | Absent
    events: int
    sources: tuple[str, ...]
    missing: tuple[str, ...]
    since: datetime | None
    lost: bool
    unread: int

    @property
    def whole(self) -> bool | Absent:
        """True where every log was read to its end; else nothing shows what the rest of them holds."""
        if self.missing:
            return Absent(Reason.NOT_COLLECTED, (), f"a log has no answer: {self.missing[0]}"[:300])
        if self.lost or self.unread:
            return Absent(Reason.TRUNCATED, (), "records were lost, cut off or not understood")
        return True


class ExplainedDenial(msgspec.Struct, frozen=True):
    """A group of denials with its cause, as triage told it.

    ``open``: something is left to do. ``cured``: a cure is known and our reader has shown that it suffices.
    ``dangers`` are titles of the danger list; ``steps`` the cure's commands and rules, for people (its notes
    where it has no others). ``by_day`` is ``YYYY-MM-DD`` to the number of lines.
    """

    framework: Literal["selinux", "apparmor"]
    source: str
    target: str
    class_: str
    wanted: tuple[str, ...]
    object: str
    service: str
    cause: str
    effect: str
    says: str
    open: bool
    decided: bool
    cured: bool
    count: int
    first: datetime | None
    last: datetime | None
    dangers: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    by_day: Mapping[str, int] = {}

    @property
    def shown(self) -> str:
        """One line for people."""
        what = " ".join(word for word in (*self.wanted, self.target, self.class_, self.object) if word)
        return f"{self.source}: {what} ({self.count} times): {self.cause}"


class EnforceReadiness(msgspec.Struct, frozen=True):
    """Whether a permissive domain, a profile in complain mode or a permissive host could be enforced.

    ``verdict`` is ``ready``, ``ready after steps`` (``steps`` are told), ``not ready`` or ``unknown``
    (``because`` says why); ``since`` and ``until`` are the window that the log covers, with the boots and
    restarts of its service within.
    """

    framework: Literal["selinux", "apparmor"]
    kind: Literal["domain", "profile", "host"]
    name: str
    verdict: Literal["ready", "ready after steps", "not ready", "unknown"]
    since: datetime | None
    until: datetime | None
    days: float
    boots: int
    restarts: int
    denials: int
    steps: tuple[str, ...] = ()
    because: tuple[str, ...] = ()

    @property
    def ready(self) -> bool | Absent:
        """Whether it could be enforced as it is; Absent where the log does not tell."""
        if self.verdict == "unknown":
            why = "; ".join(self.because) or "the log does not tell"
            return Absent(
                Reason.NOT_COLLECTED, ("denials.audit_log", "denials.kernel_log"), f"{self.name}: {why}"
            )
        return self.verdict == "ready"

    @property
    def shown(self) -> str:
        """One line for people."""
        steps = f"{len(self.steps)} {'step' if len(self.steps) == 1 else 'steps'}"
        verdict = f"ready after {steps}" if self.verdict == "ready after steps" else self.verdict
        why = f": {self.because[0]}" if self.because and self.verdict in ("not ready", "unknown") else ""
        return f"{self.name} ({self.kind}): {verdict}{why}; {self.denials} denials in {self.days:.1f} days"
