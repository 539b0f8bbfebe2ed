"""What an audit found: values only. Text for people is made in ``render``; nothing is recomputed there."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from hardcheck.findings.denials import HostDenials
from hardcheck.findings.exposure import FleetExposure, HostExposure
from hardcheck.findings.overlays import Overlays, Standing
from hardcheck.findings.severity import Severity
from hardcheck.reasons import Reason

FORMAT_VERSION = 1
"""Of the JSON report; goes up with any change that a reader could see."""


class Status(StrEnum):
    """Verdict of a rule on a host, and of a control. The words are part of the report formats."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    UNKNOWN = "unknown"  # could not be judged; never a pass
    NOT_APPLICABLE = "not_applicable"  # with proof that it does not apply
    MANUAL = "manual"  # a machine cannot judge it
    ERROR = "error"  # hardcheck itself failed on it


class Framework(StrEnum):
    """Which MAC framework a host runs, or which side of a rule is meant."""

    SELINUX = "selinux"
    APPARMOR = "apparmor"
    NEITHER = "neither"  # seen: no MAC framework is active
    UNDECIDED = "undecided"  # could not be seen
    ANY = "any"  # the rule has one side for all


class Coverage(StrEnum):
    """How far a machine can answer a control."""

    AUTOMATED = "automated"
    PARTIAL = "partial"
    MANUAL = "manual"


class Origin(StrEnum):
    """Who says that a rule is evidence for a control."""

    PUBLISHER = "publisher"
    UPSTREAM = "upstream"
    HARDCHECK = "hardcheck"
    SITE = "site"  # a profile of the user's own


class EvidenceRef(msgspec.Struct, frozen=True, gc=False):
    """A pointer into a host's bundle: the item's key, where it came from, its digest and size in
    bytes; ``reason`` is set where it could not be had."""

    key: str
    origin: str
    sha256: str
    size: int
    reason: Reason | None = None


class Remedy(msgspec.Struct, frozen=True):
    """How to cure a failure. ``framework`` is the side it is for (ANY when it has none); ``families``
    the distribution families it fits (``debian``, ``rhel``, ``suse``; empty: all). ``steps`` are shell
    commands or sentences that begin with ``#``; ``ansible`` is a YAML list of tasks as text."""

    framework: Framework
    steps: tuple[str, ...]
    verify: tuple[str, ...]
    rollback: tuple[str, ...]
    may_break: str
    reboot: bool = False
    ansible: str = ""
    families: tuple[str, ...] = ()


class RuleInfo(msgspec.Struct, frozen=True):
    """What a report says of a rule. ``sides`` are the frameworks it has a side for (or ANY alone)."""

    id: str
    title: str
    severity: Severity
    topic: str
    rationale: str
    sources: tuple[str, ...]
    sides: tuple[Framework, ...]
    remedies: tuple[Remedy, ...]
    keys: tuple[str, ...] = ()  # rows of the control data that it answers


class Finding(msgspec.Struct, frozen=True, gc=False):
    """One rule's verdict on one host.

    ``framework`` is the side that was evaluated. ``expected`` and ``observed`` are one line each,
    derived by the evaluator. ``items`` are what failed (or could not be judged), one each, for
    example the permissive domains. ``reason`` and ``detail`` are set for UNKNOWN and ERROR.
    ``literal`` is the verdict by the letter of a benchmark, where it parts from ``status``.
    ``remedies`` are the rule's with this host's values filled in and quoted; empty when the
    rule's own hold as they are or there is nothing to cure. ``waiver`` is the id of the waiver
    that holds for it, empty where there is none; the status stays. ``follows`` is the rule whose failure
    is the cause: everything that fails here fails there.
    """

    rule: str
    host: str
    status: Status
    framework: Framework
    expected: str = ""
    observed: str = ""
    items: tuple[str, ...] = ()
    reason: Reason | None = None
    detail: str = ""
    literal: Status | None = None
    literal_note: str = ""
    evidence: tuple[EvidenceRef, ...] = ()
    remedies: tuple[Remedy, ...] = ()
    waiver: str = ""
    follows: str = ""


class Score(msgspec.Struct, frozen=True):
    """Weights by severity: ``passed`` over ``applicable`` (pass, fail, unknown, error); ``judged`` is
    pass and fail.

    Percentages are whole numbers rounded down, None where nothing applies: a run that judged
    nothing has no score. ``counts`` has every status.
    """

    passed: int
    judged: int
    applicable: int
    counts: Mapping[Status, int]

    @property
    def percent(self) -> int | None:
        """Passes over all that applies."""
        return self.passed * 100 // self.applicable if self.applicable else None

    @property
    def coverage_percent(self) -> int | None:
        """What could be judged over all that applies."""
        return self.judged * 100 // self.applicable if self.applicable else None


class HostResult(msgspec.Struct, frozen=True):
    """One host of the scope, reached or not.

    ``reached`` is False for a host of which nothing was collected; ``failure`` then or where the
    collection broke off has the reason and the words. ``verdict`` is the reconciled MAC state in
    words ("enforcing now, permissive after the next boot"). ``summary`` are name and value pairs for
    the host's page (distribution, kernel, ...). ``cure`` is the sudoers line or command that would turn
    its denied unknowns into verdicts, empty when there are none.
    """

    name: str
    reached: bool
    framework: Framework
    verdict: str
    score: Score
    address: str = ""
    groups: tuple[str, ...] = ()
    variables: Mapping[str, str] = {}
    privilege: str = ""
    transport: str = ""
    started_at: str = ""
    finished_at: str = ""
    failure_reason: Reason | None = None
    failure: str = ""
    cure: str = ""
    summary: tuple[tuple[str, str], ...] = ()
    evidence: tuple[EvidenceRef, ...] = ()  # the appendix: every item of the bundle
    bundle_sha256: str = ""
    waived_score: Score | None = None  # without the waived findings; None where none is waived
    exposure: HostExposure | None = None  # None where nothing was collected, or it was not asked for
    denials: HostDenials | None = None  # likewise


class ControlResult(msgspec.Struct, frozen=True):
    """One control of a profile over the whole scope. ``hosts`` has a status for every host;
    ``status`` is the worst by the documented logic. ``partial`` lists the rules of which the
    evidence is only part of what the control asks.

    ``standing`` is where it stands over the scope with waivers and attestations, ``standings`` has the
    hosts on which those change it, ``attestations`` the ids of those that hold. ``literal`` is the verdict
    over the scope by the letter of the benchmark where it parts from ``status`` on a host;
    ``literal_hosts`` has what the letter says on those hosts."""

    id: str
    title: str
    status: Status
    coverage: Coverage
    origin: Origin | None
    rules: tuple[str, ...]
    hosts: Mapping[str, Status]
    parent: str = ""
    partial: tuple[str, ...] = ()
    note: str = ""
    attributes: Mapping[str, str] = {}  # level, baseline, R/A ... as the standard has them
    standing: Standing = Standing.OPEN
    standings: Mapping[str, Standing] = {}
    attestations: tuple[str, ...] = ()
    literal: Status | None = None
    literal_hosts: Mapping[str, Status] = {}

    def standing_on(self, host: str) -> Standing:
        """Where it stands on one host."""
        if host in self.standings:
            return self.standings[host]
        return plain_standing(self.hosts[host], self.coverage)


def plain_standing(status: Status, coverage: Coverage) -> Standing:
    """The standing that a status means where nobody has waived or attested anything."""
    if status is Status.PASS:
        return Standing.MET if coverage is Coverage.AUTOMATED else Standing.PART
    return _PLAIN[status]


_PLAIN = {
    Status.FAIL: Standing.NOT_MET,
    Status.UNKNOWN: Standing.OPEN,
    Status.ERROR: Standing.OPEN,
    Status.MANUAL: Standing.AWAITED,
    Status.NOT_APPLICABLE: Standing.NOT_APPLICABLE,
}


class ProfileResult(msgspec.Struct, frozen=True):
    """One audit profile over the scope: every control in the standard's order."""

    id: str
    title: str
    version: str
    publisher: str
    note: str
    controls: tuple[ControlResult, ...]
    rules: tuple[str, ...]
    score: Score
    counts: Mapping[Status, int]  # of controls
    standings: Mapping[Standing, int] = {}  # of controls
    waived_score: Score | None = None


class Report(msgspec.Struct, frozen=True):
    """All that a renderer needs. ``generated_at`` is when the last evidence was collected, so that the
    same bundles give the same bytes. ``findings`` are sorted by host (inventory order), then severity,
    then rule id."""

    format_version: int
    tool_version: str
    rules_sha256: str
    generated_at: str
    title: str
    score: Score
    hosts: tuple[HostResult, ...]
    rules: tuple[RuleInfo, ...]
    profiles: tuple[ProfileResult, ...]
    findings: tuple[Finding, ...]
    probe_sha256: tuple[str, ...] = ()
    waived_score: Score | None = None  # without the waived findings; None where none is waived
    overlays: Overlays = Overlays()
    exposure: FleetExposure | None = None  # the hosts' own are in ``hosts``
