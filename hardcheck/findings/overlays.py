"""What people say beside the verdicts: waivers of findings and attestations of controls.

Neither changes a status. A waiver says that a failure is accepted for a time; an attestation says what
a person has seen of a control that a machine cannot judge.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Term(StrEnum):
    """Whether a waiver or attestation holds on the day of the report."""

    ACTIVE = "active"
    EXPIRED = "expired"
    NOT_STARTED = "not_started"


class Attested(StrEnum):
    """What a person says of a control."""

    MET = "met"
    NOT_MET = "not_met"
    NOT_APPLICABLE = "not_applicable"


class Standing(StrEnum):
    """Where a control stands, with waivers and attestations: docs/profiles.md has the logic. In this
    order the worst decides over a scope."""

    NOT_MET = "not_met"
    OPEN = "open"
    WAIVED = "waived"
    AWAITED = "awaited"
    PART = "part"
    MET = "met"
    NOT_APPLICABLE = "not_applicable"


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Who answers for a waiver or an attestation, for which hosts, and for how long.

    ``start`` and ``expires`` are dates, YYYY-MM-DD in UTC; it holds on both days. ``hosts`` are patterns
    with ``*``, ``tags`` are ``name=value`` of the inventory's variables. A host is meant when it is in each
    kind that is given.
    """

    id: str
    owner: str
    approver: str
    ticket: str
    reason: str
    start: str
    expires: str
    hosts: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


class Waiver(Answer, frozen=True, kw_only=True):
    """An accepted failure or unknown of one rule. With ``items``, only while it names no other item."""

    rule: str
    items: tuple[str, ...] = ()


class Attestation(Answer, frozen=True, kw_only=True):
    """What a person has seen of a control: the part that no machine can judge."""

    profile: str
    control: str
    says: Attested


class WaiverResult(msgspec.Struct, frozen=True):
    """A waiver in this report: ``findings`` is how many it holds for, 0 where it is out of its term."""

    waiver: Waiver
    term: Term
    findings: int


class AttestationResult(msgspec.Struct, frozen=True):
    """An attestation in this report: ``hosts`` is for how many hosts it speaks, 0 out of its term or where
    the report does not have the control."""

    attestation: Attestation
    term: Term
    hosts: int


class Overlays(msgspec.Struct, frozen=True):
    """The waivers and attestations of a run, judged on one day (YYYY-MM-DD, UTC)."""

    day: str = ""
    waivers: tuple[WaiverResult, ...] = ()
    attestations: tuple[AttestationResult, ...] = ()
