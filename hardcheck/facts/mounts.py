"""Mounted file systems, and those that fstab(5) mounts at boot."""

from __future__ import annotations

import msgspec

from hardcheck.facts.base import Absent


class Mount(msgspec.Struct, frozen=True):
    """One mount of the probe's namespace, proc_pid_mountinfo(5). ``options`` are those of the mount
    itself, ``super_options`` those of the file system; ``root`` is the folder of it that is mounted."""

    point: str
    fstype: str
    source: str
    options: tuple[str, ...]
    super_options: tuple[str, ...] = ()
    root: str = "/"
    device: str = ""


class FstabEntry(msgspec.Struct, frozen=True):
    """One line of fstab(5)."""

    source: str
    point: str
    fstype: str
    options: tuple[str, ...]
    line: int


class MountUnit(msgspec.Struct, frozen=True):
    """One mount unit, systemd.mount(5). ``file`` is where it stands; ``wanted``: something starts it at boot;
    ``masked``: it is a link to /dev/null. Options are those of the unit and of what adds to it."""

    name: str
    where: str
    what: str
    options: tuple[str, ...]
    file: str
    wanted: bool
    masked: bool = False


class PlaceMount(msgspec.Struct, frozen=True):
    """A place that hardening asks a file system of its own for, now and after the next boot.

    ``guards`` are those of nodev, nosuid and noexec that are in force; there are none where nothing is
    mounted. ``set_by`` is what mounts it at boot: FILE:LINE, a unit's file, or systemd itself.
    """

    path: str
    separate_now: bool
    guards_now: tuple[str, ...]
    separate_at_boot: bool | Absent
    guards_at_boot: tuple[str, ...] | Absent
    set_by: str
    source: str = ""

    @property
    def shown(self) -> str:
        """``/tmp now tmpfs (nodev, nosuid), after boot not mounted (nothing mounts it)``."""
        now = (
            f"{self.source or 'mounted'} ({_listed(self.guards_now)})" if self.separate_now else "not mounted"
        )
        if isinstance(self.separate_at_boot, Absent) or isinstance(self.guards_at_boot, Absent):
            after = "not known"
        else:
            after = f"mounted ({_listed(self.guards_at_boot)})" if self.separate_at_boot else "not mounted"
        return f"{self.path} now {now}, after boot {after} ({self.set_by})"


class ProcMount(msgspec.Struct, frozen=True):
    """What /proc shows of others' processes, proc(5): ``off``, ``noaccess``, ``invisible`` or ``ptraceable``,
    now and after boot; ``set_by`` is FILE:LINE, or that nothing sets it."""

    hidepid_now: str
    hidepid_at_boot: str | Absent
    set_by: str


def _listed(guards: tuple[str, ...]) -> str:
    return ", ".join(guards) or "without nodev, nosuid and noexec"
