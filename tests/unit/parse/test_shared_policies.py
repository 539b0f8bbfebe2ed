"""Hosts with the same policy share what is made of it and the answers; others do not."""

from __future__ import annotations

from hardcheck.access import AccessPolicy, Action, Path, Subject
from hardcheck.apparmor.access import AppArmorPolicy
from hardcheck.parse.access_policy import parse_apparmor_access
from hardcheck.parse.apparmor_tree import read_profile_set
from tests.unit.parse.system_hosts import host, tree

BASE = "/etc/apparmor.d"
SHADOW = Path("/etc/shadow")


def policy(text: str, loaded: str) -> AccessPolicy:
    evidence = {**tree("apparmor.files", {f"{BASE}/one": text}), "apparmor.profiles": loaded}
    found = parse_apparmor_access(host(evidence))
    assert isinstance(found, AppArmorPolicy)
    return found


READS, READS_NOT = "profile one /usr/bin/one {\n  /etc/shadow r,\n}\n", "profile one /usr/bin/one {\n}\n"
LOADED = "one (enforce)\n"


def names(asked: AccessPolicy) -> list[str]:
    return [subject.name for subject in asked.who_may(Action.READ, SHADOW)]


def test_the_same_text_and_the_same_profiles_loaded_are_one_policy() -> None:
    assert policy(READS, LOADED) is policy(READS, LOADED)
    first = host(tree("apparmor.files", {f"{BASE}/one": READS}))
    second = host(tree("apparmor.files", {f"{BASE}/one": READS}))
    assert read_profile_set(first)[0] is read_profile_set(second)[0]


def test_another_text_or_other_profiles_loaded_are_another() -> None:
    one = policy(READS, LOADED)
    assert one is not policy(READS_NOT, LOADED)
    assert one is not policy(READS, LOADED + "two (enforce)\n")
    assert names(one) == ["one", "unconfined"]
    assert names(policy(READS_NOT, LOADED)) == ["unconfined"]


def test_an_answer_that_was_given_before_is_the_same() -> None:
    asked = policy(READS, LOADED)
    fresh = AppArmorPolicy(asked.policy)
    for _ in range(2):
        for subject in ("one", "two", "unconfined", "one (complain)"):
            for action in (Action.READ, Action.WRITE, Action.EXECUTE, Action.MOUNT):
                assert asked.may(Subject(subject), action, SHADOW) == fresh.may(
                    Subject(subject), action, SHADOW
                )
        assert asked.who_may(Action.READ, SHADOW) == fresh.who_may(Action.READ, SHADOW)
