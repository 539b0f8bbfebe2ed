"""Verdicts of another tool beside hardcheck's, check by check, for one host in one state.

``asked.csv`` says which check of the control data (``key``) a test of the other tool answers; the rules of
hardcheck that carry the key are set beside it. Words of results are those of XCCDF 1.2. A rule may ask about
several things at once (both tables of a sysctl, all booleans of memory) where the other tool has a test for
each: where such a rule fails and its finding does not name the thing of the test, the rule has nothing
against that thing, and ``pass`` is what it says of it.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hardcheck.findings import Finding, Status

HERE = Path(__file__).resolve().parent
WORDS = {
    Status.PASS: "pass",
    Status.FAIL: "fail",
    Status.UNKNOWN: "unknown",
    Status.ERROR: "unknown",
    Status.NOT_APPLICABLE: "notapplicable",
}
VERDICTS = ("pass", "fail", "notapplicable")
"""What counts as an answer; ``notchecked``, ``error`` and ``unknown`` are none."""


@dataclass(frozen=True)
class Asked:
    """One line of ``asked.csv``: a test of another tool, and the check that it answers.

    ``about`` is the thing that the test looks at, as hardcheck's findings name it; empty where the test and
    the rules ask about the same. ``rule`` is the one rule of the check that asks what the test asks; empty:
    all rules of the check.
    """

    source: str
    test: str
    key: str
    about: str
    rule: str


@dataclass(frozen=True)
class Pair:
    """One test and the rules of the same check on one host."""

    host: str
    source: str
    test: str
    theirs: str
    ours: str
    rules: tuple[str, ...]
    shown: str
    """What hardcheck's findings say, as one text."""

    @property
    def equal(self) -> bool:
        return self.theirs == self.ours


def asked(path: Path = HERE / "asked.csv") -> tuple[Asked, ...]:
    """The map of tests to checks, in the order of the file."""
    with path.open(encoding="utf-8", newline="") as stream:
        return tuple(Asked(**row) for row in csv.DictReader(stream))


def answers(path: Path) -> dict[tuple[str, str], str]:
    """The recorded results of other tools on one host, by source and test."""
    with path.open(encoding="utf-8", newline="") as stream:
        return {(row["source"], row["test"]): row["result"] for row in csv.DictReader(stream)}


def pairs(
    host: str,
    lines: Iterable[Asked],
    theirs: Mapping[tuple[str, str], str],
    findings: Sequence[Finding],
    answered_by: Mapping[str, Sequence[str]],
) -> list[Pair]:
    """One pair for each test that the other tool answered; ``answered_by`` names the rules of a check."""
    by_rule = {finding.rule: finding for finding in findings}
    found = []
    for line in lines:
        result = theirs.get((line.source, line.test))
        rules = tuple(
            rule for rule in answered_by.get(line.key, ()) if rule in by_rule and line.rule in ("", rule)
        )
        if result in VERDICTS and rules:
            mine = [by_rule[rule] for rule in rules]
            words = [_word(finding, line.about) for finding in mine]
            shown = " | ".join(_shown(finding) for finding in mine)
            found.append(Pair(host, line.source, line.test, result, _all(words), rules, shown))
    return found


def _word(finding: Finding, about: str) -> str:
    """The verdict of a finding on one thing."""
    if about and finding.status is Status.FAIL and finding.items:
        named = re.compile(rf"(?<![\w.-]){re.escape(about)}(?![\w-]|\.\w)")
        if not any(named.search(item) for item in finding.items):
            return "pass"
    return WORDS[finding.status]


def _shown(finding: Finding) -> str:
    return " ".join(
        filter(None, (f"{finding.rule}: {finding.status}", finding.observed, *finding.items, finding.detail))
    )


def _all(words: Sequence[str]) -> str:
    """The verdict of several rules on one check: one that fails decides, then one that is unknown."""
    judged = [word for word in words if word != "notapplicable"]
    if not judged:
        return "notapplicable"
    return next((word for word in ("fail", "unknown") if word in judged), "pass")
