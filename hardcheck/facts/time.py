"""Time synchronisation."""

from __future__ import annotations

import msgspec

from hardcheck.facts.base import Absent


class TimeState(msgspec.Struct, frozen=True):
    """What the time services say of themselves. Times are seconds since 1970.

    ``timesyncd_last_s`` is when systemd-timesyncd last set the clock, None when never since boot;
    ``chrony_stratum`` and ``ntp_stratum`` are None where that service does not run; 0 or 16 is not
    synchronised. ``sources`` are chrony's, by name, with its state letter.
    """

    clock_s: int
    timesyncd_last_s: int | None = None
    chrony_stratum: int | None = None
    chrony_leap: str = ""
    ntp_stratum: int | None = None
    sources: tuple[tuple[str, str], ...] = ()


class TimeSync(msgspec.Struct, frozen=True):
    """``services`` are the time services that run; ``synchronised`` is Absent where none could tell."""

    services: tuple[str, ...]
    synchronised: bool | Absent
    detail: str = ""


class TimeServers(msgspec.Struct, frozen=True):
    """Servers and pools that the configuration files name, with FILE:LINE."""

    servers: tuple[tuple[str, str], ...]
