"""What judging costs: milliseconds a host for the shipped rules and for 400, milliseconds to load them.

    python benchmarks/engine/evaluate.py

The facts are those of the rules' own cases, so every check runs to its end; parsing is not in the figures.
The mark is about 5 ms a host for 400 rules.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hardcheck.derive import DERIVED
from hardcheck.engine.case_facts import read_facts
from hardcheck.engine.catalog import load_setup
from hardcheck.engine.evaluate import evaluate_all
from hardcheck.engine.rule import Rule
from hardcheck.engine.yaml_source import read_yaml
from hardcheck.facts import Facts, FactSpec, Reason, fixed_facts
from hardcheck.findings import EvidenceRef
from hardcheck.parse import PARSERS
from hardcheck.resources import resource_folder

CASES = Path(__file__).resolve().parents[2] / "tests" / "rules"


def best_ms(call: Callable[[], object], times: int = 9) -> float:
    """The quickest of several runs, in milliseconds."""
    spent = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        spent.append(time.perf_counter() - start)
    return min(spent) * 1000


def main() -> None:
    rules_folder = resource_folder("rules")
    setup = load_setup(rules_folder, PARSERS, DERIVED)
    rules = setup.rules
    loading = best_ms(lambda: load_setup(rules_folder, PARSERS, DERIVED), 3)
    print(f"load {len(rules)} rules: {loading:.0f} ms ({loading / len(rules):.2f} ms a rule)")
    for side in ("selinux", "apparmor"):
        facts = facts_of(side, setup.specs)
        many = (rules * (400 // len(rules) + 1))[:400]
        for chosen in (rules, many):
            spent = evaluate_ms(chosen, fixed_facts(setup.specs, facts))
            print(f"{side}: {len(chosen)} rules over {len(facts)} facts: {spent:.2f} ms a host")


def facts_of(side: str, specs: dict[str, FactSpec]) -> dict[str, Any]:
    """The facts of every failing case together, those of the side first."""
    facts: dict[str, Any] = {"mac.framework": side}
    for path in sorted(CASES.glob(f"*/{side}-*.fail.yaml")) + sorted(CASES.glob("*/*.fail.yaml")):
        for name, value in read_facts(read_yaml(path).mapping()["facts"], specs).items():
            facts.setdefault(name, value)
    return facts


def evaluate_ms(rules: tuple[Rule, ...], facts: Facts) -> float:
    """Milliseconds for all rules over the facts of one host."""
    ref = EvidenceRef("key", "", "", 0, Reason.NOT_PRESENT)
    return best_ms(lambda: evaluate_all(rules, facts, "host", lambda _: ref))


if __name__ == "__main__":
    main()
