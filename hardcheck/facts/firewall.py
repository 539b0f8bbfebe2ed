"""The packet filter: what happens to a packet for this host that no rule names, now and after boot."""

from __future__ import annotations

from typing import Literal

import msgspec

from hardcheck.facts.base import Absent

Verdict = Literal["accept", "drop", "reject"]
MatchKey = Literal["iif", "oif", "proto", "dport", "saddr", "daddr", "daddr_type", "state", "family", "other"]


class FilterMatch(msgspec.Struct, frozen=True):
    """One condition of a rule: one of ``values`` (all but these when ``negated``).

    Interfaces may end in ``*``; ports are ``22`` or ``80-90``; addresses are networks; families ``ip`` and
    ``ip6``; ``@name`` is a set whose members are not known. ``other`` is a condition that is not read.
    """

    key: MatchKey
    values: tuple[str, ...]
    negated: bool = False


class FilterRule(msgspec.Struct, frozen=True):
    """One rule, as far as it matters for the fate of every packet.

    ``always``: it has no condition. ``verdict`` is accept, drop, reject, jump, goto, return, or empty where
    it only counts, logs or marks; ``target`` is the chain of a jump. ``names`` are those of the sets and
    chains that it speaks of, ``matches`` its conditions where the reader of its form keeps them (files of
    nftables have none).
    """

    always: bool
    verdict: str = ""
    target: str = ""
    names: tuple[str, ...] = ()
    matches: tuple[FilterMatch, ...] = ()


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

    @property
    def serving(self) -> tuple[FirewalldZone, ...]:
        """The zones that decide: those with an interface or a source, and the one for all other traffic."""
        return tuple(zone for zone in self.zones if zone.active or zone.name == self.default_zone)


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


class UfwRule(msgspec.Struct, frozen=True):
    """One rule of ufw(8): ``action`` is allow, deny, reject or limit; ``protocol`` and ``ports`` are ``any``
    where it names none; ``place`` is FILE:LINE."""

    action: str
    direction: str
    protocol: str
    ports: str
    source: str
    place: str

    @property
    def shown(self) -> str:
        """``allow in tcp 22 from 0.0.0.0/0 (FILE:LINE)``."""
        return (
            f"{self.action} {self.direction} {self.protocol} {self.ports} from {self.source} ({self.place})"
        )


class Ufw(msgspec.Struct, frozen=True):
    """What ufw's files say: its defaults (ACCEPT, DROP, REJECT) and its rules for this host."""

    enabled: bool
    incoming: str
    outgoing: str
    routed: str
    rules: tuple[UfwRule, ...]


class UfwAccess(msgspec.Struct, frozen=True):
    """A rule of ufw that lets connections in. ``limited``: not more than six in half a minute from one
    address; ``for_logins``: its ports are those of SSH, and it holds for every address; Absent where the
    server's ports are not known."""

    rule: str
    limited: bool
    for_logins: bool | Absent


class HookDefaults(msgspec.Struct, frozen=True):
    """What becomes of packets that leave this host, and of those that pass through it, when no rule names
    them."""

    output_ipv4: Verdict | Absent
    output_ipv6: Verdict | Absent
    forward_ipv4: Verdict | Absent
    forward_ipv6: Verdict | Absent


class Loopback(msgspec.Struct, frozen=True):
    """What the packet filter does with loopback traffic: whether all of it passes on ``lo``, and whether
    packets with a loopback source are refused on every other interface. ``by`` names the chains."""

    accepted: bool | Absent
    refused_elsewhere: bool | Absent
    by: str = ""


class PortFate(msgspec.Struct, frozen=True):
    """A port that something listens on, and what the packet filter does with a new connection from outside.

    ``let_in``: ``closed``; ``by a rule`` that names the port or its users; ``by default``, when it comes in
    by a policy or a rule that names neither; Absent when a condition that is not known decides.
    """

    protocol: str
    address: str
    port: int
    program: str
    let_in: Literal["closed", "by a rule", "by default"] | Absent
    by: str = ""

    @property
    def shown(self) -> str:
        """``tcp 0.0.0.0:80 (nginx): by default, inet filter input``."""
        address = f"[{self.address}]" if ":" in self.address else self.address
        how = f"not known ({self.let_in.reason})" if isinstance(self.let_in, Absent) else self.let_in
        by = f", {self.by}" if self.by else ""
        return f"{self.protocol} {address}:{self.port} ({self.program or '?'}): {how}{by}"


class OpenPort(msgspec.Struct, frozen=True):
    """A port that the packet filter lets in by name; ``name`` is ``443/tcp`` or ``60000-61000/udp``,
    ``programs`` what listens on it, ``by`` the chain with the rule."""

    name: str
    listens: bool
    programs: tuple[str, ...]
    by: str
