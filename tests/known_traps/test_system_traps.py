"""Wrong verdicts of respected tools about the system, each as a recorded host and the verdict given here.

Each host is evidence as the probe gives it, taken through the parsers, the derivations and the shipped rules.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from hardcheck.derive import DERIVED
from hardcheck.derive.assemble import assemble, fact_specs
from hardcheck.engine.evaluate import evaluate
from hardcheck.evidence import Evidence, HostEvidence, Reason
from hardcheck.findings import EvidenceRef, Finding, Status
from hardcheck.parse import PARSERS
from tests.unit.engine import shipped
from tests.unit.parse.system_hosts import DATA, host, tree

SPECS = fact_specs(PARSERS, DERIVED)
Items = Mapping[str, bytes | str | Reason | Evidence]


def verdict(rule: str, evidence: HostEvidence) -> Finding:
    facts = assemble(evidence, PARSERS, DERIVED, SPECS)
    return evaluate(shipped.rules()[rule], facts, "h", lambda key: EvidenceRef(key, "", "", 0))


def reading(**values: str) -> str:
    """``sysctl.values`` with these values; the word ``denied`` is a key that cannot be read."""
    lines = ["boot systemd", "version Linux version 6.1.0 Debian 6.1.192-2 (2026-11-16)"]
    for name, value in values.items():
        key = name.replace("__", "/")
        told = f"denied {key}" if value == "denied" else f"asked {key}\n{key}:{value}"
        lines.append(told)
    return "\n".join([*lines, "config /boot/config", "# CONFIG_COMPAT_BRK is not set", ""])


def sysctl_host(values: str, files: dict[str, str | bytes | Reason]) -> HostEvidence:
    items: Items = {"sysctl.values": values, "kernel.cmdline": "ro quiet\n"}
    return host({**items, **tree("sysctl.files", files)})


# T12: a sysctl key that cannot be read; others drop it from the denominator, or take nil for a good value


def test_t12_a_key_that_cannot_be_read_is_unknown_and_stays_in_the_denominator() -> None:
    files: dict[str, str | bytes | Reason] = {"/etc/sysctl.d/1.conf": "net.core.bpf_jit_harden = 2\n"}
    finding = verdict(
        "sysctl-bpf-jit-hardened", sysctl_host(reading(net__core__bpf_jit_harden="denied"), files)
    )
    assert (finding.status, finding.reason) == (Status.UNKNOWN, Reason.DENIED)
    assert finding.items[0].startswith("net.core.bpf_jit_harden (now denied")


def test_t12_no_rule_on_kernel_settings_passes_where_none_could_be_read() -> None:
    mine = [rule for rule in shipped.rules().values() if rule.id.startswith("sysctl-")]
    assert len(mine) > 20
    for rule in mine:
        finding = verdict(rule.id, host({"sysctl.values": Reason.DENIED, "sysctl.files": Reason.DENIED}))
        assert finding.status is Status.UNKNOWN, rule.id


# T13: a setting right now and wrong in sysctl.d, or the other way round; others look at one of the two

SOURCE_ROUTE = reading(
    net__ipv4__conf__all__accept_source_route="0", net__ipv4__conf__default__accept_source_route="0"
)
BOTH = "net.ipv4.conf.all.accept_source_route = {}\nnet.ipv4.conf.default.accept_source_route = 0\n"


def test_t13_right_now_and_wrong_in_the_files_fails_with_file_and_line() -> None:
    files: dict[str, str | bytes | Reason] = {
        "/etc/sysctl.d/10-hardening.conf": BOTH.format(0),
        "/etc/sysctl.d/90-site.conf": "# for the old router\n" + BOTH.format(1),
    }
    finding = verdict("sysctl-ipv4-source-route", sysctl_host(SOURCE_ROUTE, files))
    assert finding.status is Status.FAIL
    expected = (
        "net.ipv4.conf.all.accept_source_route (now 0, after boot 1, set by /etc/sysctl.d/90-site.conf:2)"
    )
    assert finding.items == (expected,)


def test_t13_wrong_now_and_right_in_the_files_fails_too() -> None:
    files: dict[str, str | bytes | Reason] = {"/etc/sysctl.d/90-site.conf": "kernel.randomize_va_space = 2\n"}
    finding = verdict(
        "sysctl-address-randomisation", sysctl_host(reading(kernel__randomize_va_space="1"), files)
    )
    assert finding.status is Status.FAIL
    assert finding.items == (
        "kernel.randomize_va_space (now 1, after boot 2, set by /etc/sysctl.d/90-site.conf:1)",
    )


def test_t13_changed_by_hand_with_no_file_is_right_again_after_boot_and_wrong_now() -> None:
    finding = verdict(
        "sysctl-address-randomisation", sysctl_host(reading(kernel__randomize_va_space="1"), {})
    )
    assert finding.status is Status.FAIL
    assert finding.items == ("kernel.randomize_va_space (now 1, after boot 2, set by kernel default)",)


def test_t13_a_right_line_in_a_file_that_boot_does_not_read_does_not_count() -> None:
    """A grep over all files finds the line; systemd reads /etc/sysctl.conf only through a link."""
    files: dict[str, str | bytes | Reason] = {
        "/etc/sysctl.conf": BOTH.format(0),
        "/usr/lib/sysctl.d/50-vendor.conf": BOTH.format(1),
    }
    assert verdict("sysctl-ipv4-source-route", sysctl_host(SOURCE_ROUTE, files)).status is Status.FAIL


def test_t13_right_in_both_passes() -> None:
    files: dict[str, str | bytes | Reason] = {"/etc/sysctl.d/10-hardening.conf": BOTH.format(0)}
    assert verdict("sysctl-ipv4-source-route", sysctl_host(SOURCE_ROUTE, files)).status is Status.PASS


# T14: fail2ban runs, its jail is enabled, its chain is not in the filter; others see that a jail exists


def fail2ban_host(client: str, filter_: str) -> HostEvidence:
    return host(
        {
            "fail2ban.status": (DATA / "fail2ban.server" / client).read_bytes(),
            "firewall.nft": (DATA / "firewall.nftables" / filter_).read_bytes(),
            "firewall.iptables": "module nf_tables loaded\nnone ip\nnone ip6\n",
            "firewall.firewalld": Reason.TOOL_MISSING,
            "units.states": "Id=fail2ban.service\nLoadState=loaded\nActiveState=active\n",
        }
    )


def test_t14_a_jail_whose_chain_is_gone_bans_nothing() -> None:
    finding = verdict("fail2ban-bans", fail2ban_host("debian12-banned.in", "debian12.in"))
    assert finding.status is Status.FAIL
    assert finding.items == (
        "nginx-http-auth (why 1 banned since its start, and f2b-nginx-http-auth is not in the packet filter)",
        "sshd (why 1 banned since its start, and f2b-table is not in the packet filter)",
    )


def test_t14_a_jail_whose_chain_is_loaded_passes() -> None:
    finding = verdict("fail2ban-bans", fail2ban_host("debian12-banned.in", "debian12-fail2ban.in"))
    assert finding.status is Status.PASS


def test_t14_a_filter_that_was_not_seen_proves_neither() -> None:
    items = dict(fail2ban_host("debian12-banned.in", "debian12.in").items)
    items["firewall.nft"] = Evidence("firewall.nft", "", reason=Reason.DENIED)
    finding = verdict("fail2ban-bans", host(items))
    assert (finding.status, finding.reason) == (Status.UNKNOWN, Reason.DENIED)


# T15: audit rules in files and not loaded, or -e 2 set before them; a grep over the files passes

UNAME = "Linux h 6.1.0-41-amd64 #1 SMP Debian 6.1.158-1 x86_64 GNU/Linux\n"
STATUS = "enabled {}\nfailure 1\npid 216\nrate_limit 0\nbacklog_limit 8192\nlost 0\nbacklog 0\n"
RULES = "-w /etc/apparmor/ -p wa -k MAC-policy\n-w /etc/apparmor.d/ -p wa -k MAC-policy\n"


def audit_host(loaded: str, files: dict[str, str | bytes | Reason], enabled: int = 1) -> HostEvidence:
    sample = (DATA / "apparmor.kernel").glob("*.in")
    parameters = next(iter(sorted(sample))).read_bytes()
    return host(
        {
            "kernel.lsm": "lockdown,capability,yama,apparmor\n",
            "apparmor.parameters": parameters,
            "units.states": "Id=auditd.service\nLoadState=loaded\nActiveState=active\n",
            "kernel.uname": UNAME,
            "audit.loaded": loaded,
            "audit.status": STATUS.format(enabled),
            **tree("audit.rules_files", files),
        }
    )


GENERATED = "## This file is automatically generated from /etc/audit/rules.d\n-D\n"


def test_t15_rules_that_stand_in_files_and_are_not_loaded_watch_nothing() -> None:
    files: dict[str, str | bytes | Reason] = {
        "/etc/audit/audit.rules": GENERATED,
        "/etc/audit/rules.d/50-mac.rules": RULES,
    }
    finding = verdict("audit-mac-policy-watched", audit_host("No rules\n", files))
    assert finding.status is Status.FAIL
    assert finding.items[0] == (
        "/etc/apparmor (watched false, persistent true, note /etc/audit/rules.d/50-mac.rules:1 is not loaded)"
    )
    drift = verdict("audit-rules-loaded", audit_host("No rules\n", files))
    assert drift.status is Status.FAIL


def test_t15_rules_below_the_lock_are_never_loaded() -> None:
    files: dict[str, str | bytes | Reason] = {"/etc/audit/audit.rules": f"-D\n-e 2\n{RULES}"}
    finding = verdict("audit-mac-policy-watched", audit_host("No rules\n", files, enabled=2))
    assert finding.status is Status.FAIL
    assert "/etc/audit/audit.rules:3 stands below -e 2 and is never loaded" in finding.items[0]
    assert verdict("audit-rules-loaded", audit_host("No rules\n", files, enabled=2)).status is Status.FAIL


def test_t15_rules_that_are_loaded_and_persistent_pass() -> None:
    files: dict[str, str | bytes | Reason] = {
        "/etc/audit/audit.rules": GENERATED,
        "/etc/audit/rules.d/50-mac.rules": RULES,
    }
    loaded = RULES.replace("/ -p", " -p")
    assert verdict("audit-mac-policy-watched", audit_host(loaded, files)).status is Status.PASS


def test_t15_rules_that_are_loaded_by_hand_are_told_apart_from_persistent_ones() -> None:
    files: dict[str, str | bytes | Reason] = {"/etc/audit/rules.d/50-mac.rules": ""}
    finding = verdict("audit-mac-policy-watched", audit_host(RULES, files))
    assert finding.status is Status.FAIL
    assert finding.items[0].startswith("/etc/apparmor (watched true, persistent false")


# T21: the run checked nothing; that is no success


def test_t21_no_system_rule_passes_on_a_host_of_which_nothing_was_collected() -> None:
    for rule in shipped.rules().values():
        finding = verdict(rule.id, host({}))
        assert finding.status in (Status.UNKNOWN,), f"{rule.id}: {finding.status}"


@pytest.mark.parametrize("reason", [Reason.DENIED, Reason.TIMEOUT, Reason.UNREACHABLE])
def test_t21_no_rule_passes_where_everything_failed_for_one_reason(reason: Reason) -> None:
    keys = {key for fact in PARSERS for key in fact.keys}
    for rule in shipped.rules().values():
        finding = verdict(rule.id, host(dict.fromkeys(keys, reason)))
        assert finding.status is Status.UNKNOWN, f"{rule.id}: {finding.status} {finding.observed}"
