"""Checks over lists: ``every``, ``none``, ``some`` and ``count``, and the conditions on an item.

An item of which a field is Absent is unknown; a list that is Absent makes the whole check unknown.
A mapping is walked as a list of entries with the fields ``key`` and ``value``.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from hardcheck.engine import fact_types, operators
from hardcheck.engine.kleene import Truth, any_of, negate
from hardcheck.engine.outcome import Item, Outcome, Show, unique
from hardcheck.engine.paths import Entry, EntryType, FactsRoot, ItemRoot, Path, Root, items_of
from hardcheck.engine.wording import absence_text, default_name, item_text, listed, one_line, value_text
from hardcheck.engine.yaml_source import Value, near
from hardcheck.facts import Absent, Reason

QUANTIFIERS = ("every", "none", "some", "count")
_COUNTS: Mapping[str, tuple[str, Callable[[int, int], bool]]] = {
    "at_most": ("at most", operator.le),
    "at_least": ("at least", operator.ge),
    "equals": ("exactly", operator.eq),
}


class Condition(msgspec.Struct, frozen=True):
    """A compiled condition on an item, and how it reads."""

    test: Callable[[Any], Truth]
    words: str


class Quantified(msgspec.Struct, frozen=True):
    """A compiled check over a list: its root is the `Facts` or, inside a condition, an item."""

    run: Callable[[Any], Outcome]
    expected: str
    path: Path


class _Sorted(msgspec.Struct):
    """The items of a list, told apart by a condition. ``why`` is of the first that is unknown.

    For `every`: ``meant`` are those that it is surely about, ``unsure`` why that is not known of another.
    """

    yes: list[Any]
    unknown: list[Any]
    total: int
    why: Absent | None = None
    meant: int = 0
    unsure: Absent | None = None


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
    item = ItemRoot(_element(entries[kind], path), evidence)
    where = compile_condition(entries["where"], item) if "where" in entries else None
    has = compile_condition(entries["has"], item) if "has" in entries else None
    show = compile_show(entries.get("show"), item)
    if kind == "every":
        return _every(at, path, where, has, show, entries.get("empty"), evidence)
    if kind == "count":
        return _count(at, path, where, has, show, entries)
    if where is None and has is None:
        raise at.fault("the key 'has'", f"only {', '.join(sorted(entries))}")
    wanted = _both(where, has)
    return _none(path, wanted, show) if kind == "none" else _some(path, wanted, show)


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


def compile_show(at: Value | None, root: ItemRoot) -> Show:
    """How an item is named: its first field is what a remedy acts on, the others are told beside it."""
    if at is None:
        return _named_by_default
    names = at.items() if isinstance(at.data, list) else [at]
    paths = [root.resolve(name) for name in names]
    if not paths:
        raise at.fault("a field or a list of fields")
    first, rest = paths[0], paths[1:]

    def show(item: Any) -> Item:
        lead = first.read(item)
        name = "" if isinstance(lead, Absent) else str(lead)
        text = value_text(lead)
        if rest:
            text += f" ({', '.join(f'{path.shown} {value_text(path.read(item))}' for path in rest)})"
        return Item(name, one_line(text, 300))

    return show


def compile_leaf_show(at: Value | None, path: Path, root: FactsRoot) -> Show:
    """How the elements of a fact that is a list are named."""
    if at is None:
        return _named_by_default
    return compile_show(at, ItemRoot(_element(at, path), root.specs[path.fact].evidence))


def _named_by_default(item: Any) -> Item:
    if isinstance(item, Entry):
        return Item(str(item.key), value_text(item.key, 300))
    lead = default_name(item)
    return Item("" if isinstance(lead, Absent) else str(lead), item_text(item, 300))


def element_root(at: Value, path: Path, evidence: tuple[str, ...]) -> ItemRoot:
    """Where the fields of a list's items are looked up. Raises ConfigError: the path leads to no list."""
    return ItemRoot(_element(at, path), evidence)


def _element(at: Value, path: Path) -> Any:
    """The type of the items that a path leads to."""
    found: list[Any] = []
    for part in fact_types.alternatives(path.type):
        pair = fact_types.mapping_of(part)
        if pair is not None:
            return EntryType(*pair)
        element = Any if part is Any else fact_types.element_of(part)
        if element is None:
            raise at.fault("a path to a list", f"{at.data} ({fact_types.name_of(part)})")
        found.append(element)
    return fact_types.union(found)


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
        test, words = operators.build(word, operand, path.type)
        parts.append(Condition(_reading(path, test), f"{path.shown} {words}"))
    return parts[0] if len(parts) == 1 else _joined(parts, "all")


def _reading(path: Path, test: operators.Test) -> Callable[[Any], Truth]:
    read = path.read
    return lambda item: test(read(item))


def _joined(parts: list[Condition], how: str) -> Condition:
    tests = tuple(part.test for part in parts)
    if how == "all":
        return Condition(_all_tests(tests), " and ".join(part.words for part in parts))
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


def _sort(values: Any, wanted: Condition | None) -> _Sorted:
    found = _Sorted([], [], 0)
    for item in items_of(values):
        found.total += 1
        truth = True if wanted is None else wanted.test(item)
        if truth is True:
            found.yes.append(item)
        elif truth is not False:
            found.unknown.append(item)
            found.why = found.why or truth
    return found


def _unseen(path: Path, value: Absent) -> Outcome:
    return Outcome(value, f"{path.shown}: {absence_text(value)}")


def _named(items: Iterable[Any], show: Show) -> tuple[tuple[Item, ...], str]:
    named = unique(show(item) for item in items)
    return named, listed((item.text for item in named), len(named))


def _unjudged(found: _Sorted, show: Show) -> Outcome:
    why = found.why
    assert why is not None
    items, words = _named(found.unknown, show)
    text = f"{len(found.unknown)} of {found.total} could not be judged ({absence_text(why)}): {words}"
    return Outcome(why, one_line(text), items)


def _every(
    at: Value,
    path: Path,
    where: Condition | None,
    has: Condition | None,
    show: Show,
    empty: Value | None,
    evidence: tuple[str, ...],
) -> Quantified:
    if has is None:
        raise at.fault("the key 'has'", f"only {', '.join(sorted(at.mapping()))}")
    filter_ = f" where {where.words}" if where else ""
    of_none = _of_none(path, empty, evidence, filter_)

    def run(root: Any) -> Outcome:
        values = path.read(root)
        if isinstance(values, Absent):
            return _unseen(path, values)
        found = _offenders(values, where, has)
        if found.yes:
            items, words = _named(found.yes, show)
            text = f"{len(found.yes)} of {found.total} {path.shown} are not: {words}"
            return Outcome(False, one_line(text), items, tuple(found.yes))
        if found.unknown:
            return _unjudged(found, show)
        if found.meant == 0:
            sure = found.unsure is None or of_none.truth is True
            return of_none if sure else Outcome(found.unsure or of_none.truth, of_none.observed)
        return Outcome(True, f"all {found.total} {path.shown}{filter_} are")

    return Quantified(run, f"all {path.shown}{filter_}: {has.words}", path)


def _offenders(values: Any, where: Condition | None, has: Condition) -> _Sorted:
    """The items that are meant and fail ``has`` (in ``yes``), and those of which that is not known."""
    found = _Sorted([], [], 0)
    for item in items_of(values):
        chosen = True if where is None else where.test(item)
        if chosen is False:
            continue
        found.total += 1
        if isinstance(chosen, Absent):
            found.unsure = found.unsure or chosen
        else:
            found.meant += 1
        truth = has.test(item)
        if truth is False and chosen is True:
            found.yes.append(item)
        elif truth is not True:
            found.unknown.append(item)
            why = chosen if isinstance(chosen, Absent) else truth
            found.why = found.why or (why if isinstance(why, Absent) else None)
    return found


def _of_none(path: Path, empty: Value | None, evidence: tuple[str, ...], filter_: str) -> Outcome:
    """What `every` comes to where there is no item to look at."""
    word = "unknown" if empty is None else empty.word(("unknown", "pass", "fail"))
    observed = f"there is no {path.shown}{filter_}"
    if word == "unknown":
        return Outcome(Absent(Reason.NOT_PRESENT, evidence, one_line(observed)), one_line(observed))
    return Outcome(word == "pass", one_line(observed))


def _none(path: Path, wanted: Condition, show: Show) -> Quantified:
    def run(root: Any) -> Outcome:
        values = path.read(root)
        if isinstance(values, Absent):
            return _unseen(path, values)
        found = _sort(values, wanted)
        if found.yes:
            items, words = _named(found.yes, show)
            text = f"{len(found.yes)} of {found.total} {path.shown}: {words}"
            return Outcome(False, one_line(text), items, tuple(found.yes))
        if found.unknown:
            return _unjudged(found, show)
        return Outcome(True, f"none of {found.total} {path.shown}")

    return Quantified(run, f"no {path.shown} with {wanted.words}", path)


def _some(path: Path, wanted: Condition, show: Show) -> Quantified:
    def run(root: Any) -> Outcome:
        values = path.read(root)
        if isinstance(values, Absent):
            return _unseen(path, values)
        found = _sort(values, wanted)
        if found.yes:
            _, words = _named(found.yes, show)
            return Outcome(True, one_line(f"{len(found.yes)} of {found.total} {path.shown}: {words}"))
        if found.unknown:
            return _unjudged(found, show)
        return Outcome(False, f"none of {found.total} {path.shown}")

    return Quantified(run, f"some {path.shown} with {wanted.words}", path)


def _count(
    at: Value,
    path: Path,
    where: Condition | None,
    has: Condition | None,
    show: Show,
    entries: Mapping[str, Value],
) -> Quantified:
    bounds = [name for name in _COUNTS if name in entries]
    if len(bounds) != 1:
        raise at.fault(f"one of {', '.join(_COUNTS)}", ", ".join(bounds) or "none")
    words, compare = _COUNTS[bounds[0]]
    bound = entries[bounds[0]].integer()
    wanted = _both(where, has) if where or has else None
    with_ = f" with {wanted.words}" if wanted else ""

    def run(root: Any) -> Outcome:
        values = path.read(root)
        if isinstance(values, Absent):
            return _unseen(path, values)
        found = _sort(values, wanted)
        least, most = len(found.yes), len(found.yes) + len(found.unknown)
        if found.why is not None and len({compare(n, bound) for n in range(least, most + 1)}) > 1:
            return _unjudged(found, show)
        items, names = _named(found.yes, show)
        truth = compare(least, bound)
        return Outcome(truth, one_line(f"{least} {path.shown}: {names}"), () if truth else items)

    return Quantified(run, f"{words} {bound} {path.shown}{with_}", path)
