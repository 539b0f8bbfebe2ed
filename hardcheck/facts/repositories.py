"""Where packages come from, and who checks their signatures."""

from __future__ import annotations

from datetime import date

import msgspec

from hardcheck.facts.base import Absent
from hardcheck.reasons import Reason


class Repository(msgspec.Struct, frozen=True):
    """One source of rpm packages, with what holds for it when the manager's own settings are weighed."""

    id: str
    enabled: bool
    packages_checked: bool
    metadata_checked: bool
    place: str

    @property
    def shown(self) -> str:
        """``ID (FILE:LINE)``."""
        return f"{self.id} ({self.place})"


class RpmSources(msgspec.Struct, frozen=True):
    """dnf(8) or zypper(8): what they check by themselves, with FILE:LINE or ``default``, and their sources.

    ``local_checked`` is about files that are named on the command line; zypper(8) has no switch for them
    and follows ``packages_checked``.
    """

    manager: str
    packages_checked: bool
    packages_place: str
    metadata_checked: bool
    metadata_place: str
    local_checked: bool
    local_place: str
    repositories: tuple[Repository, ...]


class AptSource(msgspec.Struct, frozen=True):
    """One source of sources.list(5). ``signed_by`` is the file or fingerprint of its key, ``embedded`` for a
    key in the file itself, empty where none is named. ``unchecked``: it says trusted or allow-insecure."""

    uri: str
    suites: tuple[str, ...]
    signed_by: str
    unchecked: bool
    place: str

    @property
    def shown(self) -> str:
        """``URI SUITE (FILE:LINE)``."""
        return f"{self.uri} {' '.join(self.suites)} ({self.place})"


class SigningKey(msgspec.Struct, frozen=True):
    """One key that rpm trusts: the last eight digits of its number, and the owner it names."""

    id: str
    owner: str

    @property
    def shown(self) -> str:
        """``OWNER (ID)``."""
        return f"{self.owner} ({self.id})"


class ReleaseSupport(msgspec.Struct, frozen=True):
    """How long the vendor mends the installed release. ``ends`` is the day as YYYY-MM-DD, ``seen`` the day of
    the collection; ``source`` says where the date is from."""

    release: str
    ends: str
    seen: str
    source: str

    @property
    def days_left(self) -> int | Absent:
        """Days until the end; below 0 when it has passed."""
        try:
            return (date.fromisoformat(self.ends) - date.fromisoformat(self.seen)).days
        except ValueError:
            return Absent(Reason.UNPARSABLE, ("host.os_release",), f"{self.ends} is no date"[:60])

    @property
    def shown(self) -> str:
        """``Debian 12 until 2028-06-30``."""
        return f"{self.release} until {self.ends} ({self.source})"
