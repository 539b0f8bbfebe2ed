"""Output of the probe's own fragments: ``grep -H`` lines, and the word that says that there is nothing.

A fragment whose subject is not on the host prints the one line ``absent``; that is an answer, and
`is_absent` keeps it apart from an empty one.
"""

from __future__ import annotations

from hardcheck.evidence import Evidence, Reason
from hardcheck.facts import Absent

ABSENT = b"absent\n"


def is_absent(evidence: Evidence) -> bool:
    """Whether a fragment looked and found nothing to look at."""
    return evidence.content == ABSENT


def not_present(evidence: Evidence, what: str) -> Absent:
    """The absence that goes with it."""
    return Absent(Reason.NOT_PRESENT, (evidence.key,), what)


def named_values(evidence: Evidence) -> dict[str, str]:
    """``NAME:VALUE`` lines of small files that hold one line each, as ``grep -H`` writes them.

    NULs at the end of a value are dropped: the kernel ends some of its files with one.
    """
    values = {}
    for _, line in evidence.lines():
        name, found, value = line.partition(":")
        if found:
            values[name] = value.rstrip("\x00\n")
    return values
