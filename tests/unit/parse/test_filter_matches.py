"""Conditions of rules of the packet filter, and other small forms that samples do not show."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardcheck.evidence import Evidence, Reason
from hardcheck.facts import Absent
from hardcheck.facts.firewall import FilterMatch, FilterRule
from hardcheck.parse.base import run_parser
from hardcheck.parse.iptables_matches import conditions
from hardcheck.parse.nft_json import read_nft_json
from hardcheck.parse.nft_matches import UNKNOWN, entries_of, matches_of
from hardcheck.parse.system import SYSTEM_PARSERS
from tests.unit.parse.system_hosts import host, tree

FACTS = {fact.name: fact for fact in SYSTEM_PARSERS}
TCP, IP = FilterMatch("proto", ("tcp",)), FilterMatch("family", ("ip",))
DPORT = {"payload": {"protocol": "tcp", "field": "dport"}}
SADDR = {"payload": {"protocol": "ip", "field": "saddr"}}


@pytest.mark.parametrize(
    ("left", "op", "right", "expected"),
    [
        (DPORT, "==", 22, [TCP, FilterMatch("dport", ("22",))]),
        (DPORT, "!=", {"set": [22, {"range": [80, 90]}]}, [TCP, FilterMatch("dport", ("22", "80-90"), True)]),
        (DPORT, "==", "@allowed", [TCP, FilterMatch("dport", ("@allowed",))]),
        (DPORT, "<", 1024, [UNKNOWN]),
        ({"payload": {"protocol": "th", "field": "dport"}}, "==", 53, [FilterMatch("dport", ("53",))]),
        (
            SADDR,
            "==",
            {"prefix": {"addr": "192.0.2.0", "len": 24}},
            [IP, FilterMatch("saddr", ("192.0.2.0/24",))],
        ),
        ({"meta": {"key": "iifname"}}, "!=", "lo", [FilterMatch("iif", ("lo",), True)]),
        ({"meta": {"key": "nfproto"}}, "==", "ipv6", [FilterMatch("family", ("ip6",))]),
        ({"meta": {"key": "mark"}}, "==", 1, [UNKNOWN]),
        ({"ct": {"key": "state"}}, "in", ["new", "untracked"], [FilterMatch("state", ("new", "untracked"))]),
        ({"ct": {"key": "status"}}, "in", "dnat", [FilterMatch("state", ("dnat",))]),
        (
            {"fib": {"result": "type", "flags": ["daddr"]}},
            "==",
            "local",
            [FilterMatch("daddr_type", ("local",))],
        ),
        (DPORT, "==", {"set": [{"concat": [1, 2]}]}, [TCP, UNKNOWN]),
    ],
)
def test_a_match_of_nft(left: Any, op: str, right: Any, expected: list[FilterMatch]) -> None:
    assert matches_of({"op": op, "left": left, "right": right}) == expected


def nft_rules(*expressions: Any) -> tuple[FilterRule, ...]:
    where = {"family": "inet", "table": "t"}
    objects = [
        {"table": {"family": "inet", "name": "t"}},
        {"chain": {**where, "name": "c"}},
        {"rule": {**where, "chain": "c", "expr": list(expressions)}},
    ]
    text = json.dumps({"nftables": objects}).encode()
    return read_nft_json(Evidence("firewall.nft", "", text)).tables[0].chains[0].rules


def test_a_verdict_map_is_a_rule_for_each_entry() -> None:
    states = {
        "set": [
            ["established", {"accept": None}],
            ["invalid", {"drop": None}],
            ["new", {"jump": {"target": "n"}}],
        ]
    }
    found = nft_rules({"vmap": {"key": {"ct": {"key": "state"}}, "data": states}})
    assert [(rule.matches[0].values, rule.verdict, rule.target) for rule in found] == [
        (("established",), "accept", ""),
        (("invalid",), "drop", ""),
        (("new",), "jump", "n"),
    ]


@pytest.mark.parametrize(
    "data", ["@named", {"set": [["a"]]}, {"set": "x"}, {"set": [[{"x": 1}, {"accept": None}]]}]
)
def test_a_verdict_map_that_is_not_written_out_is_a_condition_that_is_not_known(data: Any) -> None:
    found = nft_rules({"vmap": {"key": {"meta": {"key": "iifname"}}, "data": data}})
    assert [(rule.always, rule.verdict, rule.matches) for rule in found] == [(False, "", (UNKNOWN,))]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", []),
        ("-m comment --comment all -m tcp", []),
        ("! -i lo -p tcp", [FilterMatch("iif", ("lo",), True), FilterMatch("proto", ("tcp",))]),
        ("-i ! wg+", [FilterMatch("iif", ("wg*",), True)]),
        ("-m multiport --dports 22,80:90", [FilterMatch("dport", ("22", "80-90"))]),
        ("-p tcp -m tcp ! --dport 22", [TCP, FilterMatch("dport", ("22",), True)]),
        ("-m conntrack --ctstate NEW,RELATED", [FilterMatch("state", ("new", "related"))]),
        ("-m addrtype --dst-type LOCAL", [FilterMatch("daddr_type", ("local",))]),
        ("-m set ! --match-set bad src", [FilterMatch("other", ("--match-set",), True)]),
        (
            "-m limit --limit 3/min --limit-burst 10",
            [FilterMatch("other", ("--limit",)), FilterMatch("other", ("--limit-burst",))],
        ),
    ],
)
def test_conditions_of_iptables(words: str, expected: list[FilterMatch]) -> None:
    assert list(conditions(words.split())) == expected


@given(
    st.lists(
        st.sampled_from(["!", "-i", "-p", "-m", "--dport", "--x", "lo", "22", "-", "", "tcp"]), max_size=12
    )
)
def test_any_words_are_conditions(words: list[str]) -> None:
    assert all(isinstance(match, FilterMatch) for match in conditions(words))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["tcp", "dport", "meta", "@x", "lo"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["op", "left", "right", "meta", "key", "set", "range", "payload", "data"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@given(VALUES)
def test_any_json_is_matches_and_entries(body: Any) -> None:
    assert all(isinstance(match, FilterMatch) for match in matches_of(body))
    assert all(isinstance(match, FilterMatch) for match, _ in entries_of(body))


@pytest.mark.parametrize(
    "line", ["### tuple ### maybe tcp 22 ::/0 any ::/0 in", "### tuple ### allow tcp", "### tuple ### "]
)
def test_a_rule_of_ufw_of_another_form_is_not_left_out(line: str) -> None:
    files = {"/etc/ufw/ufw.conf": "ENABLED=yes\n", "/etc/ufw/user.rules": f"*filter\n{line}\nCOMMIT\n"}
    found = run_parser(FACTS["firewall.ufw"], host(tree("firewall.ufw", files)))
    assert isinstance(found, Absent)
    assert found.reason is Reason.UNPARSABLE


def test_ufw_that_is_not_there_is_not_ufw_that_is_off() -> None:
    found = run_parser(FACTS["firewall.ufw"], host(tree("firewall.ufw", {})))
    assert isinstance(found, Absent)
    assert found.reason is Reason.NOT_PRESENT


@pytest.mark.parametrize(
    ("fact", "text"),
    [
        ("web.php_ini", "file /etc/php.ini\n"),
        ("web.php_ini", "what\nend\n"),
        ("web.folders", "folder 755 0 0 /srv\n"),
        ("web.folders", "folder x 0 0 /srv\nend\n"),
        ("containers.files", "config 644 0 0 /etc/docker\n"),
        ("containers.files", "other 644 0 0 /etc/docker\nend\n"),
        ("fail2ban.filters", "filter sshd.conf\n"),
        ("firewall.compat", "save it\n"),
    ],
)
def test_a_fragment_that_is_cut_or_of_another_form_is_unparsable(fact: str, text: str) -> None:
    found = run_parser(FACTS[fact], host({FACTS[fact].keys[0]: text}))
    assert isinstance(found, Absent)
    assert found.reason is Reason.UNPARSABLE


def test_a_php_ini_that_could_not_be_read_leaves_all_unknown() -> None:
    found = run_parser(FACTS["web.php_ini"], host({"web.php_ini": "denied /etc/php.ini\nend\n"}))
    assert isinstance(found, Absent)
    assert found.reason is Reason.DENIED
