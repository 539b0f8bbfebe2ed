"""The fate of a packet that no rule names: as loaded, and as boot loads it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardcheck.derive.filter_fate import input_fate
from hardcheck.derive.firewall_input import input_after_boot, input_now
from hardcheck.evidence import Reason
from hardcheck.facts import Absent
from hardcheck.facts.firewall import (
    FilterChain,
    FilterRule,
    FilterTable,
    FirewallFiles,
    LegacyTables,
    Ruleset,
)
from hardcheck.facts.units import UnitState
from hardcheck.parse.firewall_files import parse_firewall_files
from hardcheck.parse.nft_json import read_nft_json
from tests.unit.parse.system_hosts import DATA, host, tree, tree_of_text

NONE = Ruleset(())
NO_LEGACY = LegacyTables(NONE, NONE, nf_tables_loaded=True)
DENIED = Absent(Reason.DENIED, ("firewall.nft",))
DROP, ACCEPT = FilterRule(True, "drop"), FilterRule(True, "accept")


def table(family: str, *chains: FilterChain) -> FilterTable:
    return FilterTable(family, "f", chains)


def base(*rules: FilterRule, policy: str = "accept") -> FilterChain:
    return FilterChain("input", "input", policy, 0, rules)


def test_ufws_own_rules_drop_by_their_policy_through_all_their_chains() -> None:
    sample = DATA / "firewall.nftables" / "debian12-ufw.in"
    rules = read_nft_json(host({"firewall.nft": sample.read_bytes()}).get("firewall.nft"))
    now = input_now(rules, NO_LEGACY)
    assert not isinstance(now, Absent)
    assert (now.ipv4, now.ipv6) == ("drop", "drop")
    assert (now.ipv4_by, now.backends) == ("ip filter INPUT", ("nftables",))


def test_one_chain_that_drops_is_enough_and_a_reject_is_told_apart() -> None:
    rejecting = base(FilterRule(True, "reject"))
    assert input_fate([table("inet", base()), table("ip", base(policy="drop"))], "ip")[0] == "drop"
    assert input_fate([table("inet", rejecting), table("ip", base(ACCEPT))], "ip")[0] == "reject"
    assert input_fate([table("ip6", base(policy="drop"))], "ip") == ("accept", "no chain filters input")


def test_a_rule_without_a_condition_decides_before_the_policy() -> None:
    assert input_fate([table("ip", base(ACCEPT, policy="drop"))], "ip")[0] == "accept"
    assert input_fate([table("ip", base(FilterRule(False, "accept"), DROP))], "ip")[0] == "drop"


def test_jumps_come_back_and_gotos_do_not() -> None:
    site = FilterChain("site", rules=(FilterRule(False, "drop"),))
    jump, goto = FilterRule(True, "jump", "site"), FilterRule(True, "goto", "site")
    assert input_fate([table("ip", base(jump, DROP), site)], "ip")[0] == "drop"
    assert input_fate([table("ip", base(goto, DROP), site)], "ip")[0] == "accept"


def test_chains_that_jump_in_a_circle_come_to_an_end() -> None:
    circle = FilterChain("site", rules=(FilterRule(True, "jump", "site"), FilterRule(True, "jump", "site")))
    assert input_fate([table("ip", base(FilterRule(True, "jump", "site")), circle)], "ip")[0] == "accept"


def test_what_could_not_be_listed_is_unknown_unless_another_part_drops() -> None:
    legacy = LegacyTables(Ruleset((table("ip", base(policy="drop")),)), NONE, nf_tables_loaded=True)
    now = input_now(DENIED, legacy)
    assert not isinstance(now, Absent)
    assert now.ipv4 == "drop"
    assert now.ipv6 == DENIED


def test_without_nft_an_empty_filter_takes_the_kernels_word() -> None:
    missing = Absent(Reason.TOOL_MISSING, ("firewall.nft",))
    loaded = input_now(missing, NO_LEGACY)
    assert not isinstance(loaded, Absent)
    assert loaded.ipv4 == missing
    absent = input_now(missing, LegacyTables(NONE, NONE, nf_tables_loaded=False))
    assert not isinstance(absent, Absent)
    assert absent.ipv4 == "accept"


def states(*names: str) -> dict[str, UnitState]:
    return {
        f"{n}.service": UnitState(f"{n}.service", "loaded", "active", "running", "enabled") for n in names
    }


def rhel9() -> FirewallFiles:
    items = tree_of_text("firewall.files", (DATA / "firewall.files" / "rhel9.tree").read_text())
    found = parse_firewall_files(host(items))
    assert isinstance(found, FirewallFiles)
    return found


@pytest.mark.parametrize(
    ("loaders", "ipv4", "ipv6"),
    [
        ((), "accept", "accept"),
        (("firewalld",), "drop", "drop"),  # its default zone has the target DROP
        (("nftables",), "drop", "drop"),  # in a file that the first one includes
        (("iptables",), "reject", "accept"),  # no rules for IPv6
        (("ufw",), "accept", "accept"),  # enabled as a unit, not there
        (("ip6tables",), "accept", "accept"),  # without its file it loads nothing
    ],
)
def test_boot_loads_what_the_enabled_services_have_in_their_files(
    loaders: tuple[str, ...], ipv4: str, ipv6: str
) -> None:
    boot = input_after_boot(states(*loaders), rhel9())
    assert not isinstance(boot, Absent)
    assert (boot.ipv4, boot.ipv6) == (ipv4, ipv6)


def test_a_service_that_is_not_enabled_loads_nothing_at_boot() -> None:
    disabled = {
        "firewalld.service": UnitState("firewalld.service", "loaded", "active", "running", "disabled")
    }
    boot = input_after_boot(disabled, rhel9())
    assert not isinstance(boot, Absent)
    assert (boot.ipv4, boot.loaders) == ("accept", ())


@pytest.mark.parametrize(("ipv6", "expected"), [("yes", "drop"), ("no", None)])
def test_ufw_answers_for_ipv6_only_where_it_manages_it(ipv6: str, expected: str | None) -> None:
    items = tree(
        "firewall.files",
        {
            "/etc/ufw/ufw.conf": "ENABLED=yes\n",
            "/etc/default/ufw": f'IPV6={ipv6}\nDEFAULT_INPUT_POLICY="DROP"\n',
        },
    )
    found = parse_firewall_files(host(items))
    boot = input_after_boot(states("ufw"), found)
    assert not isinstance(boot, Absent)
    assert boot.ipv4 == "drop"
    assert boot.ipv6 == expected if expected else isinstance(boot.ipv6, Absent)


RULES = st.builds(
    FilterRule,
    st.booleans(),
    st.sampled_from(["", "accept", "drop", "reject", "return", "jump", "goto"]),
    st.sampled_from(["a", "b", "gone"]),
)
CHAINS = st.lists(RULES, max_size=4).map(tuple)


@given(CHAINS, CHAINS, CHAINS, st.sampled_from(["accept", "drop"]))
def test_a_policy_of_drop_is_only_undone_by_a_rule_that_accepts_all(
    main: tuple[FilterRule, ...], a: tuple[FilterRule, ...], b: tuple[FilterRule, ...], policy: str
) -> None:
    chains = (
        FilterChain("input", "input", policy, 0, main),
        FilterChain("a", rules=a),
        FilterChain("b", rules=b),
    )
    verdict, _ = input_fate([FilterTable("ip", "f", chains)], "ip")
    certain = {rule.verdict for rule in (*main, *a, *b) if rule.always}
    if policy == "drop" and "accept" not in certain:
        assert verdict in ("drop", "reject")
    if policy == "accept" and not certain & {"drop", "reject"}:
        assert verdict == "accept"
