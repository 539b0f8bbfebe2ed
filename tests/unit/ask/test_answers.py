"""Names resolved on a host, and one answer for each reading of a question."""

from __future__ import annotations

import pathlib

import pytest

from hardcheck.access import AccessAnswer, Action, Native, Object, Path, Subject, Verdict
from hardcheck.access.question import QuestionError
from hardcheck.ask.answers import ask
from hardcheck.ask.subjects import plain_label, resolve_subjects
from hardcheck.ask.world import World
from hardcheck.ask.worlds import world_of_profiles
from hardcheck.facts import Absent, Reason
from hardcheck.facts.labels import FileLabel
from hardcheck.facts.processes import Process

HTTPD = "system_u:system_r:httpd_t:s0"
SHADOW = "system_u:object_r:shadow_t:s0"
WRONG = "system_u:object_r:user_home_t:s0"


class Recorder:
    """A policy that allows what is in ``allowed`` and keeps the questions."""

    framework = "selinux"
    silent = ("odd_t",)

    def __init__(self, allowed: set[tuple[str, str]]) -> None:
        self.allowed = allowed
        self.asked: list[tuple[str, Action, Object]] = []

    def may(self, subject: Subject, action: Action, object_: Object) -> AccessAnswer:
        self.asked.append((subject.name, action, object_))
        where = getattr(object_, "context", "") or getattr(object_, "name", "")
        leads_to = HTTPD if action is Action.EXECUTE else ""
        return AccessAnswer(
            (subject.name, where) in self.allowed, True, False, ("a rule",), leads_to=leads_to
        )

    def who_may(self, action: Action, object_: Object) -> tuple[Subject, ...]:
        return (Subject("init_t"),)

    def what_may(self, subject: Subject, action: Action) -> tuple[str, ...]:
        return ("/var/www(/.*)?",)


def process(pid: int, name: str, label: str | Absent, program: str, unit: str = "") -> Process:
    return Process(pid, 1, name, 0, 0, 0, False, label, program, unit=unit)


PROCESSES = (
    process(1, "systemd", "system_u:system_r:init_t:s0", "/usr/lib/systemd/systemd"),
    process(10, "nginx", HTTPD, "/usr/sbin/nginx", "nginx.service"),
    process(11, "nginx", HTTPD, "/usr/sbin/nginx", "nginx.service"),
    process(20, "php-fpm8.2", "php-fpm (complain)", "/usr/sbin/php-fpm8.2", "php8.2-fpm.service"),
    process(30, "secret", Absent(Reason.DENIED), "/usr/bin/secret"),
)


def label(path: str, context: str) -> FileLabel:
    return FileLabel(path, "f", context, "640", 0, 0)


def world(policy: Recorder, **more: object) -> World:
    given: dict[str, object] = {
        "processes": PROCESSES,
        "labels": {"/etc/shadow": label("/etc/shadow", SHADOW), "/srv/moved": label("/srv/moved", WRONG)},
        "label_of": lambda path, kind: SHADOW,
    }
    return World("selinux", policy, "web1", **(given | more))  # type: ignore[arg-type] # fields by name


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("nginx", [HTTPD]),
        ("nginx.service", [HTTPD]),
        ("/usr/sbin/nginx", [HTTPD]),
        ("pid 10", [HTTPD]),
        ("php-fpm", ["php-fpm"]),
        ("httpd_t", ["httpd_t"]),
    ],
)
def test_a_subject_is_found_by_what_people_call_it(text: str, labels: list[str]) -> None:
    assert [one.subject.name for one in resolve_subjects(world(Recorder(set())), text)] == labels


def test_processes_of_one_label_are_one_subject() -> None:
    (found,) = resolve_subjects(world(Recorder(set())), "nginx")
    assert found.processes == (10, 11)


def test_a_process_whose_label_was_denied_is_unknown_and_not_left_out() -> None:
    (answer,) = ask(world(Recorder(set())), "may secret read /etc/shadow")
    assert answer.verdict is Verdict.UNKNOWN
    assert answer.pids == (30,)


def test_a_path_is_asked_by_its_label_on_disk() -> None:
    policy = Recorder({(HTTPD, SHADOW)})
    (answer,) = ask(world(policy), "may nginx read /etc/shadow")
    assert answer.verdict is Verdict.ALLOWED
    assert policy.asked == [(HTTPD, Action.READ, Path("/etc/shadow", "file", SHADOW))]


def test_a_wrong_label_gives_both_answers() -> None:
    policy = Recorder({(HTTPD, SHADOW)})
    on_disk, by_rule = ask(world(policy), "may nginx read /srv/moved")
    assert (on_disk.verdict, by_rule.verdict) == (Verdict.DENIED, Verdict.ALLOWED)
    assert WRONG in on_disk.object_as
    assert SHADOW in by_rule.object_as


def test_a_native_permission_goes_with_type_and_class() -> None:
    policy = Recorder(set())
    ask(world(policy), "may httpd_t getattr shadow_t:file")
    assert policy.asked[0][2] == Native("shadow_t", "file", "getattr")
    with pytest.raises(QuestionError, match="goes with TYPE:CLASS"):
        ask(world(policy), "may httpd_t getattr /etc/shadow")


def test_who_and_what_give_names() -> None:
    who = ask(world(Recorder(set())), "who may write /etc/shadow")[0]
    assert who.names == ("init_t",)
    assert who.note == "not known of odd_t: loaded, and no text of it was read"
    (answer,) = ask(world(Recorder(set())), "what may nginx write")
    assert answer.names == ("/var/www(/.*)?",)


def test_what_it_runs_as_is_told_by_the_policy_and_by_the_processes() -> None:
    would, does = ask(world(Recorder(set())), "what does /usr/sbin/nginx run as")
    assert would.subject == "system_u:system_r:init_t:s0"
    assert would.names == does.names == (HTTPD,)
    assert does.pids == (10, 11)


def test_the_mode_behind_an_apparmor_label_is_no_part_of_its_name() -> None:
    assert plain_label("php-fpm (complain)") == "php-fpm"
    assert plain_label("odd (name) (enforce)") == "odd (name)"
    assert plain_label("unconfined") == "unconfined"


PROFILES = {
    "a": "profile a /usr/bin/a {\n  /srv/** rw,\n}\n",
    "b": "/usr/bin/b { }\n",
    "bad": "profile bad {\n  /etc/x rq,\n}\n",
    "off": "profile off { }\n",
    "disable/off": "",
}


@pytest.mark.parametrize(
    ("question", "verdict", "note"),
    [
        ("may a write /srv/x", Verdict.ALLOWED, ""),
        ("may /usr/bin/a write /srv/x", Verdict.ALLOWED, "as what unconfined would start it"),
        ("may /usr/bin/b write /srv/x", Verdict.DENIED, ""),
        ("may /usr/bin/c write /srv/x", Verdict.ALLOWED, "as what unconfined would start it"),
        ("may c write /srv/x", Verdict.UNKNOWN, "there is no profile 'c' in the policy read"),
        ("what may c write", Verdict.UNKNOWN, "there is no profile 'c' in the policy read"),
        ("what may off write", Verdict.UNKNOWN, "profile 'off' is disabled: off is named in disable/"),
        ("may bad read /etc/x", Verdict.UNKNOWN, "the file of profile 'bad' has faults: bad:2:10: "),
    ],
)
def test_a_folder_of_profiles_is_asked(
    tmp_path: pathlib.Path, question: str, verdict: Verdict, note: str
) -> None:
    for name, text in PROFILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (answer,) = ask(world_of_profiles(tmp_path), question)
    assert answer.verdict is verdict
    assert answer.note.startswith(note)
    assert bool(answer.note) is bool(note)


def test_what_may_of_a_folder_is_by_attachment_where_no_process_runs(tmp_path: pathlib.Path) -> None:
    (tmp_path / "a").write_text(PROFILES["a"])
    (answer,) = ask(world_of_profiles(tmp_path), "what may /usr/bin/a write")
    assert (answer.subject, answer.names) == ("a", ("/srv/**",))
    (nothing,) = ask(world_of_profiles(tmp_path), "what may a link")
    assert (nothing.verdict, nothing.names) == (None, ())
