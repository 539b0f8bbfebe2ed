"""The table of derived facts about the packet filter beside its default for incoming packets, and about
what container engines give to the network, and which services fail2ban watches."""

from __future__ import annotations

from hardcheck.derive import container_network, fail2ban_coverage, filter_backends, filter_ports
from hardcheck.derive.base import DerivedFact
from hardcheck.facts import containers, fail2ban, firewall

_RULES = ("firewall.nftables", "firewall.compat", "firewall.legacy")

FILTER_DERIVED: tuple[DerivedFact, ...] = (
    DerivedFact(
        "firewall.managers",
        tuple[str, ...],
        "the front ends that load the packet filter",
        ("units.states",),
        filter_backends.managers,
        weighs=("firewall.ufw",),
    ),
    DerivedFact(
        "firewall.defaults",
        firewall.HookDefaults,
        "what the loaded packet filter does with outgoing and routed packets that no rule names",
        (),
        filter_backends.hook_defaults,
        weighs=_RULES,
    ),
    DerivedFact(
        "firewall.loopback",
        firewall.Loopback,
        "what the loaded packet filter does with loopback traffic",
        (),
        filter_ports.loopback,
        weighs=_RULES,
    ),
    DerivedFact(
        "firewall.listening",
        tuple[firewall.PortFate, ...],
        "ports that listen, and what the packet filter does with connections to them",
        ("network.listeners",),
        filter_ports.port_fates,
        weighs=(*_RULES, "processes.all"),
    ),
    DerivedFact(
        "firewall.open_ports",
        tuple[firewall.OpenPort, ...],
        "ports that the packet filter lets in by name",
        ("network.listeners",),
        filter_ports.open_ports,
        weighs=(*_RULES, "processes.all"),
    ),
    DerivedFact(
        "firewall.ufw_access",
        tuple[firewall.UfwAccess, ...],
        "rules of ufw that let connections in",
        ("firewall.ufw",),
        filter_ports.ufw_accesses,
        weighs=("sshd.effective",),
    ),
    DerivedFact(
        "fail2ban.coverage",
        tuple[fail2ban.JailCoverage, ...],
        "services that fail2ban has filters for, and the jails that watch them",
        ("fail2ban.server", "fail2ban.filters", "network.listeners", "processes.all"),
        fail2ban_coverage.coverage,
    ),
    DerivedFact(
        "containers.apis",
        tuple[containers.EngineApi, ...],
        "TCP sockets on which container engines take orders",
        ("network.listeners", "processes.all"),
        container_network.engine_apis,
        weighs=("containers.docker_config",),
    ),
    DerivedFact(
        "containers.exposed",
        tuple[containers.ExposedPort, ...],
        "ports of containers that are published beyond loopback",
        ("containers",),
        container_network.exposed_ports,
        weighs=_RULES,
    ),
)
