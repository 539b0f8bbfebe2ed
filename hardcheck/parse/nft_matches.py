"""Conditions of a rule of nftables in JSON, libnftables-json(5), MATCH STATEMENT and EXPRESSIONS::

    {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": {"set": [22, 80]}}
    {"op": "in", "left": {"ct": {"key": "state"}}, "right": ["established", "related"]}
    {"key": {"meta": {"key": "iifname"}}, "data": {"set": [["eth0", {"goto": {"target": "public"}}]]}}

The last is a verdict map. A condition of another form is kept as one that is not known.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hardcheck.facts.firewall import FilterMatch, MatchKey

UNKNOWN = FilterMatch("other", ())
_META: Mapping[str, MatchKey] = {
    "iifname": "iif",
    "iif": "iif",
    "oifname": "oif",
    "oif": "oif",
    "l4proto": "proto",
    "nfproto": "family",
    "protocol": "family",
}
_ADDRESSED: Mapping[str, MatchKey] = {
    "saddr": "saddr",
    "daddr": "daddr",
    "protocol": "proto",
    "nexthdr": "proto",
}
_FAMILIES = {"ipv4": "ip", "ipv6": "ip6", "ip": "ip", "ip6": "ip6"}
_PORTS = ("tcp", "udp", "udplite", "sctp", "dccp", "th")
_MAX_VALUES = 1000


def matches_of(body: Any) -> list[FilterMatch]:
    """The conditions that one ``match`` comes to: ``tcp dport 22`` is one on the protocol as well."""
    if not isinstance(body, dict) or body.get("op") not in ("==", "in", "!="):
        return [UNKNOWN]
    implied, key = _subject(body.get("left"))
    values = _values(body.get("right"))
    if key is None or values is None:
        return [*implied, UNKNOWN]
    return [*implied, FilterMatch(key, _named(key, values), body["op"] == "!=")]


def entries_of(body: Any) -> list[tuple[FilterMatch, Any]]:
    """The entries of a verdict map as a condition and an action; none for a map that is not written out."""
    if not isinstance(body, dict) or not isinstance(body.get("data"), dict):
        return []
    implied, key = _subject(body.get("key"))
    pairs = body["data"].get("set")
    if key is None or implied or not isinstance(pairs, list):
        return []
    found = []
    for pair in pairs[:_MAX_VALUES]:
        values = _values(pair[0]) if isinstance(pair, list) and len(pair) == 2 else None
        if values is None:
            return []
        found.append((FilterMatch(key, _named(key, values)), pair[1]))
    return found


def _subject(left: Any) -> tuple[list[FilterMatch], MatchKey | None]:
    """What a condition is about, with the conditions that it takes for granted."""
    if not isinstance(left, dict) or len(left) != 1:
        return [], None
    ((kind, what),) = left.items()
    if not isinstance(what, dict):
        return [], None
    key, protocol, field = what.get("key"), what.get("protocol"), what.get("field")
    if kind == "meta" and isinstance(key, str):
        return [], _META.get(key)
    if kind == "ct" and key in ("state", "status"):  # of a new connection, status is neither of dnat, assured
        return [], "state"
    if kind == "fib" and what.get("result") == "type" and what.get("flags") == ["daddr"]:
        return [], "daddr_type"
    if kind == "payload" and protocol in _PORTS and field == "dport":
        return ([] if protocol == "th" else [FilterMatch("proto", (protocol,))]), "dport"
    if kind == "payload" and protocol in ("ip", "ip6"):
        family = [FilterMatch("family", (protocol,))]
        known: dict[Any, MatchKey] = {
            "saddr": "saddr",
            "daddr": "daddr",
            "protocol": "proto",
            "nexthdr": "proto",
        }
        return family, known.get(field)
    return [], None


def _named(key: MatchKey, values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(_FAMILIES.get(value, value) for value in values) if key == "family" else values


def _values(right: Any, depth: int = 0) -> tuple[str, ...] | None:
    """The values of the right side as text; None for one of another form."""
    if isinstance(right, str):
        return (right,)
    if isinstance(right, int) and not isinstance(right, bool):
        return (str(right),)
    if isinstance(right, dict) and len(right) == 1 and depth < 3:
        ((kind, body),) = right.items()
        if kind in ("set", "elem"):
            return _values(body.get("val") if kind == "elem" and isinstance(body, dict) else body, depth + 1)
        if kind == "prefix" and isinstance(body, dict):
            return (f"{body.get('addr')}/{body.get('len')}",)
        if kind == "range" and isinstance(body, list) and len(body) == 2:
            return (f"{body[0]}-{body[1]}",)
    if isinstance(right, list) and depth < 3 and len(right) <= _MAX_VALUES:
        parts = [_values(each, depth + 1) for each in right]
        return None if None in parts else tuple(value for part in parts for value in part or ())
    return None
