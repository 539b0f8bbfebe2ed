"""The rules of nftables: ``nft -j list ruleset``, libnftables-json(5).

One object with a list of objects, each of one kind::

    {"nftables": [{"metainfo": {"version": "1.0.6", ...}},
                  {"table": {"family": "inet", "name": "filter", "handle": 1}},
                  {"chain": {"family": "inet", "table": "filter", "name": "input", "handle": 1,
                             "type": "filter", "hook": "input", "prio": 0, "policy": "drop"}},
                  {"rule": {"family": "inet", "table": "filter", "chain": "input", "handle": 4, "expr":
                  [{"accept": null}]}}]}

Of a rule it is kept whether it holds for every packet, its conditions, its verdict, and the names that it
speaks of. An extension of iptables-nft shows as ``{"xt": {"type": "target", "name": "REJECT"}}``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from hardcheck.errors import ParseError
from hardcheck.evidence import Evidence, HostEvidence
from hardcheck.facts.firewall import FilterChain, FilterMatch, FilterRule, FilterTable, Ruleset
from hardcheck.parse.nft_matches import UNKNOWN, entries_of, matches_of

_VERDICTS = ("accept", "drop", "reject", "return", "jump", "goto")
_NEUTRAL = frozenset({"counter", "log", "comment", "mangle", "notrack"})
_XT_TARGETS = {"REJECT": "reject", "DROP": "drop", "ACCEPT": "accept", "RETURN": "return", "TARPIT": "drop"}
_MAX_NAMES = 32


class _TableParts(msgspec.Struct):
    chains: dict[str, dict[str, Any]]
    rules: dict[str, list[FilterRule]]
    sets: list[str]


def parse_nft(host: HostEvidence) -> Ruleset:
    """Every table in nft's order. Raises ParseError for other JSON than a ruleset."""
    return read_nft_json(host.get("firewall.nft"))


def read_nft_json(evidence: Evidence) -> Ruleset:
    """The ruleset that the item holds. Raises ParseError."""
    try:
        document = msgspec.json.decode(evidence.text())
    except (msgspec.DecodeError, RecursionError) as error:
        raise ParseError(evidence.key, "JSON of nft", str(error)[:120]) from error
    objects = document.get("nftables") if isinstance(document, dict) else None
    if not isinstance(objects, list):
        raise ParseError(evidence.key, "an object with the list 'nftables'", type(document).__name__)
    tables: dict[tuple[str, str], _TableParts] = {}
    for number, entry in enumerate(objects):
        where = f"{evidence.key}:{number}"
        if not isinstance(entry, dict) or len(entry) != 1:
            raise ParseError(where, "an object with one key", repr(entry)[:80])
        ((kind, body),) = entry.items()
        if isinstance(body, dict) and kind in ("table", "chain", "rule", "set", "map"):
            _take(where, kind, body, tables)
    return Ruleset(tuple(_table(key, parts) for key, parts in tables.items()))


def _take(where: str, kind: str, body: dict[str, Any], tables: dict[tuple[str, str], _TableParts]) -> None:
    family = _word(where, body, "family")
    table = _word(where, body, "name" if kind == "table" else "table")
    parts = tables.setdefault((family, table), _TableParts({}, {}, []))
    if kind == "chain":
        parts.chains[_word(where, body, "name")] = body
    elif kind in ("set", "map"):
        parts.sets.append(_word(where, body, "name"))
    elif kind == "rule":
        expressions = body.get("expr", [])
        if not isinstance(expressions, list):
            raise ParseError(where, "a list of expressions", repr(expressions)[:80])
        parts.rules.setdefault(_word(where, body, "chain"), []).extend(_rules(expressions))


def _word(where: str, body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str):
        raise ParseError(where, f"the name {name!r}", repr(value)[:80])
    return value


def _table(key: tuple[str, str], parts: _TableParts) -> FilterTable:
    chains = []
    for name, body in parts.chains.items():
        hook, policy, priority = body.get("hook"), body.get("policy"), body.get("prio")
        chains.append(
            FilterChain(
                name=name,
                hook=hook if isinstance(hook, str) else "",
                policy=policy if isinstance(policy, str) else "",
                priority=priority if isinstance(priority, int) and not isinstance(priority, bool) else 0,
                rules=tuple(parts.rules.get(name, ())),
            )
        )
    return FilterTable(key[0], key[1], tuple(chains), tuple(parts.sets))


def _rules(expressions: list[Any]) -> list[FilterRule]:
    """The fate of a packet by one rule; a verdict map is a rule for each of its entries. What is not known
    counts as a condition: it can then neither prove that all is dropped nor that all is let in."""
    found = _Expressions()
    names: list[str] = []
    for expression in expressions:
        if not isinstance(expression, dict) or len(expression) != 1:
            found.matches.append(UNKNOWN)
            continue
        ((kind, body),) = expression.items()
        _collect_names(body, names)
        found.take(kind, body)
    mentioned = tuple(dict.fromkeys(names))[:_MAX_NAMES]
    rules = [
        FilterRule(False, verdict, target, mentioned, (*found.matches, match))
        for match, verdict, target in found.map
    ]
    if rules:
        return rules
    return [FilterRule(not found.matches, found.verdict, found.target, mentioned, tuple(found.matches))]


class _Expressions:
    """What the expressions of one rule come to."""

    def __init__(self) -> None:
        self.matches: list[FilterMatch] = []
        self.verdict = self.target = ""
        self.map: list[tuple[FilterMatch, str, str]] = []

    def take(self, kind: str, body: Any) -> None:
        """One expression."""
        if kind in _VERDICTS:
            self.verdict, self.target = kind, _target(body)
        elif kind == "match":
            self.matches.extend(matches_of(body))
        elif kind == "vmap":
            entries = [(match, *_verdict(action)) for match, action in entries_of(body)]
            self.map = [entry for entry in entries if entry[1]]
            if not self.map:
                self.matches.append(UNKNOWN)
        elif kind == "xt":
            found = _xt(body)
            self.verdict = found or self.verdict
            if not found:
                self.matches.append(UNKNOWN)
        elif kind not in _NEUTRAL:
            self.matches.append(UNKNOWN)


def _verdict(action: Any) -> tuple[str, str]:
    """Verdict and target of an entry of a verdict map; empty for another form."""
    if isinstance(action, dict) and len(action) == 1:
        ((kind, body),) = action.items()
        if kind in _VERDICTS:
            return kind, _target(body)
    return "", ""


def _target(body: Any) -> str:
    target = body.get("target") if isinstance(body, dict) else None
    return target if isinstance(target, str) else ""


def _xt(body: Any) -> str:
    """The verdict of an extension of iptables; empty for a match or a target that is none."""
    if isinstance(body, dict) and body.get("type") == "target":
        return _XT_TARGETS.get(str(body.get("name")), "")
    return ""


def _collect_names(body: Any, names: list[str], depth: int = 0) -> None:
    """The sets (``@name``) and targets that an expression speaks of."""
    if len(names) >= _MAX_NAMES or depth > 8:
        return
    if isinstance(body, str):
        if body.startswith("@"):
            names.append(body[1:])
    elif isinstance(body, list):
        for part in body:
            _collect_names(part, names, depth + 1)
    elif isinstance(body, dict):
        for name, part in body.items():
            if name == "target" and isinstance(part, str):
                names.append(part)
            else:
                _collect_names(part, names, depth + 1)
