"""The tables that the kernel filters by, of all interfaces together, and which front ends load them."""

from __future__ import annotations

from collections.abc import Mapping

from hardcheck.derive.filter_fate import Family, input_fate
from hardcheck.facts import Absent, Reason
from hardcheck.facts.firewall import FilterTable, HookDefaults, LegacyTables, Ruleset, Ufw, Verdict
from hardcheck.facts.units import UnitState

FRONT_ENDS = ("ufw", "firewalld", "nftables", "netfilter-persistent", "iptables", "ip6tables")

Backends = tuple[tuple[FilterTable, ...], Absent | None]


def managers(states: Mapping[str, UnitState], ufw: Ufw | Absent) -> tuple[str, ...] | Absent:
    """The front ends that have loaded a filter or will at boot. ufw's unit does nothing while it is off."""
    found = []
    for name in FRONT_ENDS:
        state = states.get(f"{name}.service")
        if state is None or not state.exists or not (state.active == "active" or state.starts_at_boot):
            continue
        if name == "ufw":
            if isinstance(ufw, Absent) and ufw.reason is not Reason.NOT_PRESENT:
                return ufw
            if isinstance(ufw, Absent) or not ufw.enabled:
                continue
        found.append(name)
    return tuple(found)


def tables_of(
    nftables: Ruleset | Absent, compat: LegacyTables | Absent, legacy: LegacyTables | Absent
) -> Backends:
    """Every table that was seen, and why others were not. Tables of iptables-nft are taken as iptables prints
    them, for nft leaves the conditions of extensions out."""
    unseen: Absent | None = None
    found: list[FilterTable] = []
    if isinstance(nftables, Ruleset):
        found.extend(nftables.tables)
        if not nftables.complete:
            unseen = Absent(Reason.NOT_COLLECTED, ("firewall.nft",), "not all rules could be seen")
    elif nftables.reason is not Reason.TOOL_MISSING or isinstance(legacy, Absent) or legacy.nf_tables_loaded:
        unseen = nftables
    if isinstance(compat, LegacyTables):
        for part in (compat.ipv4, compat.ipv6):
            if isinstance(part, Ruleset):
                known = {(table.family, table.name) for table in part.tables}
                found = [table for table in found if (table.family, table.name) not in known]
                found.extend(part.tables)
    for old in [legacy] if isinstance(legacy, Absent) else [legacy.ipv4, legacy.ipv6]:
        if isinstance(old, Absent):
            unseen = unseen or old
        else:
            found.extend(old.tables)
    return tuple(found), unseen


def hook_defaults(
    nftables: Ruleset | Absent, compat: LegacyTables | Absent, legacy: LegacyTables | Absent
) -> HookDefaults:
    """The defaults for what leaves this host and for what passes through it."""
    tables, unseen = tables_of(nftables, compat, legacy)

    def fate(hook: str, family: Family) -> Verdict | Absent:
        verdict, _ = input_fate(tables, family, hook)
        return unseen if unseen is not None and verdict == "accept" else verdict

    return HookDefaults(
        output_ipv4=fate("output", "ip"),
        output_ipv6=fate("output", "ip6"),
        forward_ipv4=fate("forward", "ip"),
        forward_ipv6=fate("forward", "ip6"),
    )
