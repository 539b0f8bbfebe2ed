"""Services that the network reaches: who shares a subject, and what is not known of them."""

from __future__ import annotations

import pytest

from hardcheck.derive.network_services import network_services
from hardcheck.facts import Absent, Reason
from hardcheck.facts.mac import Confined, ListeningSubject, Subject

UNSEEN = Absent(Reason.DENIED, ("processes.files",), "permission denied")


def subject(unit: str, name: str, state: Confined | Absent = "enforced", label: str = "httpd_t") -> Subject:
    return Subject(1, name, unit, f"/usr/sbin/{name}", 0, label, label, state, service=bool(unit))


def listener(unit: str, name: str, *, local: bool = False, address: str = "::") -> ListeningSubject:
    state: Confined | Absent = "enforced" if name != "an unknown process" else UNSEEN
    label = "httpd_t" if name != "an unknown process" else ""
    return ListeningSubject("tcp6", address, 80, local, name, 1, unit, label, label, state)


def test_services_that_share_a_subject_name_each_other() -> None:
    subjects = (
        subject("nginx.service", "nginx"),
        subject("fpm.service", "php-fpm"),
        subject("nginx.service", "helper", "unconfined", "initrc_t"),
    )
    (found,) = network_services((listener("nginx.service", "nginx"),), subjects, UNSEEN)
    assert (found.shown, found.shared_with) == ("nginx.service (tcp6 [::]:80)", ("fpm.service",))
    assert found.state == "unconfined"  # the least confined of its processes
    assert found.sandbox == UNSEEN


def test_sockets_of_this_host_alone_do_not_count() -> None:
    local = listener("db.service", "db", local=True, address="::1")
    assert network_services((local,), (subject("db.service", "db"),), ()) == ()


@pytest.mark.parametrize(
    ("unit", "opens"), [("sshd.service", True), ("ssh@4.service", True), ("sshx.service", False)]
)
def test_a_service_that_opens_logins_is_known_as_one(unit: str, opens: bool) -> None:
    (found,) = network_services((listener(unit, "sshd"),), (subject(unit, "sshd"),), ())
    assert found.opens_sessions is opens


def test_a_holder_that_was_not_seen_is_no_confined_service() -> None:
    (found,) = network_services((listener("", "an unknown process"),), (), ())
    assert found.state == UNSEEN
    assert isinstance(found.sandbox, Absent)
