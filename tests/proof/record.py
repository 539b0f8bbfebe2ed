"""What other tools said of one lab host, and the evidence that hardcheck had of it in the same state.

``recorded/HOST.csv`` holds results alone (source, test, result), ``recorded/HOST.evidence.zip`` the bundle
without the texts of policies and profiles, which have licences of their own, and without the large sources
that no compared rule reads.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from hardcheck.engine.judge import Setup, judge
from hardcheck.evidence import HostEvidence, HostIdentity
from hardcheck.evidence.bundle import SUFFIX, read_bundle, write_bundle
from hardcheck.findings import Finding
from tests.proof.compare import Asked, Pair, pairs

FOLDER = Path(__file__).resolve().parent / "recorded"
_BULK = 4 * 1024
_POLICY_TEXTS = re.compile(r"selinux\.policy(:.*)?|(selinux\.file_contexts|apparmor\.files):.*", re.DOTALL)
Answers = Mapping[tuple[str, str], str]


def answered_by(setup: Setup) -> dict[str, list[str]]:
    """Check of the control data to the rules that answer it."""
    found: dict[str, list[str]] = {}
    for rule in setup.rules:
        for key in rule.info.keys:
            found.setdefault(key, []).append(rule.id)
    return found


def compare_host(
    host: str, lines: Sequence[Asked], theirs: Answers, evidence: HostEvidence, setup: Setup
) -> list[Pair]:
    """The pairs of one host, judged by the rules as they are now."""
    return pairs(host, lines, theirs, findings(evidence, lines, setup), answered_by(setup))


def findings(evidence: HostEvidence, lines: Sequence[Asked], setup: Setup) -> tuple[Finding, ...]:
    """The findings of the rules that a comparison needs."""
    keys = {line.key for line in lines}
    wanted = tuple(rule for rule in setup.rules if keys.intersection(rule.info.keys))
    return judge(msgspec.structs.replace(setup, rules=wanted), evidence).findings


def record(host: str, lines: Sequence[Asked], theirs: Answers, evidence: HostEvidence, setup: Setup) -> None:
    """Write both files of a host."""
    FOLDER.mkdir(exist_ok=True)
    write_bundle(without_bulk(host, lines, theirs, evidence, setup), FOLDER / f"{host}{SUFFIX}")
    asked = {(line.source, line.test) for line in lines}
    with (FOLDER / f"{host}.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(("source", "test", "result"))
        writer.writerows((*name, theirs[name]) for name in sorted(theirs) if name in asked)


def without_bulk(
    host: str, lines: Sequence[Asked], theirs: Answers, evidence: HostEvidence, setup: Setup
) -> HostEvidence:
    """The evidence without texts of policies, and without the large sources that no pair changes without."""
    free = {key: item for key, item in evidence.items.items() if not _POLICY_TEXTS.fullmatch(key)}
    evidence = msgspec.structs.replace(evidence, host=HostIdentity(f"lab-{host}"), items=free)
    whole = compare_host(host, lines, theirs, evidence, setup)
    sizes: Counter[str] = Counter()
    for key, item in evidence.items.items():
        sizes[key.partition(":")[0]] += len(item.content)
    for source, size in sizes.most_common():
        if size < _BULK:
            break
        kept = {key: item for key, item in evidence.items.items() if key.partition(":")[0] != source}
        cut = msgspec.structs.replace(evidence, items=kept)
        if compare_host(host, lines, theirs, cut, setup) == whole:
            evidence = cut
    return evidence


def recorded_evidence(host: str) -> HostEvidence:
    """The bundle of a recorded host."""
    return read_bundle(FOLDER / f"{host}{SUFFIX}")
