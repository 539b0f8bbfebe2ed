"""What becomes of the memory of crashed programs."""

from __future__ import annotations

import msgspec

from hardcheck.facts.base import Absent


class CoredumpConfig(msgspec.Struct, frozen=True):
    """coredump.conf(5): where systemd-coredump stores, and up to which size it reads what crashed. The places
    are FILE:LINE, or ``systemd's default``."""

    storage: str
    storage_place: str
    process_size_max: str
    process_size_place: str


class CoreLimit(msgspec.Struct, frozen=True):
    """One line of limits.conf(5) about core files. ``kind`` is hard, soft or ``-`` for both."""

    domain: str
    kind: str
    value: str
    place: str

    @property
    def shown(self) -> str:
        """``DOMAIN KIND core VALUE (FILE:LINE)``."""
        return f"{self.domain} {self.kind} core {self.value} ({self.place})"


class CoreLimits(msgspec.Struct, frozen=True):
    """The hard limit of everybody (``*``), Absent where no line sets it, and lines that give one account or
    group more. Root is in neither: pam_limits leaves it out of ``*``."""

    everybody: CoreLimit | Absent
    exceptions: tuple[CoreLimit, ...]
