"""Checks that ask the policy: every verdict counts as what it is, and no answer is no pass."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from hardcheck.access import AccessAnswer, AccessPolicy, Action, Object, Path, Subject, Verdict
from hardcheck.access.scripted import ScriptedPolicy
from hardcheck.engine.checks import compile_check
from hardcheck.engine.outcome import Outcome
from hardcheck.engine.paths import FactsRoot
from hardcheck.engine.yaml_source import parse_yaml
from hardcheck.errors import ConfigError
from hardcheck.facts import Absent, FactSpec, Reason, fixed_facts
from hardcheck.facts.labels import FileLabel, FileLabels

MAY = "{may: read /etc/shadow, each: listeners, where: {local: {equals: false}}, subject: label, show: name}"
WHO = "{who_may: write /etc/cron.d, only: [init_t, dpkg.*]}"


class Listener(msgspec.Struct, frozen=True):
    name: str
    label: str | Absent
    local: bool | Absent = False


SPECS = {
    "listeners": FactSpec("listeners", tuple[Listener, ...], "", ("sockets",)),
    "access.policy": FactSpec("access.policy", AccessPolicy, "", ("policy",)),
    "free": FactSpec("free", tuple[str, ...], "", ("policy",)),
    "labels.files": FactSpec("labels.files", FileLabels, "", ("labels",)),
}


def run(check: str, policy: Any, *listeners: Listener, **more: Any) -> Outcome:
    compiled = compile_check(parse_yaml(check, "test"), FactsRoot(SPECS))
    given = {name.replace("__", "."): value for name, value in more.items()}
    return compiled.run(fixed_facts(SPECS, {"listeners": listeners, "access.policy": policy} | given))


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


SHELL = "{may: execute /bin/sh, each: listeners, subject: label, not_into: free, show: name}"


def shells(verdict: str, leads_to: str) -> ScriptedPolicy:
    label = "u:r:httpd_t:s0"
    return ScriptedPolicy(
        "selinux", {"execute /bin/sh": {label: Verdict(verdict)}}, leads_to={label: leads_to}
    )


@pytest.mark.parametrize(
    ("verdict", "leads_to", "truth"),
    [
        ("denied", "", True),
        ("allowed", "u:r:httpd_t:s0", True),
        ("allowed", "u:r:initrc_t:s0", False),
        ("allowed", "initrc_t", False),
        ("logged", "u:r:httpd_t:s0", False),
    ],
)
def test_a_program_may_run_confined_and_may_not_lead_out(verdict: str, leads_to: str, truth: bool) -> None:
    web = Listener("nginx", "u:r:httpd_t:s0")
    assert run(SHELL, shells(verdict, leads_to), web, free=("initrc_t",)).truth is truth


def test_where_a_program_leads_to_has_to_be_known() -> None:
    web = Listener("nginx", "u:r:httpd_t:s0")
    assert isinstance(run(SHELL, shells("allowed", ""), web, free=("initrc_t",)).truth, Absent)
    truth = run(SHELL, shells("denied", ""), web, free=Absent(Reason.DENIED)).truth
    assert isinstance(truth, Absent)
    assert truth.reason is Reason.DENIED


@pytest.mark.parametrize(
    "check", [MAY.replace("show:", "not_into: free, show:"), SHELL.replace("free", "listeners")]
)
def test_not_into_goes_with_execute_and_a_list_of_names(check: str) -> None:
    with pytest.raises(ConfigError):
        compile_check(parse_yaml(check, "test"), FactsRoot(SPECS))


BESIDES = "{who_may: write /etc/cron.d, only: [init_t], besides: free}"


def test_besides_lets_pass_whom_a_fact_names() -> None:
    assert run(BESIDES, policy(), free=("dpkg_t",)).truth is True
    outcome = run(BESIDES, policy(), free=("apt_t",))
    assert outcome.truth is False
    assert [item.name for item in outcome.items] == ["dpkg_t"]


def test_without_besides_only_what_needs_it_is_unknown() -> None:
    assert isinstance(run(BESIDES, policy(), free=Absent(Reason.DENIED)).truth, Absent)
    assert run(BESIDES.replace("init_t", ".*"), policy(), free=Absent(Reason.DENIED)).truth is True


def test_nobody_is_an_answer_only_of_a_policy_that_can_be_asked() -> None:
    nobody = ScriptedPolicy("selinux", {"write /etc/cron.d": {"init_t": Verdict.DENIED}})
    assert run(BESIDES, nobody, free=()).truth is True
    assert isinstance(run(BESIDES, ScriptedPolicy("selinux"), free=("init_t",)).truth, Absent)


class Labelled:
    """Denies what has the right label, and says how it was asked."""

    framework = "selinux"

    def __init__(self) -> None:
        self.asked: list[Object] = []

    def may(self, subject: Subject, action: Action, object_: Object) -> AccessAnswer:
        self.asked.append(object_)
        return AccessAnswer(getattr(object_, "context", "") == "wrong_t", True, False, ("a rule",))

    def who_may(self, action: Action, object_: Object) -> tuple[Subject, ...]:
        self.asked.append(object_)
        return ()

    def what_may(self, subject: Subject, action: Action) -> tuple[str, ...]:
        return ()


@pytest.mark.parametrize(("label", "truth"), [("wrong_t", False), ("shadow_t", True)])
def test_a_file_is_asked_about_by_its_label_on_disk(label: str, truth: bool) -> None:
    policy = Labelled()
    on_disk = FileLabels((FileLabel("/etc/shadow", "f", label, "640", 0, 0),))
    assert run(MAY, policy, WEB, labels__files=on_disk).truth is truth
    assert policy.asked == [Path("/etc/shadow", "file", label)]


def test_a_file_whose_label_was_not_looked_at_is_asked_about_by_its_path() -> None:
    policy = Labelled()
    assert run(MAY, policy, WEB).truth is True
    assert policy.asked == [Path("/etc/shadow")]
