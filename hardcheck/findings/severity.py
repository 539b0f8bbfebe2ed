"""How much a failure matters, and what it weighs."""

from __future__ import annotations

from enum import StrEnum


class Severity(StrEnum):
    """How much a failure matters. ``weight`` is what it counts in the score."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"

    @property
    def weight(self) -> int:
        """Weight in the score: 10, 7, 4, 1, 0."""
        return {"critical": 10, "high": 7, "medium": 4, "low": 1, "info": 0}[self.value]

    def at_least(self, other: Severity) -> bool:
        """Whether this is as severe as ``other`` or more."""
        order = list(Severity)
        return order.index(self) <= order.index(other)
