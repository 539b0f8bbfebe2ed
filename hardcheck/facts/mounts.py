"""Mounted file systems, and those that fstab(5) mounts at boot."""

from __future__ import annotations

import msgspec


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


class MountPoint(msgspec.Struct, frozen=True):
    """A place, and the mount that covers it. ``separate``: something is mounted exactly there."""

    path: str
    separate: bool
    mount: Mount
