"""The report of a run: every host's findings, the controls they are evidence for, the scores.

The same evidence gives the same report: hosts keep the order they were handed in (the inventory's),
whatever the order in which workers finish, and no clock is read.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor, Future
from itertools import islice

import msgspec

from hardcheck import __version__
from hardcheck.engine.controls import marks_of, profile_result, waived_score
from hardcheck.engine.judge import Judgement, LoadHost, Setup, judge, judge_batch
from hardcheck.engine.load import digest
from hardcheck.engine.overlays import NO_ANSWERS, Answers, attest, overlays, waive
from hardcheck.engine.profile import AuditProfile
from hardcheck.engine.score import score_of
from hardcheck.errors import UsageError
from hardcheck.evidence import HostEvidence
from hardcheck.findings import FORMAT_VERSION, Finding, HostResult, Report, Severity, Status
from hardcheck.findings.exposure import UNKNOWN_GRADE, FleetExposure, worst

BATCH = 25
"""Hosts that one task of an executor judges."""

AHEAD = 8
"""Batches that are handed to an executor before the first is waited for; bounds memory."""

Hosts = Iterable[HostEvidence | LoadHost]


class Workers(msgspec.Struct, frozen=True):
    """An executor to judge hosts in. ``load`` gives the setup inside a worker process, so it is a
    function of a module (or a partial of one): compiled rules do not travel between processes."""

    executor: Executor
    load: Callable[[], Setup]
    batch: int = BATCH


def build_report(
    hosts: Hosts,
    setup: Setup,
    profiles: Iterable[AuditProfile],
    *,
    title: str = "",
    bundles: Mapping[str, str] | None = None,
    workers: Workers | None = None,
    answers: Answers = NO_ANSWERS,
) -> Report:
    """Judge every host by the setup's rules and put the report together.

    ``profiles`` may name only rules of the setup (`hardcheck.engine.variants.bind` makes both).
    ``bundles`` are the sha256 of the hosts' bundles by host name. With ``workers`` the hosts are
    judged in batches there; the setup that ``load`` gives must be the same. ``bundles`` may be filled
    while ``hosts`` is read. ``answers`` are the waivers and attestations.

    Raises:
        UsageError: two hosts of one name.
    """
    bundles = {} if bundles is None else bundles
    hosts_seen: dict[str, HostResult] = {}
    probes: set[str] = set()
    findings: list[Finding] = []
    severities = {rule.id: rule.info.severity for rule in setup.rules}
    for judgement in _judgements(hosts, setup, workers):
        result = judgement.result
        if result.name in hosts_seen:
            raise UsageError(f"two hosts are named {result.name!r}: one of them would hide the other")
        hosts_seen[result.name] = msgspec.structs.replace(result, bundle_sha256=bundles.get(result.name, ""))
        findings.extend(sorted(judgement.findings, key=_order(severities)))
        if result.reached:
            probes.add(judgement.probe_sha256)
    return _put_together(title, setup, tuple(profiles), hosts_seen, findings, probes, answers)


def _put_together(
    title: str,
    setup: Setup,
    profiles: tuple[AuditProfile, ...],
    hosts: Mapping[str, HostResult],
    findings: list[Finding],
    probes: set[str],
    answers: Answers,
) -> Report:
    severities = {rule.id: rule.info.severity for rule in setup.rules}
    generated_at = max((host.finished_at for host in hosts.values()), default="")
    day = answers.day or generated_at[:10]
    findings, waivers = waive(findings, hosts, answers, day)
    said, attestations = attest(profiles, hosts, answers, day)
    marks = marks_of(findings, said)
    hosts = _with_waived_scores(hosts, findings, severities)
    verdicts: dict[str, dict[str, Status]] = {name: {} for name in hosts}
    for finding in findings:
        verdicts[finding.host][finding.rule] = finding.status
    return Report(
        format_version=FORMAT_VERSION,
        tool_version=__version__,
        rules_sha256=digest(setup.rules),
        generated_at=generated_at,
        title=title,
        score=score_of((severities[finding.rule], finding.status) for finding in findings),
        hosts=tuple(hosts.values()),
        rules=tuple(rule.info for rule in setup.rules),
        profiles=tuple(
            profile_result(profile, findings, severities, verdicts, marks) for profile in profiles
        ),
        findings=tuple(findings),
        probe_sha256=tuple(sorted(probes)),
        exposure=_fleet(setup, hosts.values()),
        waived_score=waived_score(findings, severities),
        overlays=overlays(day, waivers, attestations),
    )


def _with_waived_scores(
    hosts: Mapping[str, HostResult], findings: Iterable[Finding], severities: Mapping[str, Severity]
) -> dict[str, HostResult]:
    by_host: dict[str, list[Finding]] = {}
    waived = set()
    for finding in findings:
        by_host.setdefault(finding.host, []).append(finding)
        if finding.waiver:
            waived.add(finding.host)
    return {
        name: msgspec.structs.replace(host, waived_score=waived_score(by_host[name], severities))
        if name in waived
        else host
        for name, host in hosts.items()
    }


def _fleet(setup: Setup, hosts: Iterable[HostResult]) -> FleetExposure | None:
    """The goals, and the worst grade; a host that was not reached has none that is known."""
    if setup.exposing is None:
        return None
    letters = (UNKNOWN_GRADE if host.exposure is None else host.exposure.grade for host in hosts)
    return FleetExposure(setup.exposing.goals, worst(letters))


def _order(severities: Mapping[str, Severity]) -> Callable[[Finding], tuple[int, str]]:
    rank = {severity: number for number, severity in enumerate(Severity)}
    return lambda finding: (rank[severities[finding.rule]], finding.rule)


def _judgements(hosts: Hosts, setup: Setup, workers: Workers | None) -> Iterator[Judgement]:
    """Every host judged, in the order handed in."""
    if workers is None:
        for host in hosts:
            yield judge(setup, host if isinstance(host, HostEvidence) else host())
        return
    waiting: deque[Future[list[Judgement]]] = deque()
    source = iter(hosts)
    while batch := list(islice(source, workers.batch)):
        waiting.append(workers.executor.submit(judge_batch, workers.load, batch))
        if len(waiting) == AHEAD:
            yield from waiting.popleft().result()
    while waiting:
        yield from waiting.popleft().result()
