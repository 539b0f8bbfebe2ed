"""Ready to enforce: what has to be seen before silence counts, and the way to open one domain alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from hardcheck.denials.model import (
    ChangeKind,
    Gap,
    Group,
    LogHealth,
    LogSummary,
    Lost,
    Outcome,
    StateChange,
    UnitRuns,
    Where,
)
from hardcheck.facts.labels import FileLabel
from hardcheck.facts.processes import Process
from hardcheck.triage.explain import explain
from hardcheck.triage.outage import outages
from hardcheck.triage.readiness import Readiness, readiness, subjects_of
from hardcheck.triage.world import World, world_of_profiles
from tests.unit.triage.groups import apparmor, debian_world, profiles, selinux

START = datetime(2026, 11, 1, tzinfo=UTC)
APP = "profile app /usr/bin/app flags=(complain) {\n  /srv/www/a/** r,\n  include if exists <local/app>\n}\n"
MOVED = selinux("httpd_t", "admin_home_t", "file", "read", "/var/www/html/m.html", outcome=Outcome.WOULD_DENY)
SHADOW = selinux("httpd_t", "shadow_t", "file", "read", "/etc/shadow", outcome=Outcome.WOULD_DENY)
WEB_UNIT = "nginx.service"


def log(*groups: Group, days: float = 20, restarts: int = 1, **health: object) -> LogSummary:
    """A whole log of some days with a restart of the web server."""
    state = LogHealth(lines=9, first=START, last=START + timedelta(days=days), **health)  # type: ignore[arg-type]
    runs = (UnitRuns("nginx", restarts, restarts, START, START),) if restarts else ()
    return LogSummary(groups, (), state, ("/var/log/audit/audit.log",), units=runs)


def process(label: str, unit: str = WEB_UNIT) -> Process:
    return Process(7, 1, "worker", 33, 33, 33, False, label, "/usr/bin/app", unit=unit)


def web_world(**more: object) -> World:
    running = (process("system_u:system_r:httpd_t:s0"),)
    return msgspec.structs.replace(debian_world(), processes=running, **more)


def of(log: LogSummary, world: World, *, host: bool = False, days: float = 7) -> Readiness:
    """The verdict on httpd_t, or on the permissive host."""
    subjects = subjects_of(world, () if host else ("httpd_t",), (), permissive_host=host)
    (found,) = readiness(subjects, explain(log.groups, world), log, world, (), days)
    return found


def test_a_quiet_whole_log_with_a_restart_makes_it_ready() -> None:
    found = of(log(), web_world())
    assert (found.verdict, found.days, found.restarts, found.denials) == ("ready", 20.0, 1, 0)
    assert found.enforce == ("semanage", "permissive", "-d", "httpd_t")


BOOT = StateChange(ChangeKind.BOOT, START, Where("log", 1))


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        (log(days=2), "observed for 2.0 days only"),
        (log(restarts=0), "neither a boot nor a restart"),
        (log(lost=(Lost("backlog", Where("log", 1)),)), "records were lost (backlog)"),
        (log(gaps=(Gap("auditd_down", START, None),)), "no records from 2026-11-01 00:00 (auditd_down)"),
        (log(damaged=3), "3 lines could not be read"),
        (log(cut_lines=1), "1 lines were too long"),
        (log(unreadable=("audit.log.1.gz: bad",)), "not read to its end"),
        (LogSummary((), (BOOT,), LogHealth()), "no times"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_silence_of_a_log_that_shows_too_little_is_unknown(changed: LogSummary, why: str) -> None:
    found = of(changed, web_world())
    assert found.verdict == "unknown"
    assert any(why in text for text in found.because)


def test_what_only_was_not_printed_is_in_the_audit_log() -> None:
    assert of(log(lost=(Lost("printed", Where("log", 1)),)), web_world()).verdict == "ready"


def test_a_domain_that_nothing_ran_in_is_unknown() -> None:
    found = of(
        log(), msgspec.structs.replace(debian_world(), processes=(process("system_u:system_r:x_t:s0"),))
    )
    assert found.verdict == "unknown"
    assert "nothing is known to have run under it" in found.because


def test_a_boot_is_a_restart_of_everything() -> None:
    summary = msgspec.structs.replace(log(restarts=0), changes=(BOOT,))
    assert of(summary, web_world()).verdict == "ready"


def test_denials_with_a_proven_cure_are_steps_with_names() -> None:
    found = of(log(MOVED), web_world())
    assert found.verdict == "ready after steps"
    assert found.shown == "httpd_t (domain): ready after 1 step; 1 denials in 20.0 days"
    assert found.steps[0].startswith(
        "Restore the label (httpd_t: read admin_home_t file /var/www/html/m.html"
    )
    assert sum(found.would_bite.values()) == 1


def test_what_must_not_be_allowed_makes_it_not_ready() -> None:
    found = of(log(MOVED, SHADOW), web_world())
    assert found.verdict == "not ready"
    assert "Password hashes" in found.because[0]


def test_what_is_refused_already_does_not_bite_again() -> None:
    refused = msgspec.structs.replace(SHADOW, outcome=Outcome.DENIED)
    assert of(log(refused), web_world()).verdict == "ready"


def test_a_permissive_host_waits_for_its_files_to_be_labelled() -> None:
    labels = {"/data": FileLabel("/data", "d", "system_u:object_r:unlabeled_t:s0", "0755", 0, 0)}
    found = of(log(), web_world(labels=labels), host=True)
    assert found.verdict == "ready after steps"
    assert found.steps == ("relabel 1 files without a known label, /data among them",)
    assert of(log(MOVED), web_world(), host=True).denials == 1


def test_a_complaining_profile_waits_for_its_rules_and_its_processes() -> None:
    world = msgspec.structs.replace(
        world_of_profiles(profiles(APP)), processes=(process("app (complain)", "app.service"),)
    )
    seen = log(apparmor("app", "open", "/var/lib/app/x", "r", outcome=Outcome.WOULD_DENY))
    seen = msgspec.structs.replace(seen, units=(UnitRuns("app", 1, 1, START, START),))
    subjects = subjects_of(world, (), ("app",), permissive_host=False)
    (found,) = readiness(subjects, explain(seen.groups, world), seen, world, ("app: pid 9",))
    assert found.verdict == "ready after steps"
    assert [step.partition(" (")[0] for step in found.steps] == [
        "Add the narrowest rule",
        "restart app: pid 9",
    ]
    assert found.enforce == ("aa-enforce", "--", "app")


def test_one_domain_is_let_through_and_not_the_host() -> None:
    moved = msgspec.structs.replace(MOVED, outcome=Outcome.DENIED)
    runs = (UnitRuns("nginx", 1, 1, START, START, failed=1), UnitRuns("cron", 1, 1, START, START))
    moved = msgspec.structs.replace(moved, comms=msgspec.structs.replace(moved.comms, values={"nginx": 1}))
    (found,) = outages(explain([moved], web_world()), runs, web_world())
    assert found.open == ("semanage", "permissive", "-a", "httpd_t")
    assert found.close == ("semanage", "permissive", "-d", "httpd_t")
    assert found.failed == ("nginx",)


def test_a_domain_with_a_danger_is_not_let_through() -> None:
    shadow = msgspec.structs.replace(SHADOW, outcome=Outcome.DENIED)
    (found,) = outages(explain([shadow], web_world()), (), web_world())
    assert (found.open, found.against) == ((), ("Password hashes",))


@pytest.mark.parametrize("name", ["--all", "a b", "x\n", "", "no_such_t"])
def test_a_name_that_the_policy_does_not_know_is_no_word_of_a_command(name: str) -> None:
    group = selinux(name, "etc_t", "file", "read")
    assert outages(explain([group], web_world()), (), web_world()) == ()


def test_what_is_let_through_or_needs_nothing_is_no_outage() -> None:
    assert outages(explain([MOVED, SHADOW], web_world()), (), web_world()) == ()
