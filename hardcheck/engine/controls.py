"""From the findings of rules to the verdicts of controls.

On a host a control fails when one of its rules fails, is unknown when one could not be judged (an
error counts as that), does not apply only when every rule has shown that it does not, and passes
otherwise. A control without rules is manual, and so is one that a machine cannot judge.

A pass is evidence for the control, never a statement that it is met: where its coverage is
``partial`` the coverage stands beside the status, and what is left is for a person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from hardcheck.engine.profile import AuditProfile, Control
from hardcheck.engine.score import score_of
from hardcheck.findings import ControlResult, Finding, ProfileResult, Severity, Status

_WORST_FIRST = (Status.FAIL, Status.UNKNOWN, Status.PASS, Status.NOT_APPLICABLE, Status.MANUAL)

Verdicts = Mapping[str, Mapping[str, Status]]
"""Host -> rule -> status."""


def combine(statuses: Iterable[Status]) -> Status:
    """The verdict of several: one FAIL decides, then one UNKNOWN or ERROR, then one PASS. Of nothing
    it is UNKNOWN: nothing was seen."""
    seen = {Status.UNKNOWN if status is Status.ERROR else status for status in statuses}
    return next((status for status in _WORST_FIRST if status in seen), Status.UNKNOWN)


def control_result(control: Control, verdicts: Verdicts) -> ControlResult:
    """The control on every host, and over the scope."""
    if control.rules:
        hosts = {host: combine(rules[rule] for rule in control.rules) for host, rules in verdicts.items()}
        status = combine(hosts.values())
    else:
        hosts = dict.fromkeys(verdicts, Status.MANUAL)
        status = Status.MANUAL
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
    )


def profile_result(
    profile: AuditProfile,
    findings: Iterable[Finding],
    severities: Mapping[str, Severity],
    verdicts: Verdicts,
) -> ProfileResult:
    """A profile over the scope. Headings are listed and not counted."""
    rules = profile.rules
    wanted = frozenset(rules)
    results = tuple(control_result(control, verdicts) for control in profile.controls)
    counted = (
        result.status
        for result, control in zip(results, profile.controls, strict=True)
        if not control.heading
    )
    return ProfileResult(
        id=profile.id,
        title=profile.title,
        version=profile.version,
        publisher=profile.publisher,
        note=profile.note,
        controls=results,
        rules=rules,
        score=score_of(
            (severities[finding.rule], finding.status) for finding in findings if finding.rule in wanted
        ),
        counts=_all_statuses(Counter(counted)),
    )


def _all_statuses(counts: Mapping[Status, int]) -> dict[Status, int]:
    return {status: counts.get(status, 0) for status in Status}
