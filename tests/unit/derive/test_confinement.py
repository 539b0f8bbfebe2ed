"""Who is confined: processes and listeners under the active framework."""

from __future__ import annotations

import pytest

from hardcheck.derive.confinement import apparmor_standing, derive_listeners, derive_subjects
from hardcheck.facts import Absent, Reason
from hardcheck.facts.mac import Subject
from hardcheck.facts.network import Listener
from hardcheck.facts.processes import Process
from hardcheck.facts.selinux import LoadedPolicy, SelinuxKernel

DENIED, GONE = Absent(Reason.DENIED), Absent(Reason.NOT_PRESENT)
KERNEL = SelinuxKernel(True, True, True, 33, True, False, False)
POLICY = LoadedPolicy("", "", 33, True, "deny", 3, ("crond_t",), frozenset({"unconfined_t", "initrc_t"}), {})


def process(
    pid: int, label: str | Absent, unit: str = "a.service", parent: int = 1, name: str = "x", **more
) -> Process:  # type: ignore[no-untyped-def]
    return Process(pid, parent, name, 0, 0, 0, False, label, "/usr/bin/x", unit=unit, **more)


def states(framework, *processes: Process, kernel=KERNEL, policy=POLICY, profiles=()) -> dict[int, object]:  # type: ignore[no-untyped-def]
    found = derive_subjects(framework, processes, kernel, policy, profiles)
    return {subject.pid: subject.state for subject in found}


def test_a_domain_is_unconfined_permissive_or_enforced() -> None:
    found = states(
        "selinux",
        process(1, "system_u:system_r:httpd_t:s0"),
        process(2, "system_u:system_r:crond_t:s0-s0:c0.c1023"),
        process(3, "system_u:system_r:initrc_t:s0"),
    )
    assert found == {1: "enforced", 2: "permissive", 3: "unconfined"}


def test_on_a_permissive_system_no_domain_is_enforced() -> None:
    permissive = SelinuxKernel(False, True, True, 33, True, False, False)
    assert states("selinux", process(1, "u:r:httpd_t:s0"), kernel=permissive) == {1: "permissive"}


def test_without_the_policy_only_what_is_surely_unconfined_is_said() -> None:
    found = states(
        "selinux", process(1, "u:r:httpd_t:s0"), process(2, "u:r:unconfined_service_t:s0"), policy=DENIED
    )
    assert found == {1: DENIED, 2: "unconfined"}


def test_a_label_that_could_not_be_read_is_no_confinement() -> None:
    assert states("apparmor", process(1, DENIED)) == {1: DENIED}


def test_without_a_framework_every_process_is_unconfined() -> None:
    assert states("neither", process(1, "kernel"), process(2, DENIED)) == {1: "unconfined", 2: "unconfined"}


@pytest.mark.parametrize(
    ("label", "profile", "state"),
    [
        ("unconfined", "unconfined", "unconfined"),
        ("php-fpm (complain)", "php-fpm", "permissive"),
        ("/usr/sbin/a b (x) (enforce)", "/usr/sbin/a b (x)", "enforced"),
        ("firefox (unconfined)", "firefox", "unconfined"),
        ("a (kill)", "a", "enforced"),
        ("strict//&loose (mixed)", "strict//&loose", "enforced"),
        ("loose//&stub (mixed)", "loose//&stub", "permissive"),
        ("gone//&stub (mixed)", "gone//&stub", "unconfined"),
    ],
)
def test_an_apparmor_label_names_its_profile_and_mode(label: str, profile: str, state: str) -> None:
    modes = {"strict": "enforce", "loose": "complain", "stub": "unconfined"}
    assert apparmor_standing(label, modes) == (profile, state)


def test_kernel_threads_are_no_subjects() -> None:
    thread = Process(2, 0, "kthreadd", 0, 0, 0, True, "unconfined", GONE)
    assert states("apparmor", thread) == {}


@pytest.mark.parametrize(
    ("unit", "parent", "service"),
    [
        ("nginx.service", 1, True),
        ("session-3.scope", 1, False),
        ("user@1000.service", 1, False),
        ("", 1, False),
        ("ssh.service", 40, False),
        ("ssh.service", 41, False),
        ("php.service", 50, True),
    ],
)
def test_a_login_below_sshd_is_no_service(unit: str, parent: int, service: bool) -> None:
    processes = (
        process(40, "unconfined", "ssh.service", name="sshd"),
        process(41, "unconfined", "ssh.service", parent=40, name="sh"),
        process(50, "unconfined", "php.service", name="php-fpm"),
        process(99, "unconfined", unit, parent),
    )
    subjects = derive_subjects("apparmor", processes, GONE, GONE, ())
    by_pid = {subject.pid: subject for subject in subjects}
    assert by_pid[99].service is service
    assert by_pid[40].service, "the listener itself is a service"


def test_parents_in_a_circle_end() -> None:
    processes = (process(8, "unconfined", parent=9), process(9, "unconfined", parent=8))
    assert [s.service for s in derive_subjects("apparmor", processes, GONE, GONE, ())] == [True, True]


def listener(port: int, pids: tuple[int, ...] | Absent, address: str = "0.0.0.0") -> Listener:
    return Listener("tcp", address, port, 0, port, pids)


def subject(pid: int, name: str, state: object = "enforced", unit: str = "a.service") -> Subject:
    return Subject(pid, name, unit, "", 0, "label", "subject", state, True)  # type: ignore[arg-type]


def test_a_socket_that_a_service_holds_in_many_processes_is_one_entry() -> None:
    found = derive_listeners(
        (listener(80, (5, 6)), listener(8080, (7,), "127.0.0.1")),
        (subject(5, "nginx"), subject(6, "nginx"), subject(7, "python3", "unconfined")),
    )
    assert [(x.name, x.port, x.local, x.state) for x in found] == [
        ("nginx", 80, False, "enforced"),
        ("python3", 8080, True, "unconfined"),
    ]


def test_a_socket_whose_owner_was_not_seen_is_not_taken_for_confined() -> None:
    (unseen,) = derive_listeners((listener(80, DENIED),), ())
    (gone,) = derive_listeners((listener(80, (5,)),), ())
    assert unseen.state == DENIED
    assert isinstance(gone.state, Absent)


def test_a_socket_of_the_kernel_has_no_subject() -> None:
    assert derive_listeners((listener(2049, ()),), ()) == ()
