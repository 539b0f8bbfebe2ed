"""A failure is told by its cause only where every element that fails is one that fails there."""

from __future__ import annotations

from pathlib import Path

import pytest

from hardcheck.engine.evaluate import evaluate_all
from hardcheck.engine.load import compile_rule
from hardcheck.engine.rule import Rule
from hardcheck.engine.yaml_source import read_yaml
from hardcheck.facts import fixed_facts
from hardcheck.findings import Finding, Status
from hardcheck.resources import resource_folder
from tests.unit.engine.world import HEAD, REMEDY, SPECS, Config, Mode, Profile, ref

ENFORCED = "{every: apparmor.profiles, has: {mode: {equals: enforce}}}"
UNUSED = "{none: apparmor.profiles, has: {used: {equals: true}}}"
ONE, TWO = Profile("one", Mode.COMPLAIN, (1,)), Profile("two", Mode.ENFORCE, (2,))


def rule(name: str, check: str, follows: str = "") -> Rule:
    more = f"follows: {follows}\n" if follows else ""
    text = HEAD.replace("a-rule", name) + more + f"check: {check}\nremedies: [{REMEDY}]\n"
    return compile_rule(text.encode(), f"{name}.yaml", SPECS)


def judged(check: str, *profiles: Profile, cause: str = ENFORCED) -> Finding:
    rules = (rule("follower", check, "cause"), rule("cause", cause))
    facts = fixed_facts(
        SPECS, {"apparmor.profiles": profiles, "count": 1, "selinux.config": Config("permissive")}
    )
    return evaluate_all(rules, facts, "web1", ref)[0]


def test_a_failure_of_the_same_elements_follows_and_stays_a_failure() -> None:
    finding = judged(UNUSED, ONE)
    assert (finding.status, finding.follows) == (Status.FAIL, "cause")


def test_an_element_that_is_sound_there_makes_it_a_failure_of_its_own() -> None:
    assert judged(UNUSED, ONE, TWO).follows == ""


def test_an_equal_element_is_not_the_same_element() -> None:
    twins = Profile("one", Mode.COMPLAIN, (1,)), Profile("one", Mode.COMPLAIN, (1,))
    assert judged(UNUSED, *twins).follows == "cause"  # both fail in both
    assert judged("{fact: count, equals: 2}", *twins).follows == ""


def test_nothing_follows_from_what_passes() -> None:
    assert judged(UNUSED, TWO).follows == ""


@pytest.mark.parametrize(
    ("check", "follows"),
    [
        (f"{{all: [{UNUSED}, {ENFORCED}]}}", "cause"),
        (f"{{all: [{UNUSED}, {{fact: count, equals: 2}}]}}", ""),
        ("{not: {all: [{fact: count, equals: 1}]}}", ""),
    ],
)
def test_a_check_of_parts_follows_where_each_part_that_fails_does(check: str, follows: str) -> None:
    finding = judged(check, ONE)
    assert (finding.status, finding.follows) == (Status.FAIL, follows)


def test_every_cause_that_a_shipped_rule_names_is_a_rule() -> None:
    files = {path.stem: path for path in resource_folder("rules").rglob("*.yaml")}
    named = {
        name: read_yaml(Path(path)).mapping()["follows"].text()
        for name, path in files.items()
        if "\nfollows:" in path.read_text()
    }
    assert len(named) >= 16
    assert set(named.values()) <= set(files) - set(named)
