"""Answers about many types at once agree with single decisions."""

from __future__ import annotations

import itertools
import random
import time

import pytest

from hardcheck.selinux import Policy
from hardcheck.selinux.avtab import parts_of
from hardcheck.selinux.domains import DomainGraph, How
from hardcheck.selinux.ebitmap import values_of
from hardcheck.selinux.flow import flows_from, flows_to
from hardcheck.selinux.sets import grants, ruled_targets, sources, targets
from hardcheck.selinux.types import type_set
from tests.unit.selinux.policies import SMALL, debian, small

CLASSES = ("file", "dir", "process", "tcp_socket", "fd", "dbus")
SET_SECONDS = 0.08
SLACK = 4  # for machines that do other things beside


def sample(policy: Policy, rng: random.Random, count: int) -> list[int]:
    return rng.sample(list(values_of(policy.types.every)), count)


@pytest.mark.parametrize("kind", ["default", "mls"])
def test_what_a_domain_may_do_is_what_decisions_say(kind: str) -> None:
    policy, rng = debian(kind), random.Random(1)
    rules = policy.enabled()
    for domain in rng.sample(list(values_of(policy.types.domains)), 25):
        source = policy.typical.of(domain)
        granted = grants(policy, source)
        for name in CLASSES:
            class_ = policy.names.classes[name]
            for target in sample(policy, rng, 60):
                decided = policy.decider.vectors(rules, source, policy.typical.of(target), class_.value)
                by_sets = {
                    right for right, types in granted.get(name, {}).items() if types >> (target - 1) & 1
                }
                assert by_sets == class_.permissions(decided.allowed)


@pytest.mark.parametrize("kind", ["default", "mls"])
def test_who_may_do_it_is_what_decisions_say(kind: str) -> None:
    policy, rng = debian(kind), random.Random(2)
    rules = policy.enabled()
    domains = list(values_of(policy.types.domains))
    for target in sample(policy, rng, 25):
        class_ = policy.names.classes[rng.choice(CLASSES)]
        mask = class_.masks[rng.choice(sorted(class_.masks))]
        context = policy.typical.of(target)
        found = sources(policy, context, class_, mask)
        for domain in domains:
            decided = policy.decider.vectors(rules, policy.typical.of(domain), context, class_.value)
            assert bool(decided.allowed & mask) == bool(found >> (domain - 1) & 1)


def test_bounds_count_in_sets_too() -> None:
    policy = small("bounds")
    file = policy.names.classes["file"]
    other, secret = policy.names.types["other_t"], policy.names.types["secret_t"]
    read = file.masks["read"]
    assert ruled_targets(policy, other, file, read) >> (secret - 1) & 1
    assert not targets(policy, policy.typical.of(other), file, read) >> (secret - 1) & 1
    assert not sources(policy, policy.typical.of(secret), file, read)


def test_booleans_count_in_sets_too() -> None:
    policy = small("boolean")
    file, server = policy.names.classes["file"], policy.typical.of(policy.names.types["server_t"])
    content = 1 << (policy.names.types["content_t"] - 1)
    on = {"may_write": True, "may_append": False}
    assert targets(policy, server, file, file.masks["write"], on) == content
    assert targets(policy, server, file, file.masks["write"]) == 0


def test_several_permissions_are_asked_together() -> None:
    policy = small("attribute")
    file, server = policy.names.classes["file"], policy.typical.of(policy.names.types["server_t"])
    both = file.masks["read"] | file.masks["getattr"]
    assert policy.types.names(targets(policy, server, file, both)) == ("content_t",)
    assert len(policy.types.names(targets(policy, server, file, file.masks["getattr"]))) == 3


def test_a_shell_of_the_web_server_cannot_reach_an_unconfined_domain() -> None:
    policy = debian()
    graph, types = DomainGraph(policy), policy.names.types
    assert graph.path(policy.typical.of(types["httpd_t"]), types["unconfined_t"]) is None
    assert graph.reachable(policy.typical.of(types["httpd_t"]))["httpd_suexec_t"] == 1


def test_a_user_gets_to_passwd_by_its_executable() -> None:
    policy = debian()
    graph = DomainGraph(policy)
    (step,) = graph.path(policy.context("user_u:user_r:user_t:s0"), policy.names.types["passwd_t"]) or ()
    assert (step.source, step.target, step.how) == ("user_t", "passwd_t", How.TYPE_TRANSITION)
    assert policy.types.names(step.files) == ("passwd_exec_t",)


def test_a_long_way_is_found_and_its_steps_join() -> None:
    policy = debian()
    graph, types = DomainGraph(policy), policy.names.types
    path = graph.path(policy.typical.of(types["init_t"]), types["chkpwd_t"])
    assert path
    assert path[0].source == "init_t"
    assert path[-1].target == "chkpwd_t"
    assert all(first.target == second.source for first, second in itertools.pairwise(path))
    assert graph.path(policy.typical.of(types["init_t"]), types["init_t"]) == ()


def test_ways_in_are_the_ways_out_seen_from_the_other_end() -> None:
    policy = debian()
    graph = DomainGraph(policy)
    into = graph.steps_to(policy.names.types["httpd_t"])
    assert "init_t" in {step.source for step in into}
    for step in into:
        source = policy.typical.of(policy.names.types[step.source])
        assert step in graph.steps_from(source)


def test_every_step_holds_in_single_decisions() -> None:
    policy = small("transitions")
    graph = DomainGraph(policy)
    (step,) = graph.steps_from(policy.context("system_u:system_r:server_t:s0"))
    assert (step.target, step.how) == ("other_t", How.TYPE_TRANSITION)
    assert policy.types.names(step.files) == ("server_exec_t",)
    assert DomainGraph(small("attribute")).steps_from(policy.context("system_u:system_r:server_t:s0")) == ()


def test_information_flows_by_reading_and_writing() -> None:
    policy = debian()
    into = {
        name
        for flow in flows_from(policy, "shadow_t")
        if flow.class_ == "file" and flow.permission == "read"
        for name in policy.types.names(flow.types)
    }
    assert "sshd_t" not in into
    assert "chkpwd_t" in into
    out = [flow for flow in flows_to(policy, "httpd_log_t") if flow.class_ == "file"]
    assert any("httpd_t" in policy.types.names(flow.types) for flow in out)
    assert all(not flow.acting for flow in out)


@pytest.mark.parametrize("domain", ["httpd_t", "unconfined_t", "init_t"])
def test_a_set_question_takes_milliseconds(domain: str) -> None:
    policy = debian()
    source, shadow = (policy.typical.of(policy.names.types[name]) for name in (domain, "shadow_t"))
    file = policy.names.classes["file"]
    grants(policy, source)
    started = time.process_time()
    grants(policy, source)
    sources(policy, shadow, file, file.masks["read"])
    flows_from(policy, domain)
    assert time.process_time() - started < SET_SECONDS * SLACK


def test_the_small_policies_have_domains() -> None:
    for path in SMALL.glob("*.33"):
        assert small(path.stem).types.names(small(path.stem).types.domains) == (
            "kernel_t",
            "other_t",
            "server_t",
        )


@pytest.mark.parametrize("kind", ["default", "mls"])
def test_the_nearest_of_some_domains_is_the_nearest_that_a_path_leads_to(kind: str) -> None:
    policy, rng = debian(kind), random.Random(8)
    graph, domains = DomainGraph(policy), list(values_of(policy.types.domains))
    types, ways = policy.names.types, 0
    for source in ("httpd_t", "sshd_t", "crond_t", "dhcpc_t", "init_t"):
        start, most = policy.typical.of(types[source]), rng.choice((1, 2, 3))
        near = sorted(set(graph.reachable(start, 3)) - {source})
        goals = {types[name] for name in rng.sample(near, min(3, len(near)))} | {rng.choice(domains)}
        paths = [graph.path(start, goal, most) for goal in goals - {start.type}]
        best = min(((len(path), path[-1].target) for path in paths if path), default=None)
        found = graph.nearest(start, type_set(goals - {start.type}), most)
        assert (found and (len(found), found[-1].target)) == best
        ways += bool(found)
    assert ways > 1


def test_rules_that_are_laid_out_answer_as_rules_that_are_looked_up() -> None:
    """Asked about the sources and targets of conditional rules, so that booleans decide."""
    policy, rng = debian("default"), random.Random(9)
    on, off = (dict.fromkeys(policy.booleans, state) for state in (True, False))
    blocks = [block for block in policy.policydb.conditionals if block.when_true.plain]
    differ = 0
    for _ in range(300):
        source, target, class_, _ = parts_of(rng.choice(rng.choice(blocks).when_true.plain)[0])
        pair = ((source, rng.choice(range(1, 400))), (target, rng.choice(range(1, 400))), class_)
        answers = []
        for setting in (on, off):
            rules = policy.enabled(setting)
            looked_up = rules._packed_from_rules(*pair)
            assert rules.packed(*pair) == looked_up
            answers.append(looked_up)
        differ += answers[0] != answers[1]
    assert differ > 50


def test_rows_are_the_same_one_by_one_and_all_at_once() -> None:
    policydb, on = debian("default").policydb, dict.fromkeys(debian("default").booleans, True)
    one_by_one, at_once = Policy(policydb), Policy(policydb)
    file = at_once.names.classes["file"].value
    for setting in ({}, on):
        rows = at_once.enabled(setting).rows_of(file)
        assert len(rows) > 700
        rules = one_by_one.enabled(setting)
        assert dict(rows) == {
            source: rules.rows(source)[file]
            for source in range(1, policydb.types.highest + 1)
            if file in rules.rows(source)
        }
