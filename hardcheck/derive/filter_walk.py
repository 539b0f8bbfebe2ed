"""Where a packet can end in the packet filter, by the rules as they are loaded.

A condition holds, does not, holds for some packets of the kind (a source address), or is not known here (an
extension, the members of a named set). Every end that one packet of the kind can come to is kept: whether
the way there named the port or the sender, and whether it is sure that a packet gets there.

Rules at other hooks, marks, and what a rule changes in a packet are not weighed.
"""

from __future__ import annotations

import functools
import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from enum import IntEnum
from typing import Literal

import msgspec

from hardcheck.facts.firewall import FilterChain, FilterMatch, FilterRule, FilterTable, Verdict

_MAX_DEPTH = 24
_ENDS: Mapping[str, Verdict] = {"accept": "accept", "drop": "drop", "reject": "reject"}
_PROTOCOLS = {"6": "tcp", "17": "udp", "136": "udplite"}
_LOOPBACK = {"ip": ipaddress.ip_network("127.0.0.0/8"), "ip6": ipaddress.ip_network("::1/128")}
_OWN = {"ip": ipaddress.ip_address("127.0.0.1"), "ip6": ipaddress.ip_address("::1")}
_EVERYWHERE = ("0.0.0.0/0", "::/0")


class Fit(IntEnum):
    """How far a condition holds; the least of several is that of all of them together."""

    NO = 0
    UNKNOWN = 1
    SOME = 2
    YES = 3


class Packet(msgspec.Struct, frozen=True):
    """A kind of packet. ``port`` is None for a port that no rule names; ``source``: of this host's own
    loopback addresses, or any other; ``translated``: its destination was changed before it came here."""

    family: Literal["ip", "ip6"]
    hook: str
    protocol: str
    port: int | None
    interface: str
    source: Literal["loopback", "any"] = "any"
    translated: bool = False


class End(msgspec.Struct, frozen=True):
    """One end of the way. ``named``: a condition on the port or the source led there; ``sure``: no condition
    that is not known stands on the way; ``by`` is the chain."""

    verdict: Verdict
    named: bool
    sure: bool
    by: str


_Left = tuple[FilterRule, Fit, tuple[FilterMatch, ...], bool]
"""A rule that a kind of packet may meet: how far its other conditions hold, those on the port, and whether it
names the port or the source."""


class _Walked(msgspec.Struct, frozen=True):
    """A chain: where its packets end, whether one may come back out of it, and whether that is in doubt."""

    ends: frozenset[End]
    returns: bool
    doubt: bool


class PacketFilter:
    """The tables of a host. What the rules are to a kind of packet, its port apart, is worked out once:
    whoever asks for many ports asks one of these."""

    def __init__(self, tables: Iterable[FilterTable]) -> None:
        self.tables = tuple(tables)
        self._kinds: dict[tuple[object, ...], dict[str, tuple[_Left, ...]]] = {}

    def ends(self, packet: Packet) -> tuple[frozenset[End], ...]:
        """The ends in each base chain at the packet's hook, in order; a packet has to be let in by all."""
        kind = (
            packet.family,
            packet.hook,
            packet.protocol,
            packet.interface,
            packet.source,
            packet.translated,
        )
        return tuple(
            _Walk(table, packet, self._kinds.setdefault((number, *kind), {})).base(chain)
            for number, table in enumerate(self.tables)
            if table.family in (packet.family, "inet")
            for chain in table.chains
            if chain.hook == packet.hook
        )


def ends_at_hook(tables: Iterable[FilterTable], packet: Packet) -> tuple[frozenset[End], ...]:
    """The same for one packet alone."""
    return PacketFilter(tables).ends(packet)


def chain_ends(table: FilterTable, chain: FilterChain, packet: Packet) -> frozenset[End]:
    """The ends inside of one chain that others jump to."""
    return _Walk(table, packet, {}).inside(chain)


def interfaces_named(tables: Iterable[FilterTable]) -> tuple[str, ...]:
    """Interfaces that conditions name, loopback apart; ``*`` stands for any name."""
    names = {
        value.replace("*", "0")
        for table in tables
        for chain in table.chains
        for rule in chain.rules
        for match in rule.matches
        if match.key in ("iif", "oif")
        for value in match.values
        if value != "lo" and not value.startswith("@")
    }
    return tuple(sorted(names))


_LOST = _Walked(
    frozenset({End("accept", named=False, sure=False, by="a chain that was not seen")}),
    returns=True,
    doubt=True,
)
"""A chain that is not there, or that leads back to itself: anything may happen in it."""


class _Walk:
    """The chains of one table for one kind of packet; each is walked once."""

    def __init__(self, table: FilterTable, packet: Packet, left: dict[str, tuple[_Left, ...]]) -> None:
        self._table, self._packet, self._left = table, packet, left
        self._chains = {chain.name: chain for chain in table.chains}
        self._known: dict[str, _Walked] = {}

    def base(self, chain: FilterChain) -> frozenset[End]:
        """The ends of a chain at a hook, its policy among them."""
        walked = self._chain(chain, 0)
        if not walked.returns:
            return walked.ends
        verdict = _ENDS.get(chain.policy, "accept")
        by = f"the policy of {self._name(chain)}"
        return walked.ends | {End(verdict, named=False, sure=not walked.doubt, by=by)}

    def inside(self, chain: FilterChain) -> frozenset[End]:
        """The ends of a chain without a policy."""
        return self._chain(chain, 0).ends

    def _name(self, chain: FilterChain) -> str:
        return f"{self._table.family} {self._table.name} {chain.name}"

    def _target(self, name: str, depth: int) -> _Walked:
        chain = self._chains.get(name)
        if chain is None or depth > _MAX_DEPTH:
            return _LOST
        if name not in self._known:
            self._known[name] = _LOST  # until it is walked: a loop ends here
            self._known[name] = self._chain(chain, depth)
        return self._known[name]

    def _rules(self, chain: FilterChain) -> tuple[_Left, ...]:
        if chain.name not in self._left:
            self._left[chain.name] = tuple(_left(chain.rules, self._packet))
        return self._left[chain.name]

    def _chain(self, chain: FilterChain, depth: int) -> _Walked:
        ends: set[End] = set()
        doubt = False
        for rule, least, ports, named in self._rules(chain):
            fit = min((least, *(match_fit(match, self._packet) for match in ports)))
            if fit is Fit.NO:
                continue
            unsure = fit is Fit.UNKNOWN
            if rule.verdict in _ENDS:
                ends.add(End(_ENDS[rule.verdict], named, not (doubt or unsure), self._name(chain)))
                if fit is Fit.YES:
                    return _Walked(frozenset(ends), returns=False, doubt=doubt)
                doubt = doubt or unsure
                continue
            if rule.verdict == "return":
                if fit is Fit.YES:
                    break
                doubt = doubt or unsure
                continue
            inner = self._target(rule.target, depth + 1)
            for end in inner.ends:
                ends.add(End(end.verdict, named or end.named, end.sure and not (doubt or unsure), end.by))
            leaves = rule.verdict == "goto" or not inner.returns
            if fit is Fit.YES and leaves:
                return _Walked(frozenset(ends), inner.returns, doubt or inner.doubt)
            doubt = doubt or inner.doubt or (unsure and (leaves or bool(inner.ends)))
        return _Walked(frozenset(ends), returns=True, doubt=doubt)


def _left(rules: Iterable[FilterRule], packet: Packet) -> Iterator[_Left]:
    """The rules that may hold for a packet of some port."""
    for rule in rules:
        if not rule.verdict:
            continue
        least = Fit.YES if rule.matches or rule.always else Fit.UNKNOWN
        for match in rule.matches:
            if match.key != "dport":
                least = min(least, match_fit(match, packet))
        if least is not Fit.NO:
            ports = tuple(match for match in rule.matches if match.key == "dport")
            named = any(match.key in ("dport", "saddr") and not match.negated for match in rule.matches)
            yield rule, least, ports, named


def match_fit(match: FilterMatch, packet: Packet) -> Fit:
    """How far one condition holds."""
    if match.key == "other":
        return Fit.UNKNOWN
    fit = Fit.NO if match.values else Fit.UNKNOWN
    for value in match.values:
        fit = max(fit, _value_fit(match.key, value, packet))
        if fit is Fit.YES:
            break
    if match.negated and fit in (Fit.YES, Fit.NO):
        return Fit.NO if fit is Fit.YES else Fit.YES
    return fit


def _value_fit(key: str, value: str, packet: Packet) -> Fit:
    if value.startswith("@"):
        return Fit.UNKNOWN
    if key in ("iif", "oif"):
        return _interface_fit(key, value, packet)
    if key == "proto":
        return _truth(_PROTOCOLS.get(value, value) in (packet.protocol, "all", "0"))
    if key == "family":
        return _truth(value == packet.family)
    if key == "dport":
        return _port_fit(value, packet.port)
    if key == "state":
        return _truth(value in ("new", "untracked") or (value == "dnat" and packet.translated))
    if key == "daddr_type":
        return _truth(value in ("local", "unicast"))
    return _address_fit(key, value, packet)


def _truth(holds: bool) -> Fit:
    return Fit.YES if holds else Fit.NO


def _interface_fit(key: str, value: str, packet: Packet) -> Fit:
    """A packet to this host has no interface that it leaves by, one from it none that it came by; one that
    passes through leaves by any."""
    if packet.hook == "forward" and key == "oif":
        return Fit.SOME
    if (packet.hook, key) in (("input", "oif"), ("output", "iif")):
        return Fit.NO
    prefix, star, _ = value.partition("*")
    return _truth(packet.interface.startswith(prefix) if star else packet.interface == value)


def _port_fit(value: str, port: int | None) -> Fit:
    low, dash, high = value.partition("-")
    if not low.isdecimal() or (dash and not high.isdecimal()) or len(value) > 24:
        return Fit.UNKNOWN
    return _truth(port is not None and int(low) <= port <= int(high or low))


@functools.lru_cache(maxsize=4096)
def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """The addresses that a text stands for; None for another form."""
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _address_fit(key: str, value: str, packet: Packet) -> Fit:
    if value in _EVERYWHERE:
        return Fit.YES
    network = _network(value)
    if network is None:
        return Fit.UNKNOWN
    if (network.version == 4) is not (packet.family == "ip") or network.is_multicast:
        return Fit.NO
    if packet.source == "loopback" and key == "saddr":
        return _truth(_OWN[packet.family] in network)
    if packet.interface != "lo" and network.subnet_of(_LOOPBACK[packet.family]):  # type: ignore[arg-type]
        return Fit.NO
    return Fit.SOME
