"""Checks that ask the policy: every verdict counts as what it is, and no answer is no pass."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from hardcheck.access import AccessPolicy, Verdict
from hardcheck.access.scripted import ScriptedPolicy
from hardcheck.engine.checks import compile_check
from hardcheck.engine.outcome import Outcome
from hardcheck.engine.paths import FactsRoot
from hardcheck.engine.yaml_source import parse_yaml
from hardcheck.errors import ConfigError
from hardcheck.facts import Absent, FactSpec, Reason, fixed_facts

MAY = "{may: read /etc/shadow, each: listeners, where: {local: {equals: false}}, subject: label, show: name}"
WHO = "{who_may: write /etc/cron.d, only: [init_t, dpkg.*]}"


class Listener(msgspec.Struct, frozen=True):
    name: str
    label: str | Absent
    local: bool | Absent = False


SPECS = {
    "listeners": FactSpec("listeners", tuple[Listener, ...], "", ("sockets",)),
    "access.policy": FactSpec("access.policy", AccessPolicy, "", ("policy",)),
}


def run(check: str, policy: Any, *listeners: Listener) -> Outcome:
    compiled = compile_check(parse_yaml(check, "test"), FactsRoot(SPECS))
    return compiled.run(fixed_facts(SPECS, {"listeners": listeners, "access.policy": policy}))


def policy(**verdicts: str) -> ScriptedPolicy:
    answers = {name: Verdict(verdict) for name, verdict in verdicts.items()}
    return ScriptedPolicy(
        "selinux", {"read /etc/shadow": answers}, {"write /etc/cron.d": ("init_t", "dpkg_t")}
    )


WEB, DB = Listener("nginx", "httpd_t"), Listener("mariadb", "mysqld_t")


def test_denied_to_all_passes() -> None:
    assert run(MAY, policy(httpd_t="denied", mysqld_t="denied"), WEB, DB).truth is True


@pytest.mark.parametrize("verdict", ["allowed", "logged"])
def test_allowed_or_only_logged_fails_and_names_the_subject(verdict: str) -> None:
    outcome = run(MAY, policy(httpd_t=verdict, mysqld_t="denied"), WEB, DB)
    assert outcome.truth is False
    assert [item.name for item in outcome.items] == ["nginx"]


def test_one_failure_decides_over_an_unknown() -> None:
    assert run(MAY, policy(httpd_t="allowed"), WEB, DB).truth is False


def test_a_subject_that_the_policy_does_not_know_is_unknown() -> None:
    outcome = run(MAY, policy(httpd_t="denied"), WEB, DB)
    assert isinstance(outcome.truth, Absent)
    assert [item.name for item in outcome.items] == ["mariadb"]


@pytest.mark.parametrize(
    "listener",
    [Listener("x", Absent(Reason.DENIED)), Listener("x", "httpd_t", Absent(Reason.DENIED))],
)
def test_a_label_or_condition_that_was_not_seen_is_unknown_unless_the_answer_is_good_anyway(
    listener: Listener,
) -> None:
    truth = run(MAY, policy(httpd_t="allowed"), listener).truth
    assert isinstance(truth, Absent)
    assert truth.reason is Reason.DENIED


def test_a_listener_outside_the_condition_is_not_asked() -> None:
    outcome = run(MAY, policy(httpd_t="allowed", mysqld_t="denied"), Listener("a", "httpd_t", True), DB)
    assert outcome.truth is True


def test_nobody_to_ask_is_unknown_unless_the_rule_says_pass() -> None:
    assert isinstance(run(MAY, policy()).truth, Absent)
    assert run(MAY.replace("show: name", "empty: pass"), policy()).truth is True


def test_an_absent_policy_is_unknown() -> None:
    gone = Absent(Reason.DENIED, ("policy",))
    assert run(MAY, gone, WEB).truth is gone
    assert run(WHO, gone).truth is gone


def test_who_may_passes_only_when_each_is_expected() -> None:
    assert run(WHO, policy()).truth is True
    outcome = run(WHO.replace("init_t, ", ""), policy())
    assert outcome.truth is False
    assert [item.name for item in outcome.items] == ["init_t"]


@pytest.mark.parametrize(
    ("check", "fault"),
    [
        ("{may: read, each: listeners, subject: label}", "object is missing"),
        ("{may: read /etc/shadow, each: listeners}", "subject"),
        ("{may: read /etc/shadow, each: listener, subject: label}", "listeners"),
        ("{may: read /etc/shadow, each: listeners, subject: lable}", "label"),
        ("{may: read /etc/shadow, each: listeners, subject: label, expect: maybe}", "denied"),
        ("{who_may: write /etc, only: ['(']}", "regular expression"),
        ("{who_may: write /etc}", "only"),
    ],
)
def test_a_fault_names_the_line_and_the_word(check: str, fault: str) -> None:
    with pytest.raises(ConfigError, match=f"test:1.*{fault}"):
        run(check, policy())
