"""fail2ban: its server, its jails, and whether what they do reaches the packet filter."""

from __future__ import annotations

import msgspec

from hardcheck.facts.base import Absent


class BanAction(msgspec.Struct, frozen=True):
    """One action of a jail. ``kind`` is the program by which it bans: nftables, iptables, ipset,
    firewalld, ufw, route, hosts, or other (mail, a web service). ``chains`` and ``tables`` are the names it
    acts on in the packet filter."""

    name: str
    kind: str
    tables: tuple[str, ...] = ()
    chains: tuple[str, ...] = ()


class Jail(msgspec.Struct, frozen=True):
    """One jail that runs. Times are seconds; -1 is for ever. ``banned`` is now, ``total_banned`` since
    the server started."""

    name: str
    banned: int
    total_banned: int
    ban_time_s: int | Absent
    find_time_s: int | Absent
    max_retry: int | Absent
    actions: tuple[BanAction, ...] | Absent


class Fail2banServer(msgspec.Struct, frozen=True):
    """The server and its jails; one that is not ``running`` has none."""

    running: bool
    jails: tuple[Jail, ...] = ()


class JailEffect(msgspec.Struct, frozen=True):
    """What a jail comes to. ``bans`` is Absent when its effect could not be looked at; ``why`` says what
    was seen, in words."""

    name: str
    bans: bool | Absent
    why: str
    banned: int = 0
    actions: tuple[str, ...] = ()


class Fail2banStore(msgspec.Struct, frozen=True):
    """What fail2ban.conf keeps: the database of bans, for how many seconds after a ban (Absent where that has
    another form), and the log. The places are FILE:LINE or ``default``."""

    database: str
    database_place: str
    keeps_s: int | Absent
    log: str
    log_place: str


class Fail2banPersistence(msgspec.Struct, frozen=True):
    """``gaps`` say what does not survive a restart, in words; empty when all does."""

    database: str
    log: str
    gaps: tuple[str, ...]


class JailCoverage(msgspec.Struct, frozen=True):
    """A service that the network reaches and that fail2ban has filters for: ``filters`` are those on the
    host, ``jails`` the running ones that watch it; Absent where a jail of a name of its own may be one."""

    service: str
    sockets: tuple[str, ...]
    filters: tuple[str, ...]
    jails: tuple[str, ...] | Absent

    @property
    def shown(self) -> str:
        """``dovecot (tcp 0.0.0.0:993): no jail, filters dovecot``."""
        jails = "jails not known" if isinstance(self.jails, Absent) else ", ".join(self.jails) or "no jail"
        return f"{self.service} ({', '.join(self.sockets)}): {jails}, filters {', '.join(self.filters)}"
