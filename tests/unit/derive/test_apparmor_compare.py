"""Loaded profiles beside their text, and programs beside the profiles made for them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from hardcheck.derive.apparmor_compare import (
    derive_enforced_text,
    derive_not_loaded,
    derive_profile_checks,
    derive_standings,
    derive_unattached,
)
from hardcheck.facts import Absent, Reason
from hardcheck.facts.apparmor import (
    DiskProfile,
    LoadedProfile,
    ProfileCheck,
    ProfileEntry,
    ProfileTree,
    SourceTimes,
)
from hardcheck.facts.mac import Subject
from hardcheck.facts.processes import Process

LOADED_AT = datetime(2026, 11, 21, 3, 51, 2, 232000, UTC)
BEFORE, AFTER = LOADED_AT - timedelta(seconds=1), LOADED_AT + timedelta(milliseconds=484)
FILE, BASE = "/etc/apparmor.d/reader", "/etc/apparmor.d/abstractions/base"
DENIED = Absent(Reason.DENIED)


def disk(name: str, **more: object) -> DiskProfile:
    return DiskProfile(name, name, "enforce", f"/usr/bin/{name}", False, False, **more)  # type: ignore[arg-type]


def tree(*profiles: DiskProfile, unread: tuple[str, ...] = ()) -> ProfileTree:
    return ProfileTree(profiles, (), unread, (), (), ())


def check(
    modified: dict[str, datetime], changed: dict[str, datetime], loaded_at: datetime | None = LOADED_AT
) -> ProfileCheck:
    (found,) = derive_profile_checks(
        (LoadedProfile("reader", "enforce"),),
        (ProfileEntry("reader", "enforce", loaded_at=loaded_at),),
        tree(disk("reader", sources=(BASE, FILE))),
        SourceTimes(modified, changed),
    )
    return found


def test_a_file_modified_within_the_second_after_the_load_is_found() -> None:
    found = check({BASE: BEFORE, FILE: AFTER}, {BASE: BEFORE, FILE: AFTER})
    assert (found.state, found.files, found.outdated) == ("changed", (FILE,), True)


def test_an_include_that_was_modified_counts_as_the_profile() -> None:
    assert check({BASE: AFTER, FILE: BEFORE}, {BASE: AFTER, FILE: BEFORE}).state == "changed"


def test_files_that_nothing_touched_since_are_what_was_loaded() -> None:
    found = check({BASE: BEFORE, FILE: BEFORE}, {BASE: BEFORE, FILE: BEFORE})
    assert (found.state, found.outdated) == ("same", False)


@pytest.mark.parametrize("changed", [AFTER, LOADED_AT])
def test_a_file_with_an_older_date_that_was_put_in_place_later_is_uncertain(changed: datetime) -> None:
    """A package or a backup restores dates: the content may be another, or not."""
    found = check({BASE: BEFORE, FILE: BEFORE}, {BASE: BEFORE, FILE: changed})
    assert found.state == "uncertain"
    assert isinstance(found.outdated, Absent)


def test_a_load_whose_time_was_not_seen_is_no_answer() -> None:
    assert isinstance(check({BASE: BEFORE, FILE: BEFORE}, {BASE: BEFORE, FILE: BEFORE}, None).state, Absent)


def test_a_profile_that_no_file_has_is_said_to_have_none() -> None:
    (found,) = derive_profile_checks((LoadedProfile("handmade", "enforce"),), (), tree(), SourceTimes({}, {}))
    assert found.state == "no text"


@pytest.mark.parametrize(
    "name",
    ["docker-default", "snap.firefox.firefox", ":lxd-web://nginx", "reader//null-/usr/bin/x", "libpod-1"],
)
def test_profiles_that_runtimes_generate_have_no_text_to_compare(name: str) -> None:
    loaded = (LoadedProfile(name, "enforce"),)
    assert derive_profile_checks(loaded, (), tree(), SourceTimes({}, {})) == ()
    assert derive_enforced_text(tree(), loaded) == ()


def test_a_child_is_loaded_with_its_parent_and_not_compared_by_itself() -> None:
    loaded = (LoadedProfile("a", "enforce"), LoadedProfile("a//child", "enforce"))
    texts = tree(disk("a"), disk("a//child", parent="a"))
    assert [found.name for found in derive_profile_checks(loaded, (), texts, SourceTimes({}, {}))] == ["a"]


def test_a_stub_is_told_from_a_profile_that_was_put_out_of_force() -> None:
    loaded = tuple(LoadedProfile(name, "unconfined") for name in ("firefox", "mysqld", "elsewhere"))
    texts = tree(
        DiskProfile("firefox", "firefox", "unconfined", "/x", False, True),
        DiskProfile("mysqld", "mysqld", "unconfined", "/y", False, False),
    )
    stubs = {standing.name: standing.stub for standing in derive_standings(loaded, texts, ())}
    assert (stubs["firefox"], stubs["mysqld"]) == (True, False)
    assert isinstance(stubs["elsewhere"], Absent)
    assert derive_standings(loaded[:1], DENIED, ())[0].stub == DENIED


def subject(name: str, program: str, profile: str, state: str) -> Subject:
    return Subject(9, name, "", program, 0, profile, profile, state, True)  # type: ignore[arg-type]


def of_subject(one: Subject, program: str | Absent) -> Process:
    return Process(one.pid, 1, one.name, 0, 0, 0, False, one.label, program)


def test_processes_of_a_profile_are_named_with_it() -> None:
    running = (subject("php", "/usr/sbin/php-fpm", "php-fpm//&base", "permissive"),)
    (found,) = derive_standings((LoadedProfile("php-fpm", "complain"),), tree(), running)
    assert found.processes == ("php (pid 9)",)


def test_a_process_started_before_its_profile_is_found() -> None:
    loaded = (LoadedProfile("nginx", "enforce"), LoadedProfile("firefox", "unconfined"))
    attachments = {"/usr/sbin/nginx": "nginx", "/usr/bin/firefox": "firefox", "/usr/sbin/sshd": ""}
    running = (
        subject("nginx", "/usr/sbin/nginx (deleted)", "unconfined", "unconfined"),
        subject("firefox", "/usr/bin/firefox", "unconfined", "unconfined"),
        subject("sshd", "/usr/sbin/sshd", "unconfined", "unconfined"),
        subject("nginx", "/usr/sbin/nginx", "nginx", "enforced"),
    )
    running = tuple(msgspec.structs.replace(each, pid=pid) for pid, each in enumerate(running))
    seen = tuple(of_subject(each, each.program) for each in running)
    (found,) = derive_unattached(running, attachments, loaded, seen)
    assert (found.program, found.profile) == ("/usr/sbin/nginx (deleted)", "nginx")
    unseen = tuple(of_subject(each, DENIED) for each in running)
    maybe = derive_unattached(running, attachments, loaded, unseen)
    unconfined = [each for each in running if each.state == "unconfined"]
    assert [(each.program, each.profile) for each in maybe] == [(DENIED, "")] * len(unconfined)
    assert {each.shown for each in maybe} <= {f"{each.process}: its program was not seen" for each in maybe}
    assert derive_unattached(running, attachments, (), unseen) == ()


def test_a_profile_on_disk_that_is_not_loaded_is_found_unless_it_is_disabled() -> None:
    off = DiskProfile("off", "off", "enforce", "/z", True, False)
    found = derive_not_loaded(tree(disk("a"), disk("b"), off), (LoadedProfile("a", "enforce"),))
    assert [profile.name for profile in found] == ["b"]  # type: ignore[union-attr]


def test_all_loaded_is_not_said_while_a_file_is_unread() -> None:
    texts = tree(disk("a"), unread=("/etc/apparmor.d/b",))
    assert isinstance(derive_not_loaded(texts, (LoadedProfile("a", "enforce"),)), Absent)


def test_what_a_profile_without_text_grants_is_not_known() -> None:
    (found,) = derive_enforced_text(
        tree(), (LoadedProfile("handmade", "enforce"), LoadedProfile("c", "complain"))
    )
    assert isinstance(found.writes_everywhere, Absent)
    assert isinstance(found.strong_capabilities, Absent)
