"""The SSH server's settings."""

from __future__ import annotations

import msgspec


class MatchSetting(msgspec.Struct, frozen=True):
    """One keyword inside a ``Match`` block: it holds for the sessions that the ``criteria`` name."""

    criteria: str
    keyword: str
    value: str
    place: str

    @property
    def shown(self) -> str:
        """``KEYWORD VALUE for CRITERIA (FILE:LINE)``."""
        return f"{self.keyword} {self.value} for {self.criteria} ({self.place})"
