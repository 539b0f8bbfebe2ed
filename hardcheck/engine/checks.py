"""Compiles a rule's check, once, into one function over facts that also says what it saw."""

from __future__ import annotations

from typing import Any

from hardcheck.engine import lists, operators
from hardcheck.engine.access_checks import ACCESS_FORMS, compile_access
from hardcheck.engine.kleene import all_of, any_of, negate
from hardcheck.engine.outcome import Check, Outcome, unique
from hardcheck.engine.paths import FactsRoot
from hardcheck.engine.shows import compile_leaf_show
from hardcheck.engine.wording import absence_text, one_line, value_text
from hardcheck.engine.yaml_source import Value, near
from hardcheck.facts import Absent

_FORMS = ("fact", *lists.QUANTIFIERS, *ACCESS_FORMS, "all", "any", "not")


def compile_check(at: Value, root: FactsRoot) -> Check:
    """Compile a check. Raises ConfigError with file, line, key, what was expected."""
    entries = at.mapping("a check, such as {fact: name, equals: value}")
    forms = [name for name in _FORMS if name in entries]
    if len(forms) != 1:
        found = ", ".join(forms) or (near(next(iter(entries)), _FORMS) if entries else "nothing")
        raise at.fault(f"one of {', '.join(_FORMS)}", found)
    (form,) = forms
    if form == "fact":
        return _leaf(at, root)
    if form in lists.QUANTIFIERS:
        listing = lists.compile_quantifier(at, root)
        return Check(listing.run, one_line(listing.expected), (listing.path.fact,))
    if form in ACCESS_FORMS:
        return compile_access(at, root)
    at.fields((form,))
    if form == "not":
        return _not(compile_check(entries["not"], root))
    parts = [compile_check(part, root) for part in entries[form].items("a list of checks")]
    if not parts:
        raise entries[form].fault("a list that is not empty")
    return _all(parts) if form == "all" else _any(parts)


def _leaf(at: Value, root: FactsRoot) -> Check:
    entries = at.mapping()
    name = operators.operator_of(at, entries, ("fact", "show"))
    path = root.resolve(entries["fact"])
    operand = entries[name]
    test, words = operators.build(name, operand, path.type)
    offenders = operators.OPERATORS[name].offenders
    if "show" in entries and offenders is None:
        raise entries["show"].fault("no show beside this operator", name)
    show = compile_leaf_show(entries.get("show"), path, root)
    read, shown, wanted = path.read, path.shown, operand.plain()

    def run(facts: Any) -> Outcome:
        value = read(facts)
        truth = test(value)
        if value.__class__ is Absent:
            return Outcome(truth, f"{shown}: {absence_text(value)}")
        observed = f"{shown} is {value_text(value)}"
        if truth is False and offenders is not None:
            return Outcome(truth, observed, unique([show(item) for item in offenders(value, wanted)]))
        return Outcome(truth, observed)

    return Check(run, one_line(f"{shown} {words}"), (path.fact,))


def _all(parts: list[Check]) -> Check:
    runs = tuple(part.run for part in parts)

    def run(facts: Any) -> Outcome:
        outcomes = [part(facts) for part in runs]
        truth = all_of([outcome.truth for outcome in outcomes])
        if truth is False:
            outcomes = [each for each in outcomes if each.truth is False]
        elif truth is not True:
            outcomes = [each for each in outcomes if isinstance(each.truth, Absent)]
        return _told(truth, outcomes)

    return Check(run, _expected(parts, "; "), _facts(parts))


def _any(parts: list[Check]) -> Check:
    runs = tuple(part.run for part in parts)

    def run(facts: Any) -> Outcome:
        outcomes = [part(facts) for part in runs]
        truth = any_of([outcome.truth for outcome in outcomes])
        told = [each for each in outcomes if each.truth is True] if truth is True else outcomes
        return _told(truth, told)

    return Check(run, _expected(parts, " or "), _facts(parts))


def _not(part: Check) -> Check:
    def run(facts: Any) -> Outcome:
        outcome = part.run(facts)
        return Outcome(negate(outcome.truth), outcome.observed, outcome.items)

    return Check(run, one_line(f"not ({part.expected})"), part.facts)


def _told(truth: Any, outcomes: list[Outcome]) -> Outcome:
    observed = one_line("; ".join(dict.fromkeys([outcome.observed for outcome in outcomes])))
    items = () if truth is True else unique([item for outcome in outcomes for item in outcome.items])
    return Outcome(truth, observed, items, _failed(outcomes) if truth is False else None)


def _failed(outcomes: list[Outcome]) -> tuple[Any, ...] | None:
    """The elements that make the whole fail: those of all parts, where every part fails by elements."""
    parts = [outcome.failed for outcome in outcomes]
    if None in parts:
        return None
    return tuple([element for part in parts if part is not None for element in part])


def _expected(parts: list[Check], joint: str) -> str:
    return one_line(joint.join(part.expected for part in parts))


def _facts(parts: list[Check]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for part in parts for name in part.facts))
