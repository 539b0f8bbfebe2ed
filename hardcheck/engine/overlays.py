"""Waivers and attestations over the findings of a run. No status changes: see `hardcheck.findings.overlays`.

Whether one holds is a question of the day. The day is handed in, never read from a clock, so that
the same bundles, files and day give the same report.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase

import msgspec

from hardcheck.engine.profile import AuditProfile
from hardcheck.findings import (
    Attestation,
    AttestationResult,
    Attested,
    Finding,
    HostResult,
    Overlays,
    Status,
    Term,
    Waiver,
    WaiverResult,
)
from hardcheck.findings.overlays import Answer


class Answers(msgspec.Struct, frozen=True):
    """The waivers and attestations of a run. ``day`` is the one they are judged on, YYYY-MM-DD in UTC;
    empty means the day on which the last evidence was collected."""

    waivers: tuple[Waiver, ...] = ()
    attestations: tuple[Attestation, ...] = ()
    day: str = ""


NO_ANSWERS = Answers()

Said = Mapping[tuple[str, str], Mapping[str, Attestation]]
"""(profile, control) -> host -> the attestation that speaks for it."""


def term_of(answer: Answer, day: str) -> Term:
    """Whether it holds on a day; ISO dates compare as text."""
    if day < answer.start:
        return Term.NOT_STARTED
    return Term.ACTIVE if day <= answer.expires else Term.EXPIRED


def means(answer: Answer, host: HostResult) -> bool:
    """Whether the host is in the scope: in each kind that is given."""
    tags = {f"{name}={value}" for name, value in host.variables.items()} if answer.tags else set()
    return (
        (not answer.hosts or any(fnmatchcase(host.name, pattern) for pattern in answer.hosts))
        and (not answer.groups or bool(set(answer.groups) & set(host.groups)))
        and (not answer.tags or bool(tags & set(answer.tags)))
    )


def waive(
    findings: Iterable[Finding], hosts: Mapping[str, HostResult], answers: Answers, day: str
) -> tuple[list[Finding], tuple[WaiverResult, ...]]:
    """The findings, with the first waiver that holds for each failure or unknown of a host that was
    reached, and what became of every waiver."""
    terms = {waiver.id: term_of(waiver, day) for waiver in answers.waivers}
    active = [waiver for waiver in answers.waivers if terms[waiver.id] is Term.ACTIVE]
    meant = {
        waiver.id: {name for name, host in hosts.items() if host.reached and means(waiver, host)}
        for waiver in active
    }
    used = dict.fromkeys(terms, 0)
    marked = []
    for finding in findings:
        waiver = next(
            (each for each in active if finding.host in meant[each.id] and _covers(each, finding)), None
        )
        if waiver is not None:
            used[waiver.id] += 1
            finding = msgspec.structs.replace(finding, waiver=waiver.id)
        marked.append(finding)
    results = tuple(WaiverResult(each, terms[each.id], used[each.id]) for each in answers.waivers)
    return marked, results


def _covers(waiver: Waiver, finding: Finding) -> bool:
    return (
        finding.status in (Status.FAIL, Status.UNKNOWN)
        and waiver.rule in (finding.rule, finding.rule.partition("@")[0])
        and (not waiver.items or (bool(finding.items) and set(finding.items) <= set(waiver.items)))
    )


def attest(
    profiles: Sequence[AuditProfile], hosts: Mapping[str, HostResult], answers: Answers, day: str
) -> tuple[Said, tuple[AttestationResult, ...]]:
    """Who speaks for which control on which host, and what became of every attestation.

    Where several hold for one host, the one that says the worst speaks: not met before not
    applicable before met.
    """
    controls = {(profile.id, control.id) for profile in profiles for control in profile.controls}
    said: dict[tuple[str, str], dict[str, Attestation]] = {}
    results = []
    for each in answers.attestations:
        term, place = term_of(each, day), (each.profile, each.control)
        names = [name for name, host in hosts.items() if means(each, host)]
        if term is not Term.ACTIVE or place not in controls:
            names = []
        for name in names:
            other = said.setdefault(place, {}).get(name)
            if other is None or _WORST.index(each.says) < _WORST.index(other.says):
                said[place][name] = each
        results.append(AttestationResult(each, term, len(names)))
    return said, tuple(results)


_WORST = (Attested.NOT_MET, Attested.NOT_APPLICABLE, Attested.MET)


def overlays(
    day: str, waivers: Collection[WaiverResult], attestations: Collection[AttestationResult]
) -> Overlays:
    """What the report says of them; the day only where there are any."""
    return Overlays(day if waivers or attestations else "", tuple(waivers), tuple(attestations))
