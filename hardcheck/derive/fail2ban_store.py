"""Whether fail2ban remembers bans over a restart, and where its log goes."""

from __future__ import annotations

from hardcheck.facts import Absent
from hardcheck.facts.fail2ban import Fail2banPersistence, Fail2banServer, Fail2banStore

_GONE_AT_BOOT = ("/run/", "/var/run/", "/tmp/", "/dev/shm/")  # noqa: S108 - compared, not used


def persistence(store: Fail2banStore, server: Fail2banServer | Absent) -> Fail2banPersistence | Absent:
    """What does not last. A ban that lasts longer than the database keeps it ends at the next restart: where
    the jails could not be asked, that all lasts is not known."""
    gaps = []
    if store.database.lower() == "none" or store.database == ":memory:":
        gaps.append(f"no database on disk: dbfile = {store.database} ({store.database_place})")
    elif store.database.startswith(_GONE_AT_BOOT):
        gaps.append(f"the database is emptied at boot: {store.database} ({store.database_place})")
    if store.log == "/dev/null" or store.log.startswith(_GONE_AT_BOOT):
        gaps.append(f"the log is not kept: logtarget = {store.log} ({store.log_place})")
    if not isinstance(server, Absent) and not isinstance(store.keeps_s, Absent):
        for jail in server.jails:
            lasts = jail.ban_time_s
            if isinstance(lasts, int) and (lasts > store.keeps_s or lasts < 0):
                span = "for ever" if lasts < 0 else f"for {lasts} s"
                gaps.append(f"bans of {jail.name} last {span} and are kept for {store.keeps_s} s")
    if not gaps:
        for part in (server, store.keeps_s):
            if isinstance(part, Absent):
                return part
    return Fail2banPersistence(store.database, store.log, tuple(gaps))
