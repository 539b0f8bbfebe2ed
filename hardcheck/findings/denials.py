"""What the kernel's policy refused on a host, why, and what could be enforced, as the report holds it: values
only. The figures are those of the facts on denials, cut to what a reader needs; the command ``hardcheck
denials`` has the rest."""

from __future__ import annotations

from typing import Literal

import msgspec


class CauseCount(msgspec.Struct, frozen=True):
    """A cause with its open groups of denials and the lines of the log that they stand for."""

    cause: str
    groups: int
    lines: int


class DenialLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """One group of open denials. ``what`` names wish and object, ``effect`` whether it was refused or let
    through, ``last`` is when it was seen last (empty where the records have no time); ``steps`` are the
    cure's, where there is one, and ``dangers`` the entries of the danger list."""

    who: str
    what: str
    cause: str
    effect: str
    lines: int
    last: str = ""
    service: str = ""
    says: str = ""
    steps: tuple[str, ...] = ()
    dangers: tuple[str, ...] = ()


class ServiceDays(msgspec.Struct, frozen=True):
    """Lines of one service on each day of `HostDenials.days`; an empty name stands for all others."""

    service: str
    lines: tuple[int, ...]


class Enforceable(msgspec.Struct, frozen=True, omit_defaults=True):
    """A permissive domain, a profile in complain mode or a permissive host: could it be enforced?"""

    name: str
    kind: Literal["domain", "profile", "host"]
    verdict: Literal["ready", "ready after steps", "not ready", "unknown"]
    denials: int
    days: float
    steps: tuple[str, ...] = ()
    because: tuple[str, ...] = ()


class HostDenials(msgspec.Struct, frozen=True, omit_defaults=True):
    """One host. ``unknown`` says why nothing is known of its denials, ``faults`` why the logs may lack some.

    ``lines`` are all denials of the logs, ``open_groups`` and ``open_lines`` those with something left to do.
    ``top`` are the largest open groups and ``dangers`` those on the danger list; ``more`` and
    ``more_dangers`` count what was left out. ``days`` are dates of which the last ones with denials are
    told, by service, the one with the most lines first.
    """

    unknown: str = ""
    since: str = ""
    sources: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    lines: int = 0
    open_groups: int = 0
    open_lines: int = 0
    causes: tuple[CauseCount, ...] = ()
    top: tuple[DenialLine, ...] = ()
    more: int = 0
    dangers: tuple[DenialLine, ...] = ()
    more_dangers: int = 0
    days: tuple[str, ...] = ()
    services: tuple[ServiceDays, ...] = ()
    enforceable: tuple[Enforceable, ...] = ()
    enforceable_unknown: str = ""
