"""Profiles that apparmor_parser compiles to the same, or not to the same, policy."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

import pytest

from hardcheck.apparmor import parse
from tests.corpora import corpus
from tests.unit.apparmor.signature import Probes, decisions_only, signature


def _rows(step: int) -> Iterator[dict[str, object]]:
    with (corpus("apparmor-equality-pairs") / "pairs.jsonl").open(encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            if number % step == 0:
                yield json.loads(line)


def _compare(step: int) -> Counter[str]:
    """Compare the pairs; return how many are equal, decide otherwise, or differ in records only."""
    counted: Counter[str] = Counter()
    for row in _rows(step):
        texts = row["profiles"]
        assert isinstance(texts, list)
        policies = [parse(text) for text in texts]
        probes = Probes(profile for policy in policies for profile in policy.profiles.values())
        first, *others = [signature(policy, probes) for policy in policies]
        for number, other in enumerate(others, 1):
            if row["expect"] == "equality":
                assert other == first, (row["about"], texts[0], texts[number])
                counted["equal"] += 1
            elif decisions_only(other) != decisions_only(first):
                counted["decides otherwise"] += 1
            elif other != first:
                counted["differs in records"] += 1
            else:
                counted["compiled form only"] += 1
                assert _is_deny_of_a_link(texts[0], texts[number]), (row["about"], texts[0], texts[number])
    return counted


def _is_deny_of_a_link(left: str, right: str) -> bool:
    """``deny l`` against ``audit deny l`` with no rule that allows the name: the kernel never gets to
    the pair of names where it is written whether to be silent, so no question tells them apart."""
    return all("deny" in text and ("link" in text or " l " in text) for text in (left, right))


def test_a_tenth_of_the_pairs_compare_as_the_compiler_says(capsys: pytest.CaptureFixture[str]) -> None:
    counted = _compare(10)
    with capsys.disabled():
        print(f"\nequality pairs (every tenth): {dict(counted)}")
    assert counted["equal"] > 2_000
    assert counted["decides otherwise"] > 1_000


@pytest.mark.slow
def test_all_pairs_compare_as_the_compiler_says() -> None:
    counted = _compare(1)
    assert counted["equal"] > 21_000
    assert counted["compiled form only"] < 60
