from __future__ import annotations

import itertools

import pytest

from hardcheck.findings import (
    FORMAT_VERSION,
    ExitCode,
    Finding,
    Framework,
    HostResult,
    Report,
    RuleInfo,
    Score,
    Severity,
    Status,
    exit_code,
)
from hardcheck.reasons import Reason

NOTHING = Score(0, 0, 0, {})


def rule(severity: Severity) -> RuleInfo:
    return RuleInfo(severity.value, "T", severity, "x", "R", ("s",), (Framework.ANY,), ())


def report(
    *verdicts: tuple[Severity, Status], reached: bool = True, hosts: int = 1, lost: Reason | None = None
) -> Report:
    found = tuple(Finding(severity.value, "h0", status, Framework.ANY) for severity, status in verdicts)
    scope = tuple(
        HostResult(f"h{n}", reached, Framework.ANY, "", NOTHING, failure_reason=lost) for n in range(hosts)
    )
    return Report(FORMAT_VERSION, "0", "", "", "", NOTHING, scope, tuple(map(rule, Severity)), (), found)


HIGH, LOW = Severity.HIGH, Severity.LOW
PASS, FAIL, UNKNOWN, ERROR, NA = Status.PASS, Status.FAIL, Status.UNKNOWN, Status.ERROR, Status.NOT_APPLICABLE


def test_all_judged_and_passed_is_clean() -> None:
    assert exit_code(report((HIGH, PASS), (LOW, NA))) is ExitCode.CLEAN == 0


@pytest.mark.parametrize(
    ("severity", "fail_on", "code"),
    [
        (HIGH, HIGH, 1),
        (HIGH, LOW, 1),
        (LOW, HIGH, 0),
        (Severity.INFO, LOW, 0),
        (Severity.INFO, Severity.INFO, 1),
    ],
)
def test_a_failure_counts_from_the_severity_asked_for(
    severity: Severity, fail_on: Severity, code: int
) -> None:
    assert exit_code(report((severity, FAIL), (HIGH, PASS)), fail_on) == code


@pytest.mark.parametrize("status", [UNKNOWN, ERROR])
def test_more_unknowns_than_allowed_are_incomplete(status: Status) -> None:
    some = report((HIGH, PASS), (LOW, status), (HIGH, status))
    assert exit_code(some) == 3
    assert exit_code(some, max_unknown=1) == 3
    assert exit_code(some, max_unknown=2) == 0


def test_a_host_that_was_not_reached_or_was_lost_is_4() -> None:
    assert exit_code(report((HIGH, PASS), (HIGH, UNKNOWN), reached=False)) == 4
    assert exit_code(report((HIGH, PASS), lost=Reason.UNREACHABLE)) == 4
    assert exit_code(report((HIGH, PASS), lost=Reason.TRUNCATED)) == 0


def test_1_comes_before_4_before_3() -> None:
    for failed, reached, unknown in itertools.product([True, False], repeat=3):
        verdicts = [(HIGH, PASS)] + [(HIGH, FAIL)] * failed + [(HIGH, UNKNOWN)] * unknown
        code = exit_code(report(*verdicts, reached=reached))
        assert code == (1 if failed else 4 if not reached else 3 if unknown else 0)


@pytest.mark.parametrize("verdicts", [[], [(HIGH, NA)], [(HIGH, Status.MANUAL)], [(HIGH, UNKNOWN)]])
def test_a_run_that_judged_nothing_is_never_clean(verdicts: list[tuple[Severity, Status]]) -> None:
    for hosts in (0, 1, 3):
        for max_unknown in (0, 10**9):
            assert exit_code(report(*verdicts, hosts=hosts), Severity.CRITICAL, max_unknown) == 3
