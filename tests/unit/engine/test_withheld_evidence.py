"""Promise one from the bytes on: parsers, derived facts and rules together, with evidence withheld.

Hosts are composed of recorded samples. Where a rule passes there, each item that it rests on is denied,
missing, late, cut in half or garbled, one at a time, and then all at once. A pass may stand without one
item only where no fact that the rule reads became another value without saying so; that a value which
became Absent is no pass is what test_withholding shows.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping

import msgspec
import pytest

from hardcheck.derive.assemble import assemble
from hardcheck.engine.evaluate import evaluate
from hardcheck.evidence import Evidence, HostEvidence
from hardcheck.facts import Facts, Reason
from hardcheck.findings import EvidenceRef, Finding, Status
from tests.unit.engine import composed, shipped
from tests.unit.engine.withholding import quiet_changes

WAYS = ("denied", "not_collected", "timeout", "truncated", "garbled")
GARBAGE = b"\x7f\x00\xff\xfe garbled \x80\n\x01\x02]]}{ ::: \xc3\x28\n"
MEMBERS = 2
"""Files of a tree that are withheld one at a time."""

NOT_READ = {
    ("mac-framework-enforcing", "selinux.modes"): "the rule asks for the mode now, not after the next boot",
    ("mac-framework-enforcing", "apparmor.modes.boot"): "the rule asks for the mode now",
    ("mac-framework-enforcing", "apparmor.modes.sources"): "what each source says is shown",
    ("mac-running-kernel-options", "mac.switches.generated"): "the rule asks what the running kernel got",
    ("mac-services-confined", "mac.subjects.program"): "the program's path is shown, its domain decides",
    ("mac-nothing-disabled", "selinux.local"): "the module store shows the same",
    ("audit-records-leave-host", "audit.offload.ways"): "one way that is proven is enough",
    ("audit-remote-server", "audit.offload.ways"): "one way that is proven is enough",
    ("updates-metadata-fresh", "updates.metadata"): "a composed host has package managers of two families",
    ("mount-tmp", "mounts.places.set_by"): "what mounts it is shown, its options decide",
    **{
        (
            "denials-have-causes",
            f"denials.explained.{shown}",
        ): "the cure is shown, that its cause is known decides"
        for shown in ("steps", "missing", "cured")
    },
    **{
        (f"apparmor-{rule}", "apparmor.enforced_weaknesses.detail"): "a weakness of another kind says less"
        for rule in (
            "broad-abstractions",
            "overlapping-attachments",
            "shell-transitions",
            "writable-programs",
        )
    },
    ("partition-tmp", "mounts.places.set_by"): "what mounts it is shown, that it is one decides",
}
"""Changes without Absent that a pass does not rest on, and why."""


SAID_TWICE = {
    ("mac-nothing-disabled", "selinux.export"): "the files of the composed host's store are of another host",
    ("updates-metadata-fresh", "updates.apt"): "a composed host has package managers of two families",
}
"""Failures that other evidence of a composed host, which no real one has beside it, takes back."""


def withheld(item: Evidence, way: str) -> Evidence:
    if way == "garbled":
        return msgspec.structs.replace(item, content=GARBAGE)
    if way == "truncated":
        half = item.content[: len(item.content) // 2]
        return msgspec.structs.replace(item, content=half, reason=Reason.TRUNCATED)
    return Evidence(item.key, item.origin, reason=Reason(way))


def facts_of(host: HostEvidence, changed: Mapping[str, Evidence] | None = None) -> Facts:
    setup = shipped.setup()
    if changed:
        host = msgspec.structs.replace(host, items={**host.items, **changed})
    return assemble(host, setup.parsed, setup.derived, setup.specs)


def found(name: str, facts: Facts) -> Finding:
    return evaluate(shipped.rules()[name], facts, "h", lambda key: EvidenceRef(key, "", "", 0))


@functools.cache
def firsts(status: Status) -> dict[tuple[str, str], tuple[HostEvidence, Facts, Finding]]:
    """For each rule and side the first composed host on which it comes out so."""
    first: dict[tuple[str, str], tuple[HostEvidence, Facts, Finding]] = {}
    for host in composed.hosts():
        facts = facts_of(host)
        for name in shipped.rules():
            finding = found(name, facts)
            assert finding.status is not Status.ERROR, f"{name}: {finding.detail}"
            if finding.status is status:
                first.setdefault((name, finding.framework), (host, facts, finding))
    return first


def passes() -> dict[tuple[str, str], tuple[HostEvidence, Facts, Finding]]:
    """For each rule and side the first composed host on which it passes."""
    return firsts(Status.PASS)


def collected(host: HostEvidence, finding: Finding) -> Iterator[str]:
    """The keys of what the finding rests on: items, and some members of trees."""
    for ref in finding.evidence:
        keys = [key for key in sorted(host.items) if key == ref.key or key.startswith(f"{ref.key}:")]
        yield from [key for key in keys if host.items[key].reason is None][: MEMBERS + 1]


def read_by(name: str, finding: Finding) -> tuple[str, ...]:
    side = shipped.rules()[name].sides[finding.framework]
    checks = [check for check in (side.applies, side.check) if check is not None]
    return tuple(dict.fromkeys(fact for check in checks for fact in check.facts))


def test_many_rules_pass_on_some_composed_host() -> None:
    rules = {name for name, _ in passes()}
    assert len(rules) >= len(shipped.rules()) // 3, f"only {len(rules)} rules pass anywhere"


@pytest.mark.parametrize("way", WAYS)
def test_a_pass_without_an_item_of_its_evidence_rests_on_nothing_that_changed(way: str) -> None:
    tried, faults = 0, []
    for (name, _), (host, before, finding) in passes().items():
        for key in collected(host, finding):
            tried += 1
            after = facts_of(host, {key: withheld(host.items[key], way)})
            if found(name, after).status is not Status.PASS:
                continue
            changes = [
                place
                for fact in read_by(name, finding)
                for place in quiet_changes(before[fact], after[fact], fact)
            ]
            faults += [
                f"{name} passes without {key}: {place}" for place in changes if not not_read(name, place)
            ]
    assert tried > 300
    assert not faults, "\n".join(sorted(set(faults)))


@pytest.mark.parametrize("way", WAYS)
def test_a_failure_does_not_go_away_with_its_evidence(way: str) -> None:
    """It may stand, or not be known any more; that it does not apply takes proof as a pass does."""
    tried, faults = 0, []
    for (name, _), (host, _, finding) in firsts(Status.FAIL).items():
        for key in collected(host, finding):
            tried += 1
            status = found(name, facts_of(host, {key: withheld(host.items[key], way)})).status
            if status not in (Status.FAIL, Status.UNKNOWN) and (name, key) not in SAID_TWICE:
                faults.append(f"{name} is {status} without {key}")
    assert tried > 300
    assert not faults, "\n".join(sorted(set(faults)))


def not_read(name: str, place: str) -> bool:
    return any(name == rule and place.startswith(prefix) for rule, prefix in NOT_READ)


@pytest.mark.parametrize("way", WAYS)
def test_no_rule_passes_without_all_of_its_evidence(way: str) -> None:
    still = []
    for (name, _), (host, _, finding) in passes().items():
        keys = {ref.key for ref in finding.evidence}
        gone = {
            key: withheld(item, way)
            for key, item in host.items.items()
            if item.reason is None and (key in keys or key.partition(":")[0] in keys)
        }
        if found(name, facts_of(host, gone)).status is Status.PASS:
            still.append(name)
    assert not still, f"these pass with everything {way}: {', '.join(still)}"


def test_the_reasons_why_a_change_is_not_read_are_about_rules_that_exist() -> None:
    assert {rule for rule, _ in NOT_READ} <= set(shipped.rules())
