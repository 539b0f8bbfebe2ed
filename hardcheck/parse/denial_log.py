"""The logs that the probe brings, grouped: the fact that triage works on."""

from __future__ import annotations

from datetime import datetime

import msgspec

from hardcheck.denials.model import LogSummary, Lost, Where
from hardcheck.evidence import HostEvidence
from hardcheck.facts import Absent
from hardcheck.parse.denials import SOURCES, read_host_logs


def parse_denial_log(host: HostEvidence, after: datetime | None = None) -> LogSummary | Absent:
    """All logs that could be read, as one. Absent where there was none, and where one was missing while the
    others have no denial: then nothing shows that there was none."""
    logs = read_host_logs(host, after)
    if isinstance(logs, Absent):
        return logs
    summary = logs.summary
    if logs.unseen is not None and not summary.groups:
        return logs.unseen
    health = summary.health
    since = max(logs.since, after) if logs.since is not None and after is not None else logs.since
    if since is not None and (health.first is None or since < health.first):
        health = msgspec.structs.replace(health, first=since)
    if logs.cut:
        older = Lost("collection limit", Where(SOURCES[logs.read[0]], 0))
        health = msgspec.structs.replace(health, lost=(*health.lost, older))
    return msgspec.structs.replace(summary, health=health)
