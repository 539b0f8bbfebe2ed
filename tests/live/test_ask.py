"""Questions to running hosts over SSH: the same words to both frameworks, each answering by its policy."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from hardcheck.access.question import EXAMPLES, GRAMMAR
from tests.live.lab_hosts import inventory
from tests.live.recordings import Recordings
from tests.live.runs import Run, hardcheck

pytestmark = pytest.mark.live

HOSTS = ("selinux", "apparmor")
# question -> what each framework says: a verdict, or "list" where names are asked for
QUESTIONS: dict[str, tuple[str, str]] = {
    "may legacy-api read /etc/shadow": ("allowed", "allowed"),
    "may legacy-api create /etc/cron.d/job": ("allowed", "allowed"),
    "may nginx read /etc/shadow": ("denied", "allowed"),
    "may nginx write /usr/bin/sudo": ("denied", "allowed"),
    "may nginx use capability sys_admin": ("denied", "allowed"),
    "may dhclient read /etc/shadow": ("denied", "denied"),
    "may dhclient load-module": ("denied", "denied"),
    "may php-fpm write /srv/www/a.example/index.php": ("denied", "logged"),
    "may pid 1 execute /usr/sbin/nginx": ("allowed", "allowed"),
    "who may create /etc/cron.d/job": ("list", "list"),
    "who may load-module": ("list", "list"),
    "what may dhclient bind": ("list", "list"),
    "what does /usr/sbin/nginx run as": ("allowed", "allowed"),
    "may nobody-of-this-name read /etc/shadow": ("unknown", "unknown"),
    "shall nginx read /etc/shadow": ("error", "error"),
}


PATIENT = ("--idle-timeout", "240", "--timeout", "540")  # the hosts are emulated, and may share two cores


def ask(folder: Path, host: str, *words: str | Path) -> Run:
    return hardcheck("ask", f"lab-{host}", *words, *PATIENT, "-i", inventory(folder), folder=folder)


def ask_bundle(folder: Path, bundle: Path, *words: str | Path) -> Run:
    """The same of what was recorded: the answer is worked out alike, and the host is left alone."""
    return hardcheck("ask", bundle, *words, folder=folder)


def batch_file(folder: Path) -> Path:
    path = folder / "questions.txt"
    path.write_text("# asked of both frameworks\n\n" + "\n".join(QUESTIONS) + "\n")
    return path


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """Every question asked of each host, both at the same time, as JSON lines."""
    folder = tmp_path_factory.mktemp("ask")
    batch = batch_file(folder)
    with ThreadPoolExecutor(len(HOSTS)) as pool:
        return dict(
            zip(
                HOSTS,
                pool.map(lambda host: ask(folder, host, "--batch", batch, "--json"), HOSTS),
                strict=True,
            )
        )


def answers(run: Run, question: str) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in run.stdout.splitlines()]
    return [answer for answer in found if answer["question"] == question]


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_gets_the_answer_of_the_hosts_policy(
    runs: dict[str, Run], question: str, host: str
) -> None:
    first, *_ = answers(runs[host], question)
    said = "error" if "error" in first else first.get("verdict", "list")
    assert said == QUESTIONS[question][HOSTS.index(host)], first
    if said in ("allowed", "denied", "logged"):
        assert first["because"]


def test_what_cannot_be_answered_shows_in_the_exit_code(runs: dict[str, Run]) -> None:
    assert {run.code for run in runs.values()} == {3}


def test_the_subject_is_what_the_processes_run_as(runs: dict[str, Run]) -> None:
    (web,) = answers(runs["selinux"], "may nginx read /etc/shadow")
    assert web["subject"] == "system_u:system_r:httpd_t:s0"
    assert len(web["pids"]) >= 2
    assert "shadow_t" in web["object_as"]
    (leased,) = answers(runs["apparmor"], "may dhclient read /etc/shadow")
    assert leased["subject"].endswith("/dhclient")


def test_a_refusal_that_is_only_logged_names_the_profile_line(runs: dict[str, Run]) -> None:
    (logged,) = answers(runs["apparmor"], "may php-fpm write /srv/www/a.example/index.php")
    assert not logged["enforced"]
    assert logged["because"][0].startswith("php-fpm:")


def test_who_may_names_domains_and_profiles(runs: dict[str, Run]) -> None:
    (domains,) = answers(runs["selinux"], "who may load-module")
    assert {"kmod_t", "udev_t", "init_t"} <= set(domains["names"])
    assert "httpd_t" not in domains["names"]
    (profiles,) = answers(runs["apparmor"], "who may load-module")
    assert "unconfined" in profiles["names"]
    assert not any(name.endswith("dhclient") for name in profiles["names"])


def test_a_program_runs_as_its_domain_where_the_policy_has_one(runs: dict[str, Run]) -> None:
    started, running = answers(runs["selinux"], "what does /usr/sbin/nginx run as")
    assert started["names"] == running["names"] == ["system_u:system_r:httpd_t:s0"]


@pytest.mark.parametrize("host", HOSTS)
def test_the_table_of_a_bundle_has_the_rows_of_the_json_lines(
    runs: dict[str, Run], recordings: Recordings, tmp_path: Path, host: str
) -> None:
    run = ask_bundle(tmp_path, recordings.bundle(host), "--batch", batch_file(tmp_path))
    assert (run.code, run.stderr) == (3, "")
    rows = [line.split("\t") for line in run.stdout.splitlines()]
    assert all(len(row) == 5 for row in rows)
    lines = [json.loads(line) for line in runs[host].stdout.splitlines()]
    assert [row[0] for row in rows] == [line["question"] for line in lines]
    shown = ["error" if "error" in line else line.get("verdict", "list") for line in lines]
    assert [row[1] for row in rows] == shown


@pytest.mark.parametrize(
    ("host", "question", "lines"),
    [
        (
            "selinux",
            "may nginx read /etc/shadow",
            ["DENIED  system_u:system_r:httpd_t:s0 (pid ", "shadow_t:file"],
        ),
        (
            "apparmor",
            "may legacy-api read /etc/shadow",
            ["ALLOWED  unconfined (pid ", "the task is unconfined"],
        ),
    ],
)
def test_one_question_is_answered_in_words(
    tmp_path: Path, host: str, question: str, lines: list[str]
) -> None:
    run = ask(tmp_path, host, question)
    assert run.code == 0, run.stderr
    assert run.stdout.startswith(lines[0])
    assert f"  because: {'' if host == 'apparmor' else 'no rule in force: '}" in run.stdout
    assert lines[1] in run.stdout
    assert "  not weighed: " in run.stdout


def test_one_question_as_json_is_one_document(recordings: Recordings, tmp_path: Path) -> None:
    run = ask_bundle(tmp_path, recordings.bundle("selinux"), "may nginx read /etc/shadow", "--json")
    assert run.code == 0, run.stderr
    document = json.loads(run.stdout)
    assert [answer["verdict"] for answer in document["answers"]] == ["denied"]


def test_a_question_of_another_form_gets_the_grammar_and_three_examples(tmp_path: Path) -> None:
    run = ask(tmp_path, "selinux", "can nginx read /etc/shadow")
    assert run.code == 2
    assert run.stdout == ""
    assert GRAMMAR in run.stderr
    assert len(EXAMPLES) == 3
    assert all(example in run.stderr for example in EXAMPLES)


def test_a_host_that_is_not_known_is_said_so(tmp_path: Path) -> None:
    run = ask(tmp_path, "nowhere", EXAMPLES[0])
    assert run.code == 2
    assert "lab-nowhere" in run.stderr
    unreached = hardcheck("ask", "nowhere.invalid", EXAMPLES[0], folder=tmp_path)
    assert unreached.code == 3
    assert "nowhere.invalid" in unreached.stderr


def test_a_host_or_bundle_without_a_policy_cannot_be_asked(tmp_path: Path) -> None:
    run = ask(tmp_path, "plain", EXAMPLES[0])
    assert (run.code, run.stdout) == (3, "")
    assert "no MAC framework is active" in run.stderr
    ordinary = inventory(tmp_path, "plain")
    out = tmp_path / "evidence"
    hardcheck("collect", "-i", ordinary, "--limit", "lab-apparmor", "--no-sudo", "-o", out, folder=out)
    (bundle,) = (out / "bundles").glob("*.zip")
    again = hardcheck("ask", bundle, EXAMPLES[0], folder=tmp_path)
    assert (again.code, again.stdout) == (3, "")
    assert "its policy cannot be asked: denied" in again.stderr
