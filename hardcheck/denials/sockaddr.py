"""``saddr`` of a SOCKADDR record: the hexadecimal bytes of a struct sockaddr, or as ``ausearch -i`` shows it.

Two bytes family in the host's order (all supported hosts are little-endian), then by family: port and
address in network order, or a path; a path that begins with NUL is abstract. Source: ip(7), unix(7).
"""

from __future__ import annotations

import ipaddress
import re

from hardcheck.denials.fields import decode, number
from hardcheck.denials.model import SocketAddress

_UNIX, _INET, _INET6, _NETLINK = 1, 2, 10, 16
_PAIR = re.compile(r"([a-z_]+)=([^\s}]+)")
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2}){2,256}")


def read_sockaddr(saddr: str) -> SocketAddress | None:
    """The address; None for a text of neither form."""
    if saddr.startswith("{"):
        return _interpreted(dict(_PAIR.findall(saddr)))
    if not _HEX.fullmatch(saddr):
        return None
    raw = bytes.fromhex(saddr)
    family = int.from_bytes(raw[:2], "little")
    if family == _INET and len(raw) >= 8:
        return SocketAddress("inet", str(ipaddress.IPv4Address(raw[4:8])), int.from_bytes(raw[2:4], "big"))
    if family == _INET6 and len(raw) >= 24:
        return SocketAddress("inet6", str(ipaddress.IPv6Address(raw[8:24])), int.from_bytes(raw[2:4], "big"))
    if family == _UNIX:
        path = raw[2:]
        abstract = path[:1] == b"\0"
        name = path[1:].rstrip(b"\0") if abstract else path.split(b"\0", 1)[0]
        return SocketAddress("unix", ("@" if abstract else "") + decode(name))
    return SocketAddress("netlink" if family == _NETLINK else str(family))


def _interpreted(fields: dict[str, str]) -> SocketAddress | None:
    family = fields.get("saddr_fam") or fields.get("fam")
    if not family:
        return None
    family = {"local": "unix"}.get(family, family)
    address = fields.get("laddr") or fields.get("path") or ""
    return SocketAddress(family, address, number(fields.get("lport", "")))
