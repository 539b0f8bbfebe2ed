"""What stands before a record on a line of syslog, dmesg or the journal: time, host, program.

The program matters: any user may write a line that quotes a record (``logger``), and such a line proves
nothing. A record counts when the kernel, the audit daemons, or a program that decides access itself
(D-Bus, systemd) wrote it. Plain syslog lets a local user choose the program's name as well; the journal's
export and JSON forms do not, and there the transport decides instead.
"""

from __future__ import annotations

import re
from datetime import datetime

import msgspec

from hardcheck.denials.times import log_time

_LIMIT = 512  # bytes; a longer text before a record is no prefix
_TAG = re.compile(rb"(?:(?<=\s)|^)([^\s\[\]:\"'=]{1,64}+)(?:\[([0-9]{1,10}|none)\])?:(?=\s|$)")
KERNEL = frozenset({b"kernel", b"audit", b"kmsg", b"dmesg"})
DAEMONS = frozenset({b"auditd", b"audispd", b"audisp-syslog", b"audisp", b"sedispatch"})
MANAGERS = frozenset({b"dbus", b"dbus-daemon", b"dbus-broker", b"dbus-broker-launch", b"systemd", b"nscd"})


class Prefix(msgspec.Struct, frozen=True):
    """``program`` is empty where a line has none (dmesg, ``-o cat``); ``end`` is where the text begins."""

    at: datetime | None
    host: bytes
    program: bytes
    end: int

    @property
    def by_kernel(self) -> bool:
        """The kernel, an audit daemon, or nothing that says otherwise."""
        return (
            not self.program or self.program in KERNEL or self.program.startswith(b"kern.") or self.by_daemon
        )

    @property
    def by_daemon(self) -> bool:
        """An audit daemon's way to syslog."""
        return self.program in DAEMONS

    @property
    def by_manager(self) -> bool:
        """A program that decides access."""
        return self.program in MANAGERS


def read_prefix(line: bytes, end: int, reference: datetime | None) -> Prefix:
    """What stands before byte ``end``."""
    head = line[: min(end, _LIMIT)]
    at, after = log_time(head, reference)
    tag = _TAG.search(head, after)
    program = tag[1].lower() if tag else b""
    host = head[after : tag.start()].strip() if tag and after else b""
    if end > _LIMIT and not tag:
        program = b"?"
    if b" " in host or len(host) > 255:
        host = b""
    return Prefix(at, host, program, tag.end() if tag else after)
