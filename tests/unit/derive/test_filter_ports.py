"""What the packet filter lets in: ports that listen, ports that rules name, loopback."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardcheck.derive.filter_backends import hook_defaults, managers, tables_of
from hardcheck.derive.filter_ports import loopback, open_ports, port_fates, ufw_accesses
from hardcheck.derive.filter_walk import Fit, Packet, ends_at_hook, match_fit
from hardcheck.evidence import Evidence, Reason
from hardcheck.facts import Absent
from hardcheck.facts.firewall import (
    FilterChain,
    FilterMatch,
    FilterRule,
    FilterTable,
    LegacyTables,
    PortFate,
    Ruleset,
    Ufw,
    UfwRule,
)
from hardcheck.facts.network import Listener
from hardcheck.facts.units import UnitState
from hardcheck.parse.base import run_parser
from hardcheck.parse.iptables_save import read_iptables_save
from hardcheck.parse.nft_json import read_nft_json
from hardcheck.parse.system import SYSTEM_PARSERS
from tests.unit.parse.system_hosts import DATA, host

FACTS = {fact.name: fact for fact in SYSTEM_PARSERS}
NONE = LegacyTables(Ruleset(()), Ruleset(()), nf_tables_loaded=True)
DENIED = Absent(Reason.DENIED, ("firewall.nft",))
MISSING = Absent(Reason.TOOL_MISSING, ("firewall.nft",))
SSH = Listener("tcp", "0.0.0.0", 22, 0, 1, ())
WEB = Listener("tcp6", "::", 80, 0, 2, ())
LOCAL = Listener("tcp", "127.0.0.1", 3306, 0, 3, ())


def nft(name: str) -> Ruleset:
    sample = (DATA / "firewall.nftables" / name).read_bytes()
    return read_nft_json(Evidence("firewall.nft", "", sample))


def iptables(*rules: str, policy: str = "DROP") -> Ruleset:
    lines = ["*filter", f":INPUT {policy} [0:0]", ":own - [0:0]", *rules, "COMMIT"]
    return read_iptables_save([("f:1", line) for line in lines], "ip")


def fates(rules: Ruleset | Absent, *listeners: Listener, compat: LegacyTables = NONE) -> list[object]:
    found = port_fates(listeners, rules, compat, NONE, ())
    return [each.let_in.reason if isinstance(each.let_in, Absent) else each.let_in for each in found]


def test_ufws_rules_are_followed_where_iptables_prints_them() -> None:
    sample = (DATA / "firewall.compat" / "debian12-ufw.in").read_bytes()
    compat = run_parser(FACTS["firewall.compat"], host({"firewall.compat": sample}))
    assert isinstance(compat, LegacyTables)
    other = Listener("tcp", "0.0.0.0", 80, 0, 2, ())
    assert fates(nft("debian12-ufw.in"), SSH, other, LOCAL, compat=compat) == ["by a rule", "closed"]
    assert fates(nft("debian12-ufw.in"), SSH, other) == [Reason.NOT_COLLECTED, Reason.NOT_COLLECTED]


def test_firewalld_lets_all_in_on_an_interface_of_the_trusted_zone() -> None:
    (fate,) = port_fates((WEB,), nft("rhel9-firewalld.in"), NONE, NONE, ())
    assert (fate.let_in, fate.by) == ("by default", "inet firewalld filter_IN_trusted on eth1")


def test_firewalld_names_ports_for_which_nothing_listens() -> None:
    found = open_ports((SSH, LOCAL), nft("rhel9-firewalld.in"), NONE, NONE, ())
    assert not isinstance(found, Absent)
    assert {port.name: port.listens for port in found} == {
        "22/tcp": True,
        "9090/tcp": False,
        "60000-61000/tcp": False,
        "546/udp": False,
    }


@pytest.mark.parametrize(
    ("rules", "policy", "expected"),
    [
        ((), "ACCEPT", "by default"),
        ((), "DROP", "closed"),
        (("-A INPUT -p tcp --dport 22 -j ACCEPT",), "DROP", "by a rule"),
        (("-A INPUT -p tcp -m multiport --dports 80,22 -j ACCEPT",), "DROP", "by a rule"),
        (("-A INPUT -p tcp --dport 20:30 -j ACCEPT",), "DROP", "by a rule"),
        (("-A INPUT -p tcp ! --dport 22 -j ACCEPT",), "DROP", "closed"),
        (("-A INPUT -p udp --dport 22 -j ACCEPT",), "DROP", "closed"),
        (("-A INPUT -p tcp -j ACCEPT",), "DROP", "by default"),
        (("-A INPUT -s 192.0.2.0/24 -j ACCEPT",), "DROP", "by a rule"),
        (("-A INPUT -i lo -j ACCEPT",), "DROP", "closed"),
        (("-A INPUT ! -i lo -j ACCEPT",), "DROP", "by default"),
        (("-A INPUT -i wg+ -j ACCEPT",), "DROP", "by default"),
        (("-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",), "DROP", "closed"),
        (("-A INPUT -m conntrack --ctstate NEW -j ACCEPT",), "DROP", "by default"),
        (("-A INPUT -p tcp --dport 22 -j DROP",), "ACCEPT", "closed"),
        (("-A INPUT -s 192.0.2.7 -j DROP",), "ACCEPT", "by default"),
        (("-A INPUT -m geoip --source-country XX -j DROP",), "ACCEPT", Reason.NOT_COLLECTED),
        (("-A INPUT -m geoip --source-country XX -j ACCEPT",), "DROP", Reason.NOT_COLLECTED),
        (("-A INPUT -m geoip --source-country XX -p tcp --dport 22 -j ACCEPT",), "DROP", "by a rule"),
        (("-A INPUT -j own", "-A own -p tcp --dport 22 -j ACCEPT"), "DROP", "by a rule"),
        (("-A INPUT -p tcp --dport 22 -j own", "-A own -j ACCEPT"), "DROP", "by a rule"),
        (("-A INPUT -j own", "-A own -j RETURN", "-A own -j ACCEPT"), "DROP", "closed"),
        (("-A INPUT -g own", "-A INPUT -j ACCEPT", "-A own -p udp -j DROP"), "DROP", "closed"),
        (("-A INPUT -j own", "-A own -j own"), "DROP", Reason.NOT_COLLECTED),
        (("-A INPUT -j elsewhere",), "DROP", Reason.NOT_COLLECTED),
        (
            ("-A INPUT -p tcp --dport 22 -m set --match-set f2b-sshd src -j REJECT",),
            "ACCEPT",
            Reason.NOT_COLLECTED,
        ),
        (("-A INPUT -m addrtype --dst-type LOCAL -j RETURN", "-A INPUT -j ACCEPT"), "DROP", "closed"),
    ],
)
def test_a_port_is_let_in_as_the_kernel_would(rules: tuple[str, ...], policy: str, expected: object) -> None:
    assert fates(iptables(*rules, policy=policy), SSH) == [expected]


def test_a_packet_has_to_pass_every_table() -> None:
    open_table = FilterTable("inet", "a", (FilterChain("i", "input", "accept"),))
    closed = Ruleset((open_table, *iptables().tables))
    assert fates(closed, SSH) == ["closed"]
    named = Ruleset((open_table, *iptables("-A INPUT -p tcp --dport 22 -j ACCEPT").tables))
    assert fates(named, SSH) == ["by a rule"]


def test_what_listens_on_both_families_is_as_open_as_the_looser_one() -> None:
    assert fates(iptables(), WEB) == ["by default"]  # nothing filters IPv6


@pytest.mark.parametrize("unseen", [DENIED, MISSING])
def test_an_open_port_is_not_proven_while_a_part_of_the_rules_is_unseen(unseen: Absent) -> None:
    assert fates(unseen, SSH) == [unseen.reason]
    legacy = LegacyTables(iptables(), Ruleset(()), nf_tables_loaded=True)
    (fate,) = port_fates((SSH,), unseen, NONE, legacy, ())
    assert fate.let_in == "closed"  # one table that drops is enough
    assert isinstance(open_ports((SSH,), unseen, NONE, legacy, ()), Absent)


def test_too_many_rules_are_not_followed() -> None:
    many = iptables(*(f"-A INPUT -i eth{n} -p tcp --dport 1 -j ACCEPT" for n in range(1500)))
    assert fates(many, SSH) == [Reason.NOT_COLLECTED]


@pytest.mark.parametrize(
    ("rules", "accepted", "refused"),
    [
        (("-A INPUT -i lo -j ACCEPT",), True, True),
        (("-A INPUT -i lo -j ACCEPT", "-A INPUT -p tcp --dport 22 -j ACCEPT"), True, False),
        (
            (
                "-A INPUT -i lo -j ACCEPT",
                "-A INPUT -s 127.0.0.0/8 -j DROP",
                "-A INPUT -p tcp --dport 22 -j ACCEPT",
            ),
            True,
            True,
        ),
        ((), False, True),
    ],
)
def test_loopback_is_let_in_on_lo_and_nowhere_else(
    rules: tuple[str, ...], accepted: bool, refused: bool
) -> None:
    six = Ruleset(tuple(FilterTable("ip6", each.name, each.chains) for each in iptables(*rules).tables))
    six_own = [
        FilterChain(
            chain.name,
            chain.hook,
            chain.policy,
            0,
            tuple(
                FilterRule(
                    rule.always, rule.verdict, rule.target, rule.names, tuple(map(_as_ipv6, rule.matches))
                )
                for rule in chain.rules
            ),
        )
        for chain in six.tables[0].chains
    ]
    legacy = LegacyTables(iptables(*rules), Ruleset((FilterTable("ip6", "filter", tuple(six_own)),)), True)
    found = loopback(Ruleset(()), NONE, legacy)
    assert (found.accepted, found.refused_elsewhere) == (accepted, refused)


def _as_ipv6(match: FilterMatch) -> FilterMatch:
    return FilterMatch(
        match.key, tuple(v.replace("127.0.0.0/8", "::1/128") for v in match.values), match.negated
    )


def test_defaults_of_the_other_hooks() -> None:
    found = hook_defaults(nft("debian12-ufw.in"), NONE, NONE)
    assert (found.output_ipv4, found.forward_ipv4, found.forward_ipv6) == ("accept", "drop", "drop")
    assert isinstance(hook_defaults(DENIED, NONE, NONE).output_ipv4, Absent)


UFW_ON = Ufw(True, "DROP", "ACCEPT", "DROP", ())
UFW_OFF = Ufw(False, "DROP", "ACCEPT", "DROP", ())


def states(**active: str) -> dict[str, UnitState]:
    return {
        f"{name}.service": UnitState(f"{name}.service", "loaded", now, "exited", "disabled")
        for name, now in active.items()
    }


def test_a_front_end_counts_when_it_has_loaded_a_filter() -> None:
    assert managers(states(ufw="active", nftables="inactive"), UFW_ON) == ("ufw",)
    assert managers(states(ufw="active", firewalld="active"), UFW_OFF) == ("firewalld",)
    assert managers(states(firewalld="active"), DENIED) == ("firewalld",)
    assert isinstance(managers(states(ufw="active"), DENIED), Absent)


def test_a_rule_of_ufw_is_for_logins_by_the_port_that_sshd_has() -> None:
    rules = tuple(
        UfwRule("allow", "in", "tcp", ports, "::/0", "f:1") for ports in ("22", "2222", "2000:3000", "80")
    )
    ufw = Ufw(True, "DROP", "ACCEPT", "DROP", rules)
    assert [each.for_logins for each in ufw_accesses(ufw, {"port": "2222"})] == [True, True, True, False]
    friends = UfwRule("allow", "in", "any", "any", "192.0.2.0/24", "f:1")
    assert ufw_accesses(Ufw(True, "DROP", "ACCEPT", "DROP", (friends,)), DENIED)[0].for_logins is False
    unknown = [each.for_logins for each in ufw_accesses(ufw, DENIED)]
    assert unknown[0] is True
    assert isinstance(unknown[1], Absent)


_MATCH = st.builds(
    FilterMatch,
    st.sampled_from(
        ["iif", "oif", "proto", "dport", "saddr", "daddr", "daddr_type", "state", "family", "other"]
    ),
    st.lists(
        st.sampled_from(
            ["lo", "eth0", "e*", "tcp", "22", "1-9", "-", "x", "@s", "::/0", "10.0.0.0/8", "new"]
        ),
        max_size=3,
    ).map(tuple),
    st.booleans(),
)
_RULE = st.builds(
    FilterRule,
    st.just(False),
    st.sampled_from(["", "accept", "drop", "reject", "return", "jump", "goto"]),
    st.sampled_from(["a", "b", "c"]),
    st.just(()),
    st.lists(_MATCH, max_size=2).map(tuple),
)
_CHAINS = st.lists(st.lists(_RULE, max_size=4), min_size=3, max_size=3)


@settings(max_examples=200, deadline=None)
@given(_CHAINS)
def test_any_rules_come_to_an_end(chains: list[list[FilterRule]]) -> None:
    made = tuple(
        FilterChain(name, "input" if name == "a" else "", "drop" if name == "a" else "", 0, tuple(rules))
        for name, rules in zip("abc", chains, strict=True)
    )
    (ends,) = ends_at_hook([FilterTable("ip", "t", made)], Packet("ip", "input", "tcp", 22, "eth0"))
    assert ends
    assert isinstance(
        port_fates((SSH,), Ruleset((FilterTable("ip", "t", made),)), NONE, NONE, ())[0], PortFate
    )


@given(_MATCH)
def test_a_condition_and_its_contrary_never_both_hold(match: FilterMatch) -> None:
    packet = Packet("ip", "input", "tcp", 22, "eth0")
    contrary = FilterMatch(match.key, match.values, not match.negated)
    both = {match_fit(match, packet), match_fit(contrary, packet)}
    assert both in ({Fit.YES, Fit.NO}, {Fit.SOME}, {Fit.UNKNOWN})


def test_tables_of_iptables_nft_are_taken_once() -> None:
    tables, unseen = tables_of(nft("debian12-ufw.in"), NONE, NONE)
    assert unseen is None
    compat = LegacyTables(iptables(), Absent(Reason.NOT_COLLECTED), nf_tables_loaded=True)
    replaced, _ = tables_of(nft("debian12-ufw.in"), compat, NONE)
    assert len(replaced) == len(tables)
