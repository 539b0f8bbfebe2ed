"""Text of the kernel and of log daemons that tells of lost records, of a boot, or of an unknown label.

Source: kernel audit.c (audit_log_lost, audit_panic), printk and lib/ratelimit.c; auditd-event.c; systemd
journald-rate-limit.c; rsyslog imjournal, imuxsock; security/selinux/ss/services.c, hooks.c.
"""

from __future__ import annotations

import re
from datetime import datetime

from hardcheck.denials.fields import decode
from hardcheck.denials.model import ChangeKind, Lost, StateChange, Where

# Every branch begins with a fixed word, so that a line is looked through once.
MARK = re.compile(
    rb"audit_lost=|audit_backlog=|backlog limit exceeded|rate limit exceeded|callbacks suppressed"
    rb"|dispatch err|queue is full|queue to plugins is full|Suppressed \d|imuxsock lost"
    rb"|imjournal: begin to drop|no space left|suspending logging|low on disk space|Missed \d"
    rb"|Linux version \d|-- (?:Boot|Reboot)|SELinux:"
)
_LOST = re.compile(rb"audit_lost=(\d{1,10})")
_SUPPRESSED = re.compile(rb"(\d{1,10}) callbacks suppressed|Suppressed (\d{1,10}) messages")
_DROPPED = re.compile(rb"imuxsock lost (\d{1,10}) messages|Missed (\d{1,10}) ")
_LABEL = re.compile(
    rb"SELinux: {1,4}Context (\S{1,4096}) (?:is not valid|became (?:in)?valid)"
    rb"|SELinux: {1,4}inode=\S{1,32} on dev=\S{1,256} was found to have an invalid context=(\S{1,4096})\."
)
_WORDS = (
    (b"backlog", "backlog"),
    (b"rate limit exceeded", "rate_limit"),
    (b"dispatch err", "dispatcher"),
    (b"queue is full", "dispatcher"),
    (b"queue to plugins is full", "dispatcher"),
    (b"imjournal: begin to drop", "journal"),
    (b"no space left", "disk"),
    (b"suspending logging", "disk"),
    (b"low on disk space", "disk"),
)
PRINTED = b"kauditd_printk"
"""Lost to the kernel's ring and the journal alone: the audit daemon had the records."""


def read_lost(text: bytes, where: Where, at: datetime | None) -> Lost | None:
    """What a text says of lost records; None for any other text.

    Low disk space loses nothing yet; the daemon's next step (suspend, halt) is what counts.
    """
    found = _LOST.search(text)
    if found:
        total = int(found[1])
        return Lost("audit_lost", where, at, total=total) if total else None
    found = _SUPPRESSED.search(text)
    if found:
        count = int(found[1] or found[2])
        if found[2]:
            return Lost("journal", where, at, count)
        return Lost("printed" if PRINTED in text else "suppressed", where, at, count)
    found = _DROPPED.search(text)
    if found:
        return Lost("journal", where, at, int(found[1] or found[2]))
    for word, why in _WORDS:
        if word in text and not (why == "backlog" and b"audit" not in text):
            return Lost(why, where, at)
    return None


def read_note(text: bytes, where: Where, at: datetime | None, host: str) -> StateChange | None:
    """A boot, or a label that the policy does not know; None for any other text."""
    if b"Linux version " in text or text.startswith((b"-- Boot", b"-- Reboot")):
        return StateChange(ChangeKind.BOOT, at, where, operation="kernel", host=host)
    found = _LABEL.search(text)
    if found is None:
        return None
    label = decode(found[1] or found[2])
    return StateChange(
        ChangeKind.LABEL, at, where, name=label, operation="kernel", host=host, info=decode(text[:500])
    )
