"""From the findings of rules to the verdicts of controls.

On a host a control fails when one of its rules fails, is unknown when one could not be judged (an
error counts as that), does not apply only when every rule has shown that it does not, and passes
otherwise. A control without rules is manual, and so is one that a machine cannot judge.

A pass is evidence for the control, never a statement that it is met. How far it goes is the
standing: with partial coverage a pass is ``part``, and only an attestation of the rest makes it ``met``.
Waivers and attestations change the standing, never the status. ``docs/profiles.md`` has the table.

Where a rule has a verdict by the letter of a benchmark beside the effective one, the control has
both, each worked out by the same logic.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from hardcheck.engine.overlays import Said
from hardcheck.engine.profile import AuditProfile, Control
from hardcheck.engine.score import score_of
from hardcheck.findings import (
    Attestation,
    Attested,
    ControlResult,
    Finding,
    ProfileResult,
    Score,
    Severity,
    Standing,
    Status,
    plain_standing,
)

_WORST_FIRST = (Status.FAIL, Status.UNKNOWN, Status.PASS, Status.NOT_APPLICABLE, Status.MANUAL)

Verdicts = Mapping[str, Mapping[str, Status]]
"""Host -> rule -> status."""


class Marks(msgspec.Struct, frozen=True):
    """What stands beside the statuses: ``letters`` the verdicts by the letter where they part from
    the effective ones (host -> rule -> status), ``waived`` the rules that are waived by host, ``said``
    the attestations."""

    letters: Verdicts = {}
    waived: Mapping[str, Collection[str]] = {}
    said: Said = {}


def marks_of(findings: Iterable[Finding], said: Said) -> Marks:
    """The marks of a run's findings."""
    letters: dict[str, dict[str, Status]] = {}
    waived: dict[str, set[str]] = {}
    for finding in findings:
        if finding.literal is not None:
            letters.setdefault(finding.host, {})[finding.rule] = finding.literal
        if finding.waiver:
            waived.setdefault(finding.host, set()).add(finding.rule)
    return Marks(letters, waived, said)


def combine(statuses: Iterable[Status]) -> Status:
    """The verdict of several: one FAIL decides, then one UNKNOWN or ERROR, then one PASS. Of nothing
    it is UNKNOWN: nothing was seen."""
    seen = {Status.UNKNOWN if status is Status.ERROR else status for status in statuses}
    return next((status for status in _WORST_FIRST if status in seen), Status.UNKNOWN)


def control_result(
    control: Control, verdicts: Verdicts, marks: Marks | None = None, profile: str = ""
) -> ControlResult:
    """The control on every host, and over the scope."""
    marks = marks or Marks()
    if control.rules:
        hosts = {host: combine(rules[rule] for rule in control.rules) for host, rules in verdicts.items()}
        status = combine(hosts.values())
    else:
        hosts = dict.fromkeys(verdicts, Status.MANUAL)
        status = Status.MANUAL
    said = marks.said.get((profile, control.id), {})
    plain = {host: plain_standing(status, control.coverage) for host, status in hosts.items()}
    standings = {
        host: standing
        for host, status in hosts.items()
        if (standing := _standing(control, host, status, verdicts, marks, said.get(host))) is not plain[host]
    }
    literal, literal_hosts = _by_the_letter(control, hosts, verdicts, marks.letters)
    attributes = {**control.attributes, **({"kind": "heading"} if control.heading else {})}
    return ControlResult(
        id=control.id,
        title=control.title,
        status=status,
        coverage=control.coverage,
        origin=control.origin,
        rules=control.rules,
        hosts=hosts,
        parent=control.parent,
        partial=control.partial,
        note=control.note,
        attributes=attributes,
        standing=_worst_standing(control, {**plain, **standings}.values()),
        standings=standings,
        attestations=tuple(sorted({each.id for each in said.values()})),
        literal=literal,
        literal_hosts=literal_hosts,
    )


def _standing(
    control: Control,
    host: str,
    status: Status,
    verdicts: Verdicts,
    marks: Marks,
    attestation: Attestation | None,
) -> Standing:
    """Where the control stands on one host.

    A failure or an unknown that is not waived decides; then what a person says; a machine's pass
    is never more than its coverage.
    """
    verdict = attestation.says if attestation is not None else None
    if status in (Status.FAIL, Status.UNKNOWN):
        waived = marks.waived.get(host, ())
        left = combine(verdicts[host][rule] for rule in control.rules if rule not in waived)
        any_left = any(rule not in waived for rule in control.rules)
        if any_left and left in (Status.FAIL, Status.UNKNOWN):
            return plain_standing(left, control.coverage)
        return Standing.NOT_MET if verdict is Attested.NOT_MET else Standing.WAIVED
    if verdict is not None and status is not Status.NOT_APPLICABLE:
        return _SAID[verdict]
    return plain_standing(status, control.coverage)


_SAID = {
    Attested.MET: Standing.MET,
    Attested.NOT_MET: Standing.NOT_MET,
    Attested.NOT_APPLICABLE: Standing.NOT_APPLICABLE,
}


def _worst_standing(control: Control, standings: Collection[Standing]) -> Standing:
    """The first of `Standing`'s order; over no host nothing was seen."""
    if not standings:
        return Standing.OPEN if control.rules else Standing.AWAITED
    return next(standing for standing in Standing if standing in standings)


def _by_the_letter(
    control: Control, hosts: Mapping[str, Status], verdicts: Verdicts, letters: Verdicts
) -> tuple[Status | None, dict[str, Status]]:
    """The verdict over the scope by the letter, and those of the hosts where it parts; None and nothing
    where it parts on none."""
    apart = {}
    for host, literal in letters.items():
        if host in hosts and any(rule in literal for rule in control.rules):
            said = combine(literal.get(rule, verdicts[host][rule]) for rule in control.rules)
            if said is not hosts[host]:
                apart[host] = said
    return (combine({**hosts, **apart}.values()) if apart else None), apart


def profile_result(
    profile: AuditProfile,
    findings: Sequence[Finding],
    severities: Mapping[str, Severity],
    verdicts: Verdicts,
    marks: Marks | None = None,
) -> ProfileResult:
    """A profile over the scope. Headings are listed and not counted."""
    marks = marks or Marks()
    rules = profile.rules
    wanted = frozenset(rules)
    results = tuple(control_result(control, verdicts, marks, profile.id) for control in profile.controls)
    counted = [
        result for result, control in zip(results, profile.controls, strict=True) if not control.heading
    ]
    own = [finding for finding in findings if finding.rule in wanted]
    return ProfileResult(
        id=profile.id,
        title=profile.title,
        version=profile.version,
        publisher=profile.publisher,
        note=profile.note,
        controls=results,
        rules=rules,
        score=score_of((severities[finding.rule], finding.status) for finding in own),
        counts=_all_statuses(Counter(result.status for result in counted)),
        standings=_all_standings(Counter(result.standing for result in counted)),
        waived_score=waived_score(own, severities),
    )


def waived_score(findings: Sequence[Finding], severities: Mapping[str, Severity]) -> Score | None:
    """The score without the waived findings, which then neither pass nor fail; None where none is waived."""
    if not any(finding.waiver for finding in findings):
        return None
    return score_of((severities[each.rule], each.status) for each in findings if not each.waiver)


def _all_standings(counts: Mapping[Standing, int]) -> dict[Standing, int]:
    return {standing: counts.get(standing, 0) for standing in Standing}


def _all_statuses(counts: Mapping[Status, int]) -> dict[Status, int]:
    return {status: counts.get(status, 0) for status in Status}
