"""Whom a policy leaves unbounded."""

from __future__ import annotations

from types import SimpleNamespace

from hardcheck.derive.access import active_policy, unconfined_subjects
from hardcheck.facts import Absent, Reason
from hardcheck.facts.apparmor import LoadedProfile

DENIED = Absent(Reason.DENIED)


def test_apparmor_leaves_out_tasks_without_a_profile_and_profiles_that_let_all_pass() -> None:
    profiles = (
        LoadedProfile("kept", "enforce"),
        LoadedProfile("learning", "complain"),
        LoadedProfile("named", "unconfined"),
        LoadedProfile("allowing", "default_allow"),
    )
    assert unconfined_subjects("apparmor", DENIED, profiles) == ("unconfined", "allowing", "named")


def test_selinux_leaves_out_its_unconfined_types_by_name() -> None:
    policy = SimpleNamespace(unconfined=frozenset({"unconfined_t", "initrc_t"}))
    assert unconfined_subjects("selinux", policy, DENIED) == ("initrc_t", "unconfined_t")


def test_what_was_not_seen_and_a_host_without_a_framework_stay_absent() -> None:
    assert unconfined_subjects("selinux", DENIED, ()) is DENIED
    assert unconfined_subjects("apparmor", (), DENIED) is DENIED
    assert isinstance(unconfined_subjects("neither", (), ()), Absent)
    assert isinstance(active_policy("neither", 1, 2), Absent)
    assert active_policy("selinux", 1, 2) == 1
    assert active_policy("apparmor", 1, 2) == 2
