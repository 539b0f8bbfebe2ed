"""What container engines give to the network: their own orders over TCP, and ports of containers."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Literal

import msgspec

from hardcheck.derive.filter_backends import tables_of
from hardcheck.derive.filter_walk import Packet, chain_ends, ends_at_hook, interfaces_named
from hardcheck.facts import Absent, Reason
from hardcheck.facts.containers import Container, DockerConfig, EngineApi, ExposedPort, PublishedPort
from hardcheck.facts.firewall import FilterChain, FilterTable, LegacyTables, Ruleset
from hardcheck.facts.network import Listener
from hardcheck.facts.processes import Process

_DOCKER_PORTS = (2375, 2376)
_SWARM_PORTS = (2377, 4789, 7946)  # between managers and nodes, with certificates of its own
_MAX_INTERFACES = 50
_ELSE = "another interface"
_CUT = 250  # of the arguments the probe keeps the first 256 bytes
_OWN_CHAIN = "DOCKER-USER"
_ENGINE_CHAINS = ("DOCKER", "NETAVARK", "CNI-")


def engine_apis(
    listeners: tuple[Listener, ...],
    processes: tuple[Process, ...],
    config: DockerConfig | Absent,
) -> tuple[EngineApi, ...] | Absent:
    """The TCP sockets on which dockerd and ``podman system service`` take orders, loopback among them: there
    every account of the host gives them. Absent where a socket's holder could not be seen."""
    by_pid = {process.pid: process for process in processes}
    found: dict[str, EngineApi] = {}
    for listener in listeners:
        if not listener.protocol.startswith("tcp"):
            continue
        if isinstance(listener.pids, Absent):
            return listener.pids
        holders = [by_pid[pid] for pid in listener.pids if pid in by_pid]
        if listener.pids and not holders:
            detail = f"the process that holds {listener.shown} was not seen"
            return Absent(Reason.NOT_COLLECTED, ("processes.files",), detail)
        for process in holders:
            if process.name == "dockerd" and _is_api(listener.port, process, config):
                found[listener.shown] = EngineApi("dockerd", listener.shown, _tls(process, config))
            elif process.name == "podman" and "service" in process.arguments:
                found[listener.shown] = EngineApi("podman", listener.shown, False)
    return tuple(found.values())


def _is_api(port: int, process: Process, config: DockerConfig | Absent) -> bool:
    if port in _DOCKER_PORTS:
        return True
    if port in _SWARM_PORTS:
        return False
    named = list(process.arguments) + ([] if isinstance(config, Absent) else list(config.hosts))
    return any(f":{port}" in each for each in named) or isinstance(config, Absent) or _is_cut(process)


def _tls(process: Process, config: DockerConfig | Absent) -> bool | Absent:
    said = [each for each in process.arguments if each.partition("=")[0] == "--tlsverify"]
    if said:
        return said[-1].partition("=")[2].lower() in ("", "true", "1")
    if isinstance(config, Absent):
        return config
    if not config.tls_verify and _is_cut(process):
        return Absent(
            Reason.TRUNCATED, ("processes.files",), "dockerd's arguments are longer than what was kept"
        )
    return config.tls_verify


def _is_cut(process: Process) -> bool:
    return sum(len(each) + 1 for each in process.arguments) >= _CUT


def exposed_ports(
    containers: tuple[Container, ...],
    nftables: Ruleset | Absent,
    compat: LegacyTables | Absent,
    legacy: LegacyTables | Absent,
) -> tuple[ExposedPort, ...] | Absent:
    """Every port that is published beyond loopback, and whether rules of the host's own bound it."""
    tables, unseen = tables_of(nftables, compat, legacy)
    found = []
    for container in containers:
        if isinstance(container.published, Absent):
            return container.published
        for port in container.published:
            if not _is_loopback(port.address):
                filtered, by = _filtered(port, tables, unseen)
                what = (port.protocol, port.address, port.port)
                found.append(ExposedPort(container.name, container.engine, *what, filtered, by))
    return tuple(found)


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _filtered(
    port: PublishedPort, tables: Iterable[FilterTable], unseen: Absent | None
) -> tuple[bool | Absent, str]:
    """Whether a chain that the engine does not write refuses some or all of the packets that pass on to the
    container. They are translated before: their port is the container's."""
    doubt: Absent | None = None
    family: Literal["ip", "ip6"] = "ip6" if ":" in port.address else "ip"
    packet = Packet(family, "forward", port.protocol, port.container_port, _ELSE, translated=True)
    for table in tables:
        if table.family not in (family, "inet"):
            continue
        if _refuses_some(table, packet):
            return True, f"{table.family} {table.name} {_OWN_CHAIN}"
        for chain in table.chains:
            if chain.hook != "forward" or _is_engines(chain):
                continue
            (ends,) = ends_at_hook([_alone(table, chain)], packet)
            accepts = [end for end in ends if end.verdict == "accept"]
            if not any(end.sure for end in accepts):
                where = f"{table.family} {table.name} {chain.name}"
                if not accepts:
                    return True, where
                why = f"a condition of {where} is not known here"
                doubt = doubt or Absent(Reason.NOT_COLLECTED, ("firewall.nft",), why[:200])
    return doubt or unseen or False, ""


def _refuses_some(table: FilterTable, packet: Packet) -> bool:
    """Whether the chain that docker leaves to the host refuses such packets, from one interface at least."""
    own = next((chain for chain in table.chains if chain.name == _OWN_CHAIN), None)
    if own is None:
        return False
    return any(
        end.verdict != "accept" and end.sure
        for interface in (packet.interface, *interfaces_named([table])[:_MAX_INTERFACES])
        for end in chain_ends(table, own, msgspec.structs.replace(packet, interface=interface))
    )


def _is_engines(chain: FilterChain) -> bool:
    """An engine puts jumps to its own chains in front of the others there."""
    names = [chain.name, *(rule.target for rule in chain.rules)]
    return any(name.upper().startswith(_ENGINE_CHAINS) for name in names)


def _alone(table: FilterTable, chain: FilterChain) -> FilterTable:
    """The table with this one chain at a hook."""
    others = tuple(each for each in table.chains if each is chain or not each.hook)
    return FilterTable(table.family, table.name, others)
