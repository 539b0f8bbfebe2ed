"""The socket tables of /proc/net, as the probe's grep(1) keeps them.

A line ``table NAME`` for each table that was read (``denied NAME``, ``absent NAME`` for the others), then
the lines of sockets that listen, each behind its file's name::

    /proc/net/tcp:   0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0
    14409 1 /proc/net/unix:0000000000000000: 00000002 00000000 00010000 0001 01 14381 /run/php/a.sock

Addresses are words of 32 bits in the byte order of the host. A UDP socket that waits has state 07, a TCP
socket 0A. Source: proc_net(5); net/ipv4/tcp_ipv4.c ``get_openreq4``, net/unix/af_unix.c ``unix_seq_show``.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping

from hardcheck.errors import ParseError
from hardcheck.evidence import Evidence, HostEvidence, Reason
from hardcheck.facts import Absent
from hardcheck.facts.network import Listener, Sockets, UnixListener
from hardcheck.parse.numbers import whole

_INET = re.compile(
    r"/proc/net/(?P<table>(?:tcp|udp|udplite)6?): *[0-9]+:"
    r" (?P<address>[0-9A-F]{8}|[0-9A-F]{32}):(?P<port>[0-9A-F]{4}) [0-9A-F]+:[0-9A-F]{4} (?P<state>0A|07)"
    r" [0-9A-F]+:[0-9A-F]+ [0-9A-F]+:[0-9A-F]+ [0-9A-F]+"
    r" +(?P<uid>[0-9]{1,10}) +[0-9]+ (?P<inode>[0-9]{1,19})\b.*"
)
_UNIX = re.compile(
    r"(?:/proc/net/unix:)?[0-9a-f]+: [0-9A-F]+ [0-9A-F]+ 00010000 [0-9A-F]+ [0-9A-F]+"
    r" +(?P<inode>[0-9]{1,19})(?: (?P<path>.*))?"
)
_BIG_ENDIAN = (b" s390x ", b" s390 ", b" ppc64 ", b" ppc ", b" sparc64 ", b" mips ", b" mips64 ")
_UNKNOWN_OWNERS = Absent(Reason.NOT_COLLECTED, ("network.socket_owners",), "owners are joined later")


def parse_sockets(host: HostEvidence) -> Sockets:
    """The sockets that listen, in the order of the tables. Needs ``network.sockets``.

    Raises:
        ParseError: a line of another form, or no table at all.
    """
    evidence = host.get("network.sockets")
    big_endian = any(name in host.get("kernel.uname").content + b" " for name in _BIG_ENDIAN)
    tables: dict[str, list[str]] = {"table": [], "denied": [], "absent": []}
    listeners: list[Listener] = []
    unix: list[UnixListener] = []
    for where, line in evidence.lines():
        word, _, name = line.partition(" ")
        if word in tables and name:
            tables[word].append(name)
            continue
        inet = _INET.fullmatch(line)
        if inet is not None:
            if (inet["state"] == "0A") is inet["table"].startswith("tcp"):
                listeners.append(_listener(where, inet, big_endian))
            continue
        local = _UNIX.fullmatch(line)
        if local is None:
            raise ParseError(where, "a line of a socket table of /proc/net", repr(line[:80]))
        unix.append(UnixListener(local["path"] or "", int(local["inode"]), _UNKNOWN_OWNERS))
    if not tables["table"]:
        raise ParseError(evidence.key, "at least one socket table", "none")
    return Sockets(tuple(listeners), tuple(unix), tuple(tables["table"]), tuple(tables["denied"]))


def _listener(where: str, match: re.Match[str], big_endian: bool) -> Listener:
    return Listener(
        protocol=match["table"],  # type: ignore[arg-type] # the pattern lets only these words through
        address=_address(where, match["address"], big_endian),
        port=int(match["port"], 16),
        uid=int(match["uid"]),
        inode=int(match["inode"]),
        pids=_UNKNOWN_OWNERS,
    )


def _address(where: str, text: str, big_endian: bool) -> str:
    raw = bytes.fromhex(text)
    if not big_endian:
        raw = b"".join(raw[at : at + 4][::-1] for at in range(0, len(raw), 4))
    try:
        return str(ipaddress.ip_address(raw))
    except ValueError as error:
        raise ParseError(where, "an address of 4 or 16 bytes", text) from error


_PROCESS = re.compile(r"/proc/(?P<pid>[0-9]{1,10})/fd/?:")
_SOCKET = re.compile(r".* -> '?socket:\[(?P<inode>[0-9]{1,19})\]'?")


def parse_socket_owners(host: HostEvidence) -> Mapping[int, tuple[int, ...]]:
    """From socket inode to the processes that hold it, by ``ls -ln`` over /proc/PID/fd.

    Raises:
        ParseError: a socket before the first process, or a line of another form.
    """
    evidence: Evidence = host.get("network.socket_owners")
    owners: dict[int, list[int]] = {}
    pid: int | None = None
    for where, line in evidence.lines():
        process = _PROCESS.fullmatch(line)
        if process is not None:
            pid = whole(where, process["pid"])
            continue
        socket = _SOCKET.fullmatch(line)
        if socket is None or pid is None:
            raise ParseError(where, "'/proc/PID/fd/:' or '... -> socket:[INODE]'", repr(line[:80]))
        holders = owners.setdefault(int(socket["inode"]), [])
        if not holders or holders[-1] != pid:
            holders.append(pid)
    return {inode: tuple(sorted(set(pids))) for inode, pids in owners.items()}
