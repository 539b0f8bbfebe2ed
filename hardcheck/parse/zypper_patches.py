"""Patches that wait, by zypper's own cache: ``zypper --xmlout --no-refresh list-patches --category
security``.

``clock SECONDS``, ``list ALIAS`` of a source, ``stamp SECONDS FILE``; then between ``updates`` and ``end``
XML, of which the elements ``update`` are read::

    <update name="SUSE-SLE-2024-1234" kind="patch" edition="1" status="needed" category="security"
    severity="important">

It is read by its tags alone: nothing of it is expanded.
"""

from __future__ import annotations

import re

from hardcheck.errors import ParseError
from hardcheck.evidence import HostEvidence, Reason
from hardcheck.facts import Absent
from hardcheck.facts.packages import PendingUpdate, UpdateMetadata
from hardcheck.parse.numbers import whole
from hardcheck.parse.tree_files import tree_files

_KEY = "updates.zypper"
_UPDATE = re.compile(r"<update\s+(?P<attributes>[^<>]{1,4000})>")
_ATTRIBUTE = re.compile(r'(?P<name>[a-z-]{1,40})="(?P<value>[^"<>]{0,500})"')
_DAY = 86400


def parse_zypper(host: HostEvidence) -> UpdateMetadata:
    """Security patches that are needed.

    Raises:
        ParseError: no clock, or an answer that breaks off.
    """
    text = host.get(_KEY).text()
    head, found, body = text.partition("updates\n")
    clock: int | None = None
    stamps: list[int] = []
    lists: list[str] = []
    for number, line in enumerate(head.splitlines(), start=1):
        word, _, rest = line.partition(" ")
        where = f"{_KEY}:{number}"
        if word == "clock":
            clock = whole(where, rest)
        elif word == "stamp":
            stamps.append(whole(where, rest.partition(" ")[0]))
        elif word == "list":
            lists.append(rest)
    if clock is None or not found or not body.rstrip("\n").endswith("end") or "<stream>" not in body:
        raise ParseError(_KEY, "'clock SECONDS', '<stream>' and 'end'", "an answer that breaks off")
    pending = []
    for match in _UPDATE.finditer(body):
        values = {each["name"]: each["value"] for each in _ATTRIBUTE.finditer(match["attributes"])}
        if values.get("kind", "patch") == "patch" and values.get("status", "needed") == "needed":
            security = values.get("category", "security") == "security"
            origin = values.get("severity", "") or "patch"
            pending.append(
                PendingUpdate(values.get("name", "?"), "", values.get("edition", ""), origin, security)
            )
    age = Absent(Reason.NOT_PRESENT, (_KEY,), "zypper has no metadata on the host")
    return UpdateMetadata(
        pending=tuple(pending),
        age_days=max(0, clock - max(stamps)) // _DAY if stamps else age,
        security_source=any("update" in name.lower() for name in lists),
    )


def parse_suse_cron(host: HostEvidence) -> tuple[str, ...] | Absent:
    """The files that YaST's online update leaves for cron(8). Raises ParseError for the listing."""
    files = tree_files(host, "updates.suse_cron")
    return files if isinstance(files, Absent) else tuple(file.path for file in files)
