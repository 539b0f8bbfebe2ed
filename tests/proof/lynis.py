"""Lynis' log as results of single tests.

Lynis gives points and suggestions, not verdicts. What its tests found stands in its log in fixed sentences
(include/tests_kernel, tests_kernel_hardening, tests_firewalls, tests_mac_frameworks of Lynis 3.0.8); the
tables say which of them is a pass and which a failure. ``KRNL-6000`` compares one sysctl key after the other
with a profile and counts here as one test a key.
"""

from __future__ import annotations

import re

_SYSCTL = re.compile(
    r"sysctl key (?P<key>[\w.-]+) (?P<word>contains equal expected|has a different value than expected)"
)
_TEST = re.compile(r"Performing test ID (?P<test>[A-Z]{4}-[0-9]{4})")
_SENTENCES = {
    "KRNL-5820": {
        "pass": ("core dumps are hard disabled",),
        "fail": ("core dumps are not explicitly disabled", "core dumps are partially enabled"),
    },
    "KRNL-5830": {
        "pass": ("no reboot needed", "No reboot needed", "Assuming no reboot needed"),
        "fail": ("reboot needed, as", "reboot is needed", "Assuming reboot is needed"),
    },
    "FIRE-4512": {
        "pass": ("one or more rules are available",),
        "fail": ("iptables ruleset seems to be empty",),
    },
    "FIRE-4540": {
        "pass": ("rules in nftables configuration",),
        "fail": ("3 rules or less and is considered to be empty",),
    },
    "FIRE-4590": {
        "pass": ("host based firewall or packet filter is active",),
        "fail": ("no host based firewall/packet filter found or configured",),
    },
    "MACF-6204": {
        "pass": ("aa-status binary found",),
        "fail": ("aa-status binary not found",),
    },
    "MACF-6208": {
        "pass": ("AppArmor is enabled and a policy is loaded",),
        "fail": ("AppArmor is disabled", "no policy is loaded"),
    },
    "MACF-6232": {
        "pass": ("found sestatus binary",),
        "fail": ("sestatus binary NOT found",),
    },
    "MACF-6234": {
        "pass": ("Current SELinux mode is the same as in config file",),
        "fail": ("is NOT the same as in config file", "SELinux framework is disabled"),
    },
    "MACF-6290": {
        "pass": ("found implemented MAC framework",),
        "fail": ("found no implemented MAC framework",),
    },
}


def results(log: str) -> dict[str, str]:
    """Test (``MACF-6290``, ``KRNL-6000 kernel.sysrq``) to ``pass`` or ``fail``; others are out."""
    found: dict[str, str] = {}
    test = ""
    for line in log.splitlines():
        if begun := _TEST.search(line):
            test = begun["test"]
        elif told := _SYSCTL.search(line):
            found[f"KRNL-6000 {told['key']}"] = "pass" if told["word"].startswith("contains") else "fail"
        elif "Result:" in line:
            for word, sentences in _SENTENCES.get(test, {}).items():
                if any(sentence in line for sentence in sentences):
                    found.setdefault(test, word)
    return found
