"""Items that are looked up, or were chosen for another check, are those that walking the list would find."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from hardcheck.engine.checks import compile_check
from hardcheck.engine.outcome import Outcome
from hardcheck.engine.paths import FactsRoot
from hardcheck.engine.yaml_source import parse_yaml
from hardcheck.facts import Absent, Facts, FactSpec, Reason, fixed_facts

DENIED = Absent(Reason.DENIED, ("list",), "Permission denied")
WORDS = st.sampled_from(["a", "b", "c", ""])


class Thing(msgspec.Struct, frozen=True):
    kind: str | Absent
    good: bool | Absent
    name: str | None = None


SPECS = {
    "things": FactSpec("things", tuple[Thing, ...], "", ("list",)),
    "named": FactSpec("named", Mapping[str, Thing], "", ("list",)),
}
THINGS = st.lists(
    st.builds(
        Thing,
        st.one_of(WORDS, st.just(DENIED)),
        st.one_of(st.booleans(), st.just(DENIED)),
        st.one_of(WORDS, st.none()),
    ),
    max_size=8,
)


def run(check: str, facts: Facts) -> Outcome:
    return compile_check(parse_yaml(check, "test"), FactsRoot(SPECS)).run(facts)


def facts_of(things: list[Thing], named: Mapping[str, Thing] | None = None) -> Facts:
    return fixed_facts(SPECS, {"things": tuple(things), "named": named or {}})


def told(outcome: Outcome) -> tuple[Any, ...]:
    """All that a finding is made of, but for the condition's own words."""
    truth = outcome.truth if isinstance(outcome.truth, bool) else outcome.truth.reason
    return truth, outcome.items, outcome.failed, outcome.observed.partition(" where ")[0]


@given(THINGS, st.lists(WORDS, min_size=1, max_size=3, unique=True))
def test_a_looked_up_word_finds_what_an_expression_for_it_finds(
    things: list[Thing], words: list[str]
) -> None:
    """``in`` is looked up; ``matches`` walks the list."""
    listed = ", ".join(f"'{word}'" for word in words)
    looked_up, walked = f"kind: {{in: [{listed}]}}", f"kind: {{matches: '({'|'.join(words)})'}}"
    for form in (
        "{every: things, where: {%s}, has: {good: {equals: true}}}",
        "{none: things, where: {%s}, has: {good: {equals: true}}}",
        "{some: things, has: {good: {equals: true}, %s}}",
        "{none: things, has: {all: [{%s}, {good: {equals: false}}]}}",
        "{count: things, where: {%s}, at_most: 1}",
        "{every: things, where: {name: {present: true}, %s}, has: {good: {equals: true}}, empty: pass}",
    ):
        first, second = run(form % looked_up, facts_of(things)), run(form % walked, facts_of(things))
        assert told(first) == told(second)


@given(st.dictionaries(WORDS, st.builds(Thing, WORDS, st.booleans())), st.permutations(["c", "a", "b"]))
def test_keys_are_found_in_the_order_of_the_mapping(named: dict[str, Thing], words: list[str]) -> None:
    check = "{none: named, where: {key: {%s}}, has: {value.good: {equals: true}}, show: key}"
    looked_up = run(check % f"in: [{', '.join(words)}]", facts_of([], named))
    walked = run(check % f"matches: '({'|'.join(words)})'", facts_of([], named))
    assert told(looked_up)[:2] == told(walked)[:2]
    assert looked_up.observed == walked.observed


@given(THINGS)
def test_checks_that_share_a_choice_and_names_say_what_they_say_alone(things: list[Thing]) -> None:
    checks = [
        "{every: things, where: {kind: {equals: a}}, has: {good: {equals: true}}, show: [kind, name]}",
        "{every: things, where: {kind: {equals: a}}, has: {good: {equals: false}}, show: [kind, name]}",
        "{none: things, where: {kind: {equals: a}}, has: {name: {present: true}}, show: [kind, name]}",
        "{none: things, has: {kind: {equals: a}}, show: [name, good]}",
        "{some: things, has: {kind: {equals: b}}}",
    ]
    together = facts_of(things)
    assert [run(check, together) for check in checks] == [run(check, facts_of(things)) for check in checks]


def test_what_checks_share_is_made_once() -> None:
    made: list[str] = []

    def make(word: str) -> list[str]:
        made.append(word)
        return []

    facts = facts_of([])
    assert facts.shared(("x", 1), make, "first") is facts.shared(("x", 1), make, "second")
    assert made == ["first"]
    assert "things" in facts
    assert "x" not in facts
