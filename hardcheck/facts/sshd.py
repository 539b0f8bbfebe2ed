"""The SSH server's settings."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from hardcheck.facts.base import Absent


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


class SshdLimits(msgspec.Struct, frozen=True):
    """Settings of several numbers. ``startups`` refuses connections that have not logged in: from ``begin``
    on with ``rate`` percent, from ``full`` on all. ``rekey_bytes`` 0 is the cipher's own limit,
    ``rekey_seconds`` 0 never."""

    startups_begin: int
    startups_rate: int
    startups_full: int
    rekey_bytes: int
    rekey_seconds: int


class SshdBanner(msgspec.Struct, frozen=True):
    """What is shown before login. ``text`` is whether the file has any, Absent where it was not read."""

    path: str
    text: bool | Absent


class SshdCryptoPolicy(msgspec.Struct, frozen=True):
    """The system-wide policy for cryptography, and where sshd leaves it. ``configured`` is what the next
    update of the policy sets; ``departures`` are keywords with sshd's value in place of the policy's."""

    current: str
    configured: str
    departures: tuple[str, ...]


class CryptoPolicy(msgspec.Struct, frozen=True):
    """The policy in force and the one that is configured, by name, and what it says to sshd: keyword in
    small letters to value."""

    current: str
    configured: str
    openssh: Mapping[str, str] | Absent
