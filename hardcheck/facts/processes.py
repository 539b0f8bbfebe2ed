"""Processes with their MAC label, identity and privileges."""

from __future__ import annotations

from typing import Literal

import msgspec

from hardcheck.facts.base import Absent


class Process(msgspec.Struct, frozen=True):
    """One process of proc(5).

    ``label`` is the kernel's own text of its MAC label (``system_u:system_r:httpd_t:s0``,
    ``php-fpm (complain)``, ``unconfined``). ``program`` is the file it runs, with `` (deleted)`` where the
    kernel says so; Absent for another account's process seen without root. ``program_label`` is that
    file's label. ``kernel``: it has no memory of its own, a thread of the kernel or a process that
    has ended. ``unit`` is the systemd unit of its control group, empty when it is in none.
    Capabilities are bit sets in the kernel's numbering.
    """

    pid: int
    parent: int
    name: str
    uid: int
    effective_uid: int
    gid: int
    kernel: bool
    label: str | Absent
    program: str | Absent
    program_label: str | Absent = ""
    arguments: tuple[str, ...] = ()
    unit: str = ""
    control_group: str = ""
    capabilities: int = 0
    bounding: int = 0
    ambient: int = 0
    no_new_privileges: bool | Absent = False
    seccomp: Literal["off", "strict", "filter"] | Absent = "off"

    @property
    def shown(self) -> str:
        """``NAME (pid N, UNIT)`` for people."""
        return f"{self.name} (pid {self.pid}{', ' + self.unit if self.unit else ''})"
