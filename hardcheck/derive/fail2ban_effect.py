"""Whether a jail of fail2ban reaches the packet filter: what it made there, against what is loaded.

The actions for nftables and iptables make their set or chain at the first ban and leave it there. A jail
that has banned and has nothing in the filter bans nothing; one that has never banned proves nothing by an
empty filter."""

from __future__ import annotations

from collections.abc import Iterable

from hardcheck.facts import Absent, Reason
from hardcheck.facts.fail2ban import BanAction, Fail2banServer, Jail, JailEffect
from hardcheck.facts.firewall import FilterTable, Firewalld, FirewallFiles, LegacyTables, Ruleset

_EVIDENCE = ("fail2ban.status", "firewall.nft", "firewall.iptables")
_HOOKS = frozenset({"input", "prerouting", "ingress"})


def jail_effects(
    server: Fail2banServer,
    nftables: Ruleset | Absent,
    legacy: LegacyTables | Absent,
    firewalld: Firewalld | Absent,
    files: FirewallFiles | Absent,
) -> tuple[JailEffect, ...]:
    """What each running jail comes to; none where the server is down."""
    filters = _Filters(nftables, legacy, firewalld, files)
    return tuple(_effect(jail, filters) for jail in server.jails)


class _Filters:
    """What is loaded, and which front ends run."""

    def __init__(
        self,
        nftables: Ruleset | Absent,
        legacy: LegacyTables | Absent,
        firewalld: Firewalld | Absent,
        files: FirewallFiles | Absent,
    ) -> None:
        self.tables: list[FilterTable] = []
        self.unseen: Absent | None = None
        parts = [nftables]
        parts += [legacy] if isinstance(legacy, Absent) else [legacy.ipv4, legacy.ipv6]
        for part in parts:
            if isinstance(part, Absent):
                self.unseen = self.unseen or part
            else:
                self.tables.extend(part.tables)
                if not part.complete:
                    self.unseen = self.unseen or Absent(Reason.NOT_COLLECTED, _EVIDENCE, "rules are missing")
        self.firewalld_runs = None if isinstance(firewalld, Absent) else firewalld.running
        if isinstance(firewalld, Absent) and firewalld.reason is Reason.TOOL_MISSING:
            self.firewalld_runs = False
        self.ufw_enabled = None if isinstance(files, Absent) else files.ufw_enabled


def _effect(jail: Jail, filters: _Filters) -> JailEffect:
    if isinstance(jail.actions, Absent):
        return JailEffect(jail.name, jail.actions, jail.actions.detail, jail.banned)
    names = tuple(action.name for action in jail.actions)
    acting = [action for action in jail.actions if action.kind != "other"]
    if not acting:
        return JailEffect(jail.name, False, "no action of it bans", jail.banned, names)
    found = [_of_action(jail, action, filters) for action in acting]
    bans, why = min(found, key=lambda pair: 0 if pair[0] is True else 2 if pair[0] is False else 1)
    return JailEffect(jail.name, bans, why, jail.banned, names)


def _of_action(jail: Jail, action: BanAction, filters: _Filters) -> tuple[bool | Absent, str]:
    if action.kind == "firewalld" and filters.firewalld_runs is False:
        return False, "it bans through firewalld, which does not run"
    if action.kind == "ufw" and isinstance(filters.ufw_enabled, bool) and not filters.ufw_enabled:
        return False, "it bans through ufw, which is off"
    if action.kind not in ("nftables", "iptables"):
        why = f"what {action.name} does by {action.kind} is not looked at"
        return Absent(Reason.NOT_COLLECTED, _EVIDENCE, why[:200]), why
    place = _in_tables(jail, action, filters.tables)
    if place:
        return True, place
    if filters.unseen is not None:
        return filters.unseen, "the packet filter could not be looked at"
    wanted = ", ".join((*action.tables, *action.chains)) or action.name
    if jail.total_banned:
        return False, f"{jail.total_banned} banned since its start, and {wanted} is not in the packet filter"
    why = f"nothing banned since its start, and {wanted} is made at the first ban"
    return Absent(Reason.NOT_PRESENT, _EVIDENCE, why[:200]), why


def _in_tables(jail: Jail, action: BanAction, tables: Iterable[FilterTable]) -> str:
    """Where the jail's own set or chain filters what comes in; empty when nowhere."""
    for table in tables:
        hooked = [chain for chain in table.chains if chain.hook in _HOOKS]
        if action.kind == "nftables" and table.name in action.tables:
            mine = [name for name in table.sets if name.endswith(f"-{jail.name}")]
            used = {name for chain in hooked for rule in chain.rules for name in rule.names}
            if any(name in used for name in mine):
                return f"{table.family} {table.name} {mine[0]}"
        if action.kind == "iptables":
            present = {chain.name for chain in table.chains}
            reached = {name for chain in hooked for rule in chain.rules for name in rule.names}
            for name in action.chains:
                if name in present and name in reached:
                    return f"{table.family} {table.name} {name}"
    return ""
