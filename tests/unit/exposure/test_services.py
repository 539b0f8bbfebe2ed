"""Who the network reaches: listeners, their workers, and who works behind them."""

from __future__ import annotations

import pytest

from hardcheck.exposure.exposing import expose
from hardcheck.exposure.goals import load_goals
from hardcheck.exposure.services import capability_names, matches, services_of
from hardcheck.facts import Absent
from hardcheck.facts.network import Listener
from hardcheck.findings.exposure import Outcome
from tests.unit.exposure.hosts import MISSING, host, process


def names(**facts: object) -> list[str]:
    found = services_of(host(**facts))  # type: ignore[arg-type] # facts by name
    assert not isinstance(found, Absent)
    return [service.name for service in found]


def test_services_that_only_this_host_reaches_are_left_out() -> None:
    assert names() == ["nginx", "php8.2-fpm", "ssh"]


def test_workers_belong_to_their_unit_and_logins_do_not() -> None:
    found = services_of(host())
    assert not isinstance(found, Absent)
    pids = {service.name: service.pids for service in found}
    assert pids["nginx"] == (10, 11)
    assert pids["ssh"] == (40,)
    assert next(one for one in found if one.name == "php8.2-fpm").behind


def test_a_service_is_found_by_unit_program_and_name_without_version() -> None:
    found = services_of(host())
    assert not isinstance(found, Absent)
    php = next(one for one in found if one.name == "php8.2-fpm")
    for text in ("php8.2-fpm", "php8.2-fpm.service", "php-fpm", "php-fpm8.2", "/usr/sbin/php-fpm8.2"):
        assert matches(php, text), text
    assert not matches(php, "php")


def test_without_a_unit_the_descendants_of_the_same_program_are_the_service() -> None:
    processes = (
        process(5, "daemon"),
        process(6, "daemon", 33, parent=5),
        process(7, "other", parent=5),
    )
    listener = Listener("tcp", "192.0.2.1", 99, 0, 1, (6,))
    found = services_of(host(**{"processes.all": processes, "network.listeners": (listener,)}))  # type: ignore[arg-type] # facts by name
    assert not isinstance(found, Absent)
    assert [service.pids for service in found] == [(5, 6)]


def test_a_cycle_of_parents_ends() -> None:
    processes = (process(5, "daemon", parent=6), process(6, "daemon", parent=5))
    listener = Listener("tcp", "192.0.2.1", 99, 0, 1, (6,))
    assert names(**{"processes.all": processes, "network.listeners": (listener,)})


def test_a_listener_whose_process_was_not_seen_is_a_service_of_which_all_is_unknown() -> None:
    listener = Listener("tcp", "192.0.2.1", 99, 0, 1, MISSING)
    found = expose(host(**{"network.listeners": (listener,)}), load_goals())  # type: ignore[arg-type] # facts by name
    (hidden,) = [one for one in found.services if "192.0.2.1" in one.service.name]
    assert {answer.outcome for answer in hidden.answers} == {Outcome.UNKNOWN}
    assert hidden.grade.letter == "unknown"


@pytest.mark.parametrize("fact", ["web.sites", "network.unix_listeners"])
def test_programs_behind_a_web_server_that_were_not_seen_are_not_left_out(fact: str) -> None:
    found = expose(host(**{fact: MISSING}), load_goals())  # type: ignore[arg-type] # facts by name
    (hidden,) = [one for one in found.services if one.service.name.startswith("unseen")]
    assert {answer.outcome for answer in hidden.answers} == {Outcome.UNKNOWN}
    assert found.grade == "unknown" or hidden.grade.letter == "unknown"


def test_without_a_web_server_nothing_is_behind_one() -> None:
    listener = Listener("tcp", "0.0.0.0", 22, 0, 3, (40,))
    assert names(**{"network.listeners": (listener,), "web.sites": MISSING}) == ["ssh"]


def test_sockets_that_were_not_seen_make_the_services_unknown() -> None:
    found = expose(host(**{"network.listeners": MISSING}), load_goals())
    assert found.unknown
    assert found.grade == "unknown"


def test_capabilities_have_their_names_and_later_ones_a_number() -> None:
    assert capability_names(0) == ()
    assert capability_names(1 << 13 | 1 << 50) == ("net_raw", "capability 50")
