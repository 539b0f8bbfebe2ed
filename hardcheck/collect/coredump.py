"""What becomes of the memory of a program that crashes: coredump.conf(5) and limits.conf(5)."""

from __future__ import annotations

from hardcheck.collect.base import KIB, TreeSource

SOURCES = (
    TreeSource(
        "coredump.files",
        (
            "/etc/systemd/coredump.conf",
            "/run/systemd/coredump.conf",
            "/usr/local/lib/systemd/coredump.conf",
            "/usr/lib/systemd/coredump.conf",
            "/etc/systemd/coredump.conf.d/*.conf",
            "/run/systemd/coredump.conf.d/*.conf",
            "/usr/local/lib/systemd/coredump.conf.d/*.conf",
            "/usr/lib/systemd/coredump.conf.d/*.conf",
        ),
        max_files=60,
        max_bytes=32 * KIB,
    ),
    TreeSource(
        "limits.files",
        (
            "/etc/security/limits.conf",
            "/etc/security/limits.d/*.conf",
            "/usr/etc/security/limits.conf",
            "/usr/etc/security/limits.d/*.conf",
        ),
        max_files=100,
        max_bytes=64 * KIB,
    ),
)
