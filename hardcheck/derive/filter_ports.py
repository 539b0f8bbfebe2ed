"""What the packet filter lets in from outside: each port that something listens on, each that it names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from hardcheck.derive.filter_backends import Backends, tables_of
from hardcheck.derive.filter_walk import End, Packet, PacketFilter, interfaces_named
from hardcheck.facts import Absent, Reason
from hardcheck.facts.firewall import (
    FilterChain,
    FilterTable,
    LegacyTables,
    Loopback,
    OpenPort,
    PortFate,
    Ruleset,
    Ufw,
    UfwAccess,
    UfwRule,
)
from hardcheck.facts.network import Listener
from hardcheck.facts.processes import Process

Family = Literal["ip", "ip6"]
LetIn = Literal["closed", "by a rule", "by default"]

_ELSE = "another interface"
_NOTHING = End("accept", named=False, sure=True, by="no chain filters input")
_EVIDENCE = ("firewall.nft", "firewall.iptables", "firewall.compat")
_FAMILIES: tuple[Family, ...] = ("ip", "ip6")
_EVERYWHERE = ("0.0.0.0/0", "::/0", "any")
_MAX_PORTS = 500
_MAX_WORK = 2_000_000  # rules times packets: some seconds


def port_fates(
    listeners: tuple[Listener, ...],
    nftables: Ruleset | Absent,
    compat: LegacyTables | Absent,
    legacy: LegacyTables | Absent,
    processes: tuple[Process, ...] | Absent,
) -> tuple[PortFate, ...]:
    """Every port that listens beyond loopback, in the order of the tables."""
    beyond = [each for each in listeners if each.scope != "loopback"]
    backends = _within_reason(tables_of(nftables, compat, legacy), len(beyond))
    rules = PacketFilter(backends[0])
    programs = _programs(processes)
    found: dict[tuple[str, str, int], PortFate] = {}
    for each in beyond:
        protocol = each.protocol.removesuffix("6")
        let_in, by = _let_in(rules, backends[1], _families(each), protocol, each.port)
        name = ", ".join(dict.fromkeys(programs.get(pid, "") for pid in _pids(each)))
        fate = PortFate(protocol, each.address, each.port, name, let_in, by)
        found.setdefault((protocol, each.address, each.port), fate)
    return tuple(found.values())


def _within_reason(backends: Backends, packets: int) -> Backends:
    """The same tables, or none and why, where there are too many rules and interfaces to look at for so many
    ports."""
    tables, unseen = backends
    rules = sum(len(chain.rules) for table in tables for chain in table.chains)
    if rules * packets * 2 * (1 + len(interfaces_named(tables))) <= _MAX_WORK:
        return tables, unseen
    return (), Absent(
        Reason.NOT_COLLECTED, _EVIDENCE, f"{rules} rules are too many to follow {packets} ports"
    )


def _pids(listener: Listener) -> tuple[int, ...]:
    return () if isinstance(listener.pids, Absent) else listener.pids


def _programs(processes: tuple[Process, ...] | Absent) -> Mapping[int, str]:
    return {} if isinstance(processes, Absent) else {each.pid: each.name for each in processes}


def _families(listener: Listener) -> tuple[Family, ...]:
    """A socket on ``::`` takes IPv4 as well, unless its program forbade it, which is not seen."""
    if listener.address == "::":
        return _FAMILIES
    return ("ip",) if "." in listener.address else ("ip6",)


def _let_in(
    rules: PacketFilter, unseen: Absent | None, families: Iterable[Family], protocol: str, port: int
) -> tuple[LetIn | Absent, str]:
    """The loosest that becomes of a new connection, over families and interfaces."""
    named: End | None = None
    doubtful: End | None = None
    for family in families:
        for interface in (_ELSE, *interfaces_named(rules.tables)):
            end = _accepted(rules.ends(Packet(family, "input", protocol, port, interface)))
            if end is None:
                continue
            if end.named:
                named = named or end
            elif end.sure and unseen is None:
                on = "" if interface == _ELSE else f" on {interface}"
                return "by default", f"{end.by}{on}"
            else:
                doubtful = doubtful or end
    if doubtful is not None:
        what = f"a condition before {doubtful.by} is not known here"
        return unseen or Absent(Reason.NOT_COLLECTED, _EVIDENCE, what[:200]), ""
    return ("by a rule", named.by) if named is not None else ("closed", "")


def _accepted(chains: tuple[frozenset[End], ...]) -> End | None:
    """The loosest way in through all chains; None where one of them has none. A port that one chain names is
    named, though another lets everything pass."""
    loosest = []
    for ends in chains or (frozenset({_NOTHING}),):
        accepts = sorted((end for end in ends if end.verdict == "accept"), key=_looseness)
        if not accepts:
            return None
        loosest.append(accepts[0])
    return max(loosest, key=_looseness)


def _looseness(end: End) -> tuple[bool, bool, str]:
    return (end.named, not end.sure, end.by)


def open_ports(
    listeners: tuple[Listener, ...],
    nftables: Ruleset | Absent,
    compat: LegacyTables | Absent,
    legacy: LegacyTables | Absent,
    processes: tuple[Process, ...] | Absent,
) -> tuple[OpenPort, ...] | Absent:
    """Every port or range that rules name and let in, by protocol and number; Absent when a part of the
    rules could not be seen."""
    seen = tables_of(nftables, compat, legacy)
    named = _ports_named(seen[0])
    tables, unseen = _within_reason(seen, len(named))
    if unseen is not None:
        return unseen
    if len(named) > _MAX_PORTS:
        return Absent(Reason.NOT_COLLECTED, _EVIDENCE, f"rules name {len(named)} ports")
    rules, programs = PacketFilter(tables), _programs(processes)
    found = []
    for protocol, value in named:
        by = next(_named_ends(rules, protocol, int(value.split("-")[0])), None)
        if by is None:
            continue
        low, _, high = value.partition("-")
        span = range(int(low), int(high or low) + 1)
        mine = [
            each
            for each in listeners
            if each.protocol.removesuffix("6") == protocol and each.port in span and each.scope != "loopback"
        ]
        names = dict.fromkeys(programs.get(pid, "") for each in mine for pid in _pids(each))
        found.append(OpenPort(f"{value}/{protocol}", bool(mine), tuple(name for name in names if name), by))
    return tuple(found)


def _ports_named(tables: Iterable[FilterTable]) -> list[tuple[str, str]]:
    """Protocol and port of every condition on a destination port, in rules that packets to this host meet and
    that do not refuse."""
    found: dict[tuple[str, str], None] = {}
    for table in tables:
        for chain in _met(table):
            for rule in chain.rules:
                if rule.verdict in ("", "drop", "reject", "return"):
                    continue
                said = {value for match in rule.matches if match.key == "proto" for value in match.values}
                values = [v for match in rule.matches if match.key == "dport" for v in match.values]
                for value in values:
                    if (
                        value.replace("-", "", 1).isdecimal()
                        and len(value) <= 11
                        and not value.startswith("-")
                    ):
                        for protocol in sorted(said & {"tcp", "udp"} or {"tcp", "udp"}):
                            found[protocol, value.removesuffix("-")] = None
    return sorted(found, key=lambda pair: (pair[0], int(pair[1].split("-")[0]), pair[1]))


def _met(table: FilterTable) -> list[FilterChain]:
    """The chains that packets to this host may come to."""
    chains = {chain.name: chain for chain in table.chains}
    waiting = [chain.name for chain in table.chains if chain.hook == "input"]
    found: dict[str, FilterChain] = {}
    while waiting:
        chain = chains.get(waiting.pop())
        if chain is not None and chain.name not in found:
            found[chain.name] = chain
            waiting.extend(rule.target for rule in chain.rules if rule.target)
    return list(found.values())


def _named_ends(rules: PacketFilter, protocol: str, port: int) -> Iterator[str]:
    """The chains that let the port in by name."""
    for family in _FAMILIES:
        for interface in (_ELSE, *interfaces_named(rules.tables)):
            chains = rules.ends(Packet(family, "input", protocol, port, interface))
            named = [[e for e in ends if e.verdict == "accept" and e.named] for ends in chains]
            if all(any(end.verdict == "accept" for end in ends) for ends in chains):
                yield from (end.by for ends in named for end in ends)


def loopback(
    nftables: Ruleset | Absent, compat: LegacyTables | Absent, legacy: LegacyTables | Absent
) -> Loopback:
    """What becomes of loopback traffic, of both families together."""
    seen = tables_of(nftables, compat, legacy)
    ports = [None, *dict.fromkeys(int(value.split("-")[0]) for _, value in _ports_named(seen[0]))]
    tables, unseen = _within_reason(seen, len(ports))
    rules = PacketFilter(tables)
    accepted: bool | Absent = True
    refused: bool | Absent = True
    by: dict[str, None] = {}
    for family in _FAMILIES:
        on_lo = rules.ends(Packet(family, "input", "tcp", None, "lo", "loopback"))
        by |= dict.fromkeys(sorted(end.by for ends in on_lo for end in ends))
        accepted = _least(accepted, _all_let_in(on_lo, unseen))
        for port in ports:
            packet = Packet(family, "input", "tcp", port, _ELSE, "loopback")
            refused = _least(refused, _all_refused(rules.ends(packet), unseen))
    return Loopback(accepted, refused, ", ".join(by))


def _least(one: bool | Absent, other: bool | Absent) -> bool | Absent:
    if one is False or other is False:
        return False
    return one if isinstance(one, Absent) else other


def _all_let_in(chains: tuple[frozenset[End], ...], unseen: Absent | None) -> bool | Absent:
    refusing = [end for ends in chains for end in ends if end.verdict != "accept"]
    if not refusing:
        return unseen or True
    return False if any(end.sure for end in refusing) else _doubt(refusing[0])


def _all_refused(chains: tuple[frozenset[End], ...], unseen: Absent | None) -> bool | Absent:
    end = _accepted(chains)
    if end is None:
        return True
    return (unseen or False) if end.sure else _doubt(end)


def _doubt(end: End) -> Absent:
    return Absent(Reason.NOT_COLLECTED, _EVIDENCE, f"a condition before {end.by} is not known here"[:200])


def ufw_accesses(ufw: Ufw, sshd: Mapping[str, str] | Absent) -> tuple[UfwAccess, ...]:
    """The rules of ufw that let connections in."""
    return tuple(
        UfwAccess(rule.shown, rule.action == "limit", _for_logins(rule, sshd))
        for rule in ufw.rules
        if rule.direction == "in" and rule.action in ("allow", "limit")
    )


def _for_logins(rule: UfwRule, sshd: Mapping[str, str] | Absent) -> bool | Absent:
    if rule.protocol == "udp" or rule.source not in _EVERYWHERE:
        return False
    ports = rule.ports
    known = {"22"} if isinstance(sshd, Absent) else {"22", *sshd.get("port", "").split()}
    if ports == "any" or any(_covers(part, port) for part in ports.split(",") for port in known):
        return True
    gone = (Reason.TOOL_MISSING, Reason.NOT_PRESENT)
    return sshd if isinstance(sshd, Absent) and sshd.reason not in gone else False


def _covers(part: str, port: str) -> bool:
    low, _, high = part.partition(":")
    if not (low.isdecimal() and port.isdecimal() and (high or low).isdecimal()):
        return part == port
    return int(low) <= int(port) <= int(high or low)
