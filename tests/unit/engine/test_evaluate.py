from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardcheck.engine.evaluate import evaluate
from hardcheck.engine.load import compile_rule
from hardcheck.engine.rule import Rule
from hardcheck.facts import Absent, Facts, Reason
from hardcheck.findings import Framework, Status
from tests.unit.engine.world import HEAD, REMEDY, SPECS, Config, Mode, Profile, judge, plain_rule, ref

FILLED = "{steps: ['aa-enforce -- {item}'], verify: ['aa-status'], rollback: ['true'], may_break: nothing}"


def sided(neither: str = "fail", remedy: str = FILLED) -> Rule:
    return compile_rule(sided_text(neither, remedy).encode(), "a-rule.yaml", SPECS)


def sided_text(neither: str = "fail", remedy: str = FILLED) -> str:
    return (
        HEAD
        + f"""\
selinux:
  applies_when: {{fact: count, at_least: 1}}
  check: {{fact: selinux.config.mode, equals: enforcing}}
  letter: {{check: {{fact: selinux.enforcing, equals: true}}, note: only now}}
  remedy: {REMEDY}
apparmor:
  check: {{every: apparmor.profiles, has: {{mode: {{equals: enforce}}}}}}
  remedy: {remedy}
neither: {neither}
"""
    )


SELINUX: dict[str, Any] = {
    "mac__framework": "selinux",
    "count": 1,
    "selinux__config": Config("enforcing"),
    "selinux__enforcing": True,
}


def test_the_side_of_the_framework_that_runs_is_asked() -> None:
    finding = judge(sided(), **SELINUX)
    assert (finding.status, finding.framework, finding.literal) == (Status.PASS, Framework.SELINUX, None)
    finding = judge(sided(), mac__framework="apparmor", apparmor__profiles=(Profile("a b", Mode.COMPLAIN),))
    assert (finding.status, finding.framework, finding.items) == (Status.FAIL, Framework.APPARMOR, ("a b",))
    assert finding.remedies[0].steps == ("aa-enforce -- 'a b'",)
    assert [key.key for key in finding.evidence] == ["apparmor.profiles"]


def test_a_remedy_without_places_is_left_to_the_rule() -> None:
    finding = judge(sided(), **{**SELINUX, "selinux__config": Config("permissive")})
    assert finding.status is Status.FAIL
    assert finding.remedies == ()


def test_the_letter_is_told_where_it_parts_from_the_effective_state() -> None:
    finding = judge(sided(), **{**SELINUX, "selinux__config": Config("permissive")})
    assert (finding.status, finding.literal, finding.literal_note) == (Status.FAIL, Status.PASS, "only now")
    finding = judge(sided(), **{**SELINUX, "selinux__enforcing": Absent(Reason.DENIED)})
    assert (finding.status, finding.literal) == (Status.PASS, Status.UNKNOWN)


def test_a_condition_that_does_not_hold_is_the_proof_that_the_rule_does_not_apply() -> None:
    finding = judge(sided(), **{**SELINUX, "count": 0})
    assert (finding.status, finding.observed) == (Status.NOT_APPLICABLE, "count is 0")
    assert finding.expected == "applies where count is at least 1"


def test_a_condition_that_is_unknown_makes_the_rule_unknown() -> None:
    finding = judge(sided(), **{**SELINUX, "count": Absent(Reason.TIMEOUT, (), "10 s")})
    assert (finding.status, finding.reason) == (Status.UNKNOWN, Reason.TIMEOUT)


@pytest.mark.parametrize("neither", ["fail", "not_applicable"])
def test_a_host_with_neither_framework_gets_what_the_rule_says(neither: str) -> None:
    finding = judge(sided(neither), mac__framework="neither")
    assert (finding.status, finding.framework) == (Status(neither), Framework.NEITHER)
    assert finding.observed == "no MAC framework is active"
    assert [key.key for key in finding.evidence] == ["mac.lsm"]
    assert len(finding.remedies) == (2 if neither == "fail" else 0)


@pytest.mark.parametrize(
    ("count", "expected"),
    [(1, Status.FAIL), (0, Status.NOT_APPLICABLE), (Absent(Reason.DENIED), Status.UNKNOWN)],
)
def test_without_a_framework_a_rule_fails_where_one_of_its_conditions_holds(
    count: int | Absent, expected: Status
) -> None:
    text = sided_text().replace(
        "  check: {every", "  applies_when: {fact: count, at_least: 2}\n  check: {every"
    )
    rule = compile_rule(text.encode(), "a-rule.yaml", SPECS)
    finding = judge(rule, mac__framework="neither", count=count)
    assert (finding.status, finding.framework) == (expected, Framework.NEITHER)
    assert (finding.reason is Reason.DENIED) is (expected is Status.UNKNOWN)


def test_a_framework_that_could_not_be_seen_leaves_every_sided_rule_unknown() -> None:
    finding = judge(sided(), mac__framework=Absent(Reason.DENIED, ("mac.lsm",), "EACCES"))
    assert (finding.status, finding.framework) == (Status.UNKNOWN, Framework.UNDECIDED)
    assert (finding.reason, finding.detail) == (Reason.DENIED, "EACCES")
    assert [key.key for key in finding.evidence] == ["mac.lsm"]


def test_a_framework_word_that_nobody_knows_is_an_error_and_no_crash() -> None:
    finding = judge(sided(), mac__framework="smack")
    assert (finding.status, finding.framework) == (Status.ERROR, Framework.UNDECIDED)


def test_a_fact_that_raises_is_an_error_of_that_rule_alone() -> None:
    def burst(_: Facts) -> Any:
        raise ZeroDivisionError("by\nzero")

    facts = Facts(SPECS, dict.fromkeys(SPECS, burst))
    finding = evaluate(plain_rule("{fact: count, equals: 1}"), facts, "web1", ref)
    assert (finding.status, finding.detail) == (Status.ERROR, r"ZeroDivisionError: by\nzero")


def test_a_value_of_another_type_than_declared_is_an_error_and_no_pass() -> None:
    finding = judge("{fact: selinux.permissive_types, contains: a}", selinux__permissive_types=7)
    assert finding.status is Status.ERROR


CHECKS = [
    "{fact: selinux.config.mode, equals: enforcing}",
    "{fact: selinux.config.mode, not_equals: enforcing}",
    "{not: {fact: selinux.config.mode, equals: enforcing}}",
    "{fact: selinux.config.mode, not_matches: x}",
    "{fact: selinux.permissive_types, empty: true}",
    "{fact: selinux.permissive_types, contains_none: [x]}",
    "{none: apparmor.profiles, has: {mode: {equals: complain}}}",
    "{every: apparmor.profiles, has: {mode: {equals: enforce}}, empty: pass}",
    "{count: apparmor.profiles, at_most: 3}",
    "{not: {some: apparmor.profiles, has: {mode: {equals: complain}}}}",
    "{any: [{fact: count, at_most: 3}, {not: {fact: selinux.enforcing, equals: false}}]}",
    "{fact: 'sysctl.values[a].now', not_in: ['1']}",
]


@pytest.mark.parametrize("check", CHECKS)
@given(reason=st.sampled_from(Reason))
def test_nothing_passes_or_fails_on_facts_that_are_all_absent(check: str, reason: Reason) -> None:
    absent = Absent(reason, (), "x")
    finding = judge(check, **{name.replace(".", "__"): absent for name in SPECS})
    assert (finding.status, finding.reason) == (Status.UNKNOWN, reason)
