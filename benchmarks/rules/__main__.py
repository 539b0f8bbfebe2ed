"""What judging costs: every rule with every profile, hosts a second on one core.

    python -m benchmarks.rules [BUNDLE...]

A bundle is measured from its facts, parsed already, and from its bytes: reading, parsing, judging. Without
bundles the facts are those of the rules' own cases, so that every check runs to its end. Measured is
processor time, best of several: other work on the machine moves wall time more than the program does, and
still moves this. Each time the host is a new one: of what its checks share nothing is there yet.

What a policy was asked is remembered for the hosts that hold the same one. So the first host is told apart
from the next ones with its policy, which is what a fleet of one distribution is; the rules that ask the
loaded policy (``may``, ``who_may``) are told apart from those that compare facts.

The floor is what Python needs at least: to look up each rule's facts and to make one finding of it. The mark
is 200 hosts a second, 5 ms a host, for 400 rules.
"""

from __future__ import annotations

import argparse
import gc
import sys
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from hardcheck.cli.knowledge import load_exposing
from hardcheck.derive import DERIVED
from hardcheck.derive.assemble import assemble
from hardcheck.engine.access_checks import POLICY
from hardcheck.engine.case_facts import read_facts
from hardcheck.engine.catalog import load_setup
from hardcheck.engine.evaluate import Refs, evaluate_all
from hardcheck.engine.inherit import load_profiles
from hardcheck.engine.judge import Setup, judge
from hardcheck.engine.rule import Rule
from hardcheck.engine.variants import bind, known_rules
from hardcheck.engine.yaml_source import read_yaml
from hardcheck.evidence.bundle import read_bundle
from hardcheck.facts import Facts, FactSpec, Reason, fixed_facts
from hardcheck.findings import EvidenceRef, Finding, Framework, Status
from hardcheck.parse import PARSERS
from hardcheck.resources import resource_folder

CASES = Path(__file__).resolve().parents[2] / "tests" / "rules"
REF = EvidenceRef("key", "", "", 0, Reason.NOT_PRESENT)


def best_ms(call: Callable[[Any], object], make: Callable[[], Any], times: int = 25) -> float:
    """The least processor time of several runs, in milliseconds; ``make`` gives each what it runs on."""
    return min(spent_ms(call, make()) for _ in range(times))


def spent_ms(call: Callable[[Any], object], on: Any) -> float:
    """The processor time of one run, in milliseconds."""
    start = time.process_time()
    call(on)
    return (time.process_time() - start) * 1000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("bundles", nargs="*", type=Path)
    bundles: list[Path] = parser.parse_args().bundles
    folder = resource_folder("rules")
    plain = load_setup(folder, PARSERS, DERIVED)
    loading = best_ms(lambda _: load_setup(folder, PARSERS, DERIVED), lambda: None, 3)
    print(f"load {len(plain.rules)} rules: {loading:.0f} ms ({loading / len(plain.rules):.2f} ms a rule)")
    setup, profiles = bind(
        plain, load_profiles(resource_folder("profiles"), known_rules(plain.rules)).values()
    )
    print(f"{len(setup.rules)} checks: the rules, each as the {len(profiles)} profiles set it")
    for path in bundles:
        measure_bundle(path, plain, setup)
    if not bundles:
        for side in ("selinux", "apparmor"):
            given = facts_of(side, plain.specs)
            title = f"{side}, {len(given)} facts of cases"
            measure(title, plain.rules, partial(fixed_facts, plain.specs, given))


def measure_bundle(path: Path, plain: Setup, setup: Setup) -> None:
    """One host from its facts and from its bytes."""
    host = read_bundle(path)

    def facts() -> Facts:
        return assemble(host, plain.parsed, plain.derived, plain.specs)

    measure(path.name, plain.rules, facts)
    measure(f"{path.name}, all profiles", setup.rules, facts)
    forget()
    whole = msgspec.structs.replace(setup, exposing=load_exposing(), denials=True)
    first = spent_ms(lambda _: judge(setup, read_bundle(path)), None)
    after = best_ms(lambda _: judge(setup, read_bundle(path)), lambda: None, 3)
    every = best_ms(lambda _: judge(whole, read_bundle(path)), lambda: None, 3)
    print(
        f"  from bytes, all profiles: first host {first:.0f} ms, one with the same policy {after:.0f} ms, "
        f"{every:.0f} ms with the parts on exposure and denials"
    )


def forget() -> None:
    """Drop what was remembered of policies and of other evidence that hosts have alike."""
    for name, module in list(sys.modules.items()):
        if name.startswith("hardcheck.parse"):
            for member in vars(module).values():
                if hasattr(member, "cache_clear"):
                    member.cache_clear()


def measure(title: str, rules: Iterable[Rule], make: Callable[[], Facts]) -> None:
    """Judging from facts, with the floor beside it. ``make`` gives the host's facts, none made yet."""
    rules = tuple(rules)
    asking = tuple(rule for rule in rules if POLICY in names_of(rule))
    comparing = tuple(rule for rule in rules if POLICY not in names_of(rule))
    facts = make()
    evaluate(rules, facts)
    forget()
    new = make()
    for name in tuple(facts):
        new[name]
    gc.collect()  # what other bundles left behind
    first = spent_ms(lambda host: evaluate(rules, host), known(new))
    all_ms = best_ms(lambda host: evaluate(rules, host), lambda: known(new))
    plain_ms = best_ms(lambda host: evaluate(comparing, host), lambda: known(new))
    least = best_ms(lambda host: floor(rules, host), lambda: known(new))
    print(
        f"{title}: {len(rules)} checks in {all_ms:.1f} ms ({1000 / all_ms:.0f} hosts/s), first {first:.1f} ms"
    )
    print(
        f"  {len(comparing)} that compare facts: {plain_ms:.1f} ms ({1000 / plain_ms:.0f} hosts/s); "
        f"{len(asking)} that ask the policy: {all_ms - plain_ms:.1f} ms; {all_ms / least:.1f} times the floor"
    )


def known(facts: Facts) -> Facts:
    """A host with the same facts, made already; nothing that checks share is."""
    host = fixed_facts({name: facts.spec(name) for name in facts.names()}, dict(facts))
    for name in facts:
        host[name]
    return host


def evaluate(rules: tuple[Rule, ...], facts: Facts) -> tuple[Finding, ...]:
    """The findings of one host."""
    lookup: Refs = lambda _: REF  # noqa: E731 - the type of the name is what it is for
    return evaluate_all(rules, facts, "host", lookup)


def floor(rules: tuple[Rule, ...], facts: Facts) -> list[Finding]:
    """Each rule's facts looked up, and one finding made of it."""
    made = []
    for rule in rules:
        for name in names_of(rule):
            facts[name]
        made.append(Finding(rule.id, "host", Status.PASS, Framework.ANY))
    return made


def names_of(rule: Rule) -> tuple[str, ...]:
    """The facts that a rule may read."""
    return tuple(name for side in rule.sides.values() if side.check for name in side.check.facts)


def facts_of(side: str, specs: dict[str, FactSpec]) -> dict[str, Any]:
    """The facts of every failing case together, those of the side first."""
    facts: dict[str, Any] = {"mac.framework": side}
    for path in sorted(CASES.glob(f"*/{side}-*.fail.yaml")) + sorted(CASES.glob("*/*.fail.yaml")):
        for name, value in read_facts(read_yaml(path).mapping()["facts"], specs).items():
            facts.setdefault(name, value)
    return facts


if __name__ == "__main__":
    main()
