"""What an interface gives, as far as its text tells. Values only."""

from __future__ import annotations

import msgspec

SELF = "self"
"""The target of a rule about the calling domain itself."""


class Grant(msgspec.Struct, frozen=True):
    """One allow rule for the calling domain.

    ``targets`` are types and attributes (or `SELF`), ``without`` those taken out of them again. ``sure`` is
    False inside of optional, tunable and ifdef blocks: the rule may hold or not.
    """

    targets: tuple[str, ...]
    without: tuple[str, ...]
    classes: tuple[str, ...]
    permissions: tuple[str, ...]
    sure: bool = True


class Given(msgspec.Struct, frozen=True):
    """What ``NAME(domain)`` gives. ``needs`` are the types and attributes that have to exist for it,
    ``where`` is FILE:LINE below the folder of the interface files."""

    name: str
    where: str
    grants: tuple[Grant, ...]
    needs: frozenset[str]


class Unusable(msgspec.Struct, frozen=True):
    """An interface of which it is not proposed what it gives: ``why`` in words."""

    name: str
    why: str
