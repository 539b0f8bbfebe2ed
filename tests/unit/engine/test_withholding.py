"""Promise one, over every rule: what could not be looked at is never a pass.

A pass may stand without a piece only when nothing that the piece could have been would have made the
rule fail: then the pass does not rest on it (the other side of an ``any``, a field that the rule does not
read). What it could have been is what any case of any rule has in that place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
import pytest

from hardcheck.engine.cases import Case
from hardcheck.engine.evaluate import evaluate
from hardcheck.engine.outcome import Outcome
from hardcheck.engine.rule import Rule
from hardcheck.facts import Absent, Facts, Reason, fixed_facts
from hardcheck.findings import EvidenceRef, Finding, Framework, Status
from tests.unit.engine import shipped
from tests.unit.engine.withholding import Put, cases, known_values, places, with_fact

REASONS = (
    Reason.DENIED,
    Reason.NOT_COLLECTED,
    Reason.TIMEOUT,
    Reason.TRUNCATED,
    Reason.UNPARSABLE,
    Reason.TOOL_MISSING,
    Reason.UNREACHABLE,
)
"""Every reason but NOT_PRESENT, which is an answer: it was looked for and is not there."""
RULES = sorted(shipped.rules())


def found(rule: Rule, facts: Facts) -> Finding:
    return evaluate(rule, facts, "h", lambda key: EvidenceRef(key, "", "", 0))


def passing(rule: Rule) -> Iterator[tuple[Case, tuple[str, ...]]]:
    """The cases in which the rule passes, and the facts that it reads there and that are given."""
    for case in cases().get(rule.id, ()):
        if case.status is not Status.PASS:
            continue
        framework = found(rule, case.facts).framework
        side = rule.sides[framework]
        names = [name for check in (side.applies, side.check) if check is not None for name in check.facts]
        names += ["mac.framework"] if framework is not Framework.ANY else []
        yield case, tuple(name for name in dict.fromkeys(names) if not isinstance(case.facts[name], Absent))


def rests_on(rule: Rule, facts: Facts, name: str, put: Put, others: Iterable[Any]) -> list[Any]:
    """The values of a place with which the rule fails."""
    return [
        other for other in others if found(rule, with_fact(facts, name, put(other))).status is Status.FAIL
    ]


def whole(value: Any) -> Any:
    return value


@pytest.mark.parametrize("name", RULES)
def test_without_a_fact_that_it_rests_on_a_rule_never_passes(name: str) -> None:
    rule = shipped.rules()[name]
    tried = 0
    for case, facts in passing(rule):
        for fact in facts:
            tried += 1
            said = {
                reason: found(rule, with_fact(case.facts, fact, Absent(reason))).status for reason in REASONS
            }
            if Status.PASS in said.values():
                fails = rests_on(rule, case.facts, fact, whole, known_values()[0].get(fact, ()))
                assert not fails, f"{case.file}: passes without {fact}, which could be {fails[0]!r}: {said}"
            assert Status.ERROR not in said.values()
    assert tried, "the rule has no passing case that gives it a fact"


@pytest.mark.parametrize("name", RULES)
def test_without_a_part_of_a_fact_that_it_rests_on_a_rule_never_passes(name: str) -> None:
    rule = shipped.rules()[name]
    for case, facts in passing(rule):
        for fact in facts:
            for (type_, field), put in places(case.facts[fact]):
                status = found(rule, with_fact(case.facts, fact, put(Absent(Reason.DENIED)))).status
                assert status is not Status.ERROR
                if status is Status.PASS:
                    others = known_values()[1].get((type_, field), ())
                    fails = rests_on(rule, case.facts, fact, put, others)
                    where = f"{fact}: {type_.__name__}.{field}"
                    assert not fails, f"{case.file}: passes without {where}, which could be {fails[0]!r}"


@pytest.mark.parametrize("reason", REASONS)
def test_with_everything_withheld_no_rule_passes(reason: Reason) -> None:
    specs = shipped.setup().specs
    nothing = fixed_facts(specs, dict.fromkeys(specs, Absent(reason)))
    statuses = {name: found(rule, nothing).status for name, rule in shipped.rules().items()}
    assert set(statuses.values()) == {Status.UNKNOWN}, {
        name: status for name, status in statuses.items() if status is not Status.UNKNOWN
    }


def test_a_rule_that_takes_absence_for_a_pass_is_found() -> None:
    """The property can fail: a check that passes over an absent fact is caught."""
    name = "mac-policy-loaded"
    good = shipped.rules()[name]
    framework, side = next(iter(good.sides.items()))
    assert side.check is not None

    def careless(facts: Facts) -> Outcome:
        outcome = good.sides[framework].check.run(facts)  # type: ignore[union-attr]
        return msgspec.structs.replace(outcome, truth=True) if isinstance(outcome.truth, Absent) else outcome

    broken = msgspec.structs.replace(side, check=msgspec.structs.replace(side.check, run=careless))
    rule = msgspec.structs.replace(good, sides={**good.sides, framework: broken})
    caught = [
        fact
        for case, facts in passing(rule)
        for fact in facts
        if found(rule, with_fact(case.facts, fact, Absent(Reason.DENIED))).status is Status.PASS
        and rests_on(rule, case.facts, fact, whole, known_values()[0].get(fact, ()))
    ]
    assert caught
