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


class TimeSource(msgspec.Struct, frozen=True):
    """One server or pool that a file names. ``max_poll_seconds`` is the longest time between two questions in
    seconds, the service's default where ``poll_named`` is False."""

    name: str
    service: str
    max_poll_seconds: int
    poll_named: bool
    place: str

    @property
    def shown(self) -> str:
        """``NAME, asked every 1024 s at least (FILE:LINE)``."""
        return f"{self.name}, asked every {self.max_poll_seconds} s at least ({self.place})"


class ChronyServing(msgspec.Struct, frozen=True):
    """What chrony.conf(5) lets others do. ``port`` 0 serves nobody, whatever is allowed; ``allows`` are the
    places of allow directives; ``command_port`` 0 takes no commands by network; ``command_addresses`` are
    those of bindcmdaddress, empty for the loopback."""

    port: int
    allows: tuple[str, ...]
    command_port: int
    command_addresses: tuple[str, ...]
    user: str

    @property
    def serves(self) -> bool:
        """Whether it answers other hosts."""
        return self.port != 0 and bool(self.allows)

    @property
    def commanded(self) -> bool:
        """Whether it takes commands at an address that other hosts reach."""
        return self.command_port != 0 and any(
            not (each.startswith(("127.", "/")) or each == "::1") for each in self.command_addresses
        )


class TimeConfig(msgspec.Struct, frozen=True):
    """The files of chrony, ntp and systemd-timesyncd. ``unread`` are files that one of them includes and
    that were not read; ``chrony`` is Absent where there is no chrony.conf or it may go on in one of those."""

    sources: tuple[TimeSource, ...]
    chrony: ChronyServing | Absent
    unread: tuple[str, ...] = ()
