"""File integrity: what AIDE looks at, what it compares, what runs it and who hears of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from hardcheck.facts.base import Absent


class AideSelection(msgspec.Struct, frozen=True):
    """A line that selects files: ``kind`` is ``/`` (and all below), ``=`` (this alone) or ``!`` (left out).
    ``attributes`` are what is compared, groups written out and sorted; ``place`` is FILE:LINE."""

    kind: Literal["/", "=", "!"]
    pattern: str
    attributes: tuple[str, ...]
    place: str

    @property
    def shown(self) -> str:
        """``/etc (FILE:LINE)``."""
        return f"{'' if self.kind == '/' else self.kind}{self.pattern} ({self.place})"

    @property
    def compares_extended_attributes(self) -> bool:
        """Whether a changed extended attribute, a label of SELinux among them, is seen."""
        return "xattrs" in self.attributes


class AideConfig(msgspec.Struct, frozen=True):
    """aide.conf(5). ``settings`` are its ``NAME=VALUE`` lines that are no groups, names in small letters;
    ``unread`` are parts that a program makes or that were not collected; ``mail_to`` is where Debian's
    daily check sends its report, empty where its settings do not say."""

    settings: Mapping[str, tuple[str, ...]]
    selections: tuple[AideSelection, ...]
    unread: tuple[str, ...]
    mail_to: str

    @property
    def selected(self) -> tuple[AideSelection, ...]:
        """The lines that put files in."""
        return tuple(each for each in self.selections if each.kind != "!")


class AideTimer(msgspec.Struct, frozen=True):
    """A loaded timer: ``calendar`` is when it runs, as systemd prints it."""

    name: str
    active: bool
    starts_at_boot: bool
    calendar: str


class AideState(msgspec.Struct, frozen=True):
    """``databases`` that are in place, with their sizes; ``jobs`` of the cron folders and ``lines`` of
    crontabs that speak of aide; timers whose name does."""

    databases: Mapping[str, int]
    jobs: tuple[str, ...]
    lines: tuple[str, ...]
    timers: tuple[AideTimer, ...]


class AideCheck(msgspec.Struct, frozen=True):
    """How far AIDE is in use: ``database`` is the one it compares with, empty where there is none; ``runs``
    and ``reports`` are what runs it at least weekly and where its findings go, in words; ``gaps`` why not."""

    database: str
    runs: tuple[str, ...]
    reports: tuple[str, ...]
    gaps: tuple[str, ...]


class MonitoredFile(msgspec.Struct, frozen=True):
    """Whether AIDE compares the content of a file. ``subject`` is what the file stands for; ``by`` the line
    that decides, ``note`` why not."""

    subject: Literal["selinux", "apparmor", "audit-tools"]
    path: str
    monitored: bool | Absent
    by: str = ""
    note: str = ""

    @property
    def shown(self) -> str:
        """``/etc/selinux/config: not in the check (REASON)``."""
        if isinstance(self.monitored, Absent):
            return f"{self.path}: not known ({self.monitored.detail})"
        note = f" ({self.note})" if self.note else ""
        return f"{self.path}: {'in the check' if self.monitored else 'not in the check'}{note}"
