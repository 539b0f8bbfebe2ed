"""Whether auditing begins with the kernel, and how many records may wait, by the kernel's options.

``audit=1`` (``on`` since 4.15) and ``audit_backlog_limit=`` on the command line; of several the last counts.
Without the second the kernel keeps 64 records until auditctl -b says otherwise
(kernel Documentation/admin-guide/kernel-parameters.txt).
"""

from __future__ import annotations

from hardcheck.facts import Absent, Reason
from hardcheck.facts.audit_daemon import AuditBoot
from hardcheck.facts.host import BootLoader, CommandLine

_KERNEL_BACKLOG = 64
_ON = frozenset({"1", "on"})


def audit_boot(running: CommandLine, loader: BootLoader | Absent) -> AuditBoot:
    """What the running kernel was started with, and what every entry for service starts the next with. A host
    without a boot loader of its own is taken to be started again as it was."""
    lines: list[tuple[str, CommandLine]] | Absent
    if isinstance(loader, Absent):
        lines = [("started as now", running)] if loader.reason is Reason.NOT_PRESENT else loader
    elif loader.opaque:
        why = f"options are inside the image {loader.opaque[0]}"[:300]
        lines = Absent(Reason.NOT_COLLECTED, ("boot.loader",), why)
    elif any(entry.unresolved for entry in loader.service_entries) or not loader.service_entries:
        lines = Absent(Reason.UNPARSABLE, ("boot.loader",), "options of a boot entry are not known")
    else:
        lines = [(entry.title or entry.source, entry.options) for entry in loader.service_entries]
    on_now, backlog_now = _on(running), _backlog(running)
    if isinstance(lines, Absent):
        return AuditBoot(on_now, lines, backlog_now, lines)
    return AuditBoot(
        on_now=on_now,
        on_next=all(_on(line) for _, line in lines),
        backlog_now=backlog_now,
        backlog_next=min(_backlog(line) for _, line in lines),
        entries_off=tuple(title for title, line in lines if not _on(line)),
    )


def _on(line: CommandLine) -> bool:
    return line.value("audit") in _ON


def _backlog(line: CommandLine) -> int:
    text = line.value("audit_backlog_limit") or ""
    return int(text) if text.isdecimal() and len(text) <= 10 else _KERNEL_BACKLOG
