"""From evidence to the whole table of facts of one host."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from hardcheck.derive.base import DerivedFact, run_derivation
from hardcheck.evidence import HostEvidence
from hardcheck.facts import Facts, FactSpec
from hardcheck.parse.base import ParsedFact, run_parser


def fact_specs(parsed: Iterable[ParsedFact], derived: Iterable[DerivedFact]) -> dict[str, FactSpec]:
    """Every known fact by name, with the evidence that each rests on in the end."""
    specs = {fact.name: FactSpec(fact.name, fact.type, fact.about, fact.keys) for fact in parsed}
    table = {fact.name: fact for fact in derived}

    def evidence_of(name: str) -> tuple[str, ...]:
        if name in specs:
            return specs[name].evidence
        fact = table[name]
        keys = dict.fromkeys(key for part in (*fact.needs, *fact.weighs) for key in evidence_of(part))
        specs[name] = FactSpec(name, fact.type, fact.about, tuple(keys))
        return specs[name].evidence

    for name in table:
        evidence_of(name)
    return specs


def assemble(
    host: HostEvidence,
    parsed: Iterable[ParsedFact],
    derived: Iterable[DerivedFact],
    specs: dict[str, FactSpec],
) -> Facts:
    """The facts of one host; each is computed when first asked for."""
    make: dict[str, Callable[[Facts], Any]] = {}
    for source in parsed:
        make[source.name] = _parsed(source, host)
    for rule in derived:
        make[rule.name] = partial(run_derivation, rule)
    return Facts(specs, make)


def _parsed(fact: ParsedFact, host: HostEvidence) -> Callable[[Facts], Any]:
    return lambda _: run_parser(fact, host)
