from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardcheck.engine.controls import combine, control_result, profile_result
from hardcheck.engine.profile import Control
from hardcheck.engine.score import score_of
from hardcheck.findings import Coverage, Finding, Framework, Origin, Severity, Status
from tests.unit.engine.hosts import PROFILE

PASS, FAIL, UNKNOWN, NA, ERROR = Status.PASS, Status.FAIL, Status.UNKNOWN, Status.NOT_APPLICABLE, Status.ERROR


@pytest.mark.parametrize(
    ("statuses", "status"),
    [
        ([PASS, PASS], PASS),
        ([PASS, FAIL, UNKNOWN, ERROR], FAIL),
        ([PASS, UNKNOWN], UNKNOWN),
        ([PASS, ERROR], UNKNOWN),
        ([NA, UNKNOWN], UNKNOWN),
        ([PASS, NA], PASS),
        ([NA, NA], NA),
        ([], UNKNOWN),
    ],
)
def test_one_failure_decides_then_one_unknown(statuses: list[Status], status: Status) -> None:
    assert combine(statuses) is status


@given(st.lists(st.sampled_from([PASS, FAIL, UNKNOWN, NA, ERROR])))
def test_a_control_passes_only_when_nothing_failed_or_stayed_unknown(statuses: list[Status]) -> None:
    if combine(statuses) is PASS:
        assert PASS in statuses
        assert not {FAIL, UNKNOWN, ERROR} & set(statuses)
    if combine(statuses) is NA:
        assert set(statuses) == {NA}


def control(*rules: str, coverage: Coverage = Coverage.PARTIAL) -> Control:
    return Control(
        "1", "T", coverage, origin=Origin.HARDCHECK if rules else None, rules=rules, partial=rules[:1]
    )


def test_a_control_has_a_status_for_every_host_and_the_worst_over_the_scope() -> None:
    result = control_result(
        control("a", "b"), {"h1": {"a": PASS, "b": PASS}, "h2": {"a": PASS, "b": UNKNOWN}}
    )
    assert result.hosts == {"h1": PASS, "h2": UNKNOWN}
    assert result.status is UNKNOWN


def test_partial_coverage_stays_beside_a_pass() -> None:
    result = control_result(control("a"), {"h1": {"a": PASS}})
    assert (result.status, result.coverage, result.partial) == (PASS, Coverage.PARTIAL, ("a",))


def test_a_control_without_rules_is_manual_on_every_host() -> None:
    result = control_result(control(coverage=Coverage.MANUAL), {"h1": {}, "h2": {}})
    assert (result.status, result.hosts) == (Status.MANUAL, {"h1": Status.MANUAL, "h2": Status.MANUAL})


def test_a_control_over_no_host_is_unknown() -> None:
    assert control_result(control("a"), {}).status is UNKNOWN


def test_a_profile_counts_its_controls_without_headings() -> None:
    verdicts = {"h": {"a-forward": PASS, "b-firewall": FAIL, "d-info": NA}}
    findings = [Finding(rule, "h", status, Framework.ANY) for rule, status in verdicts["h"].items()]
    severities = {"a-forward": Severity.HIGH, "b-firewall": Severity.MEDIUM, "d-info": Severity.INFO}
    result = profile_result(PROFILE, findings, severities, verdicts)
    assert [(each.id, each.status) for each in result.controls] == [
        ("1", Status.MANUAL),
        ("1.1", FAIL),
        ("1.2", NA),
        ("1.3", Status.MANUAL),
    ]
    assert result.controls[0].attributes == {"kind": "heading"}
    assert {status: n for status, n in result.counts.items() if n} == {FAIL: 1, NA: 1, Status.MANUAL: 1}
    assert result.score.percent == 7 * 100 // 11


def test_the_score_counts_unknowns_and_errors_against_coverage_and_score() -> None:
    score = score_of(
        [
            (Severity.CRITICAL, PASS),
            (Severity.HIGH, FAIL),
            (Severity.HIGH, UNKNOWN),
            (Severity.LOW, ERROR),
            (Severity.CRITICAL, NA),
            (Severity.INFO, FAIL),
        ]
    )
    assert (score.passed, score.judged, score.applicable) == (10, 17, 25)
    assert (score.percent, score.coverage_percent) == (40, 68)
    assert score.counts[FAIL] == 2
    assert set(score.counts) == set(Status)


def test_a_score_of_nothing_has_no_percentage() -> None:
    assert score_of([]).percent is None
    assert score_of([(Severity.HIGH, NA)]).percent is None


@given(st.lists(st.tuples(st.sampled_from(Severity), st.sampled_from(Status))))
def test_a_score_is_a_part_of_what_was_judged_of_what_applies(
    verdicts: list[tuple[Severity, Status]],
) -> None:
    score = score_of(verdicts)
    assert 0 <= score.passed <= score.judged <= score.applicable
    assert sum(score.counts.values()) == len(verdicts)
