"""A rule over the facts of one host: one finding, whatever happens."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec.structs import replace

from hardcheck.engine.load import FRAMEWORK_FACT
from hardcheck.engine.outcome import Check, Outcome
from hardcheck.engine.remedy import fill, has_places
from hardcheck.engine.rule import Rule, Side
from hardcheck.engine.wording import MAX_ITEMS, absence_text, one_line
from hardcheck.facts import Absent, Facts, Reason
from hardcheck.findings import EvidenceRef, Finding, Framework, Remedy, Status

Refs = Callable[[str], EvidenceRef]
"""From an evidence key to the pointer into the host's bundle."""


def evaluate_all(rules: Iterable[Rule], facts: Facts, host: str, refs: Refs) -> tuple[Finding, ...]:
    """One finding a rule, in the order of the rules, each told by its cause where another is that."""
    judged = [(rule, *_judge(rule, facts, host, refs)) for rule in rules]
    failed = {rule.id: frozenset(map(id, elements)) for rule, _, elements in judged if elements is not None}
    return tuple(
        replace(finding, follows=rule.follows) if _follows(rule, failed) else finding
        for rule, finding, _ in judged
    )


def _follows(rule: Rule, failed: Mapping[str, frozenset[int]]) -> bool:
    """Whether each element of a fact that fails here is, as the same object, one that fails in its cause."""
    elements = failed.get(rule.info.id, frozenset()) if rule.follows else frozenset()
    return bool(elements) and elements <= failed.get(rule.follows, frozenset())


def evaluate(rule: Rule, facts: Facts, host: str, refs: Refs) -> Finding:
    """The verdict of a rule on a host. A rule or a fact that raises is ERROR with the words."""
    return _judge(rule, facts, host, refs)[0]


def _judge(rule: Rule, facts: Facts, host: str, refs: Refs) -> tuple[Finding, tuple[Any, ...] | None]:
    """The finding, and the elements that make it fail where it fails by elements."""
    framework = Framework.ANY
    try:
        if Framework.ANY in rule.sides:
            return _side_finding(rule, rule.sides[Framework.ANY], facts, host, refs)
        framework = Framework.UNDECIDED
        running = facts[FRAMEWORK_FACT]
        if isinstance(running, Absent):
            return _undecided(rule, running, host, refs), None
        framework = Framework(running)
        if framework is Framework.NEITHER:
            return _neither(rule, facts, host, refs), None
        return _side_finding(rule, rule.sides[framework], facts, host, refs)
    except Exception as error:
        detail = one_line(f"{type(error).__name__}: {error}")
        return Finding(
            rule.id, host, Status.ERROR, framework, observed="hardcheck failed here", detail=detail
        ), None


def unreachable(rule: Rule, host: str, reason: Reason, detail: str) -> Finding:
    """The finding of a host of which nothing was collected."""
    sided = Framework.ANY not in rule.sides
    return Finding(
        rule.id,
        host,
        Status.UNKNOWN,
        Framework.UNDECIDED if sided else Framework.ANY,
        expected="" if sided else _asked(rule.sides[Framework.ANY]),
        observed=one_line(f"nothing was collected: {detail or reason.replace('_', ' ')}"),
        reason=reason,
        detail=one_line(detail),
    )


def _side_finding(
    rule: Rule, side: Side, facts: Facts, host: str, refs: Refs
) -> tuple[Finding, tuple[Any, ...] | None]:
    if side.check is None:
        return Finding(
            rule.id,
            host,
            Status.NOT_APPLICABLE,
            side.framework,
            observed=one_line(f"the host runs {side.framework}: {side.not_applicable}"),
            evidence=_refs(rule.proof, refs),
        ), None
    if side.applies is not None:
        applies = side.applies.run(facts)
        if applies.truth is not True:
            status = Status.NOT_APPLICABLE if applies.truth is False else Status.UNKNOWN
            expected = one_line(f"applies where {side.applies.expected}")
            return _finding(rule, side, host, refs, status, expected, applies), None
    outcome = side.check.run(facts)
    status = _status(outcome)
    literal = _literal(side.letter, facts, status)
    failed = outcome.failed if status is Status.FAIL else None
    return _finding(rule, side, host, refs, status, side.check.expected, outcome, literal), failed


def _status(outcome: Outcome) -> Status:
    if outcome.truth is True:
        return Status.PASS
    return Status.FAIL if outcome.truth is False else Status.UNKNOWN


def _literal(letter: Check | None, facts: Facts, status: Status) -> Status | None:
    """The verdict by a benchmark's letter where it parts from the effective one."""
    if letter is None:
        return None
    literal = _status(letter.run(facts))
    return None if literal is status else literal


def _finding(
    rule: Rule,
    side: Side,
    host: str,
    refs: Refs,
    status: Status,
    expected: str,
    outcome: Outcome,
    literal: Status | None = None,
) -> Finding:
    absent = outcome.truth if isinstance(outcome.truth, Absent) else None
    keys = side.evidence if absent is None else dict.fromkeys((*side.evidence, *absent.evidence))
    remedies: tuple[Remedy, ...] = ()
    if status is Status.FAIL and side.filled:
        remedies = fill(side.remedies, [item.name for item in outcome.items])
    return Finding(
        rule=rule.info.id,
        host=host,
        status=status,
        framework=side.framework,
        expected=expected,
        observed=outcome.observed,
        items=tuple([item.text for item in outcome.items[:MAX_ITEMS]]),
        reason=None if absent is None else absent.reason,
        detail="" if absent is None else one_line(absent.detail),
        literal=literal,
        literal_note="" if literal is None else side.letter_note,
        evidence=_refs(keys, refs),
        remedies=remedies,
    )


def _undecided(rule: Rule, running: Absent, host: str, refs: Refs) -> Finding:
    return Finding(
        rule.id,
        host,
        Status.UNKNOWN,
        Framework.UNDECIDED,
        expected="to see which MAC framework the host runs",
        observed=one_line(f"{FRAMEWORK_FACT}: {absence_text(running)}"),
        reason=running.reason,
        detail=one_line(running.detail),
        evidence=_refs(dict.fromkeys((*rule.proof, *running.evidence)), refs),
    )


def _neither(rule: Rule, facts: Facts, host: str, refs: Refs) -> Finding:
    """A host on which no framework is active; both remedies hold. Where both sides have a condition, one of
    them has to hold for a failure."""
    status = rule.neither or Status.ERROR
    if status is Status.FAIL and all(side.applies is not None for side in rule.sides.values()):
        asked = [(side, side.applies.run(facts)) for side in rule.sides.values() if side.applies is not None]
        side, outcome = max(asked, key=lambda pair: _certainty(pair[1]))
        if outcome.truth is not True:
            status = Status.NOT_APPLICABLE if outcome.truth is False else Status.UNKNOWN
            expected = one_line(f"applies where {side.applies.expected}" if side.applies else "")
            finding = _finding(rule, side, host, refs, status, expected, outcome)
            return replace(finding, framework=Framework.NEITHER)
    failed = status is Status.FAIL
    remedies = rule.info.remedies if failed else ()
    return Finding(
        rule.id,
        host,
        status,
        Framework.NEITHER,
        expected="a MAC framework is active" if failed else "applies where a MAC framework is active",
        observed="no MAC framework is active",
        evidence=_refs(rule.proof, refs),
        remedies=fill(remedies, ()) if has_places(remedies) else (),
    )


def _certainty(outcome: Outcome) -> int:
    """That it holds counts most, then that it is not known."""
    return 2 if outcome.truth is True else 0 if outcome.truth is False else 1


def _refs(keys: Iterable[str], refs: Refs) -> tuple[EvidenceRef, ...]:
    return tuple(map(refs, keys))


def _asked(side: Side) -> str:
    return side.check.expected if side.check is not None else ""
