"""The rules that a remedy writes for the audit system record what its rule asks for."""

from __future__ import annotations

import re

import pytest

from hardcheck.derive import audit_watches
from hardcheck.derive.mac_watches import mac_watches
from hardcheck.engine.evaluate import evaluate
from hardcheck.engine.rule import Rule
from hardcheck.facts import fixed_facts
from hardcheck.facts.accounts import Sudoers
from hardcheck.facts.audit import AuditRule, AuditStatus, PersistentRules
from hardcheck.facts.audit_coverage import AuditPlaces, Program
from hardcheck.facts.host import Kernel
from hardcheck.facts.units import UnitState
from hardcheck.findings import EvidenceRef, Status
from hardcheck.parse.audit_rules import read_rule
from tests.unit.engine import shipped

WRITTEN = re.compile(r"<<'RULES'\n(.*)\nRULES", re.DOTALL)
TOOLS = (
    "chcon",
    "semanage",
    "setsebool",
    "setfiles",
    "seunshare",
    "semodule",
    "setenforce",
    "apparmor_parser",
)
PATHS = {
    **{
        name: f"/usr/sbin/{name}"
        for name in (*TOOLS, "aa-complain", "aa-disable", "aa-enforce", "aa-teardown")
    },
    **{name: f"/usr/bin/{name}" for name in ("chcon", "chacl", "setfacl", "kmod")},
    "usermod": "/usr/sbin/usermod",
}
PLACES = AuditPlaces(
    links={"/bin": "/usr/bin", "/sbin": "/usr/sbin", "/var/run": "/run"},
    files={
        path: path
        for path in (
            *("/etc/gshadow", "/etc/pam.conf", "/etc/issue", "/etc/issue.net", "/etc/hosts", "/etc/hostname"),
            *("/var/log/lastlog", "/var/log/faillog", "/run/faillock", "/run/utmp", "/var/log/wtmp"),
            "/var/log/btmp",
        )
    },
    commands={
        **{name: Program(path, path) for name, path in PATHS.items()},
        "restorecon": Program("/usr/sbin/restorecon", "/usr/sbin/setfiles"),
    },
    privileged=("/usr/bin/su",),
)
KERNELS = [
    Kernel("h", release, "#1 SMP", machine)
    for release, machine in (("5.14.0-1", "x86_64"), ("6.14.0-1", "x86_64"))
]


def written(rule: Rule) -> list[str]:
    """The blocks of audit rules that the remedies of a rule write."""
    steps = [step for remedy in rule.info.remedies for step in remedy.steps]
    return [match[1] for match in map(WRITTEN.search, steps) if match is not None]


CURING = sorted(rule.id for rule in shipped.rules().values() if rule.file and written(rule))


def facts_with(rules: tuple[AuditRule, ...], kernel: Kernel, framework: str) -> object:
    status = AuditStatus(1, 1, 1, 8192, 0, False)
    kept = PersistentRules("rules.d", rules, (), immutable=False)
    sudoers = Sudoers((), (("logfile=/var/log/sudo.log", "/etc/sudoers:1"),))
    return fixed_facts(
        shipped.setup().specs,
        {
            "mac.framework": framework,
            "units.states": {
                "auditd.service": UnitState("auditd.service", "loaded", "active", "running", "enabled")
            },
            "audit.places": PLACES,
            "audit.watches": audit_watches.watches(rules, status, kernel, PLACES, kept),
            "audit.executions": audit_watches.executions(rules, status, kernel, PLACES, kept),
            "audit.sudo_logs": audit_watches.sudo_logs(rules, status, kernel, PLACES, sudoers, kept),
            "audit.mac_policy_watched": mac_watches(rules, status, kernel, kept),
        },
    )


def test_there_are_such_remedies() -> None:
    assert len(CURING) > 20


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.release)
@pytest.mark.parametrize("name", CURING)
def test_a_host_with_the_rules_of_a_remedy_and_no_others_passes(name: str, kernel: Kernel) -> None:
    rule = shipped.rules()[name]
    for framework, side in rule.sides.items():
        blocks = [block for remedy in side.remedies for block in map(WRITTEN.search, remedy.steps) if block]
        if not blocks:
            continue
        lines = [line for block in blocks for line in block[1].splitlines() if not line.startswith("#")]
        rules = tuple(read_rule("k:1", line, f"f:{at}") for at, line in enumerate(lines, 1))
        facts = facts_with(rules, kernel, "selinux" if framework == "any" else framework)
        finding = evaluate(rule, facts, "h", lambda key: EvidenceRef(key, "", "", 0))  # type: ignore[arg-type]
        assert finding.status is Status.PASS, (finding.observed, finding.items)
        bare = facts_with((), kernel, "selinux" if framework == "any" else framework)
        without = evaluate(rule, bare, "h", lambda key: EvidenceRef(key, "", "", 0))  # type: ignore[arg-type]
        assert without.status is Status.FAIL
