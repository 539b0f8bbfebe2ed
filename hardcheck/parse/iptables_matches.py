"""Conditions of a rule of iptables(8) and iptables-extensions(8), the words before ``-j``::

    ! -i lo -p tcp -m multiport --dports 80,443 -m conntrack --ctstate NEW

``-m`` alone is none; its options are. An option that is not read here is kept as a condition that is not
known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from hardcheck.facts.firewall import FilterMatch, MatchKey

_OPTIONS: Mapping[str, MatchKey] = {
    "-i": "iif",
    "--in-interface": "iif",
    "-o": "oif",
    "--out-interface": "oif",
    "-p": "proto",
    "--protocol": "proto",
    "-s": "saddr",
    "--source": "saddr",
    "-d": "daddr",
    "--destination": "daddr",
    "--dport": "dport",
    "--destination-port": "dport",
    "--dports": "dport",
    "--destination-ports": "dport",
    "--ctstate": "state",
    "--state": "state",
    "--dst-type": "daddr_type",
}
_OPENS_MATCH = ("-m", "--match")


def conditions(words: Sequence[str]) -> Iterator[FilterMatch]:
    """The conditions in their order; none for a rule that holds for every packet."""
    at, negated = 0, False
    while at < len(words):
        word = words[at]
        values = _arguments(words, at + 1)
        at += 1 + len(values)
        if word == "!":
            negated = True
            continue
        if word in _OPENS_MATCH or word == "--comment":
            pass
        elif word in _OPTIONS:
            if values[:1] == ["!"]:  # the old order: -i ! lo
                negated, values = True, values[1:]
            yield _match(_OPTIONS[word], values[0] if values else "", negated)
        else:
            yield FilterMatch("other", (word,), negated)
        negated = False


def _arguments(words: Sequence[str], at: int) -> list[str]:
    """The words up to the next option."""
    found: list[str] = []
    while at < len(words) and not _is_option(words[at], found):
        found.append(words[at])
        at += 1
    return found


def _is_option(word: str, found: Sequence[str]) -> bool:
    return (word.startswith("-") and len(word) > 1) or (word == "!" and bool(found))


def _match(key: MatchKey, value: str, negated: bool) -> FilterMatch:
    if key in ("iif", "oif") and value.endswith("+"):
        return FilterMatch(key, (value[:-1] + "*",), negated)
    if key == "dport":
        return FilterMatch(key, tuple(each.replace(":", "-") for each in value.split(",")), negated)
    if key in ("state", "daddr_type"):
        return FilterMatch(key, tuple(value.lower().split(",")), negated)
    return FilterMatch(key, (value,), negated)
