"""The packet filter: what happens to a packet for this host that no rule names, now and after boot."""

from __future__ import annotations

from typing import Literal

import msgspec

from hardcheck.facts.base import Absent

Verdict = Literal["accept", "drop", "reject"]


class FilterRule(msgspec.Struct, frozen=True):
    """One rule, as far as it matters for the fate of every packet.

    ``always``: it has no condition. ``verdict`` is accept, drop, reject, jump, goto, return, or empty where
    it only counts, logs or marks; ``target`` is the chain of a jump. ``text`` are the names of the sets and
    chains that it speaks of.
    """

    always: bool
    verdict: str = ""
    target: str = ""
    names: tuple[str, ...] = ()


class FilterChain(msgspec.Struct, frozen=True):
    """One chain. ``hook`` and ``policy`` are empty for one that only others jump to."""

    name: str
    hook: str = ""
    policy: str = ""
    priority: int = 0
    rules: tuple[FilterRule, ...] = ()


class FilterTable(msgspec.Struct, frozen=True):
    """One table. ``family`` is nft(8)'s word: ip, ip6, inet, arp, bridge, netdev."""

    family: str
    name: str
    chains: tuple[FilterChain, ...] = ()
    sets: tuple[str, ...] = ()


class Ruleset(msgspec.Struct, frozen=True):
    """The tables that one program listed. ``complete`` is False when a part of it could not be read."""

    tables: tuple[FilterTable, ...]
    complete: bool = True


class LegacyTables(msgspec.Struct, frozen=True):
    """What the old ip_tables interface holds, and whether anything of either interface is loaded.

    ``ipv4`` and ``ipv6`` are empty rulesets where the kernel proves that there are no tables.
    ``nf_tables_loaded`` is whether the module of nftables is in the kernel.
    """

    ipv4: Ruleset | Absent
    ipv6: Ruleset | Absent
    nf_tables_loaded: bool


class FirewalldZone(msgspec.Struct, frozen=True):
    """A zone of firewalld at run time. ``target`` is default, ACCEPT, DROP or %%REJECT%%."""

    name: str
    active: bool
    target: str
    interfaces: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()


class Firewalld(msgspec.Struct, frozen=True):
    """firewalld as it runs; not ``running`` it has no zones."""

    running: bool
    default_zone: str = ""
    zones: tuple[FirewalldZone, ...] = ()


class FirewallFiles(msgspec.Struct, frozen=True):
    """What the files of each loader would load at boot, Absent where its files are not there.

    ``ufw_enabled`` and ``ufw_input`` are from ufw.conf and /etc/default/ufw; ``nftables``, ``iptables`` and
    ``ip6tables`` are the rules of their files; ``firewalld_target`` is the target of the default zone.
    """

    ufw_enabled: bool | Absent
    ufw_input: str | Absent
    ufw_ipv6: bool | Absent
    nftables: Ruleset | Absent
    iptables: Ruleset | Absent
    ip6tables: Ruleset | Absent
    firewalld_zone: str | Absent
    firewalld_target: str | Absent


class InputDefault(msgspec.Struct, frozen=True):
    """What becomes of an incoming packet that no rule names.

    ``by`` says for each family which chain decides (``inet filter input``), or that there is none.
    ``backends`` are the interfaces that hold rules: nftables, iptables-legacy.
    """

    ipv4: Verdict | Absent
    ipv6: Verdict | Absent
    ipv4_by: str = ""
    ipv6_by: str = ""
    backends: tuple[str, ...] = ()


class BootDefault(msgspec.Struct, frozen=True):
    """The same after the next boot, by the files of what is enabled to load rules.

    ``loaders`` are the enabled ones: ufw, firewalld, nftables, netfilter-persistent, iptables, ip6tables.
    """

    ipv4: Verdict | Absent
    ipv6: Verdict | Absent
    loaders: tuple[str, ...] = ()
