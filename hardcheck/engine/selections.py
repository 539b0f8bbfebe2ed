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
from hardcheck.engine.paths import Read, items_of
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
    listing = ("items", name)
    if condition is None:
        every = ("chosen", name)
        return lambda facts, values: facts.shared(every, _all, facts.shared(listing, items_of, values))
    key = ("chosen", name, repr(condition_at.plain() if condition_at is not None else None))
    wanted = condition

    def of(facts: Facts, values: Any) -> Chosen:
        return _looked_up(facts, name, facts.shared(listing, items_of, values), wanted)

    return lambda facts, values: facts.shared(key, of, facts, values)


def _all(items: Sequence[Any]) -> Chosen:
    return Chosen(items, {}, len(items))


def _looked_up(facts: Facts, name: str, items: Sequence[Any], condition: Condition) -> Chosen:
    lookup = condition.lookup
    if lookup is None:
        return _choose(items, condition)
    table = facts.shared(("table", name, lookup.field), _tabulate, items, lookup.read)
    places = {place for word in lookup.words for place in table.places.get(word, ())}.union(table.unknown)
    chosen = _choose([items[place] for place in sorted(places)], condition)
    return Chosen(chosen.items, chosen.doubts, len(items))


def _choose(items: Sequence[Any], condition: Condition | None) -> Chosen:
    if condition is None:
        return _all(items)
    found: list[Any] = []
    doubts: dict[int, Absent] = {}
    test = condition.test
    for item in items:
        truth = test(item)
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
