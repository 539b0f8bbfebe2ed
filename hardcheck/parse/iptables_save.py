"""Rules of iptables: the output of iptables-save(8) and ip6tables-save, and files of the same form.

A line ``*TABLE``, then chains with their policy (``-`` for one that only others jump to), rules, ``COMMIT``::

    *filter
    :INPUT DROP [0:0]
    :f2b-sshd - [0:0]
    -A INPUT -p tcp -m multiport --dports 22 -j f2b-sshd
    COMMIT
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable

from hardcheck.errors import ParseError
from hardcheck.facts.firewall import FilterChain, FilterRule, FilterTable, Ruleset
from hardcheck.parse.iptables_matches import conditions

_CHAIN = re.compile(r":(?P<name>\S+) (?P<policy>[A-Z-]+)(?: \[[0-9]+:[0-9]+\])?\s*")
_HOOKS = {
    "INPUT": "input",
    "FORWARD": "forward",
    "OUTPUT": "output",
    "PREROUTING": "prerouting",
    "POSTROUTING": "postrouting",
}
_VERDICTS = {"ACCEPT": "accept", "DROP": "drop", "REJECT": "reject", "RETURN": "return", "TARPIT": "drop"}
_SILENT = frozenset(
    {"LOG", "NFLOG", "ULOG", "MARK", "CONNMARK", "SET", "TCPMSS", "NOTRACK", "CT", "AUDIT", "CLASSIFY"}
)
_PRIORITY = {"raw": -300, "mangle": -150, "nat": -100, "filter": 0, "security": 50}


def read_iptables_save(lines: Iterable[tuple[str, str]], family: str) -> Ruleset:
    """The tables of one family (``ip`` or ``ip6``).

    Args:
        lines: place and text of each line.

    Raises:
        ParseError: a line of another form, or a table without COMMIT.
    """
    tables: list[FilterTable] = []
    name = ""
    chains: dict[str, tuple[str, list[FilterRule]]] = {}
    for where, raw in lines:
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("*") and not name:
            name, chains = line[1:], {}
        elif line == "COMMIT" and name:
            tables.append(_table(family, name, chains))
            name = ""
        elif line.startswith(":") and name:
            match = _CHAIN.fullmatch(line)
            if match is None:
                raise ParseError(where, "':CHAIN POLICY [PACKETS:BYTES]'", repr(line[:80]))
            chains[match["name"]] = (match["policy"], [])
        elif line.startswith(("-A ", "-I ", "[")) and name:
            chain, rule = _rule(where, line)
            chains.setdefault(chain, ("-", []))[1].append(rule)
        elif not (line.startswith(("-N ", "-P ", "-F ", "-X", "-D ", "-Z")) and name):
            raise ParseError(where, "a line of iptables-save", repr(line[:80]))
    if name:
        raise ParseError(family, f"COMMIT of the table {name}", "the end")
    return Ruleset(tuple(tables))


def _table(family: str, name: str, chains: dict[str, tuple[str, list[FilterRule]]]) -> FilterTable:
    made = []
    for chain, (policy, rules) in chains.items():
        hook = _HOOKS.get(chain, "") if policy != "-" else ""
        made.append(
            FilterChain(chain, hook, policy.lower() if hook else "", _PRIORITY.get(name, 0), tuple(rules))
        )
    return FilterTable(family, name, tuple(made))


def _rule(where: str, line: str) -> tuple[str, FilterRule]:
    """The chain and what the rule does. Any option before ``-j`` is a condition, a comment apart."""
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise ParseError(where, "a rule with balanced quotes", repr(line[:80])) from error
    if words[0].startswith("["):
        words = words[1:]
    if len(words) < 2 or words[0] not in ("-A", "-I"):
        raise ParseError(where, "'-A CHAIN ...'", repr(line[:80]))
    chain, rest = words[1], words[2:]
    at = next((n for n, word in enumerate(rest) if word in ("-j", "--jump", "-g", "--goto")), len(rest))
    matches = tuple(conditions(rest[:at]))
    verdict, target = "", ""
    if at + 1 < len(rest):  # what follows are options of the target
        word, value = rest[at], rest[at + 1]
        verdict = _VERDICTS.get(value, "")
        if not verdict and value not in _SILENT:
            verdict, target = ("goto" if word in ("-g", "--goto") else "jump"), value
    return chain, FilterRule(not matches, verdict, target, (target,) if target else (), matches)
