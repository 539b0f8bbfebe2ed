"""The fate of an incoming packet that no rule names, by the chains that filter input."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from hardcheck.facts.firewall import FilterChain, FilterTable, Verdict

Family = Literal["ip", "ip6"]
NOTHING = "no chain filters input"
"""Who decides where every packet is let in because nothing looks at it."""

_MAX_JUMPS = 16
_ENDS: Mapping[str, Verdict] = {"accept": "accept", "drop": "drop", "reject": "reject"}


def input_fate(tables: Iterable[FilterTable], family: Family, hook: str = "input") -> tuple[Verdict, str]:
    """What happens to such a packet, and which chain decides.

    Every chain at the hook sees the packet; one that drops it is enough. Where none does, it is
    accepted."""
    rejected = ""
    accepted = NOTHING
    for table in tables:
        if table.family not in (family, "inet"):
            continue
        chains = {chain.name: chain for chain in table.chains}
        for chain in table.chains:
            if chain.hook != hook:
                continue
            name = f"{table.family} {table.name} {chain.name}"
            verdict = _fate(chains, chain, 0) or _ENDS.get(chain.policy, "accept")
            if verdict == "drop":
                return "drop", name
            if verdict == "reject":
                rejected = rejected or name
            else:
                accepted = name
    return ("reject", rejected) if rejected else ("accept", accepted)


def _fate(chains: Mapping[str, FilterChain], chain: FilterChain, jumps: int) -> Verdict | None:
    """The verdict of the first rule without a condition; None where the packet comes back."""
    for rule in chain.rules:
        if not rule.always:
            continue
        if rule.verdict in _ENDS:
            return _ENDS[rule.verdict]
        if rule.verdict == "return":
            return None
        if rule.verdict in ("jump", "goto") and jumps < _MAX_JUMPS:
            target = chains.get(rule.target)
            found = None if target is None else _fate(chains, target, jumps + 1)
            if found is not None or rule.verdict == "goto":
                return found
    return None
