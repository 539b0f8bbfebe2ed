"""The engine against a second evaluator, and what becomes of verdicts when evidence is withheld."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardcheck.engine.case_facts import read_facts
from hardcheck.engine.evaluate import evaluate
from hardcheck.engine.load import compile_rule
from hardcheck.engine.rule import Rule
from hardcheck.engine.values import put_in, read_values
from hardcheck.engine.yaml_source import read_yaml
from hardcheck.facts import Absent, FactSpec, Reason, fixed_facts
from hardcheck.findings import Finding, Status
from tests.unit.engine import oracle, shipped
from tests.unit.engine.test_evaluate import SELINUX, sided
from tests.unit.engine.world import HEAD, REMEDY, SPECS, Config, Mode, Profile, Setting, ref

# --- random checks over random facts ------------------------------------------------------------

REASONS = st.sampled_from(list(Reason))
absents = st.builds(Absent, REASONS)


def leaf_of(words: list[str], values: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.one_of(
        st.tuples(st.sampled_from(words), values).map(lambda pair: {pair[0]: pair[1]}),
        st.booleans().map(lambda flag: {"present": flag}),
    )


mode_words = st.sampled_from(["enforce", "complain"])
mode_leaf = leaf_of(["equals", "not_equals"], mode_words) | st.lists(mode_words, min_size=1, max_size=2).map(
    lambda words: {"in": words}
)
name_leaf = leaf_of(
    ["equals", "starts_with", "matches", "not_matches", "contains"], st.sampled_from(["a", "b", ".*"])
)
flag_leaf = leaf_of(["equals", "not_equals"], st.booleans())
pids_leaf = st.booleans().map(lambda flag: {"empty": flag}) | st.integers(0, 2).map(lambda n: {"contains": n})
conditions: st.SearchStrategy[dict[str, Any]] = st.recursive(
    st.one_of(
        mode_leaf.map(lambda leaf: {"mode": leaf}),
        name_leaf.map(lambda leaf: {"name": leaf}),
        flag_leaf.map(lambda leaf: {"attached": leaf}),
        st.tuples(flag_leaf, mode_leaf).map(lambda pair: {"used": pair[0], "mode": pair[1]}),
        pids_leaf.map(lambda leaf: {"pids": leaf}),
        st.integers(0, 2).map(lambda n: {"some": "pids", "has": {"item": {"at_least": n}}}),
    ),
    lambda inner: st.one_of(
        inner.map(lambda part: {"not": part}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"any": parts}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"all": parts}),
    ),
    max_leaves=4,
)
maybe_where = st.one_of(st.just({}), conditions.map(lambda where: {"where": where}))
lists = st.one_of(
    st.tuples(maybe_where, conditions, st.sampled_from([{}, {"empty": "pass"}, {"empty": "fail"}])).map(
        lambda parts: {"every": "apparmor.profiles", **parts[0], "has": parts[1], **parts[2]}
    ),
    st.tuples(st.sampled_from(["none", "some"]), maybe_where, conditions).map(
        lambda parts: {parts[0]: "apparmor.profiles", **parts[1], "has": parts[2]}
    ),
    st.tuples(maybe_where, st.sampled_from(["at_most", "at_least", "equals"]), st.integers(0, 3)).map(
        lambda parts: {"count": "apparmor.profiles", **parts[0], parts[1]: parts[2]}
    ),
)
leaves = st.one_of(
    leaf_of(["equals", "not_equals"], st.sampled_from(["enforcing", "x"])).map(
        lambda leaf: {"fact": "selinux.config.mode", **leaf}
    ),
    leaf_of(["at_least", "less_than"], st.integers(0, 2)).map(
        lambda leaf: {"fact": "sysctl.values[a].now", **leaf}
    ),
    leaf_of(["equals"], st.sampled_from(["0", "1"])).map(
        lambda leaf: {"fact": "sysctl.values[a].after", **leaf}
    ),
    flag_leaf.map(lambda leaf: {"fact": "selinux.enforcing", **leaf}),
    leaf_of(["contains"], mode_words).map(lambda leaf: {"fact": "apparmor.modes", **leaf}),
)
checks: st.SearchStrategy[dict[str, Any]] = st.recursive(
    leaves | lists,
    lambda inner: st.one_of(
        inner.map(lambda part: {"not": part}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"all": parts}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"any": parts}),
    ),
    max_leaves=5,
)
profiles = st.builds(
    Profile,
    st.sampled_from(["a", "b", "ab"]),
    st.sampled_from(Mode),
    st.lists(st.integers(0, 2), max_size=2).map(tuple),
    st.booleans() | absents,
)
values = st.fixed_dictionaries(
    {
        "selinux.config": st.builds(Config, st.sampled_from(["enforcing", "x"])) | absents,
        "selinux.enforcing": st.booleans() | absents,
        "apparmor.profiles": st.lists(profiles, max_size=3).map(tuple) | absents,
        "apparmor.modes": st.frozensets(st.sampled_from(Mode)) | absents,
        "sysctl.values": st.dictionaries(
            st.sampled_from(["a", "b"]),
            st.builds(
                Setting, st.sampled_from(["0", "1", "2", "many"]), st.sampled_from(["0", "1"]) | absents
            ),
        )
        | absents,
    }
)


def compiled(check: dict[str, Any]) -> Rule:
    import json

    text = f"{HEAD}check: {json.dumps(check)}\nremedies: [{REMEDY}]\n"
    return compile_rule(text.encode(), "r.yaml", SPECS)


@settings(max_examples=400, deadline=None)
@given(checks, values)
def test_the_engine_agrees_with_the_oracle(check: dict[str, Any], facts: dict[str, Any]) -> None:
    table = fixed_facts(SPECS, facts)
    finding = evaluate(compiled(check), table, "h", ref)
    assert finding.status == oracle.status({"check": check}, table), finding
    assert (finding.reason is not None) == (finding.status is Status.UNKNOWN)
    assert finding.expected.isprintable()
    assert finding.observed.isprintable()


@settings(max_examples=200, deadline=None)
@given(checks, values, values, st.data())
def test_a_verdict_without_a_fact_holds_whatever_that_fact_turns_out_to_be(
    check: dict[str, Any], facts: dict[str, Any], others: dict[str, Any], data: st.DataObject
) -> None:
    """Kleene's logic is monotonic: what was decided without a fact stays decided with it."""
    name = data.draw(st.sampled_from(sorted(facts)))
    rule = compiled(check)
    withheld = {**facts, name: Absent(Reason.DENIED)}
    before = evaluate(rule, fixed_facts(SPECS, withheld), "h", ref).status
    after = evaluate(rule, fixed_facts(SPECS, {**facts, name: others[name]}), "h", ref).status
    assert before is Status.UNKNOWN or before is after


def test_the_oracle_knows_sides() -> None:
    rule = {"selinux": {"check": {"fact": "selinux.config.mode", "equals": "enforcing"}}, "neither": "fail"}
    facts = {name.replace("__", "."): value for name, value in SELINUX.items()}
    assert oracle.status(rule, fixed_facts(SPECS, facts)) == "pass"
    assert oracle.status(rule, fixed_facts(SPECS, {"mac.framework": "neither"})) == "fail"
    assert evaluate(sided(), fixed_facts(SPECS, facts), "h", ref).status is Status.PASS


# --- the shipped rules, over their own cases -----------------------------------------------------


@functools.cache
def case_facts(name: str) -> tuple[tuple[str, dict[str, Any]], ...]:
    """(status, facts given) of every case of a rule."""
    found = []
    for path in sorted((shipped.CASES / name).glob("*.yaml")):
        given_facts = read_facts(read_yaml(path).mapping()["facts"], shipped.setup().specs)
        found.append((path.stem.rpartition(".")[2], given_facts))
    return tuple(found)


def judged(rule: Rule, specs: dict[str, FactSpec], facts: dict[str, Any]) -> tuple[Finding, str]:
    """The finding, and the oracle's status: the finding's own for a rule that asks the loaded policy,
    which the oracle does not model."""
    table = fixed_facts(specs, facts)
    finding = evaluate(rule, table, "h", ref)
    if any(f"'{form}':" in str(source(rule.id)) for form in ("may", "who_may")):
        return finding, finding.status
    return finding, oracle.status(source(rule.id), table)


@functools.cache
def source(name: str) -> dict[str, Any]:
    (path,) = [path for path in shipped.RULE_FILES if path.stem == name]
    at = read_yaml(Path(path))
    entries = at.mapping()
    if "values" in entries:
        put_in(at, {name: value.default for name, value in read_values(entries["values"]).items()})
    plain: dict[str, Any] = at.plain()
    return plain


def withheld(facts: dict[str, Any]) -> Iterator[tuple[str, Reason, dict[str, Any]]]:
    """Each fact that is not there, and each that could not be looked at, for one reason after the other."""
    others = itertools.cycle(reason for reason in Reason if reason is not Reason.NOT_PRESENT)
    for name in facts:
        for reason in (Reason.NOT_PRESENT, next(others)):
            yield name, reason, {**facts, name: Absent(reason, (), "withheld")}


@pytest.mark.parametrize("name", [path.stem for path in shipped.RULE_FILES])
def test_a_shipped_rule_never_passes_without_its_proof(name: str) -> None:
    """From every case each fact is withheld: the engine says what the oracle says, and
    a verdict that stays must hold for every value that the rule's cases know of the fact."""
    rule, specs = shipped.rules()[name], shipped.setup().specs
    cases = case_facts(name)
    known = {
        fact: list({repr(facts[fact]): facts[fact] for _, facts in cases if fact in facts}.values())
        for _, case in cases
        for fact in case
    }
    for status, facts in cases:
        finding, expected = judged(rule, specs, facts)
        assert finding.status == expected == status, finding
        for fact, reason, without in withheld(facts):
            finding, expected = judged(rule, specs, without)
            assert finding.status == expected, (fact, reason, finding)
            if finding.status is Status.UNKNOWN or reason is Reason.NOT_PRESENT:
                continue
            for value in known[fact]:
                if isinstance(value, Absent) and value.reason is Reason.NOT_PRESENT:
                    continue
                learned, _ = judged(rule, specs, {**facts, fact: value})
                assert learned.status in (finding.status, Status.UNKNOWN), (fact, reason, value)


@pytest.mark.parametrize("name", [path.stem for path in shipped.RULE_FILES])
def test_a_shipped_rule_over_nothing_is_unknown_for_every_reason(name: str) -> None:
    rule, specs = shipped.rules()[name], shipped.setup().specs
    for reason in Reason:
        facts = {fact: Absent(reason) for fact in specs}
        for framework in ("selinux", "apparmor"):
            finding, _ = judged(rule, specs, {**facts, "mac.framework": framework})
            if reason is Reason.NOT_PRESENT and "'present':" in str(source(name)):
                continue  # that something is not there is what such a rule asks
            assert finding.status in (Status.UNKNOWN, Status.FAIL, Status.NOT_APPLICABLE), (reason, finding)
            if reason is not Reason.NOT_PRESENT and "not_applicable" not in source(name).get(framework, {}):
                assert finding.status is Status.UNKNOWN, (reason, finding)
