"""What a check comes to on one host, before it is a finding."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from hardcheck.engine.kleene import Truth
from hardcheck.facts import Facts


class Item(msgspec.Struct, frozen=True, gc=False):
    """One thing that a check names: ``name`` is the raw value that a remedy acts on, ``text`` is what
    is shown, one line."""

    name: str
    text: str


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """``truth`` by Kleene's logic, what was ``observed`` in one line, and the ``items`` that failed or
    could not be judged. ``failed`` are the elements of facts that alone make it fail, None where it does
    not fail by elements."""

    truth: Truth
    observed: str
    items: tuple[Item, ...] = ()
    failed: tuple[Any, ...] | None = None


class Check(msgspec.Struct, frozen=True):
    """A compiled check: ``run`` it over a host's facts; ``expected`` is what it asks, in one line;
    ``facts`` are the names of the facts it may read."""

    run: Callable[[Facts], Outcome]
    expected: str
    facts: tuple[str, ...]


def unique(items: Iterable[Item]) -> tuple[Item, ...]:
    """The items, each once, in their order."""
    return tuple(dict.fromkeys(items))


Show = Callable[[Any], Item]
