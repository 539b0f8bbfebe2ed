"""Remedies on real hosts: steps and Ansible tasks cure what fails, and the rollback undoes it.

The remedies are those of a report, filled with the host's own values, as a user has them. Both hosts go
through it side by side and all rules of a host together, in turns: verify (which must not look cured yet),
steps, verify, audit; rollback, audit; Ansible, verify, audit; rollback, audit. An audit here is the command's
own collection, of the sources that these rules rest on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest
from click.testing import CliRunner

from hardcheck.cli import collect
from hardcheck.collect import SOURCES, session
from hardcheck.findings import Finding, Framework, Remedy, Report, Status
from tests.live import lab
from tests.live.lab_hosts import inventory
from tests.live.remedy_runs import Said, Task, run_ansible, run_commands, shared_last, shared_tasks_last
from tests.live.remedy_table import ELSEWHERE, EVIDENCE, LATER, PROOFS, Proof
from tests.live.runs import hardcheck

pytestmark = pytest.mark.live

HOSTS = ("selinux", "apparmor")
T = TypeVar("T")
Heard = dict[str, list[Said]]
Findings = dict[str, Finding]


@dataclass
class Turn:
    """One way to cure and the way back, on one host, by rule."""

    did: Heard = field(default_factory=dict)
    tasks: dict[str, list[Task]] = field(default_factory=dict)
    verified: Heard = field(default_factory=dict)
    cured: Findings = field(default_factory=dict)
    undid: Heard = field(default_factory=dict)
    back: Findings = field(default_factory=dict)


@dataclass
class Story:
    """What was seen on one host."""

    planted: Findings
    remedies: dict[str, Remedy]
    untouched: Heard
    steps: Turn = field(default_factory=Turn)
    ansible: Turn = field(default_factory=Turn)


class Hosts:
    """The hosts that the proofs are made on, and where their reports go."""

    def __init__(self, folder: Path, proofs: Sequence[Proof]) -> None:
        self.folder = folder
        self.proofs = {host: [proof for proof in proofs if proof.host == host] for host in HOSTS}
        profile = folder / "own" / "profiles" / "proven.yaml"
        profile.parent.mkdir(parents=True)
        profile.write_text(profile_of(proof.rule for proof in proofs))

    def tell(self) -> dict[str, Story]:
        planted = self.audit("planted")
        remedies = {host: remedies_of(self.proofs[host], planted) for host in HOSTS}
        verify = {host: {rule: each.verify for rule, each in remedies[host].items()} for host in HOSTS}
        untouched = both(lambda host: run_commands(host, shared_last(verify[host])))
        stories = {host: Story(findings_of(host, planted), remedies[host], untouched[host]) for host in HOSTS}
        for way in ("steps", "ansible"):
            both(lambda host, way=way: self.cure(host, stories[host], way))  # type: ignore[misc]
            cured = self.audit(f"{way}-cured")
            both(lambda host, way=way: self.undo(host, stories[host], way))  # type: ignore[misc]
            back = self.audit(f"{way}-back")
            for host, story in stories.items():
                turn: Turn = getattr(story, way)
                turn.cured, turn.back = findings_of(host, cured), findings_of(host, back)
        return stories

    def cure(self, host: str, story: Story, way: str) -> None:
        turn: Turn = getattr(story, way)
        if way == "steps":
            steps = {rule: remedy.steps for rule, remedy in story.remedies.items()}
            first = {proof.rule: proof.first for proof in self.proofs[host]}
            turn.did = run_commands(host, shared_last({r: (*first[r], *s) for r, s in steps.items()}))
        else:
            books = {rule: remedy.ansible for rule, remedy in story.remedies.items() if remedy.ansible}
            turn.tasks = run_ansible(self.folder / f"ansible-{host}", host, shared_tasks_last(books))
        verify = {rule: remedy.verify for rule, remedy in story.remedies.items()}
        turn.verified = run_commands(host, shared_last(verify))

    def undo(self, host: str, story: Story, way: str) -> None:
        turn: Turn = getattr(story, way)
        rollback = {
            proof.rule: (*story.remedies[proof.rule].rollback, *proof.undo, *former(story, proof.rule))
            for proof in reversed(self.proofs[host])
        }
        turn.undid = run_commands(host, shared_last(rollback))

    def audit(self, name: str) -> Report:
        """Collect both hosts and judge the rules of the table."""
        out = self.folder / name
        hosts = [f"lab-{host}" for host in HOSTS]
        slow = ["--timeout", "900", "--idle-timeout", "300", "--connect-timeout", "60"]
        words = [*hosts, "-i", str(inventory(self.folder)), "-o", str(out), "--quiet", *slow]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(session, "SOURCES", tuple(s for s in SOURCES if s.key in EVIDENCE))
            done = CliRunner().invoke(collect.command, words, standalone_mode=False)
        assert done.exception is None, done.exception
        assert done.return_value == 0, done.output
        own = ("--rules", self.folder / "own", "-p", "proven")
        return hardcheck("evaluate", out, *own, "-o", out, "--format", "json", "-q", folder=out).report


def both(do: Callable[[str], T]) -> dict[str, T]:
    """Do it for both hosts at the same time."""
    with ThreadPoolExecutor(len(HOSTS)) as pool:
        return dict(zip(HOSTS, pool.map(do, HOSTS), strict=True))


def findings_of(host: str, report: Report) -> Findings:
    return {finding.rule: finding for finding in report.findings if finding.host == f"lab-{host}"}


def profile_of(rules: Iterable[str]) -> str:
    """A profile of one control, with these rules."""
    origin = {"coverage": "automated", "origin": "site"}
    control = {"id": "1", "title": "All of them", **origin, "rules": list(rules)}
    head = {"id": "proven", "title": "Rules whose remedies are proven", "version": "1", "publisher": "tests"}
    return json.dumps(head | {"controls": [control]})


def remedies_of(proofs: Sequence[Proof], report: Report) -> dict[str, Remedy]:
    """For each rule the first remedy that fits the host: its framework and its family."""
    rules = {rule.id: rule for rule in report.rules}
    found = {(finding.host, finding.rule): finding for finding in report.findings}
    return {
        proof.rule: next(
            remedy
            for remedy in found[f"lab-{proof.host}", proof.rule].remedies or rules[proof.rule].remedies
            if remedy.framework in (Framework.ANY, Framework(proof.host))
            and (not remedy.families or "debian" in remedy.families)
        )
        for proof in proofs
    }


def former(story: Story, rule: str) -> list[str]:
    """What the rollback of a kernel setting asks of a person: the value that stands in the finding."""
    if not rule.startswith("sysctl-"):
        return []
    settings = [
        re.match(r"([a-z0-9_.]+) \(now (.*?), after boot", item) for item in story.planted[rule].items
    ]
    assert all(settings), story.planted[rule].items
    return [f"sysctl -w {found[1]}='{found[2]}'" for found in settings if found]


@pytest.fixture(scope="module")
def stories(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Story]]:
    """What became of the proofs whose tests are asked for, and of no others."""
    asked = {
        item.callspec.params["proof"].rule
        for item in request.session.items
        if hasattr(item, "callspec") and "proof" in item.callspec.params
    }
    as_planted()
    try:
        proofs = [proof for proof in PROOFS if proof.rule in asked]
        yield Hosts(tmp_path_factory.mktemp("remedies"), proofs).tell()
    finally:
        as_planted()


def as_planted() -> None:
    """Both hosts as they were before any test."""
    both(lambda host: lab.down(lab.HOSTS[host]))
    lab.bring_up([lab.HOSTS[host] for host in HOSTS])


def faults_of(story: Story, turn: Turn, proof: Proof) -> list[str]:
    """What does not hold of a cure and the way back, in words; empty when all is as it should be."""
    rule, faults = proof.rule, []
    for what, said in (("cure", turn.did.get(rule, [])), ("verify", turn.verified[rule])):
        faults += [f"{what}: {each}" for each in said if each.status]
    faults += [f"task: {task}" for task in turn.tasks.get(rule, []) if task.failed]
    if turn.verified[rule] and turn.verified[rule] == story.untouched[rule]:
        faults.append(f"verify says the same as before the cure: {turn.verified[rule]}")
    if turn.cured[rule].status is not Status.PASS:
        faults.append(f"after the cure: {_seen(turn.cured[rule])}")
    faults += [f"rollback: {each}" for each in turn.undid[rule] if each.status]
    if turn.back[rule].status is not story.planted[rule].status:
        faults.append(f"after the rollback: {_seen(turn.back[rule])}")
    return faults


def _seen(finding: Finding) -> str:
    return f"{finding.status}: {finding.observed or finding.detail} {list(finding.items)}"


EACH = pytest.mark.parametrize(
    "proof",
    [
        pytest.param(
            proof, id=f"{proof.host}-{proof.rule}", marks=[pytest.mark.slow] if proof.rule in LATER else []
        )
        for proof in PROOFS
    ],
)


@EACH
def test_the_steps_cure_and_the_rollback_brings_back(proof: Proof, stories: dict[str, Story]) -> None:
    story = stories[proof.host]
    assert story.planted[proof.rule].status is Status.FAIL, _seen(story.planted[proof.rule])
    assert faults_of(story, story.steps, proof) == []


@EACH
def test_the_ansible_tasks_cure_and_the_rollback_brings_back(proof: Proof, stories: dict[str, Story]) -> None:
    story = stories[proof.host]
    assert story.ansible.tasks[proof.rule], "no task ran"
    assert any(task.changed for task in story.ansible.tasks[proof.rule])
    assert faults_of(story, story.ansible, proof) == []


def test_the_table_is_of_rules_that_are_there_each_once() -> None:
    listed = json.loads(hardcheck("rules", "list", "--json", folder=Path()).stdout)
    known = {rule["id"] for rule in (listed["rules"] if isinstance(listed, dict) else listed)}
    proven = [proof.rule for proof in PROOFS]
    elsewhere = [rule for rules in ELSEWHERE.values() for rule in rules]
    assert len(set(proven) - LATER) >= 40
    assert set(proven) > LATER
    assert len(set(proven)) == len(proven)
    assert set(proven) | set(elsewhere) <= known
    assert not set(proven) & set(elsewhere)
