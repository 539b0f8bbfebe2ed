"""Derived facts: states reconciled from several facts, computed here so that rules stay one line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from hardcheck.facts import Absent, Facts


class DerivedFact(msgspec.Struct, frozen=True):
    """One line of the derivation table: fact ``name``, its ``type``, and what it is made from.

    ``derive`` is called with the values of ``needs``, then of ``weighs``, in order. When one of
    ``needs`` is Absent the derived fact is that Absent, with the evidence of all; those of
    ``weighs`` are handed over as they are, Absent or not, and the function says what that means.
    """

    name: str
    type: Any
    about: str
    needs: tuple[str, ...]
    derive: Callable[..., Any]
    weighs: tuple[str, ...] = ()


def run_derivation(fact: DerivedFact, facts: Facts) -> Any:
    """The derived value, or the first Absent among what it needs."""
    needed = [facts[name] for name in fact.needs]
    for value in needed:
        if isinstance(value, Absent):
            return value
    return fact.derive(*needed, *(facts[name] for name in fact.weighs))
