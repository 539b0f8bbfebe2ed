"""What is mounted now and what fstab(5) mounts at boot."""

from __future__ import annotations

from hardcheck.collect.base import KIB, FileSource

SOURCES = (
    FileSource("mounts.mountinfo", "/proc/self/mountinfo", max_bytes=512 * KIB),
    FileSource("mounts.fstab", "/etc/fstab", max_bytes=64 * KIB),
)
