"""The items of a list that a condition does not rule out: chosen once a host, for all checks that ask alike.

Most checks on a list are about the few items that have one word in one field, as in
``where: {key: {equals: vm.mmap_min_addr}}``. Those are looked up in a table of the list by that field, and
only they are tested.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from hardcheck.engine.kleene import Truth
from hardcheck.engine.paths import Entry, Read, items_of
from hardcheck.engine.yaml_source import Value
from hardcheck.facts import Absent, Facts


class Lookup(msgspec.Struct, frozen=True):
    """Part of a condition that must hold: ``read`` of an item, the field as rules name it, is one of the
    ``words``."""

    field: str
    read: Read
    words: tuple[str, ...]


class Condition(msgspec.Struct, frozen=True):
    """A compiled condition on an item, and how it reads. An item for which ``lookup`` does not hold fails."""

    test: Callable[[Any], Truth]
    words: str
    lookup: Lookup | None = None


class Chosen(msgspec.Struct, frozen=True):
    """The ``items`` that are chosen, in their order. ``doubts`` says of some, by their place among them, why
    that is not known; ``total`` is the length of the whole list."""

    items: Sequence[Any]
    doubts: Mapping[int, Absent]
    total: int


class _Table(msgspec.Struct, frozen=True):
    """The places of a list's items by the word that a field has; ``unknown`` are those where it is Absent."""

    places: Mapping[str, list[int]]
    unknown: list[int]


Choose = Callable[[Any, Any], Chosen]
"""From what a check reads, and the list that it found there."""


def compile_choice(
    at: Value, condition_at: Value | None, condition: Condition | None, *, of_facts: bool
) -> Choose:
    """How the items of the list that ``at`` names are chosen; all of them where there is no condition.

    ``of_facts``: the list is a fact or part of one, so that what is chosen is kept for the other checks.
    """
    if not of_facts:
        return lambda _, values: _choose(items_of(values), condition)
    name = at.text()
    if condition is None or condition_at is None:
        every = ("chosen", name)
        return lambda facts, values: facts.shared(every, _all, facts, name, values)
    key = ("chosen", name, repr(condition_at.plain()))
    return lambda facts, values: facts.shared(key, _some, facts, name, values, condition)


def _all(facts: Facts, name: str, values: Any) -> Chosen:
    items: Sequence[Any] = facts.shared(("items", name), items_of, values)
    return Chosen(items, {}, len(items))


def _some(facts: Facts, name: str, values: Any, condition: Condition) -> Chosen:
    """Those of the whole list; where words are looked up, of the items that have one of them."""
    lookup = condition.lookup
    if lookup is not None and lookup.field == "key" and isinstance(values, Mapping):
        items: Sequence[Any] = _entries(values, lookup.words)
    elif lookup is not None:
        items = facts.shared(("items", name), items_of, values)
        table = facts.shared(("table", name, lookup.field), _tabulate, items, lookup.read)
        places = {place for word in lookup.words for place in table.places.get(word, ())}
        items = [items[place] for place in sorted(places.union(table.unknown))]
    else:
        items = facts.shared(("items", name), items_of, values)
    chosen = _choose(items, condition)
    return Chosen(chosen.items, chosen.doubts, len(values))


def _entries(values: Mapping[Any, Any], keys: Iterable[str]) -> list[Entry]:
    """The entries with one of these keys, in their order."""
    found = {key for key in keys if key in values}
    if len(found) > 1:
        return [Entry(key, value) for key, value in values.items() if key in found]
    return [Entry(key, values[key]) for key in found]


def _choose(items: Sequence[Any], condition: Condition | None) -> Chosen:
    if condition is None:
        return Chosen(items, {}, len(items))
    found: list[Any] = []
    doubts: dict[int, Absent] = {}
    for item, truth in zip(items, map(condition.test, items), strict=True):
        if truth is not False:
            if truth is not True:
                doubts[len(found)] = truth
            found.append(item)
    return Chosen(found, doubts, len(items))


def _tabulate(items: Iterable[Any], read: Read) -> _Table:
    places: dict[str, list[int]] = {}
    unknown: list[int] = []
    for place, value in enumerate(map(read, items)):
        if isinstance(value, str):
            places.setdefault(value, []).append(place)
        elif value.__class__ is Absent:
            unknown.append(place)
    return _Table(places, unknown)
