"""Hosts, parsers, rules and a profile small enough to know every verdict by heart."""

from __future__ import annotations

from hardcheck.derive.assemble import fact_specs
from hardcheck.derive.base import DerivedFact
from hardcheck.engine.judge import Setup, make_setup
from hardcheck.engine.load import compile_rule
from hardcheck.engine.profile import AuditProfile, Control
from hardcheck.engine.rule import Rule
from hardcheck.evidence import Evidence, Failure, HostEvidence, HostIdentity, Privilege
from hardcheck.facts import Reason
from hardcheck.findings import Coverage, Origin
from hardcheck.parse.base import ParsedFact
from tests.unit.engine.world import REMEDY

KEYS = ("mac", "firewall", "forward")


def _text(key: str) -> ParsedFact:
    name = {"mac": "mac.framework"}.get(key, key)
    return ParsedFact(name, str, key, (key,), lambda host: host.get(key).text())


PARSED = tuple(_text(key) for key in KEYS)
DERIVED = (DerivedFact("mac.verdict", str, "in words", ("mac.framework",), lambda mac: f"{mac} runs"),)
SPECS = fact_specs(PARSED, DERIVED)


def _rule(name: str, severity: str, body: str) -> Rule:
    head = f"id: {name}\ntitle: T\nseverity: {severity}\ntopic: x\nrationale: R\nsources: [s]\n"
    return compile_rule((head + body).encode(), f"{name}.yaml", SPECS)


def rules() -> tuple[Rule, ...]:
    remedies = f"remedies: [{REMEDY}]\n"
    side = f"{{check: {{fact: mac.framework, not_equals: x}}, remedy: {REMEDY}}}"
    return (
        _rule("b-firewall", "high", f"check: {{fact: firewall, equals: drop}}\n{remedies}"),
        _rule("a-forward", "high", f"check: {{fact: forward, equals: '0'}}\n{remedies}"),
        _rule("c-mac", "critical", f"selinux: {side}\napparmor: {side}\nneither: fail\n"),
        _rule(
            "d-info",
            "info",
            "applies_when: {fact: firewall, equals: drop}\ncheck: {fact: forward, equals: '0'}\n",
        ),
    )


def setup() -> Setup:
    return make_setup(rules(), PARSED, DERIVED, cure=lambda host: f"sudoers for {host.host.name}")


def host(
    name: str,
    mac: str = "selinux",
    firewall: str = "drop",
    forward: str = "0",
    denied: str = "",
    second: int = 5,
) -> HostEvidence:
    """A host that was reached; ``denied`` is the key of the item that was refused."""
    contents = {"mac": mac, "firewall": firewall, "forward": forward}
    items = {
        key: Evidence(
            key,
            f"/{key}",
            b"" if key == denied else text.encode(),
            b"EACCES" if key == denied else b"",
            reason=Reason.DENIED if key == denied else None,
        )
        for key, text in contents.items()
    }
    identity = HostIdentity(name, "192.0.2.1", 22, "auditor", "ssh", ("web",), {"tier": "front"})
    times = "2026-01-02T03:04:00Z", f"2026-01-02T03:04:{second:02}Z"
    return HostEvidence(identity, *times, "0.1.0", "ab" * 32, Privilege.SUDO, items)


def gone(name: str) -> HostEvidence:
    """A host to which there was no connection."""
    failure = Failure(Reason.UNREACHABLE, "Unreachable", "no route to host")
    time = "2026-01-02T03:04:09Z"
    return HostEvidence(HostIdentity(name), time, time, "0.1.0", "", Privilege.NONE, {}, failure)


PROFILE = AuditProfile(
    id="p",
    title="P",
    version="1",
    publisher="hardcheck",
    note="",
    sources=(),
    controls=(
        Control("1", "Heading", Coverage.MANUAL, heading=True),
        Control(
            "1.1",
            "Both",
            Coverage.PARTIAL,
            "1",
            False,
            Origin.HARDCHECK,
            ("a-forward", "b-firewall"),
            ("a-forward",),
        ),
        Control("1.2", "Info", Coverage.AUTOMATED, "1", False, Origin.HARDCHECK, ("d-info",)),
        Control("1.3", "People", Coverage.MANUAL, "1"),
    ),
)
