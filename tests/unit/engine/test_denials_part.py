"""The report's part on denials, from facts: what is open, dangers apart, days and services bounded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hardcheck.engine.denials_part import denials_of
from hardcheck.facts import Absent, Facts, FactSpec, Reason
from hardcheck.facts.denials import Denials, EnforceReadiness, ExplainedDenial

DAY = datetime(2026, 11, 20, 12, tzinfo=UTC)
NOTHING = Denials((), (), 0, ("audit.log",), (), DAY - timedelta(days=9), lost=False, unread=0)


def facts(explained: Any, readiness: Any = (), recent: Any = NOTHING) -> Facts:
    values = {"denials.recent": recent, "denials.explained": explained, "mac.readiness": readiness}
    specs = {name: FactSpec(name, object, "", ()) for name in values}
    return Facts(specs, {name: (lambda _, value=value: value) for name, value in values.items()})


def denial(service: str, count: int, day: int = 0, **more: Any) -> ExplainedDenial:
    given: dict[str, Any] = {
        "cause": "wrong label",
        "effect": "refused",
        "says": "",
        "open": True,
        "decided": True,
    } | more
    at = DAY - timedelta(days=day)
    return ExplainedDenial(
        "selinux",
        f"{service}_t",
        "t_t",
        "file",
        ("read",),
        "/x",
        service,
        count=count,
        first=at,
        last=at,
        cured=False,
        by_day={at.strftime("%Y-%m-%d"): count},
        **given,
    )


def test_dangers_stand_apart_and_the_most_frequent_come_first() -> None:
    ones = (
        denial("a", 3),
        denial("b", 9),
        denial("c", 5, dangers=("Password hashes",), cause="not to be allowed"),
        denial("d", 7, open=False),
    )
    found = denials_of(facts(ones))
    assert [one.service for one in found.top] == ["b", "a"]
    assert [one.dangers for one in found.dangers] == [("Password hashes",)]
    assert (found.lines, found.open_groups, found.open_lines) == (24, 3, 17)
    assert [(one.cause, one.lines) for one in found.causes] == [("wrong label", 12), ("not to be allowed", 5)]
    assert found.since == "2026-11-11T12:00:00Z"


def test_many_services_and_days_are_bounded_and_none_is_lost_without_a_word() -> None:
    ones = tuple(denial(f"s{number:02}", 100 - number, day=number * 5) for number in range(20))
    found = denials_of(facts(ones))
    assert len(found.days) == 42
    assert [one.service for one in found.services] == ["s00", "s01", "s02", "s03", "s04", ""]
    assert len(found.top) + found.more == 20
    seen = sum(sum(one.lines) for one in found.services)
    assert seen == sum(100 - number for number in range(20) if number * 5 < 42)


def test_logs_that_nobody_could_read_are_unknown_and_no_zero() -> None:
    absent = Absent(Reason.DENIED, ("denials.audit_log",), "root is needed")
    found = denials_of(facts(absent, absent, absent))
    assert found.unknown == "denied: root is needed"
    assert found.enforceable_unknown == found.unknown


def test_a_log_that_is_not_whole_says_so() -> None:
    recent = Denials((), (), 0, ("audit.log",), ("the journal: timeout",), None, lost=True, unread=2)
    assert len(denials_of(facts((), (), recent)).faults) == 3


def test_readiness_is_told_with_its_steps() -> None:
    one = EnforceReadiness(
        "selinux", "domain", "crond_t", "ready after steps", DAY, DAY, 9.04, 1, 1, 2, ("relabel",), ()
    )
    (found,) = denials_of(facts((), (one,))).enforceable
    assert (found.name, found.verdict, found.days, found.steps) == (
        "crond_t",
        "ready after steps",
        9.0,
        ("relabel",),
    )
