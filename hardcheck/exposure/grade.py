"""The grade of a service: the weights of the goals that pass, as a share of all."""

from __future__ import annotations

from collections.abc import Iterable

from hardcheck.exposure.model import GoalAnswer, Grade, Outcome

LETTERS = (("A", 5), ("B", 15), ("C", 30), ("D", 50), ("E", 75), ("F", 100))
"""Each letter with the greatest share, in percent, of open points that still earns it."""


def grade_of(answers: Iterable[GoalAnswer]) -> Grade:
    """Weights by severity as in `findings.Severity`: critical 10, high 7, medium 4, low 1, info 0.

    What is only logged counts as open: the kernel lets it pass. The policy alone is graded; what file
    modes and capabilities hold back is told beside it and changes no grade.
    """
    found = tuple(answers)
    total = sum(answer.severity.weight for answer in found)
    open_ = sum(answer.severity.weight for answer in found if answer.outcome.is_open)
    unknown = sum(answer.severity.weight for answer in found if answer.outcome is Outcome.UNKNOWN)
    if total == unknown:
        return Grade("unknown", "unknown", open_, unknown, total)
    return Grade(_letter(open_ + unknown, total), _letter(open_, total), open_, unknown, total)


def worst(letters: Iterable[str]) -> str:
    """The worst letter; "unknown" where a service could not be judged and none is an F, or none is there."""
    seen = set(letters)
    known = [letter for letter, _ in LETTERS if letter in seen]
    if known and known[-1] == LETTERS[-1][0]:
        return known[-1]
    return "unknown" if "unknown" in seen or not known else known[-1]


def _letter(points: int, total: int) -> str:
    return next(letter for letter, most in LETTERS if 100 * points <= most * total)
