"""Derived facts about the system beside mandatory access control."""

from __future__ import annotations

from hardcheck.derive.base import DerivedFact

SYSTEM_DERIVED: tuple[DerivedFact, ...] = ()
