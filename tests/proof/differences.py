"""The table of explained differences, ``differences.yaml``, and what it leaves open.

One entry explains the same difference of several tests::

    - tests: [sshd_disable_gssapi_auth]
      source: debian12
      hosts: [apparmor, selinux]
      theirs: fail
      ours: pass
      kind: theirs wrong            # or: different question
      reason: why both are as they are
      shown: gssapiauthentication is no

``shown`` is the proof: words that hardcheck's findings on each of the hosts have to hold. Where hardcheck
was wrong it was mended and there is no difference any more: ``mended`` lists what it was, and the pair has
to be equal now.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.proof.compare import HERE, Pair

KINDS = ("theirs wrong", "different question")


@dataclass(frozen=True)
class Difference:
    """One explained difference of one test on one host."""

    host: str
    source: str
    test: str
    theirs: str
    ours: str
    kind: str
    reason: str
    shown: str

    def explains(self, pair: Pair) -> bool:
        """Whether the pair differs as it says, with the proof in our findings."""
        same = (self.theirs, self.ours) == (pair.theirs, pair.ours)
        return same and self.shown in pair.shown


@dataclass(frozen=True)
class Mended:
    """A difference that was hardcheck's fault, and what was done."""

    tests: tuple[str, ...]
    source: str
    was: str
    done: str


def read_table(path: Path = HERE / "differences.yaml") -> tuple[list[Difference], list[Mended]]:
    """The table; one Difference for each test and host of an entry."""
    data: dict[str, list[dict[str, Any]]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    found = [
        Difference(
            host=host,
            source=entry["source"],
            test=test,
            theirs=entry["theirs"],
            ours=entry["ours"],
            kind=entry["kind"],
            reason=entry["reason"],
            shown=entry["shown"],
        )
        for entry in data["differences"]
        for test in entry["tests"]
        for host in entry["hosts"]
    ]
    mended = [
        Mended(tuple(entry["tests"]), entry["source"], entry["was"], entry["done"])
        for entry in data["mended"]
    ]
    return found, mended


def unexplained(pairs: Iterable[Pair], table: Iterable[Difference]) -> list[str]:
    """Differences without an entry that explains them, one line each."""
    known = {(entry.host, entry.source, entry.test): entry for entry in table}
    return [
        f"{pair.host} {pair.source} {pair.test}: theirs {pair.theirs}, ours {pair.ours} ({pair.shown[:300]})"
        for pair in pairs
        if not pair.equal
        and ((entry := known.get((pair.host, pair.source, pair.test))) is None or not entry.explains(pair))
    ]


def stale(pairs: Iterable[Pair], table: Iterable[Difference]) -> list[str]:
    """Entries for which there is no difference any more, one line each."""
    differing = {(pair.host, pair.source, pair.test) for pair in pairs if not pair.equal}
    return [
        f"{entry.host} {entry.source} {entry.test}"
        for entry in table
        if (entry.host, entry.source, entry.test) not in differing
    ]
