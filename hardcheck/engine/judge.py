"""All rules over one host: its findings and its page. Facts live only as long as that takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from hardcheck.derive.assemble import assemble, fact_specs
from hardcheck.derive.base import DerivedFact
from hardcheck.engine import denials_part, summary
from hardcheck.engine.evaluate import evaluate_all, unreachable
from hardcheck.engine.rule import Rule
from hardcheck.engine.score import score_of
from hardcheck.engine.wording import one_line
from hardcheck.evidence import HostEvidence
from hardcheck.facts import Facts, FactSpec, Reason
from hardcheck.findings import EvidenceRef, Finding, Framework, HostResult, Status
from hardcheck.findings.denials import HostDenials
from hardcheck.findings.exposure import UNKNOWN_GRADE, GoalInfo, HostExposure
from hardcheck.parse.base import ParsedFact

LoadHost = Callable[[], HostEvidence]
"""Reads a host's evidence, for example from its bundle, only when it is that host's turn."""

Cure = Callable[[HostEvidence], str]
"""The sudoers line or command that turns a host's denied unknowns into verdicts."""


Expose = Callable[[str, Facts], HostExposure]
"""What a compromised service of a host could do, by the host's name and facts."""


class Exposing(msgspec.Struct, frozen=True):
    """How hosts are asked what a compromised service could do, and the goals that are asked."""

    goals: tuple[GoalInfo, ...]
    expose: Expose


class Setup(msgspec.Struct, frozen=True):
    """What every host is judged by: the rules, and how evidence becomes facts. Without ``exposing`` the
    report has no part on exposure, and none on denials unless ``denials`` is set."""

    rules: tuple[Rule, ...]
    parsed: tuple[ParsedFact, ...]
    derived: tuple[DerivedFact, ...]
    specs: dict[str, FactSpec]
    cure: Cure | None = None
    exposing: Exposing | None = None
    denials: bool = False


class Judgement(msgspec.Struct, frozen=True):
    """One host judged: ``findings`` in the order of the rules."""

    result: HostResult
    findings: tuple[Finding, ...]
    probe_sha256: str


def make_setup(
    rules: Iterable[Rule],
    parsed: Iterable[ParsedFact],
    derived: Iterable[DerivedFact],
    cure: Cure | None = None,
) -> Setup:
    """A setup with the fact specs worked out."""
    parsed, derived = tuple(parsed), tuple(derived)
    return Setup(tuple(rules), parsed, derived, fact_specs(parsed, derived), cure)


def judge(setup: Setup, host: HostEvidence) -> Judgement:
    """Judge one host. Nothing of the host's evidence makes this raise."""
    refs = summary.refs_of(host)
    name = host.host.name
    reached = bool(host.items)
    if reached:
        facts = assemble(host, setup.parsed, setup.derived, setup.specs)
        findings = evaluate_all(setup.rules, facts, name, _Pointers(host, refs).__getitem__)
        framework, verdict = summary.framework_of(facts), summary.verdict_of(facts)
        lines = summary.summary_of(facts, setup.specs)
        exposure, denials = _exposure(setup, name, facts), _denials(setup, facts)
    else:
        findings = _nothing_collected(setup, host)
        reason = findings[0].reason if findings else None
        framework, lines, exposure, denials = Framework.UNDECIDED, (), None, None
        verdict = f"could not be seen: {(reason or Reason.NOT_COLLECTED).replace('_', ' ')}"
    severities = {rule.id: rule.info.severity for rule in setup.rules}
    identity = host.host
    result = HostResult(
        name=name,
        reached=reached,
        framework=framework,
        verdict=verdict,
        score=score_of((severities[finding.rule], finding.status) for finding in findings),
        address=identity.address,
        groups=identity.groups,
        variables=identity.variables,
        privilege=host.privilege.value if reached else "",
        transport=identity.transport,
        started_at=host.started_at,
        finished_at=host.finished_at,
        failure_reason=host.failure.reason if host.failure is not None else None,
        failure=host.failure.detail if host.failure is not None else "",
        cure=_cure(setup, host, findings),
        summary=lines,
        evidence=tuple(refs.values()),
        exposure=exposure,
        denials=denials,
    )
    return Judgement(result, findings, host.probe_sha256)


def _exposure(setup: Setup, name: str, facts: Facts) -> HostExposure | None:
    """The host's exposure; a fault of ours there makes it unknown and costs no finding."""
    if setup.exposing is None:
        return None
    try:
        return setup.exposing.expose(name, facts)
    except Exception as error:
        why = one_line(f"hardcheck failed here: {type(error).__name__}: {error}")
        return HostExposure(UNKNOWN_GRADE, unknown=why)


def _denials(setup: Setup, facts: Facts) -> HostDenials | None:
    """What was refused on the host; a fault of ours there makes it unknown and costs no finding."""
    if not setup.denials:
        return None
    try:
        return denials_part.denials_of(facts)
    except Exception as error:
        return HostDenials(unknown=one_line(f"hardcheck failed here: {type(error).__name__}: {error}"))


def judge_batch(load: Callable[[], Setup], hosts: Iterable[HostEvidence | LoadHost]) -> list[Judgement]:
    """Judge several hosts one after the other; what a worker process runs."""
    setup = load()
    return [judge(setup, host if isinstance(host, HostEvidence) else host()) for host in hosts]


class _Pointers(dict[str, EvidenceRef]):
    """Pointers by key; one to an item that was never collected is made when it is first asked for."""

    def __init__(self, host: HostEvidence, refs: dict[str, EvidenceRef]) -> None:
        super().__init__(refs)
        self._host = host

    def __missing__(self, key: str) -> EvidenceRef:
        ref = self[key] = summary.missing_ref(self._host, key)
        return ref


def _nothing_collected(setup: Setup, host: HostEvidence) -> tuple[Finding, ...]:
    reason, detail = Reason.NOT_COLLECTED, "the bundle has no items"
    if host.failure is not None:
        reason, detail = host.failure.reason, host.failure.detail
    return tuple(unreachable(rule, host.host.name, reason, detail) for rule in setup.rules)


def _cure(setup: Setup, host: HostEvidence, findings: Iterable[Finding]) -> str:
    denied = any(finding.status is Status.UNKNOWN and finding.reason is Reason.DENIED for finding in findings)
    return setup.cure(host) if denied and setup.cure is not None and host.items else ""
