"""Rules of nftables as files have them, nft(8): what /etc/nftables.conf loads at boot.

Tables with chains in braces, or the same as commands; a newline or ``;`` ends a statement::

    flush ruleset
    table inet filter {
        chain input {
            type filter hook input priority filter; policy drop;
            ct state vmap { established : accept, invalid : drop }
            tcp dport { 22, 80 } accept
        }
    }
    add rule inet filter input drop

Only what decides the fate of every packet is read: hooks, policies, rules without a condition, jumps. An
``include`` is handed back by name. Variables are not expanded; a rule with one has a condition.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from hardcheck.errors import ParseError
from hardcheck.evidence import Evidence
from hardcheck.facts.firewall import FilterChain, FilterRule, FilterTable, Ruleset

_TOKEN = re.compile(r'"[^"\n]*"|\\\n|#[^\n]*|[{};\n]|[^\s{};"#\\]+|\\|"')
_BLOCKS = frozenset(
    {"table", "chain", "set", "map", "flowtable", "counter", "quota", "limit", "secmark", "synproxy"}
)
_FAMILIES = frozenset({"ip", "ip6", "inet", "arp", "bridge", "netdev"})
_VERDICTS = frozenset({"accept", "drop", "reject", "return", "jump", "goto"})
_MAX_TOKENS = 200_000


class NftFile(msgspec.Struct, frozen=True):
    """The rules of one file, and the patterns of the files it includes."""

    ruleset: Ruleset
    includes: tuple[str, ...]
    flushes: bool


class _Chain(msgspec.Struct):
    hook: str = ""
    policy: str = ""
    priority: int = 0
    rules: list[FilterRule] = []


class _Tables(msgspec.Struct):
    chains: dict[tuple[str, str], dict[str, _Chain]]
    includes: list[str]
    flushes: bool = False

    def chain(self, family: str, table: str, name: str) -> _Chain:
        return self.chains.setdefault((family, table), {}).setdefault(name, _Chain(rules=[]))


def read_nft_text(evidence: Evidence) -> NftFile:
    """The rules of one file.

    Raises:
        ParseError: braces that do not match, or a file of more than 200,000 words.
    """
    tables = _Tables({}, [])
    tokens = _tokens(evidence)
    _block(evidence.key, tokens, tables, (), 0)
    made = tuple(
        FilterTable(family, name, tuple(_made(chain, parts) for chain, parts in chains.items()))
        for (family, name), chains in tables.chains.items()
    )
    return NftFile(Ruleset(made), tuple(tables.includes), tables.flushes)


def _made(name: str, parts: _Chain) -> FilterChain:
    policy = parts.policy or ("accept" if parts.hook else "")
    return FilterChain(name, parts.hook, policy, parts.priority, tuple(parts.rules))


def _tokens(evidence: Evidence) -> Iterator[str]:
    for number, match in enumerate(_TOKEN.finditer(evidence.text())):
        if number > _MAX_TOKENS:
            raise ParseError(evidence.key, f"at most {_MAX_TOKENS} words", "more")
        word = match[0]
        if not word.startswith(("#", "\\")):
            yield word
    yield "\n"


def _block(where: str, tokens: Iterator[str], tables: _Tables, inside: tuple[str, ...], depth: int) -> None:
    """``statement*`` up to the closing brace, or to the end at depth 0."""
    statement: list[str] = []
    for word in tokens:
        if word in (";", "\n"):
            _statement(statement, tables, inside)
            statement = []
        elif word == "}":
            if depth == 0:
                raise ParseError(where, "a brace to close", "'}' alone")
            _statement(statement, tables, inside)
            return
        elif word != "{":
            statement.append(word)
        elif _opens(statement):
            if depth >= 4:
                raise ParseError(where, "at most 4 blocks in one another", "more")
            _block(where, tokens, tables, _heading(statement, tables, inside), depth + 1)
            statement = []
        else:
            statement.append("{}")
            _skip_literal(where, tokens)
    if depth:
        raise ParseError(where, "'}'", "the end of the file")


def _opens(statement: list[str]) -> bool:
    words = [word for word in statement if word not in ("add", "create")]
    return bool(words) and words[0] in _BLOCKS


def _skip_literal(where: str, tokens: Iterator[str]) -> None:
    """The rest of a set literal, ``{ 22, 80 }``, with those inside of it."""
    depth = 1
    for word in tokens:
        depth += {"{": 1, "}": -1}.get(word, 0)
        if depth == 0:
            return
    raise ParseError(where, "'}' of a set", "the end of the file")


def _heading(statement: list[str], tables: _Tables, inside: tuple[str, ...]) -> tuple[str, ...]:
    """Where the statements of a block belong: (family, table), (family, table, chain), or elsewhere."""
    words = [word for word in statement if word not in ("add", "create")]
    kind, names = words[0], words[1:]
    if kind == "table" and names:
        family = names[0] if names[0] in _FAMILIES and len(names) > 1 else "ip"
        tables.chains.setdefault((family, names[-1]), {})
        return (family, names[-1])
    if kind == "chain" and names:
        if len(inside) == 2:
            place = (*inside, names[-1])
        else:
            family = names[0] if names[0] in _FAMILIES else "ip"
            place = (family, names[-2] if len(names) > 1 else "", names[-1])
        tables.chain(place[0], place[1], place[2])
        return place
    return ("", "", "", "")


def _statement(words: list[str], tables: _Tables, inside: tuple[str, ...]) -> None:
    if not words:
        return
    if len(inside) == 3:
        _chain_statement(words, tables.chain(inside[0], inside[1], inside[2]))
    elif words[0] == "include" and len(words) > 1 and not inside:
        tables.includes.append(words[1].strip('"'))
    elif words[:2] == ["flush", "ruleset"]:
        tables.flushes = True
        tables.chains.clear()
    elif words[0] in ("add", "insert") and words[1:2] == ["rule"] and not inside:
        names = words[2:]
        family = names.pop(0) if names and names[0] in _FAMILIES else "ip"
        if len(names) > 2:
            chain = tables.chain(family, names[0], names[1])
            rule = _rule(names[2:])
            chain.rules.insert(0 if words[0] == "insert" else len(chain.rules), rule)


def _chain_statement(words: list[str], chain: _Chain) -> None:
    if words[0] == "type" and "hook" in words[:-1]:
        chain.hook = words[words.index("hook") + 1]
        if "policy" in words[:-1]:
            chain.policy = words[words.index("policy") + 1]
    elif words[0] == "policy" and len(words) > 1:
        chain.policy = words[1]
    else:
        chain.rules.append(_rule(words))


def _rule(words: list[str]) -> FilterRule:
    """A rule holds for every packet when only counting, logging and its comment stand before the verdict."""
    always, verdict, target = True, "", ""
    names = tuple(word[1:] for word in words if word.startswith("@"))
    at = 0
    while at < len(words):
        word = words[at]
        if word in _VERDICTS:
            verdict = word
            target = words[at + 1] if word in ("jump", "goto") and at + 1 < len(words) else ""
            break
        if word in ("log", "counter"):
            at = _after_options(words, at + 1)
            continue
        if word == "comment":
            at += 2
            continue
        always = False
        at += 1
    return FilterRule(always, verdict, target, (*names, target) if target else names)


def _after_options(words: list[str], at: int) -> int:
    """The place after the options of ``log`` and ``counter``: each a word and a value."""
    options = ("prefix", "level", "flags", "group", "snaplen", "queue-threshold", "packets", "bytes", "name")
    while at + 1 < len(words) and words[at] in options:
        at += 2
    return at
