"""Wrong verdicts of respected tools that an engine can give by itself, whatever the rules say."""

from __future__ import annotations

import msgspec
import pytest

from hardcheck.derive import DERIVED
from hardcheck.derive.assemble import fact_specs
from hardcheck.engine.evaluate import evaluate
from hardcheck.engine.judge import judge
from hardcheck.engine.load import compile_rule
from hardcheck.engine.report import build_report
from hardcheck.engine.score import score_of
from hardcheck.facts import Absent, Reason, fixed_facts
from hardcheck.findings import EvidenceRef, ExitCode, Finding, Framework, Severity, Status, exit_code
from hardcheck.parse import PARSERS
from tests.unit.engine import hosts, shipped
from tests.unit.engine.world import HEAD, REMEDY

SPECS = fact_specs(PARSERS, DERIVED)


def ref(key: str) -> EvidenceRef:
    return EvidenceRef(key, "", "", 0)


ALL_ENFORCED = "{every: apparmor.profiles, has: {mode: {equals: enforce}}}"


@pytest.mark.parametrize("reason", list(Reason))
def test_t3_all_profiles_enforced_without_apparmor_is_no_pass(reason: Reason) -> None:
    """ComplianceAsCode's OVAL (none_exist over the profiles file) passes where the file is absent."""
    text = HEAD + f"check: {ALL_ENFORCED}\nremedies: [{REMEDY}]\n"
    rule = compile_rule(text.encode(), "a-rule.yaml", SPECS)
    facts = fixed_facts(SPECS, {"apparmor.profiles": Absent(reason)})
    finding = evaluate(rule, facts, "web1", ref)
    assert (finding.status, finding.reason) == (Status.UNKNOWN, reason)
    finding = evaluate(rule, fixed_facts(SPECS, {"apparmor.profiles": ()}), "web1", ref)
    assert finding.status is Status.UNKNOWN


def no_mac() -> dict[str, Finding]:
    facts = fixed_facts(SPECS, {"mac.framework": "neither"})
    return {rule.id: evaluate(rule, facts, "web1", ref) for rule in shipped.setup().rules}


def test_t3_no_shipped_mac_rule_passes_on_a_host_without_mac() -> None:
    """Unknown is only what has a condition of its own: no process was looked at here."""
    sided = [rule for rule in shipped.setup().rules if Framework.ANY not in rule.sides]
    assert sided, "there are rules with two sides"
    found = no_mac()
    for rule in sided:
        conditional = all(side.applies is not None for side in rule.sides.values())
        allowed = {Status.FAIL, Status.NOT_APPLICABLE} | ({Status.UNKNOWN} if conditional else set())
        assert found[rule.id].status in allowed, rule.id


def test_t6_a_host_without_mac_gets_no_points_for_mac() -> None:
    """Lynis MACF-6290 gives 2 of 3 hardening points to a host with no MAC framework at all."""
    severities = {
        rule.id: rule.info.severity for rule in shipped.setup().rules if Framework.ANY not in rule.sides
    }
    score = score_of(
        (severities[name], found.status) for name, found in no_mac().items() if name in severities
    )
    assert score.counts[Status.FAIL] > 0
    assert score.percent == 0


@pytest.mark.parametrize(
    ("scope", "code"),
    [
        ([], ExitCode.INCOMPLETE),
        ([hosts.gone("a"), hosts.gone("b")], ExitCode.UNREACHABLE),
        ([msgspec.structs.replace(hosts.host("a"), items={})], ExitCode.UNREACHABLE),
    ],
)
def test_t21_a_run_that_checked_nothing_is_never_clean(scope: list[object], code: ExitCode) -> None:
    report = build_report(scope, hosts.setup(), [hosts.PROFILE])  # type: ignore[arg-type]
    assert exit_code(report, Severity.CRITICAL, max_unknown=10**6) is code
    assert report.score.percent in (None, 0)


def test_t21_a_run_in_which_no_rule_applied_is_never_clean() -> None:
    setup = hosts.setup()
    only = msgspec.structs.replace(setup, rules=tuple(rule for rule in setup.rules if rule.id == "d-info"))
    assert judge(only, hosts.host("a", firewall="accept")).findings[0].status is Status.NOT_APPLICABLE
    report = build_report([hosts.host("a", firewall="accept")], only, [])
    assert exit_code(report) is ExitCode.INCOMPLETE
