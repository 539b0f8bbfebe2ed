"""What triage says of a group of denials: the cause, its proof, and the cure. Values only."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

import msgspec

from hardcheck.denials.model import Group


class Cause(StrEnum):
    """Why something was refused, in the order in which causes are preferred."""

    NOT_MAC = "not MAC's doing"
    NOW_ALLOWED = "allowed by the policy as it is now"
    LABEL = "wrong label"
    OWN_PATH = "own path without a specification"
    PORT = "port without the right label"
    BOOLEAN = "a boolean is off"
    TRANSITION = "wrong domain or profile"
    CONSTRAINT = "a constraint refuses it"
    MODULE = "policy module missing or stale"
    DENY_RULE = "a rule forbids it on purpose"
    DISCONNECTED = "a path that the kernel cannot name"
    STALE = "profile older than the file on disk"
    GAP = "a gap in the policy"
    DANGER = "not to be allowed"
    UNDECIDED = "not decided"


class Effect(StrEnum):
    """What became of the accesses of a group."""

    REFUSED = "refused"
    WOULD_BE = "let through, would be refused when enforced"
    LOGGED = "allowed, and logged because the policy asks for it"
    UNSAID = "the record does not say whether it was let through"


class Proof(msgspec.Struct, frozen=True):
    """One line of proof and the evidence that it rests on (a key, FILE:LINE, or ``log``)."""

    text: str
    evidence: str = ""


StepKind = Literal["command", "te", "cil", "fc", "apparmor", "note"]


class Step(msgspec.Struct, frozen=True):
    """One step of a cure.

    ``words`` is a command as an argument list; it is quoted only where it is written. ``text`` is a rule,
    or a sentence (``note``). ``place`` is the profile or file that an AppArmor rule goes into. ``undo`` takes
    it back.
    """

    kind: StepKind
    words: tuple[str, ...] = ()
    text: str = ""
    place: str = ""
    undo: tuple[str, ...] = ()


class Opening(msgspec.Struct, frozen=True):
    """What a change opens beside what was asked for. ``rights`` counts (permission, type) pairs of the one
    who asks, ``elsewhere`` the (domain, type, permission) triples that other domains gain by rules; ``paths``
    ``ports`` and ``others`` say the former in words, ``domains`` are the latter's, ``more`` what was left out
    of all these lists."""

    rights: int = 0
    elsewhere: int = 0
    paths: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    dangers: tuple[str, ...] = ()
    more: int = 0


class Interface(msgspec.Struct, frozen=True):
    """An interface of the reference policy that answers a gap as well as the raw rule does.

    ``call`` is the line for a .te, ``defined`` FILE:LINE among the interface files, ``why`` says in words
    why it or the raw rule is ``preferred``, ``opens`` what it gives beside what was refused.
    """

    call: str
    defined: str
    preferred: bool
    why: str
    opens: Opening


class Cure(msgspec.Struct, frozen=True):
    """What to do. ``checked``: our reader was asked again with the change and allows all that was denied;
    ``leaves`` is what it does not answer; ``opens`` what else it opens, where that is not nothing;
    ``interface`` an interface in place of the raw rule that the steps add."""

    title: str
    steps: tuple[Step, ...]
    checked: bool = False
    leaves: tuple[str, ...] = ()
    opens: Opening | None = None
    alternatives: tuple[str, ...] = ()
    interface: Interface | None = None


class DangerHit(msgspec.Struct, frozen=True):
    """An entry of the danger list that the denial is on."""

    id: str
    title: str
    why: str
    what: str


class Found(msgspec.Struct, frozen=True):
    """What one cause module found: the cause, a sentence, its proof and the cure where there is one."""

    cause: Cause
    says: str
    proof: tuple[Proof, ...] = ()
    cure: Cure | None = None
    missing: tuple[str, ...] = ()


class Explanation(msgspec.Struct, frozen=True):
    """One group with its cause. ``cure`` is None where nothing is to be allowed or it cannot be said;
    ``missing`` names what would have told more; ``history`` what else the log has of the processes."""

    group: Group
    cause: Cause
    effect: Effect
    says: str
    proof: tuple[Proof, ...] = ()
    cure: Cure | None = None
    danger: tuple[DangerHit, ...] = ()
    missing: tuple[str, ...] = ()
    history: tuple[str, ...] = ()
    service: str = ""

    @property
    def handled(self) -> bool:
        """Whether there is nothing left to find out: a cause with its cure, or none needed."""
        return self.cause is not Cause.UNDECIDED

    @property
    def open(self) -> bool:
        """Whether something is left to do: not when it was never refused or is allowed by now."""
        return self.cause not in (Cause.NOT_MAC, Cause.NOW_ALLOWED) and self.effect is not Effect.LOGGED
