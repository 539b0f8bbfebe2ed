"""Which services that the network reaches a jail of fail2ban watches.

A jail belongs to a service by its name, as the jails that are shipped do; the client does not tell a jail's
filter. A jail of another name may watch anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hardcheck.facts import Absent, Reason
from hardcheck.facts.fail2ban import Fail2banServer, JailCoverage
from hardcheck.facts.network import Listener
from hardcheck.facts.processes import Process

_SERVICES: Mapping[str, tuple[str, ...]] = {
    "apache2": ("apache",),
    "asterisk": ("asterisk",),
    "cyrus-master": ("cyrus",),
    "dovecot": ("dovecot",),
    "dropbear": ("dropbear",),
    "exim": ("exim",),
    "exim4": ("exim",),
    "freeswitch": ("freeswitch",),
    "httpd": ("apache",),
    "lighttpd": ("lighttpd",),
    "mariadbd": ("mysqld",),
    "master": ("postfix",),
    "mysqld": ("mysqld",),
    "named": ("named",),
    "nginx": ("nginx",),
    "proftpd": ("proftpd",),
    "pure-ftpd": ("pure-ftpd",),
    "sendmail": ("sendmail",),
    "slapd": ("slapd",),
    "squid": ("squid",),
    "sshd": ("sshd",),
    "vsftpd": ("vsftpd",),
}
"""Program to the beginning of its filters' names; the jails that are shipped are named after those."""

_OTHER_NAMES = {
    "sasl": "postfix",
    "ssh": "sshd",
    "mysql": "mysqld",
    "pureftp": "pure-ftpd",
    "wuftpd": "wuftpd",
}
_OF_ALL = ("recidive", "pam-generic", "portsentry", "selinux-ssh")
_SSH_PORT = 22
_SHOWN = {"master": "postfix"}
_EVIDENCE = ("fail2ban.status",)


def coverage(
    server: Fail2banServer,
    filters: tuple[str, ...],
    listeners: tuple[Listener, ...],
    processes: tuple[Process, ...],
) -> tuple[JailCoverage, ...] | Absent:
    """Every service beyond loopback that a filter on the host is for, by name."""
    names = {process.pid: process.name for process in processes}
    sockets: dict[str, dict[str, None]] = {}
    for listener in listeners:
        if listener.scope == "loopback":
            continue
        if isinstance(listener.pids, Absent):
            return listener.pids
        for pid in listener.pids:
            name = names.get(pid, "")
            if name == "systemd" and listener.port == _SSH_PORT:
                name = "sshd"  # started by its socket
            if name in _SERVICES:
                sockets.setdefault(name, {})[listener.shown] = None
    jails = [jail.name for jail in server.jails]
    found = []
    for service in sorted(sockets):
        mine = tuple(name for name in filters if name.startswith(_SERVICES[service]))
        if mine:
            watching = _watching(service, jails, filters)
            shown = _SHOWN.get(service, service)
            found.append(JailCoverage(shown, tuple(sockets[service]), mine, watching))
    return tuple(found)


def _watching(service: str, jails: Iterable[str], filters: Iterable[str]) -> tuple[str, ...] | Absent:
    prefixes = _SERVICES[service]
    mine, strange = [], []
    for jail in jails:
        known = _known_as(jail, filters)
        if known.startswith(prefixes):
            mine.append(jail)
        elif not known and jail not in _OF_ALL:
            strange.append(jail)
    if strange and not mine:
        return Absent(Reason.NOT_COLLECTED, _EVIDENCE, f"the jail {strange[0]} may watch {service}"[:200])
    return tuple(mine)


def _known_as(jail: str, filters: Iterable[str]) -> str:
    """The filter that a jail is named after; empty for a name of its own."""
    name = jail.lower()
    for filter_ in sorted(filters, key=len, reverse=True):
        if name == filter_ or name.startswith(f"{filter_}-"):
            return filter_
    for begin, filter_ in _OTHER_NAMES.items():
        if name.startswith(begin):
            return filter_
    return next((prefix for group in _SERVICES.values() for prefix in group if name.startswith(prefix)), "")
