"""Answers put together, grades, file modes, tenants, unknowns, hostile names."""

from __future__ import annotations

import msgspec
import pytest

from hardcheck.access import AccessAnswer, Action, Object, Path, Subject, Verdict
from hardcheck.access.scripted import ScriptedPolicy
from hardcheck.errors import UsageError
from hardcheck.exposure.asking import answer_goal
from hardcheck.exposure.exposing import expose
from hardcheck.exposure.goals import load_goals
from hardcheck.exposure.grade import grade_of
from hardcheck.exposure.host import Host
from hardcheck.exposure.model import Goal, GoalAnswer, Service
from hardcheck.exposure.ordinary import weigh
from hardcheck.exposure.services import services_of
from hardcheck.exposure.tenants import tenants_of
from hardcheck.exposure.whatif import read_booleans, with_booleans, with_enforced
from hardcheck.facts import Absent
from hardcheck.facts.apparmor import LoadedProfile
from hardcheck.facts.mac import Confined
from hardcheck.facts.network import UnixListener
from hardcheck.facts.web import Site
from hardcheck.findings import Severity
from hardcheck.findings.exposure import Outcome, worst
from tests.unit.exposure.hosts import HTTPD, MISSING, PROCESSES, host, subjects

GOALS = {goal.id: goal for goal in load_goals()}


class Answers:
    """A policy that says the same to everything, and keeps the questions."""

    framework = "selinux"

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict
        self.asked: list[tuple[str, Action, Object]] = []

    def may(self, subject: Subject, action: Action, object_: Object) -> AccessAnswer:
        self.asked.append((subject.name, action, object_))
        unknown = "not known" if self.verdict is Verdict.UNKNOWN else ""
        allowed = self.verdict is Verdict.ALLOWED
        return AccessAnswer(allowed, self.verdict is not Verdict.LOGGED, False, ("a rule",), unknown=unknown)

    def who_may(self, action: Action, object_: Object) -> tuple[Subject, ...]:
        return ()

    def what_may(self, subject: Subject, action: Action) -> tuple[str, ...]:
        return ()


def service(of: Host, name: str = "nginx") -> Service:
    found = services_of(of)
    assert not isinstance(found, Absent)
    return next(one for one in found if one.name == name)


def ask(goal: str | Goal, verdict: Verdict, state: Confined = "enforced") -> GoalAnswer:
    on = host(Answers(verdict), state)
    return answer_goal(on, service(on), GOALS[goal] if isinstance(goal, str) else goal)


@pytest.mark.parametrize(
    ("verdict", "outcome"),
    [
        (Verdict.ALLOWED, Outcome.ALLOWED),
        (Verdict.DENIED, Outcome.BLOCKED),
        (Verdict.UNKNOWN, Outcome.UNKNOWN),
    ],
)
def test_every_goal_comes_out_as_the_policy_says(verdict: Verdict, outcome: Outcome) -> None:
    for goal in GOALS.values():
        if not goal.chain:
            assert ask(goal, verdict).outcome is outcome, goal.id


def test_the_mode_of_the_running_process_decides_what_is_only_logged() -> None:
    assert ask("load-modules", Verdict.DENIED, "permissive").outcome is Outcome.LOGGED
    assert ask("load-modules", Verdict.LOGGED, "enforced").outcome is Outcome.BLOCKED


def test_a_policy_that_is_missing_makes_everything_unknown_and_nothing_blocked() -> None:
    found = expose(host(MISSING), tuple(GOALS.values()))
    outcomes = {answer.outcome for one in found.services for answer in one.answers}
    assert outcomes == {Outcome.UNKNOWN}
    assert found.grade == "unknown"


def test_a_host_without_a_framework_blocks_nothing() -> None:
    found = expose(host(MISSING, "unconfined", **{"mac.framework": "neither"}), tuple(GOALS.values()))
    outcomes = {answer.outcome for one in found.services for answer in one.answers}
    assert outcomes == {Outcome.ALLOWED}
    assert found.grade == "F"


def test_one_way_is_enough_and_a_way_needs_all_of_its_questions() -> None:
    policy = ScriptedPolicy(
        "selinux",
        {
            "bind tcp 25": {HTTPD: Verdict.ALLOWED},
            "use capability net_bind_service": {HTTPD: Verdict.DENIED},
            "bind tcp 21": {HTTPD: Verdict.ALLOWED},
        },
    )
    on = host(policy)
    assert answer_goal(on, service(on), GOALS["bind-low-port"]).outcome is Outcome.BLOCKED
    some = msgspec.structs.replace(
        policy, answers={**policy.answers, "use capability net_bind_service": {HTTPD: Verdict.ALLOWED}}
    )
    on = host(some)
    assert answer_goal(on, service(on), GOALS["bind-low-port"]).outcome is Outcome.ALLOWED


def test_an_unknown_way_is_not_outvoted_by_blocked_ones() -> None:
    on = host(ScriptedPolicy("selinux", {"connect to tcp 4444": {HTTPD: Verdict.DENIED}}))
    assert answer_goal(on, service(on), GOALS["connect-anywhere"]).outcome is Outcome.UNKNOWN


def test_objects_come_from_the_host_and_default_paths_are_said_to_be_such() -> None:
    assert ask("read-password-hashes", Verdict.DENIED).origin == "host"
    assert ask("read-tls-keys", Verdict.DENIED).origin == "default"
    policy = Answers(Verdict.DENIED)
    on = host(policy)
    answer_goal(on, service(on), GOALS["write-web-root"])
    asked = {object_.path for _, _, object_ in policy.asked if isinstance(object_, Path)}
    assert asked == {"/srv/a/planted.php", "/srv/b/planted.php", "/srv/a/index.php", "/srv/b/index.php"}


def test_files_are_asked_about_by_their_label_on_disk() -> None:
    policy = Answers(Verdict.DENIED)
    on = host(policy)
    answer_goal(on, service(on), GOALS["read-password-hashes"])
    assert policy.asked[0][2] == Path("/etc/shadow", "file", "system_u:object_r:shadow_t:s0")


def test_file_modes_stand_beside_the_policy_and_change_no_answer() -> None:
    answer = ask("read-password-hashes", Verdict.ALLOWED)
    assert answer.outcome is Outcome.ALLOWED
    ordinary = answer.reasons[0].ordinary
    assert ordinary is not None
    assert ordinary.verdict == "permits"  # its master runs as root
    assert "uid 33" in ordinary.text


def test_the_account_of_a_worker_alone_is_forbidden_by_the_mode() -> None:
    on = host()
    worker = next(one for one in service(on).identities if one.uid == 33)
    ordinary = weigh(on, [worker], Action.READ, Path("/etc/shadow"))
    assert ordinary is not None
    assert ordinary.verdict == "unknown"  # whether the account is in the group was not seen
    known = host(**{"accounts.groups": (), "accounts.users": ()})  # type: ignore[arg-type] # facts by name
    named = msgspec.structs.replace(worker, user="www-data")
    ordinary = weigh(known, [named], Action.READ, Path("/etc/shadow"))
    assert ordinary is not None
    assert ordinary.verdict == "forbids"


def test_hostile_names_stay_text_and_break_no_question() -> None:
    evil = "/srv/x'; rm -rf /\n\"{object}{self}$(id)[*?\\"
    sites = (Site("nginx", ("e\nvil",), (evil, "relative", "/" + "x" * 9000), (), (), "", "p:1"),)
    policy = Answers(Verdict.DENIED)
    on = host(policy, **{"web.sites": sites})  # type: ignore[arg-type] # facts by name
    for goal in GOALS.values():
        answer_goal(on, service(on), goal)
    paths = {object_.path for _, _, object_ in policy.asked if isinstance(object_, Path)}
    assert evil + "/planted.php" in paths
    assert not any(path.startswith("relative") or len(path) > 5000 for path in paths)
    assert tenants_of(on, (service(on),)).tenants


def graded(*outcomes: Outcome) -> list[GoalAnswer]:
    return [GoalAnswer("g", "t", Severity.CRITICAL, outcome, "none", (), ()) for outcome in outcomes]


def test_unknown_points_count_as_open_and_the_best_letter_says_what_could_be() -> None:
    grade = grade_of(graded(*[Outcome.BLOCKED] * 9, Outcome.UNKNOWN))
    assert (grade.letter, grade.best, grade.unknown, grade.total) == ("B", "A", 10, 100)
    assert "10 unknown of 100 points" in grade.arithmetic


@pytest.mark.parametrize(
    ("open_", "letter"), [(0, "A"), (1, "A"), (2, "B"), (4, "C"), (7, "D"), (11, "E"), (16, "F"), (20, "F")]
)
def test_the_letter_follows_the_share_of_open_points(open_: int, letter: str) -> None:
    answers = graded(*[Outcome.LOGGED] * open_, *[Outcome.BLOCKED] * (20 - open_))
    assert grade_of(answers).letter == letter


def test_the_worst_grade_of_a_host_is_not_hidden_by_an_unknown_one() -> None:
    assert worst(["A", "F", "unknown"]) == "F"
    assert worst(["A", "unknown"]) == "unknown"
    assert worst(["B", "A"]) == "B"
    assert worst([]) == "unknown"


def test_tenants_in_one_domain_read_each_other() -> None:
    on = host(Answers(Verdict.ALLOWED))
    found = services_of(on)
    assert not isinstance(found, Absent)
    tenants = tenants_of(on, found)
    assert {(one.reader, one.owner, one.read) for one in tenants.matrix} == {
        ("a.example", "b.example", Outcome.ALLOWED),
        ("b.example", "a.example", Outcome.ALLOWED),
    }
    assert {tenant.uid for tenant in tenants.tenants} == {33}


def test_tenants_whose_pool_was_not_seen_are_unknown() -> None:
    few = tuple(one for one in PROCESSES if not one.arguments)
    on = host(Answers(Verdict.DENIED), **{"processes.all": few})  # type: ignore[arg-type] # facts by name
    found = services_of(on)
    assert not isinstance(found, Absent)
    assert {one.read for one in tenants_of(on, found).matrix} == {Outcome.UNKNOWN}
    assert tenants_of(host(**{"web.sites": MISSING}), ()).unknown


def test_enforcing_what_is_only_logged_blocks_it() -> None:
    profiles = (LoadedProfile("httpd_t", "complain"),)
    facts = {
        "mac.framework": "apparmor",
        "apparmor.profiles": profiles,
        "mac.subjects": subjects("permissive"),
    }
    on = host(Answers(Verdict.LOGGED), "permissive", **facts)
    assert answer_goal(on, service(on), GOALS["load-modules"]).outcome is Outcome.LOGGED
    after = with_enforced(on, ["httpd_t"])
    assert answer_goal(after, service(after), GOALS["load-modules"]).outcome is Outcome.BLOCKED
    with pytest.raises(UsageError, match="nosuch"):
        with_enforced(on, ["nosuch"])


@pytest.mark.parametrize("text", ["x", "x=1", "=on", "x=ON", "a b=on", "x\n=on", "x=on;id"])
def test_a_boolean_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="NAME=on or NAME=off"):
        read_booleans([text])


def test_a_boolean_both_ways_and_booleans_without_selinux_are_refused() -> None:
    with pytest.raises(UsageError, match="as on and as off"):
        read_booleans(["x=on", "x=off"])
    with pytest.raises(UsageError, match="cannot be set otherwise"):
        with_booleans(host(), {"x": True})


def test_an_unknown_service_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(UsageError, match=r"nginx, php8\.2-fpm, ssh"):
        expose(host(), tuple(GOALS.values()), ["no\nsuch"])


def test_what_a_host_has_none_of_is_blocked_and_what_was_not_seen_is_asked() -> None:
    policy = Answers(Verdict.UNKNOWN)
    without = host(policy, **{"network.unix_listeners": ()})
    answer = answer_goal(without, service(without), GOALS["container-runtime"])
    assert (answer.outcome, answer.reasons[0].note) == (Outcome.BLOCKED, "there is none on this host")
    engine = host(policy, **{"network.unix_listeners": (UnixListener("/var/run/docker.sock", 9, (20,)),)})
    answer = answer_goal(engine, service(engine), GOALS["container-runtime"])
    assert (answer.outcome, answer.objects) == (Outcome.UNKNOWN, ("/var/run/docker.sock",))
    unseen = host(policy, **{"network.unix_listeners": MISSING})
    answer = answer_goal(unseen, service(unseen), GOALS["container-runtime"])
    assert (answer.outcome, answer.origin) == (Outcome.UNKNOWN, "default")
