"""The score: passes over what applies, weighted by severity, beside what could be judged."""

from __future__ import annotations

from collections.abc import Iterable

from hardcheck.findings import Score, Severity, Status

_JUDGED = frozenset({Status.PASS, Status.FAIL})
_APPLIES = frozenset({Status.PASS, Status.FAIL, Status.UNKNOWN, Status.ERROR})


def score_of(verdicts: Iterable[tuple[Severity, Status]]) -> Score:
    """The score of findings, each by its rule's severity. Of none, it has no percentage."""
    counts = dict.fromkeys(Status, 0)
    passed = judged = applicable = 0
    for severity, status in verdicts:
        counts[status] += 1
        weight = severity.weight
        if status in _APPLIES:
            applicable += weight
        if status in _JUDGED:
            judged += weight
        if status is Status.PASS:
            passed += weight
    return Score(passed, judged, applicable, counts)
