"""Weak points of profiles as facts: what is found, what stays open, and for which profiles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from hardcheck.apparmor.hygiene import Weakness
from hardcheck.collect.apparmor import PROGRAM_FOLDERS as SEARCHED
from hardcheck.derive.apparmor_compare import derive_enforced_weaknesses
from hardcheck.evidence import Reason
from hardcheck.facts import Absent
from hardcheck.facts.apparmor import LoadedProfile, ProfileTree, ProfileWeakness, WeaknessKind
from hardcheck.parse.apparmor_tree import parse_profile_tree
from hardcheck.parse.apparmor_weaknesses import PROGRAM_FOLDERS, parse_profile_weaknesses
from tests.corpora import corpus
from tests.unit.parse.system_hosts import host, tree

BASE = "/etc/apparmor.d"
PROGRAMS = "/usr/bin/a\n/usr/sbin/b\n"
Files = Mapping[str, str | bytes | Reason]


def evidence(files: Files, programs: str | Reason) -> dict[str, str | bytes | Reason]:
    return {
        **tree("apparmor.files", {f"{BASE}/{name}": text for name, text in files.items()}),
        "apparmor.programs": programs,
    }


def found(files: Files, programs: str | Reason = PROGRAMS) -> tuple[ProfileWeakness, ...]:
    weaknesses = parse_profile_weaknesses(host(evidence(files, programs)))
    assert not isinstance(weaknesses, Absent)
    return weaknesses


def enforced(files: Files, *loaded: tuple[str, str]) -> tuple[ProfileWeakness, ...]:
    text = parse_profile_tree(host(evidence(files, PROGRAMS)))
    assert isinstance(text, ProfileTree)
    profiles = tuple(LoadedProfile(name, mode) for name, mode in loaded)  # type: ignore[arg-type]
    return derive_enforced_weaknesses(found(files), profiles, text)


def kinds(weaknesses: tuple[ProfileWeakness, ...], *, certain: bool = True) -> set[tuple[str, str]]:
    return {(one.kind, one.profile) for one in weaknesses if (one.certain is True) is certain}


def test_the_kinds_are_those_that_are_looked_for() -> None:
    assert set(get_args(WeaknessKind)) == set(Weakness) - {Weakness.NOT_EXAMINED}


def test_programs_are_looked_for_where_the_probe_lists_them() -> None:
    assert set(SEARCHED) - {"/usr/local"} == set(PROGRAM_FOLDERS)


def test_weak_points_are_found_with_their_place() -> None:
    weaknesses = found({"a": "abi <kernel>,\nprofile a /usr/bin/a {\n  /{usr/,}bin/* Ux,\n}\n"})
    (shell,) = (one for one in weaknesses if one.kind == "unconfined-shell")
    assert (shell.profile, shell.where, shell.rule) == ("a", "a:3", "/{usr/,}bin/* Ux,")
    assert shell.certain is True


def test_attachments_are_held_against_the_programs_of_the_host() -> None:
    files = {
        "p": "profile here /{usr/,}{s,}bin/[ab] { }\nprofile gone /usr/bin/gone { }\n"
        "profile beside /srv/bin/gone { }\nprofile name { }\n"
    }
    weaknesses = [one for one in found(files) if one.kind == "attaches-to-nothing"]
    assert {(one.profile, one.certain is True) for one in weaknesses} == {("gone", True), ("beside", False)}
    unlisted = [one for one in found(files, Reason.DENIED) if one.kind == "attaches-to-nothing"]
    assert {one.profile for one in unlisted} == {"here", "gone", "beside"}
    assert all(isinstance(one.certain, Absent) for one in unlisted)


def test_a_search_that_was_given_up_leaves_its_answer_open() -> None:
    tail = "?" * 16
    (one,) = found({"a": f"abi <kernel>,\nprofile a /usr/bin/a {{\n /**a{tail} w,\n /**b{tail} ix,\n}}\n"})
    assert one.kind == "write-and-exec"
    assert isinstance(one.certain, Absent)
    assert one.certain.reason is Reason.TIMEOUT


def test_text_with_faults_or_unread_leaves_everything_open() -> None:
    broken = found({"a": "profile a {\n  nonsense\n}\n"})
    assert ("write-and-exec", "a") in kinds(broken, certain=False)
    unread = found({"a": Reason.DENIED})
    assert ("write-and-exec", f"{BASE}/a") in kinds(unread, certain=False)


def test_only_profiles_that_the_kernel_enforces_are_told_of() -> None:
    text = "abi <kernel>,\nprofile {0} {{\n  /bin/sh ux,\n}}\n"
    files = {name: text.format(name) for name in ("a", "b", "c")}
    weaknesses = enforced(files, ("a", "enforce"), ("b", "complain"), ("ghost", "enforce"))
    assert kinds(weaknesses) == {("unconfined-exec", "a"), ("unconfined-shell", "a")}
    assert {profile for _, profile in kinds(weaknesses, certain=False)} == {"ghost"}


def test_unread_files_stay_open_for_what_is_enforced() -> None:
    weaknesses = enforced({"a": "abi <kernel>,\nprofile a { }\n", "b": Reason.DENIED}, ("a", "enforce"))
    assert ("unconfined-shell", f"{BASE}/b") in kinds(weaknesses, certain=False)


def test_every_shipped_profile_of_debian_is_searched_to_the_end() -> None:
    base = corpus("apparmor-profiles-debian13") / "etc" / "apparmor.d"
    files = {str(path.relative_to(base)): path.read_bytes() for path in base.rglob("*") if path.is_file()}
    weaknesses = found(files)
    open_ones = kinds(weaknesses, certain=False)
    assert {kind for kind, _ in open_ones} <= {"attaches-to-nothing"}
    assert ("write-and-exec", "smbd") in kinds(weaknesses)
