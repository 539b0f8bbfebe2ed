"""Checks over lists: ``every``, ``none``, ``some`` and ``count``, and the conditions on an item.

An item of which a field is Absent is unknown; a list that is Absent makes the whole check unknown.
A mapping is walked as a list of entries with the fields ``key`` and ``value``.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from hardcheck.engine import operators
from hardcheck.engine.kleene import Truth, any_of, negate
from hardcheck.engine.outcome import Item, Outcome, Show, unique
from hardcheck.engine.paths import FactsRoot, ItemRoot, Path, Root
from hardcheck.engine.selections import Choose, Chosen, Condition, Lookup, compile_choice
from hardcheck.engine.shows import compile_naming, element_root
from hardcheck.engine.wording import absence_text, cut, listed, one_line
from hardcheck.engine.yaml_source import Value, near
from hardcheck.facts import Absent, Reason

QUANTIFIERS = ("every", "none", "some", "count")
_COUNTS: Mapping[str, tuple[str, Callable[[int, int], bool]]] = {
    "at_most": ("at most", operator.le),
    "at_least": ("at least", operator.ge),
    "equals": ("exactly", operator.eq),
}


class Quantified(msgspec.Struct, frozen=True):
    """A compiled check over a list: its root is the `Facts` or, inside a condition, an item."""

    run: Callable[[Any], Outcome]
    expected: str
    path: Path


class _Walk(msgspec.Struct, frozen=True):
    """How a list is walked: which of its items are chosen, what those are tested for further (None: they are
    what is asked for), and how they are named."""

    path: Path
    choose: Choose
    test: operators.Test | None
    naming: Callable[[Any], Show]


class _Sorted(msgspec.Struct):
    """The chosen items of a list, told apart. ``why`` is of the first that is unknown."""

    yes: list[Any]
    unknown: list[Any]
    why: Absent | None = None


def quantifier_of(entries: Mapping[str, Value]) -> str | None:
    """The quantifier that a mapping is about, or None."""
    return next((name for name in QUANTIFIERS if name in entries), None)


def compile_quantifier(at: Value, root: Root, evidence: tuple[str, ...] | None = None) -> Quantified:
    """Compile ``{every|none|some|count: path, where:, has:, ...}``. Raises ConfigError."""
    entries = at.mapping()
    kind = quantifier_of(entries) or ""
    extra = {"every": ("empty",), "count": tuple(_COUNTS)}.get(kind, ())
    entries = at.fields((kind, "where", "has", "show", *extra), (kind,))
    path = root.resolve(entries[kind])
    if evidence is None:
        evidence = root.evidence if isinstance(root, ItemRoot) else root.specs[path.fact].evidence
    item = element_root(entries[kind], path, evidence)
    where = compile_condition(entries["where"], item) if "where" in entries else None
    has = compile_condition(entries["has"], item) if "has" in entries else None
    by = "where" if kind == "every" or where is not None else "has"
    of_facts = isinstance(root, FactsRoot)
    choose = compile_choice(entries[kind], entries.get(by), has if by == "has" else where, of_facts=of_facts)
    test = has.test if has is not None and by == "where" else None
    naming = compile_naming(entries[kind], entries.get("show"), item, of_facts=of_facts)
    walk = _Walk(path, choose, test, naming)
    if kind == "every":
        return _every(at, walk, where, has, entries.get("empty"), evidence)
    if kind == "count":
        return _count(at, walk, where, has, entries)
    if where is None and has is None:
        raise at.fault("the key 'has'", f"only {', '.join(sorted(entries))}")
    wanted = _both(where, has).words
    return _none(walk, wanted) if kind == "none" else _some(walk, wanted)


def compile_condition(at: Value, root: ItemRoot) -> Condition:
    """Compile a condition on an item; all entries of a mapping must hold. Raises ConfigError."""
    entries = at.mapping("a mapping of fields to operators")
    if not entries:
        raise at.fault("a condition")
    if quantifier_of(entries) is not None:
        inner = compile_quantifier(at, root)
        return Condition(lambda item: inner.run(item).truth, inner.expected)
    parts: list[Condition] = []
    for name, value in entries.items():
        if name in ("any", "all"):
            members = [compile_condition(part, root) for part in value.items("a list of conditions")]
            if not members:
                raise value.fault("a list that is not empty")
            parts.append(_joined(members, name))
        elif name == "not":
            parts.append(_negated(compile_condition(value, root)))
        else:
            parts.append(_field(value, name, root))
    return parts[0] if len(parts) == 1 else _joined(parts, "all")


def _field(at: Value, name: str, root: ItemRoot) -> Condition:
    entries = at.mapping(f"a mapping of operators, such as {{equals: ...}}, for {name}")
    path = root.field(at, name)
    if not entries:
        raise at.fault("an operator")
    parts: list[Condition] = []
    for word, operand in entries.items():
        if word not in operators.OPERATORS:
            raise operand.fault(
                f"an operator: {', '.join(operators.OPERATORS)}", near(word, operators.OPERATORS)
            )
        test, words = operators.build_on(path.read, word, operand, path.type)
        sought = operators.words_sought(word, operand)
        lookup = Lookup(name, path.read, sought) if sought else None
        parts.append(Condition(test, f"{path.shown} {words}", lookup))
    return parts[0] if len(parts) == 1 else _joined(parts, "all")


def _joined(parts: list[Condition], how: str) -> Condition:
    tests = tuple(part.test for part in parts)
    if how == "all":
        lookup = next((part.lookup for part in parts if part.lookup is not None), None)
        return Condition(_all_tests(tests), " and ".join(part.words for part in parts), lookup)
    words = " or ".join(part.words for part in parts)
    return Condition(lambda item: any_of(test(item) for test in tests), f"({words})")


def _all_tests(tests: tuple[operators.Test, ...]) -> Callable[[Any], Truth]:
    """`all_of` over an item; a loop of its own, as this runs for every item of every list."""

    def run(item: Any) -> Truth:
        unknown: Truth = True
        for test in tests:
            truth = test(item)
            if truth is False:
                return False
            if truth is not True and unknown is True:
                unknown = truth
        return unknown

    return run


def _negated(part: Condition) -> Condition:
    return Condition(lambda item: negate(part.test(item)), f"not ({part.words})")


def _both(where: Condition | None, has: Condition | None) -> Condition:
    if where is not None and has is not None:
        return _joined([where, has], "all")
    only = where or has
    assert only is not None
    return only


def _sort(chosen: Chosen, test: operators.Test | None) -> _Sorted:
    """Kleene's AND of being chosen and of passing the test, item by item."""
    if test is None and not chosen.doubts:
        return _Sorted(list(chosen.items), [])
    found = _Sorted([], [])
    for place, item in enumerate(chosen.items):
        doubt = chosen.doubts.get(place)
        truth: Truth = True if test is None else test(item)
        if truth is True and doubt is None:
            found.yes.append(item)
        elif truth is not False:
            found.unknown.append(item)
            found.why = found.why or doubt or (truth if isinstance(truth, Absent) else None)
    return found


def _unseen(path: Path, value: Absent) -> Outcome:
    return Outcome(value, f"{path.shown}: {absence_text(value)}")


def _named(items: Iterable[Any], show: Show) -> tuple[tuple[Item, ...], str]:
    named = unique([show(item) for item in items])
    return named, listed((item.text for item in named), len(named))


def _unjudged(found: _Sorted, total: int, show: Show) -> Outcome:
    why = found.why
    assert why is not None
    items, words = _named(found.unknown, show)
    text = f"{len(found.unknown)} of {total} could not be judged ({absence_text(why)}): {words}"
    return Outcome(why, cut(text), items)


def _every(
    at: Value,
    walk: _Walk,
    where: Condition | None,
    has: Condition | None,
    empty: Value | None,
    evidence: tuple[str, ...],
) -> Quantified:
    if has is None:
        raise at.fault("the key 'has'", f"only {', '.join(sorted(at.mapping()))}")
    filter_ = f" where {where.words}" if where else ""
    path, choose, test, naming = walk.path, walk.choose, has.test, walk.naming
    of_none = _of_none(path, empty, evidence, filter_)

    def run(root: Any) -> Outcome:
        values = path.read(root)
        if isinstance(values, Absent):
            return _unseen(path, values)
        chosen = choose(root, values)
        found, total = _offenders(chosen, test), len(chosen.items)
        if found.yes:
            items, words = _named(found.yes, naming(root))
            text = f"{len(found.yes)} of {total} {path.shown} are not: {words}"
            return Outcome(False, cut(text), items, tuple(found.yes))
        if found.unknown:
            return _unjudged(found, total, naming(root))
        if total == len(chosen.doubts):  # no item is surely meant
            unsure = next(iter(chosen.doubts.values()), None)
            sure = unsure is None or of_none.truth is True
            return of_none if sure else Outcome(unsure or of_none.truth, of_none.observed)
        return Outcome(True, f"all {total} {path.shown}{filter_} are")

    return Quantified(run, f"all {path.shown}{filter_}: {has.words}", path)


def _offenders(chosen: Chosen, test: operators.Test) -> _Sorted:
    """The items that are meant and fail the test (in ``yes``), and those of which that is not known."""
    found = _Sorted([], [])
    truths = map(test, chosen.items)
    for place, (item, truth) in enumerate(zip(chosen.items, truths, strict=True)):
        if truth is True:
            continue
        doubt = chosen.doubts.get(place)
        if truth is False and doubt is None:
            found.yes.append(item)
        else:
            found.unknown.append(item)
            found.why = found.why or doubt or (truth if isinstance(truth, Absent) else None)
    return found


def _of_none(path: Path, empty: Value | None, evidence: tuple[str, ...], filter_: str) -> Outcome:
    """What `every` comes to where there is no item to look at."""
    word = "unknown" if empty is None else empty.word(("unknown", "pass", "fail"))
    observed = f"there is no {path.shown}{filter_}"
    if word == "unknown":
        return Outcome(Absent(Reason.NOT_PRESENT, evidence, one_line(observed)), one_line(observed))
    return Outcome(word == "pass", one_line(observed))


def _none(walk: _Walk, wanted: str) -> Quantified:
    path, choose, test, naming = walk.path, walk.choose, walk.test, walk.naming

    def run(root: Any) -> Outcome:
        values = path.read(root)
        if isinstance(values, Absent):
            return _unseen(path, values)
        chosen = choose(root, values)
        found = _sort(chosen, test)
        if found.yes:
            items, words = _named(found.yes, naming(root))
            text = f"{len(found.yes)} of {chosen.total} {path.shown}: {words}"
            return Outcome(False, cut(text), items, tuple(found.yes))
        if found.unknown:
            return _unjudged(found, chosen.total, naming(root))
        return Outcome(True, f"none of {chosen.total} {path.shown}")

    return Quantified(run, f"no {path.shown} with {wanted}", path)


def _some(walk: _Walk, wanted: str) -> Quantified:
    path, choose, test, naming = walk.path, walk.choose, walk.test, walk.naming

    def run(root: Any) -> Outcome:
        values = path.read(root)
        if isinstance(values, Absent):
            return _unseen(path, values)
        chosen = choose(root, values)
        found = _sort(chosen, test)
        if found.yes:
            _, words = _named(found.yes, naming(root))
            return Outcome(True, cut(f"{len(found.yes)} of {chosen.total} {path.shown}: {words}"))
        if found.unknown:
            return _unjudged(found, chosen.total, naming(root))
        return Outcome(False, f"none of {chosen.total} {path.shown}")

    return Quantified(run, f"some {path.shown} with {wanted}", path)


def _count(
    at: Value, walk: _Walk, where: Condition | None, has: Condition | None, entries: Mapping[str, Value]
) -> Quantified:
    bounds = [name for name in _COUNTS if name in entries]
    if len(bounds) != 1:
        raise at.fault(f"one of {', '.join(_COUNTS)}", ", ".join(bounds) or "none")
    words, compare = _COUNTS[bounds[0]]
    bound = entries[bounds[0]].integer()
    with_ = f" with {_both(where, has).words}" if where or has else ""
    path, choose, test, naming = walk.path, walk.choose, walk.test, walk.naming

    def run(root: Any) -> Outcome:
        values = path.read(root)
        if isinstance(values, Absent):
            return _unseen(path, values)
        chosen = choose(root, values)
        found = _sort(chosen, test)
        least, most = len(found.yes), len(found.yes) + len(found.unknown)
        if found.why is not None and len({compare(n, bound) for n in range(least, most + 1)}) > 1:
            return _unjudged(found, chosen.total, naming(root))
        items, names = _named(found.yes, naming(root))
        truth = compare(least, bound)
        return Outcome(truth, cut(f"{least} {path.shown}: {names}"), () if truth else items)

    return Quantified(run, f"{words} {bound} {path.shown}{with_}", path)
