"""Audit records about SELinux and AppArmor, from audit.log, the journal's text or the kernel's ring::

    type=AVC msg=audit(1795232999.472:38): avc:  denied  { read } for  pid=9 comm="x" scontext=... tclass=file
    2026-11-21T03:49:50+0000 host kernel: audit: type=1400 audit(1795232978.076:5): apparmor="STATUS" ...

Fields are ``name=value`` in any order; a value is bare, in double quotes, or upper-case hexadecimal where
the kernel did not trust the text. Several records may stand on one line. Source: kernel audit.c, lsm_audit.c,
security/selinux/avc.c, security/apparmor/audit.c.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec

_START = re.compile(r"(?=type=[A-Z0-9_\[\]]+ msg=audit\()")
_TYPE = re.compile(r"type=([A-Z0-9_]+)")
_ID = re.compile(r"audit\(([0-9]{1,11})\.([0-9]{1,3}):([0-9]{1,12})\)")
_AVC = re.compile(r"avc:\s+(denied|granted)\s+\{ *([^}]*?) *\}")
_FIELD = re.compile(r"([A-Za-z_][A-Za-z0-9_-]*)=(?:\"([^\"]*)\"|([^\s\"',]+))")
_HEX = re.compile(r"(?:[0-9A-F]{2})+")
_UNTRUSTED = frozenset(
    {"comm", "exe", "name", "path", "profile", "label", "target", "peer", "info", "srcname", "namespace"}
)
_NUMBERS = {"1400": "AVC", "1403": "MAC_POLICY_LOAD", "1404": "MAC_STATUS", "1405": "MAC_CONFIG_CHANGE"}
_LATEST = 1 << 35  # seconds; the calendar of Python ends at the year 9999


class AuditRecord(msgspec.Struct, frozen=True):
    """One record. ``id`` is (seconds, milliseconds, serial), None where the line has none; ``verdict``
    and ``permissions`` are SELinux's words before the fields."""

    kind: str
    id: tuple[int, int, int] | None
    fields: dict[str, str]
    verdict: str = ""
    permissions: tuple[str, ...] = ()

    @property
    def at(self) -> datetime | None:
        """When it was written, UTC."""
        if self.id is None or self.id[0] > _LATEST:
            return None
        return datetime.fromtimestamp(self.id[0], UTC).replace(microsecond=self.id[1] * 1000)


def read_records(line: str) -> Iterator[AuditRecord]:
    """Every record of one line of a log; nothing for a line that has none."""
    # Enriched logs repeat fields in upper case behind byte 0x1d.
    for piece in _START.split(line):
        text = piece.split("\x1d", 1)[0]
        kind = _TYPE.search(text)
        avc = _AVC.search(text)
        identity = _ID.search(text)
        if kind is None and avc is None and "apparmor=" not in text:
            continue
        yield AuditRecord(
            kind=_NUMBERS.get(kind[1], kind[1]) if kind else "",
            id=(int(identity[1]), int(identity[2]), int(identity[3])) if identity else None,
            fields=_fields(text),
            verdict=avc[1] if avc else "",
            permissions=tuple(avc[2].split()) if avc else (),
        )


def time_of(line: str) -> datetime | None:
    """The time of a log line: of its audit record, or the ISO time that the journal puts first."""
    identity = _ID.search(line)
    if identity is not None and int(identity[1]) <= _LATEST:
        return datetime.fromtimestamp(int(identity[1]), UTC)
    try:
        found = datetime.fromisoformat(line.split(" ", 1)[0])
        return found.astimezone(UTC) if found.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def _fields(text: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    for name, quoted, bare in _FIELD.findall(text):
        value = quoted or bare
        if bare and name in _UNTRUSTED and _HEX.fullmatch(bare):
            value = bytes.fromhex(bare).decode("utf-8", "backslashreplace")
        fields.setdefault(name, value)
    return fields
