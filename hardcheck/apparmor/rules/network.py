"""Network rules: ``network [access] [domain] [type | protocol] [ip= port=] [peer=(...)],``."""

from __future__ import annotations

import ipaddress
import re
from typing import ClassVar

import msgspec

from hardcheck.apparmor.rules.conditions import Condition, parse_access, parse_conditions, parse_group
from hardcheck.apparmor.syntax import Owner, Prefix, Rule
from hardcheck.apparmor.tokenizer import NO_EQUALS, Cursor

SOCKET_ACCESS = {
    "send": 0x2,
    "write": 0x2,
    "w": 0x2,
    "receive": 0x4,
    "read": 0x4,
    "r": 0x4,
    "create": 0x10,
    "shutdown": 0x20,
    "connect": 0x40,
    "setattr": 0x100,
    "getattr": 0x200,
    "accept": 0x100000,
    "bind": 0x200000,
    "listen": 0x400000,
    "setopt": 0x1000000,
    "getopt": 0x2000000,
}
ALL_SOCKET = 0x3700376
PEER_SOCKET = 0x100046  # what may stand beside peer=(): send receive connect accept

FAMILIES = (
    *("unspec", "unix", "inet", "ax25", "ipx", "appletalk", "netrom", "bridge", "atmpvc", "x25", "inet6"),
    *(
        "rose",
        "netbeui",
        "security",
        "key",
        "netlink",
        "packet",
        "ash",
        "econet",
        "atmsvc",
        "rds",
        "sna",
        "irda",
    ),
    *("pppox", "wanpipe", "llc", "ib", "mpls", "can", "tipc", "bluetooth", "iucv", "rxrpc", "isdn"),
    *("phonet", "ieee802154", "caif", "alg", "nfc", "vsock", "kcm", "qipcrtr", "smc", "xdp", "mctp"),
)
TYPES = ("stream", "dgram", "seqpacket", "rdm", "raw", "packet")
_ALL_TYPES = frozenset(TYPES)
_PROTOCOL_TYPES = {
    ("inet", "tcp"): "stream",
    ("inet", "udp"): "dgram",
    ("inet", "icmp"): "raw",
    ("inet6", "tcp"): "stream",
    ("inet6", "udp"): "dgram",
}
_RAW_PROTOCOLS = ("tcp", "udp", "icmp")  # network inet raw PROTOCOL
_PORT = re.compile(r"[0-9]{1,5}")


class Endpoint(msgspec.Struct, frozen=True):
    """One end of a connection: ``address`` empty is any, ``none`` the unset one; ports inclusive."""

    address: str = ""
    first_port: int = -1
    last_port: int = -1

    @property
    def is_any(self) -> bool:
        """Whether the rule says nothing of this end."""
        return not self.address and self.first_port < 0


class NetworkRule(Rule, frozen=True, kw_only=True, gc=False):
    """``access`` bits on sockets: (family, type) pairs; an empty tuple is every socket there is."""

    access: int
    sockets: tuple[tuple[str, str], ...]
    local: Endpoint
    peer: Endpoint

    kind: ClassVar[str] = "network"

    def covers(self, family: str, type_: str) -> bool:
        """Whether the rule speaks of sockets of this family and type."""
        return not self.sockets or (family, type_) in self.sockets


def parse_network(cursor: Cursor, at: int, prefix: Prefix) -> NetworkRule:
    """A network rule; the keyword is taken."""
    if prefix.owner is not Owner.ANY:
        cursor.fail(f"'{prefix.owner}' is not allowed on network rules", at)
    access = parse_access(cursor, SOCKET_ACCESS, "network")
    words: list[tuple[str, int]] = []
    conditions: tuple[Condition, ...] = ()
    while len(words) <= 2:
        conditions = parse_conditions(cursor)
        here = cursor.pos
        if conditions or (word := cursor.take(NO_EQUALS)) is None:
            break
        if word == "peer":
            cursor.pos = here
            break
        words.append((word, here))
    peer_conditions = parse_group(cursor, "network")
    cursor.end_of_rule("network")
    if len(words) > 2:
        cursor.fail("more than a domain and a type", words[2][1])
    local = _endpoint(cursor, conditions)
    peer = _endpoint(cursor, peer_conditions)
    if not peer.is_any and access & ~PEER_SOCKET:
        cursor.fail("an access that has no peer cannot stand with peer=()", at)
    sockets = _sockets(cursor, [word for word, _ in words], at, bound=not (local.is_any and peer.is_any))
    return NetworkRule(
        source=cursor.source,
        at=at,
        end=cursor.pos,
        prefix=prefix,
        access=access or ALL_SOCKET,
        sockets=sockets,
        local=local,
        peer=peer,
    )


def _sockets(cursor: Cursor, words: list[str], at: int, bound: bool) -> tuple[tuple[str, str], ...]:
    """Return the (family, type) pairs of ``[domain] [type | protocol]``; ``bound``: has addresses."""
    families = ("inet", "inet6") if bound else FAMILIES
    if not words:
        return tuple((family, type_) for family in families for type_ in TYPES) if bound else ()
    if words[0] in FAMILIES:
        found = _of_family(words[0], words[1] if len(words) == 2 else None)
        if bound and words[0] not in families:
            cursor.fail(f"'{words[0]}' sockets have no ip or port", at)
    elif len(words) == 1:
        found = [pair for family in families for pair in _of_family(family, words[0])]
    else:
        found = []
    if not found:
        cursor.fail(f"there are no sockets '{' '.join(words)}'", at)
    return tuple(found)


def _of_family(family: str, word: str | None) -> list[tuple[str, str]]:
    if word is None:
        return [(family, type_) for type_ in TYPES]
    if word in _ALL_TYPES:
        return [(family, word)]
    type_ = _PROTOCOL_TYPES.get((family, word))
    return [(family, type_)] if type_ else []


def _endpoint(cursor: Cursor, conditions: tuple[Condition, ...]) -> Endpoint:
    address, ports = "", (-1, -1)
    seen: set[str] = set()
    for condition in conditions:
        if not condition.equals:
            cursor.fail("'in' is not allowed in network rules", condition.at)
        if condition.name in seen:
            cursor.fail(f"'{condition.name}' stands twice in one network rule", condition.at)
        seen.add(condition.name)
        value = condition.values[0] if condition.values else ""
        if condition.name == "ip":
            address = _address(cursor, value, condition.at)
        elif condition.name == "port":
            ports = _ports(cursor, value, condition.at)
        elif condition.name not in ("interface", "label", "label:"):
            cursor.fail(f"network rules have no condition '{condition.name}'", condition.at)
    return Endpoint(address, *ports)


def _address(cursor: Cursor, value: str, at: int) -> str:
    if value == "none":
        return value
    try:
        return str(ipaddress.ip_address(value))
    except ValueError:
        cursor.fail(f"'{value}' is no address", at)


def _ports(cursor: Cursor, value: str, at: int) -> tuple[int, int]:
    first, dash, last = value.partition("-")
    if not _PORT.fullmatch(first) or (dash and not _PORT.fullmatch(last)):
        cursor.fail(f"'{value}' is no port or range of ports", at)
    ports = int(first), int(last) if dash else int(first)
    if ports[1] > 0xFFFF or ports[0] > ports[1]:
        cursor.fail(f"'{value}' is no port or range of ports", at)
    return ports
