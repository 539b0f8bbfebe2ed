"""Kernel settings as they are now and as the next boot makes them."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from hardcheck.facts.base import Absent
from hardcheck.reasons import Reason


class SysctlReading(msgspec.Struct, frozen=True):
    """What the kernel says now: dotted key to value, or why it could not be read.

    ``systemd``: systemd runs as the first process, so systemd-sysctl applies the files at boot;
    ``version`` is the text of /proc/version.
    """

    values: Mapping[str, str | Absent]
    systemd: bool
    version: str


class SysctlSetting(msgspec.Struct, frozen=True):
    """One line of a sysctl.d(5) file. ``key`` is dotted and may be a glob; ``value`` is None for
    ``-KEY``, which takes the key out of every glob. ``optional`` is the leading ``-``."""

    key: str
    value: str | None
    file: str
    line: int
    optional: bool = False

    @property
    def place(self) -> str:
        """``FILE:LINE``."""
        return f"{self.file}:{self.line}"


class SysctlFile(msgspec.Struct, frozen=True):
    """One file by the path it is found under. ``settings`` is Absent when it could not be read;
    ``faults`` are the places of lines that say nothing."""

    path: str
    settings: tuple[SysctlSetting, ...] | Absent
    faults: tuple[str, ...] = ()


class SysctlFiles(msgspec.Struct, frozen=True):
    """Every file that may set something at boot, each folder's own, shadowed ones too.

    ``ufw`` is the file that ufw applies when it starts, None when ufw is off or not there.
    """

    files: tuple[SysctlFile, ...]
    ufw: SysctlFile | None = None


class SysctlValue(msgspec.Struct, frozen=True):
    """One setting, now and after the next boot.

    ``set_by`` is FILE:LINE, or what else makes the value (``kernel default``, ``kernel command line``);
    Absent when no file sets it and the kernel's own start value is not known, as is ``after_boot`` then.
    ``procps`` is what ``sysctl --system`` would make of the files where that differs from what boot
    does, with its place; empty when it does not.
    """

    key: str
    now: str | Absent
    after_boot: str | Absent
    set_by: str | Absent
    procps: str = ""

    @property
    def exists(self) -> bool:
        """Whether the kernel has such a setting, readable or not."""
        return not (isinstance(self.now, Absent) and self.now.reason is Reason.NOT_PRESENT)

    @property
    def shown(self) -> str:
        """``KEY now 1, after boot 0 (FILE:LINE)``."""
        now = f"cannot be read ({self.now.reason})" if isinstance(self.now, Absent) else self.now
        after = "not known" if isinstance(self.after_boot, Absent) else self.after_boot
        by = "no file sets it" if isinstance(self.set_by, Absent) else self.set_by
        return f"{self.key} now {now}, after boot {after} ({by})"
