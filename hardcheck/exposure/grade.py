"""The grade of a service: the weights of the goals that pass, as a share of all."""

from __future__ import annotations

from collections.abc import Iterable

from hardcheck.exposure.model import GoalAnswer
from hardcheck.findings.exposure import LETTERS, UNKNOWN_GRADE, Grade, Outcome


def grade_of(answers: Iterable[GoalAnswer]) -> Grade:
    """Weights by severity as in `findings.Severity`: critical 10, high 7, medium 4, low 1, info 0.

    What is only logged counts as open: the kernel lets it pass. The policy alone is graded; what file
    modes and capabilities hold back is told beside it and changes no grade.
    """
    found = tuple(answers)
    total = sum(answer.severity.weight for answer in found)
    open_ = sum(answer.severity.weight for answer in found if answer.outcome.is_open)
    unknown = sum(answer.severity.weight for answer in found if answer.outcome is Outcome.UNKNOWN)
    if all(answer.outcome is Outcome.UNKNOWN or answer.nothing_there for answer in found):
        return Grade(UNKNOWN_GRADE, UNKNOWN_GRADE, open_, unknown, total)
    return Grade(_letter(open_ + unknown, total), _letter(open_, total), open_, unknown, total)


def _letter(points: int, total: int) -> str:
    return next(letter for letter, most in LETTERS if 100 * points <= most * total)
