"""The default of the packet filter for incoming packets: as loaded, and as boot will load it.

As loaded: nftables and the old ip_tables interface together, as the kernel applies both. After boot: the
files of every loader whose unit is enabled. Rules at other hooks (prerouting, ingress) and rules that some
script loads are not weighed.
"""

from __future__ import annotations

from collections.abc import Mapping

from hardcheck.derive.filter_fate import NOTHING, Family, input_fate
from hardcheck.facts import Absent, Reason
from hardcheck.facts.firewall import BootDefault, FirewallFiles, InputDefault, LegacyTables, Ruleset, Verdict
from hardcheck.facts.units import UnitState

_TARGETS: Mapping[str, Verdict] = {
    "ACCEPT": "accept",
    "DROP": "drop",
    "REJECT": "reject",
    "default": "reject",
    "%%REJECT%%": "reject",
}
_STRICTNESS: Mapping[Verdict, int] = {"accept": 0, "reject": 1, "drop": 2}
_LOADERS = ("ufw", "firewalld", "nftables", "netfilter-persistent", "iptables", "ip6tables")


def input_now(nftables: Ruleset | Absent, legacy: LegacyTables | Absent) -> InputDefault | Absent:
    """The default of what is loaded, for each family."""
    if isinstance(nftables, Absent) and isinstance(legacy, Absent):
        return nftables
    rules = _nftables(nftables, legacy)
    ipv4 = legacy if isinstance(legacy, Absent) else legacy.ipv4
    ipv6 = legacy if isinstance(legacy, Absent) else legacy.ipv6
    four, four_by = _both(rules, ipv4, "ip")
    six, six_by = _both(rules, ipv6, "ip6")
    backends = []
    if isinstance(rules, Ruleset) and rules.tables:
        backends.append("nftables")
    if any(isinstance(each, Ruleset) and each.tables for each in (ipv4, ipv6)):
        backends.append("iptables-legacy")
    return InputDefault(four, six, four_by, six_by, tuple(backends))


def _nftables(nftables: Ruleset | Absent, legacy: LegacyTables | Absent) -> Ruleset | Absent:
    """Without nft, no rules are proven only where the kernel has not loaded their module."""
    if not isinstance(nftables, Absent) or nftables.reason is not Reason.TOOL_MISSING:
        return nftables
    if isinstance(legacy, LegacyTables) and not legacy.nf_tables_loaded:
        return Ruleset(())
    return nftables


def _both(
    nftables: Ruleset | Absent, legacy: Ruleset | Absent, family: Family
) -> tuple[Verdict | Absent, str]:
    """A packet that one of them drops is dropped, whatever the other holds."""
    unseen: Absent | None = None
    best: tuple[Verdict, str] = ("accept", NOTHING)
    for rules in (nftables, legacy):
        if isinstance(rules, Absent):
            unseen = unseen or rules
            continue
        verdict, by = input_fate(rules.tables, family)
        if _STRICTNESS[verdict] >= _STRICTNESS[best[0]] and by != NOTHING:
            best = (verdict, by)
        if not rules.complete:
            unseen = unseen or Absent(Reason.NOT_COLLECTED, ("firewall.nft",), "not all rules could be seen")
    if best[0] == "accept" and unseen is not None:
        return unseen, ""
    return best


def input_after_boot(states: Mapping[str, UnitState], files: FirewallFiles | Absent) -> BootDefault | Absent:
    """The default of what the enabled loaders will load."""
    loaders = [name for name in _LOADERS if _starts(states, name)]
    if isinstance(files, Absent):
        return files if loaders else BootDefault("accept", "accept")
    if "ufw" in loaders and files.ufw_enabled is not True:
        loaders.remove("ufw")
    families: tuple[Family, Family] = ("ip", "ip6")
    four, six = (_strictest([_loads(name, files, family) for name in loaders]) for family in families)
    return BootDefault(four, six, tuple(loaders))


def _starts(states: Mapping[str, UnitState], name: str) -> bool:
    state = states.get(f"{name}.service")
    return state is not None and state.exists and state.starts_at_boot


def _strictest(verdicts: list[Verdict | Absent]) -> Verdict | Absent:
    seen = [each for each in verdicts if not isinstance(each, Absent)]
    best: Verdict = max(seen, key=_STRICTNESS.__getitem__, default="accept")
    if best != "accept":
        return best
    return next((each for each in verdicts if isinstance(each, Absent)), best)


def _loads(loader: str, files: FirewallFiles, family: Family) -> Verdict | Absent:
    """What one loader makes the default of a family."""
    if loader == "ufw":
        if family == "ip6" and files.ufw_ipv6 is not True:
            return Absent(Reason.NOT_COLLECTED, ("firewall.files",), "ufw does not manage IPv6 (IPV6=no)")
        return _word(files.ufw_input)
    if loader == "firewalld":
        return _word(files.firewalld_target)
    if loader == "nftables":
        return _rules(files.nftables, family)
    if loader == "netfilter-persistent":
        return _rules(files.iptables if family == "ip" else files.ip6tables, family)
    mine = "ip" if loader == "iptables" else "ip6"
    return _rules(files.iptables if mine == "ip" else files.ip6tables, family) if mine == family else "accept"


def _word(word: str | Absent) -> Verdict | Absent:
    if isinstance(word, Absent):
        return word
    return _TARGETS.get(word) or Absent(Reason.UNPARSABLE, ("firewall.files",), f"the target {word}"[:200])


def _rules(rules: Ruleset | Absent, family: Family) -> Verdict | Absent:
    """A loader without its file loads nothing."""
    if isinstance(rules, Absent):
        return "accept" if rules.reason is Reason.NOT_PRESENT else rules
    verdict, _ = input_fate(rules.tables, family)
    if verdict == "accept" and not rules.complete:
        return Absent(Reason.NOT_COLLECTED, ("firewall.files",), "a file that is included was not read")
    return verdict
