"""The answers of `hardcheck exposure` agree with what code inside the services really gets from the kernel.

A prober tries what the goals ask about: as root with the label of each service, so that file modes forbid
nothing and the policy alone decides, and through PHP as the service's own account, once with the modes
opened and once as they are. Files that a goal names and the host lacks are made first; all that was made
or opened is put back.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hardcheck.access import Action, Native, Port
from hardcheck.access import Path as Object
from hardcheck.evidence.bundle import read_bundle
from hardcheck.exposure.asking import answer_goal, answer_way, combinations
from hardcheck.exposure.goals import load_goals, object_of
from hardcheck.exposure.host import Host, host_of
from hardcheck.exposure.model import Ask, Service, Target, Way
from hardcheck.exposure.services import services_of
from hardcheck.exposure.tenants import tenants_of
from hardcheck.exposure.whatif import with_booleans, with_enforced
from hardcheck.facts import Absent
from tests.live.exposure_objects import LABELLED, OPENED, make, unmake
from tests.live.lab_hosts import on_host
from tests.live.recordings import Recordings

pytestmark = pytest.mark.live

HOSTS = ("selinux", "apparmor")
PROBER = (Path(__file__).parent / "exposure_prober.py").read_text()
KEEP = "/etc/ssh/"  # sshd serves no more once others may read its keys
PROGRAMS = {"httpd_t": "httpd_exec_t", "dhcpc_t": "dhcpc_exec_t", "initrc_t": ""}
"""For a service's domain the label of the file that init starts it by; none: init's own rule for bin_t."""


@pytest.fixture(scope="module")
def made(recordings: Recordings) -> Iterator[Recordings]:
    """Both hosts with what the goals name, and recordings of them in that state."""
    try:
        for name in HOSTS:
            make(name)
        recordings.record(HOSTS)
        yield recordings
    finally:
        for name in HOSTS:
            unmake(name)


@pytest.fixture(scope="module")
def hosts(made: Recordings) -> dict[str, Host]:
    return {name: host_of(read_bundle(made.bundle(name))) for name in HOSTS}


@pytest.fixture(scope="module")
def tallies() -> dict[str, set[tuple[str, str]]]:
    """By host the goals and labels that the kernel has decided so far."""
    return {name: set() for name in HOSTS}


def services(host: Host) -> dict[str, Service]:
    found = services_of(host)
    assert not isinstance(found, Absent)
    return {service.name: service for service in found}


class Trial:
    """One way of a goal for one label, and the attempts that carry it out."""

    def __init__(self, goal: str, label: str, said: str, attempts: list[list[Any]]) -> None:
        self.goal, self.label, self.said, self.attempts = goal, label, said, attempts
        self.got: list[str] = []

    @property
    def open(self) -> bool:
        return self.said in ("allowed", "logged only")

    def __str__(self) -> str:
        return f"{self.goal} [{self.label}] {self.attempts}: {self.said}, the kernel: {self.got}"


def attempts_of(way: Way, target: Target, label: str, framework: str) -> list[list[Any]] | None:
    """What the prober does for a way; None where it cannot be tried without harm or by one process."""
    found = []
    for ask in way:
        tried = attempt_of(ask, target, label, framework)
        if tried is None:
            return None
        found += tried
    return found or None


def attempt_of(ask: Ask, target: Target, label: str, framework: str) -> list[list[Any]] | None:
    object_ = object_of(ask, target.name, label)
    if isinstance(object_, Object):
        verbs = ("read", "write", "append", "create", "execute")
        plain = ask.action.value in verbs and not object_.path.startswith("/sys/kernel/security")
        if ask.action is Action.MOUNT:
            return [["mount"]]
        return [[ask.action.value, object_.path]] if plain else []
    if isinstance(object_, Port):
        address = [object_.address or "127.0.0.1"] if ask.action is Action.CONNECT else []
        return [[ask.action.value, object_.number, *address]]
    if ask.action is Action.LOAD_MODULE:
        return [["load_module"]]
    if ask.action is Action.SET_POLICY:
        end = "fs/selinux/load" if framework == "selinux" else "kernel/security/apparmor/.replace"
        return [["load_policy", f"/sys/{end}"]]
    if isinstance(object_, Native) and object_.permission == "create":
        return [["packet" if "packet" in f"{object_.class_} {object_.target}" else "raw"]]
    pid = re.search(r"\(pid (\d+)", target.shown)
    if isinstance(object_, Native) and object_.permission == "read" and pid:
        return [["memory", int(pid[1])]]
    if ask.action is Action.PTRACE and pid:
        return [["ptrace", int(pid[1])]]
    if ask.action is Action.SIGNAL and pid and pid[1] == "1":
        return [["kill_init"]]
    return [] if ask.action is Action.USE and not isinstance(object_, Native) else None


def trials_of(host: Host, service: Service) -> list[Trial]:
    found = []
    for goal in load_goals():
        if goal.chain:
            continue
        assert answer_goal(host, service, goal).goal == goal.id
        for label, way, target in combinations(host, service, goal, targets(host, service, goal)):
            attempts = attempts_of(way, target, label, host.framework)
            if attempts:
                said, _ = answer_way(host, service, label, way, target)
                found.append(Trial(goal.id, label, said, attempts))
    return found


def targets(host: Host, service: Service, goal: Any) -> tuple[Target, ...]:
    from hardcheck.exposure.objects import targets_of

    return targets_of(goal, host, service)[0] or (Target(""),)


def carry_out(trials: list[Trial], run: Any) -> None:
    """Run every attempt of all trials in one prober, and give each trial its results."""
    plan = [attempt for trial in trials for attempt in trial.attempts]
    _, results = run(plan)
    assert len(results) == len(plan)
    rest = iter(results)
    for trial in trials:
        trial.got = [next(rest) for _ in trial.attempts]


def wrong(trials: list[Trial], tally: set[tuple[str, str]]) -> tuple[list[str], set[str]]:
    """Trials in which the kernel gave otherwise, and the goals that were decided; these go into ``tally``
    with the label that they were tried with."""
    faults, decided = [], set()
    for trial in trials:
        if trial.said == "unknown" or ("no" not in trial.got and any(got != "ok" for got in trial.got)):
            continue  # an attempt that failed for another reason decides nothing
        decided.add(trial.goal)
        tally.add((trial.goal, trial.label))
        if trial.open is not ("no" not in trial.got):
            faults.append(str(trial))
    return faults, decided


def result_of(output: str) -> tuple[str, list[str]]:
    line = [line for line in output.splitlines() if line.startswith("PROBE ")][-1]
    label, results = json.loads(line.removeprefix("PROBE "))
    return label, results


def in_domain(domain: str) -> Any:
    """Run the prober as init starts a service of a domain: root, and the label by the program's."""

    def run(plan: list[list[Any]]) -> tuple[str, list[str]]:
        words = shlex.join([PROBER, json.dumps(plan)])
        label = PROGRAMS[domain]
        program = LABELLED if label else "/usr/bin/python3"
        ready = f"cp /usr/bin/python3 {LABELLED}; chcon -t {label} {LABELLED}; " if label else ""
        unit = f"probe-{domain.replace('_', '-')}"
        output = on_host(
            "selinux",
            f"{ready}systemd-run --quiet --wait --unit {unit} -- {program} -c {words}; "
            f"journalctl --sync; journalctl -o cat -u {unit} --since -10min | tail -n 20; rm -f {LABELLED}",
        )
        seen, results = result_of(output)
        assert seen.split(":")[2] == domain
        return seen, results

    return run


def in_profile(profile: str) -> Any:
    def run(plan: list[list[Any]]) -> tuple[str, list[str]]:
        words = shlex.join([PROBER, json.dumps(plan), *([] if profile == "unconfined" else [profile])])
        seen, results = result_of(on_host("apparmor", f"python3 -c {words}"))
        assert seen.rpartition(" (")[0] == profile or seen == profile
        return seen, results

    return run


def through_php(name: str) -> Any:
    def run(plan: list[list[Any]]) -> tuple[str, list[str]]:
        body = json.dumps([PROBER, json.dumps(plan)])
        command = "curl -s --data-binary @- -H 'Host: a.example' http://127.0.0.1/probe.php"
        return result_of(on_host(name, command, stdin=body.encode()))

    return run


@pytest.mark.parametrize(
    ("service", "domain"),
    [("nginx", "httpd_t"), ("legacy-api", "initrc_t"), ("networking", "dhcpc_t")],
)
def test_what_root_in_a_domain_tries_comes_out_as_it_is_answered(
    hosts: dict[str, Host], tallies: dict[str, set[tuple[str, str]]], service: str, domain: str
) -> None:
    trials = trials_of(hosts["selinux"], services(hosts["selinux"])[service])
    carry_out(trials, in_domain(domain))
    faults, decided = wrong(trials, tallies["selinux"])
    assert not faults, "\n".join(faults)
    assert len(decided) >= 20


@pytest.mark.parametrize(
    ("service", "profile"),
    [("legacy-api", "unconfined"), ("php8.2-fpm", "php-fpm"), ("networking", "/{,usr/}sbin/dhclient")],
)
def test_what_root_under_a_profile_tries_comes_out_as_it_is_answered(
    hosts: dict[str, Host], tallies: dict[str, set[tuple[str, str]]], service: str, profile: str
) -> None:
    trials = trials_of(hosts["apparmor"], services(hosts["apparmor"])[service])
    carry_out(trials, in_profile(profile))
    faults, decided = wrong(trials, tallies["apparmor"])
    assert not faults
    assert len(decided) >= 20


def test_what_would_be_if_a_profile_were_enforced_is_so_once_it_is(hosts: dict[str, Host]) -> None:
    assumed = with_enforced(hosts["apparmor"], ["php-fpm"])
    trials = trials_of(assumed, services(assumed)["php8.2-fpm"])
    assert {trial.said for trial in trials} >= {"allowed", "blocked"}
    file = "/etc/apparmor.d/php-fpm"
    load = "apparmor_parser -r -K -I /etc/apparmor.d -I /etc/apparmor.d/abstractions"
    on_host("apparmor", f"sed 's/complain//' {file} > /run/probe/php-fpm; {load} /run/probe/php-fpm")
    try:
        carry_out(trials, in_profile("php-fpm"))
    finally:
        on_host("apparmor", f"apparmor_parser -r {file}")
    faults, decided = wrong(trials, set())
    assert not faults
    assert len(decided) >= 20


@pytest.mark.parametrize("name", HOSTS)
def test_what_php_gets_as_its_own_account_is_what_policy_and_modes_say(
    hosts: dict[str, Host], tallies: dict[str, set[tuple[str, str]]], name: str
) -> None:
    service = services(hosts[name])["php8.2-fpm"]
    trials = [trial for trial in trials_of(hosts[name], service) if trial.attempts[0][0] != "ptrace"]
    run = through_php(name)
    carry_out(trials, run)
    passed = [trial for trial in trials if set(trial.got) == {"ok"}]
    assert not [str(trial) for trial in passed if not trial.open]  # modes only ever take away
    reads = [
        trial
        for trial in trials
        if len(trial.attempts) == 1 and trial.attempts[0][0] == "read" and KEEP not in trial.attempts[0][1]
    ]
    files = shlex.join(sorted({trial.attempts[0][1] for trial in reads}))
    opened = " ".join(OPENED)
    on_host(
        name,
        f"stat -c '%a %n' {opened} {files} 2>/dev/null >> /run/probe/modes; "
        f"chmod o+rx {opened} 2>/dev/null; chmod o+r {files} 2>/dev/null; true",
    )
    carry_out(reads, run)
    faults, decided = wrong(reads, tallies[name])
    assert not faults
    assert len(decided) >= 5


def test_the_kernels_decided_enough_goals(tallies: dict[str, set[tuple[str, str]]]) -> None:
    """Of all that the tests above tried on each host; a run of single tests shows nothing here."""
    if not all(tallies.values()):
        pytest.skip("not all tests before this one ran")
    for decided in tallies.values():
        assert len(decided) >= 40


def test_services_without_a_policy_are_open_and_confined_ones_are_not(hosts: dict[str, Host]) -> None:
    goals = {goal.id: goal for goal in load_goals()}

    def said(name: str, service: str, goal: str) -> str:
        return answer_goal(hosts[name], services(hosts[name])[service], goals[goal]).outcome.value

    assert said("selinux", "nginx", "write-programs") == "blocked"
    assert said("selinux", "php8.2-fpm", "reach-unconfined") == "blocked"
    assert said("selinux", "legacy-api", "write-programs") == "allowed"
    assert said("apparmor", "nginx", "write-programs") == "allowed"
    assert said("apparmor", "php8.2-fpm", "read-password-hashes") == "logged only"


@pytest.mark.parametrize("name", HOSTS)
def test_two_php_sites_in_one_domain_read_each_other(hosts: dict[str, Host], name: str) -> None:
    found = tenants_of(hosts[name], tuple(services(hosts[name]).values()))
    matrix = {(one.reader, one.owner): one.read.value for one in found.matrix}
    for reader, owner in (("a.example", "b.example"), ("b.example", "a.example")):
        assert matrix[reader, owner] in ("allowed", "logged only")


def test_a_boolean_that_is_switched_off_closes_what_it_opens(hosts: dict[str, Host]) -> None:
    goal = {goal.id: goal for goal in load_goals()}["connect-mail"]
    host = hosts["selinux"]
    service = services(host)["php8.2-fpm"]
    off = with_booleans(host, {"httpd_can_network_connect": False})
    assert answer_goal(host, service, goal).outcome.value == "allowed"
    assert answer_goal(off, service, goal).outcome.value == "blocked"
    on_host("selinux", "setsebool httpd_can_network_connect off")
    try:
        _, results = through_php("selinux")([["connect", 25, "127.0.0.1"]])
    finally:
        on_host("selinux", "setsebool httpd_can_network_connect on")
    assert results == ["no"]
