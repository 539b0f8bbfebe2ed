from __future__ import annotations

from typing import Any

from hardcheck.derive import DERIVED
from hardcheck.derive.assemble import fact_specs
from hardcheck.engine import summary
from hardcheck.engine.load import FRAMEWORK_FACT
from hardcheck.engine.paths import FactsRoot
from hardcheck.engine.yaml_source import Value
from hardcheck.facts import Absent, Facts, Reason, fixed_facts
from hardcheck.findings import Framework
from hardcheck.parse import PARSERS

SPECS = fact_specs(PARSERS, DERIVED)


def test_every_line_of_a_host_page_is_a_fact_that_exists() -> None:
    for label, path in summary.LINES:
        FactsRoot(SPECS).resolve(Value(path, "summary", 1, label))
    assert {FRAMEWORK_FACT, summary.VERDICT_FACT} <= set(SPECS)


def test_what_could_not_be_had_says_why() -> None:
    facts = fixed_facts(SPECS, {name: Absent(Reason.DENIED, (), "EACCES") for name in SPECS})
    assert summary.framework_of(facts) is Framework.UNDECIDED
    assert summary.verdict_of(facts) == "could not be seen: denied (EACCES)"
    assert summary.summary_of(facts, SPECS) == tuple((label, "denied (EACCES)") for label, _ in summary.LINES)


def test_a_list_is_told_whole_on_the_page() -> None:
    modules = tuple(f"lsm{number}" for number in range(8))
    lines = dict(summary.summary_of(fixed_facts(SPECS, {"kernel.lsm": modules}), SPECS))
    assert lines["Active LSMs"] == ", ".join(modules)


def test_a_fact_that_raises_costs_its_own_line() -> None:
    def burst(_: Facts) -> Any:
        raise RuntimeError("bug")

    facts = Facts(SPECS, dict.fromkeys(SPECS, burst))
    assert summary.framework_of(facts) is Framework.UNDECIDED
    assert "RuntimeError: bug" in summary.verdict_of(facts)
    assert all("RuntimeError: bug" in value for _, value in summary.summary_of(facts, SPECS))


def test_facts_that_no_parser_makes_are_left_out() -> None:
    assert summary.summary_of(Facts({}, {}), {}) == ()
    assert summary.verdict_of(Facts({}, {})).startswith("could not be seen: not collected")
