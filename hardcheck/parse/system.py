"""The facts about the system beside mandatory access control, with their parsers."""

from __future__ import annotations

from hardcheck.parse.base import ParsedFact

SYSTEM_PARSERS: tuple[ParsedFact, ...] = ()
