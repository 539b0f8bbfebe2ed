"""Derived facts about the system beside mandatory access control."""

from __future__ import annotations

from collections.abc import Mapping

from hardcheck.derive import (
    fail2ban_effect,
    firewall_input,
    listeners,
    network_services,
    sysctl_boot,
    time_sync,
    updates,
    web_sites,
)
from hardcheck.derive.base import DerivedFact
from hardcheck.derive.hardening import HARDENING_DERIVED
from hardcheck.facts import (
    containers,
    fail2ban,
    firewall,
    network,
    packages,
    sysctl,
    time,
    units,
    web,
)


def _containers(engines: tuple[containers.Engine, ...]) -> tuple[containers.Container, ...]:
    return tuple(each for engine in engines for each in engine.containers)


SYSTEM_DERIVED: tuple[DerivedFact, ...] = (
    DerivedFact(
        "network.listeners",
        tuple[network.Listener, ...],
        "TCP and UDP sockets that wait for others, with the processes that hold them",
        ("network.sockets",),
        listeners.listeners,
        weighs=("network.socket_owners",),
    ),
    DerivedFact(
        "network.unix_listeners",
        tuple[network.UnixListener, ...],
        "unix sockets that listen, with the processes that hold them",
        ("network.sockets",),
        listeners.unix_listeners,
        weighs=("network.socket_owners",),
    ),
    DerivedFact(
        "units.network",
        tuple[units.NetworkService, ...],
        "services that other machines reach, with their sandbox and their place in the MAC policy",
        ("mac.listeners", "mac.subjects"),
        network_services.network_services,
        weighs=("units.sandboxing",),
    ),
    DerivedFact(
        "sysctl.values",
        Mapping[str, sysctl.SysctlValue],
        "kernel settings now and after the next boot, by key",
        ("sysctl.reading",),
        sysctl_boot.sysctl_values,
        weighs=("sysctl.files", "sysctl.kernel_options", "kernel.command_line"),
    ),
    DerivedFact(
        "sysctl.settings",
        tuple[sysctl.SysctlValue, ...],
        "kernel settings now and after the next boot, as a list",
        ("sysctl.values",),
        sysctl_boot.settings,
    ),
    DerivedFact(
        "firewall.input",
        firewall.InputDefault,
        "what the loaded packet filter does with an incoming packet that no rule names",
        (),
        firewall_input.input_now,
        weighs=("firewall.nftables", "firewall.legacy"),
    ),
    DerivedFact(
        "firewall.input_after_boot",
        firewall.BootDefault,
        "what the packet filter that boot loads does with such a packet",
        ("units.states",),
        firewall_input.input_after_boot,
        weighs=("firewall.files",),
    ),
    DerivedFact(
        "fail2ban.jails",
        tuple[fail2ban.JailEffect, ...],
        "what each jail of fail2ban comes to in the packet filter",
        ("fail2ban.server",),
        fail2ban_effect.jail_effects,
        weighs=("firewall.nftables", "firewall.legacy", "firewall.firewalld", "firewall.files"),
    ),
    DerivedFact(
        "updates.metadata",
        packages.UpdateMetadata,
        "what the package manager knows without the network",
        (),
        updates.metadata,
        weighs=("updates.apt", "updates.dnf", "updates.zypper"),
    ),
    DerivedFact(
        "updates.security",
        packages.SecurityUpdates,
        "security updates that wait",
        ("updates.metadata",),
        updates.security,
    ),
    DerivedFact(
        "updates.automatic",
        packages.AutomaticUpdates,
        "whether security updates are installed by themselves",
        ("packages", "units.states"),
        updates.automatic,
        weighs=("updates.apt_config", "updates.dnf_automatic", "updates.suse_cron"),
    ),
    DerivedFact(
        "reboot.needed",
        packages.RebootNeeded,
        "whether what is installed takes a reboot to run",
        ("reboot.state",),
        updates.reboot_needed,
        weighs=("packages",),
    ),
    DerivedFact(
        "containers",
        tuple[containers.Container, ...],
        "containers that run",
        ("containers.engines",),
        _containers,
    ),
    DerivedFact(
        "web.sites",
        tuple[web.Site, ...],
        "sites with the pools and accounts that run them",
        (),
        web_sites.sites,
        weighs=("web.nginx", "web.apache", "web.php_pools"),
    ),
    DerivedFact(
        "web.shared_users",
        tuple[web.SharedUser, ...],
        "accounts that run the code of several sites",
        ("web.sites",),
        web_sites.shared_users,
    ),
    DerivedFact(
        "time.sync",
        time.TimeSync,
        "whether the clock is kept in step",
        ("units.states",),
        time_sync.time_sync,
        weighs=("time.state",),
    ),
    *HARDENING_DERIVED,
)
