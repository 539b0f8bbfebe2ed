"""The servers of the time service that runs."""

from __future__ import annotations

from hardcheck.facts import Absent, Reason
from hardcheck.facts.time import TimeConfig, TimeSource, TimeSync

_FILES = {"chrony": "chrony", "ntp": "ntp", "ntpd": "ntp", "ntpsec": "ntp"}


def sources(config: TimeConfig, sync: TimeSync) -> tuple[TimeSource, ...] | Absent:
    """Those that the files name for it; none where none runs. A file that was not read may name more."""
    services = {_FILES.get(name, name) for name in sync.services}
    found = tuple(source for source in config.sources if source.service in services)
    if not found and config.unread and "chrony" in services:
        detail = f"{config.unread[0]} was not read"
        return Absent(Reason.NOT_COLLECTED, ("time.files",), detail[:300])
    return found
