"""The services that the network reaches: who listens, with its workers, and who works behind it.

A service is the processes of one systemd unit, without login sessions; where there is no unit it is the
process that listens with its descendants of the same program. A program that a web server passes
requests to over a socket of this host counts as well: its input comes from the network.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from hardcheck.access import subject_name
from hardcheck.apparmor.rules.capability import CAPABILITIES
from hardcheck.ask.subjects import plain_label
from hardcheck.exposure.host import Host
from hardcheck.exposure.model import Identity, Service
from hardcheck.facts import Absent
from hardcheck.facts.processes import Process
from hardcheck.reasons import Reason

_VERSION = re.compile(r"[0-9.]+(?=-|$)")
_CONTAINER = re.compile(r"(?:docker|libpod|cri-containerd|crio)-(?P<id>[0-9a-f]{12})[0-9a-f]*\.scope")
_WEB_SERVER = re.compile(r"nginx|apache2?|httpd|lighttpd|caddy")
_MOST_SERVICES = 512


def services_of(host: Host) -> tuple[Service, ...] | Absent:
    """Every service with a socket that other machines reach, then those behind them, by name.

    Absent where sockets or processes could not be seen.
    """
    listeners, processes = host.facts["network.listeners"], host.facts["processes.all"]
    for fact in (listeners, processes):
        if isinstance(fact, Absent):
            return fact
    by_pid = {process.pid: process for process in processes}
    open_: dict[int, list[str]] = {}
    unheld: list[str] = []
    for listener in listeners:
        if listener.scope == "loopback":
            continue
        pids = () if isinstance(listener.pids, Absent) else [pid for pid in listener.pids if pid in by_pid]
        if isinstance(listener.pids, Absent) or (listener.pids and not pids):
            unheld.append(listener.shown)
        for pid in pids:
            open_.setdefault(pid, []).append(listener.shown)
    found = _gather(host, by_pid, open_, "")
    taken = {pid for service in found for pid in service.pids}
    behind = {pid: paths for pid, paths in _backends(host).items() if pid in by_pid and pid not in taken}
    found += _gather(host, by_pid, behind, "a web server")
    hidden = [Service(f"unseen holder of {shown}", "", (shown,), (_unseen(),)) for shown in unheld]
    hidden += _unseen_behind(host, found)
    return tuple([*sorted(found, key=lambda service: service.name), *hidden][:_MOST_SERVICES])


def matches(service: Service, text: str) -> bool:
    """Whether people mean this service: its name, unit, a program, any of them without its version."""
    return text in service.names


def _gather(
    host: Host, by_pid: dict[int, Process], holders: dict[int, list[str]], behind: str
) -> list[Service]:
    groups: dict[tuple[str, int], dict[str, None]] = {}
    for pid, shown in sorted(holders.items()):
        process = by_pid[pid]
        key = (process.unit, 0) if process.unit else ("", _first(process, by_pid))
        groups.setdefault(key, {}).update(dict.fromkeys(shown))
    found = []
    for (unit, first), sockets in groups.items():
        members = [
            process
            for process in by_pid.values()
            if not process.kernel and _belongs(process, unit, first, by_pid, host)
        ]
        if members:
            found.append(_service(host, unit, tuple(sockets), members, behind))
    return found


def _belongs(process: Process, unit: str, first: int, by_pid: dict[int, Process], host: Host) -> bool:
    if unit:
        return process.unit == unit and (process.pid not in host.logins or process.pid == first)
    return not process.unit and _first(process, by_pid) == first


def _first(process: Process, by_pid: dict[int, Process]) -> int:
    """The topmost process of the same program above a process."""
    seen = {process.pid}
    while True:
        above = by_pid.get(process.parent)
        if above is None or above.pid in seen or above.program != process.program:
            return process.pid
        seen.add(above.pid)
        process = above


def _backends(host: Host) -> dict[int, list[str]]:
    """Who holds the sockets that sites pass requests to: unix sockets, and ports of this host only."""
    wanted = {_plain(backend) for site in host.each("web.sites") for backend in site.backends}
    found: dict[int, list[str]] = {}
    for listener in host.each("network.unix_listeners"):
        if _plain(listener.path) in wanted and not isinstance(listener.pids, Absent):
            for pid in listener.pids:
                found.setdefault(pid, []).append(f"unix {listener.path}")
    for listener in host.each("network.listeners"):
        local = listener.scope == "loopback" and f"127.0.0.1:{listener.port}" in wanted
        if local and not isinstance(listener.pids, Absent):
            for pid in listener.pids:
                found.setdefault(pid, []).append(listener.shown)
    return found


def _unseen_behind(host: Host, found: list[Service]) -> list[Service]:
    """What stands for the programs behind a web server where its configuration, or who holds the sockets
    that it names, was not seen: they may be there, and nothing is known of them."""
    sites, sockets = host.facts["web.sites"], host.facts["network.unix_listeners"]
    if isinstance(sites, Absent):
        missing: Absent | None = sites
        if not any(_WEB_SERVER.fullmatch(word) for service in found for word in service.names):
            missing = None
    else:
        names_sockets = any(_plain(one).startswith("/") for site in sites for one in site.backends)
        missing = sockets if names_sockets and isinstance(sockets, Absent) else None
    if missing is None:
        return []
    return [Service("unseen programs behind a web server", "", (), (_unseen(missing),), "a web server")]


def _plain(address: str) -> str:
    """One form for an address: no scheme, no ``unix:``, ``localhost`` by number, /run for /var/run."""
    text = (address.partition("://")[2] or address).removeprefix("unix:").rstrip("/:")
    if text.startswith("/var/run/"):
        return text.removeprefix("/var")
    return f"127.0.0.1:{text}" if text.isdecimal() else text.replace("localhost:", "127.0.0.1:")


def _service(host: Host, unit: str, sockets: tuple[str, ...], members: list[Process], behind: str) -> Service:
    name = unit.removesuffix(".service") or members[0].name
    match = next(filter(None, (_CONTAINER.search(one.control_group) for one in members)), None)
    words = [name, unit, *(one.name for one in members), *map(_program, members)]
    words += [_program(one).rpartition("/")[2] for one in members]
    plain = [_VERSION.sub("", word) for word in words]
    return Service(
        name,
        unit,
        sockets,
        _identities(host, members),
        behind,
        match["id"] if match else "",
        tuple(dict.fromkeys(word for word in (*words, *plain) if word)),
    )


def _identities(host: Host, members: Iterable[Process]) -> tuple[Identity, ...]:
    groups: dict[tuple[object, ...], list[Process]] = {}
    for one in members:
        shown = host.label_of(one)
        label = shown if isinstance(shown, str) else ""
        facts = (one.effective_uid, one.gid, label, one.capabilities, one.seccomp, one.no_new_privileges)
        groups.setdefault(facts, []).append(one)
    return tuple(_identity(host, group) for group in groups.values())


def _identity(host: Host, group: list[Process]) -> Identity:
    one = group[0]
    shown = host.label_of(one)
    label = plain_label(shown) if isinstance(shown, str) else ""
    subject, state = host.state_of(one.pid)
    if subject in host.enforced and state == "permissive":
        state = "enforced"
    return Identity(
        uid=one.effective_uid,
        gid=one.gid,
        user=host.users.get(one.effective_uid, ""),
        label=label,
        subject=subject or subject_name(label),
        state=shown if isinstance(shown, Absent) else state,
        capabilities=capability_names(one.capabilities),
        seccomp="unknown" if isinstance(one.seccomp, Absent) else one.seccomp,
        no_new_privileges=one.no_new_privileges,
        pids=tuple(process.pid for process in group),
        executables=tuple(dict.fromkeys(filter(None, map(_program, group)))),
    )


def capability_names(bits: int) -> tuple[str, ...]:
    """The names of a capability set, those of later kernels as ``capability N``."""
    known = tuple(name for number, name in enumerate(CAPABILITIES) if bits >> number & 1)
    later = range(len(CAPABILITIES), min(bits.bit_length(), 64))
    return known + tuple(f"capability {number}" for number in later if bits >> number & 1)


def _program(process: Process) -> str:
    return process.program.removesuffix(" (deleted)") if isinstance(process.program, str) else ""


def _unseen(why: Absent | None = None) -> Identity:
    state = why or Absent(
        Reason.NOT_COLLECTED, ("network.socket_owners",), "which process listens was not seen"
    )
    return Identity(-1, -1, "", "", "", state, (), "unknown", state, ())
