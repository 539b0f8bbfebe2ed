"""The kernel's audit system: what is loaded, and what auditd(8) loads at boot."""

from __future__ import annotations

from hardcheck.collect.base import KIB, CommandSource, FileSource, TreeSource

SOURCES = (
    CommandSource("audit.status", ("auditctl", "-s"), max_bytes=8 * KIB, root=True),
    CommandSource("audit.loaded", ("auditctl", "-l"), max_bytes=512 * KIB, root=True),
    TreeSource(
        "audit.rules_files",
        ("/etc/audit/audit.rules", "/etc/audit/rules.d/*.rules"),
        max_files=100,
        root=True,
    ),
    FileSource("audit.config", "/etc/audit/auditd.conf", root=True),
)
