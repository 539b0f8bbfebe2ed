"""Derived facts about mandatory access control."""

from __future__ import annotations

from hardcheck.derive.base import DerivedFact

MAC_DERIVED: tuple[DerivedFact, ...] = ()
