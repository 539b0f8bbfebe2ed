"""Profiles as they ship: all of Debian 12 and 13, all of apparmor.d."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from hardcheck.apparmor import FileState, FolderSource, ProfileSet
from hardcheck.apparmor.check import check_profile
from hardcheck.apparmor.includes import Library
from hardcheck.apparmor.resolve import ResolvedFile, Resolver
from hardcheck.apparmor.source import is_skipped
from tests.corpora import corpus

# Refused by apparmor_parser as well: a comma is missing before the include.
BROKEN_UPSTREAM = {"pg_dropcluster": "48:3: expected ',' at the end of the file rule"}


def _resolve_all(base: Path, folder: Path) -> dict[str, ResolvedFile]:
    library = Library(FolderSource(folder.parent if folder != base else base, base), str(base))
    resolver = Resolver(library)
    found = {}
    for path in sorted(folder.iterdir()):
        if path.is_file() and not is_skipped(path.name):
            unit = library.unit(str(path))
            assert unit is not None
            found[path.name] = resolver.resolve(str(path), unit)
    return found


@pytest.mark.parametrize(("name", "least"), [("debian12", 20), ("debian13", 100)])
def test_every_profile_of_debian_is_read_and_compiles(name: str, least: int) -> None:
    root = corpus(f"apparmor-profiles-{name}")
    base = root / "etc" / "apparmor.d"
    extra = root / "usr" / "share" / "apparmor" / "extra-profiles"
    files = _resolve_all(base, base) | _resolve_all(base, extra)
    profiles = [profile for file in files.values() for profile in file.profiles]
    assert [str(fault) for file in files.values() for fault in file.faults] == []
    assert [str(fault) for profile in profiles for fault in check_profile(profile)] == []
    assert len(files) > least
    assert len(profiles) >= len(files)


def test_every_profile_of_apparmor_d_is_read() -> None:
    root = corpus("apparmor.d-profiles")
    files = _resolve_all(root / "base", root / "profiles")
    faulty = {name: file.faults for name, file in files.items() if file.faults}
    assert len(files) == 1687
    assert faulty.keys() == BROKEN_UPSTREAM.keys()
    for name, text in BROKEN_UPSTREAM.items():
        assert text in str(faulty[name][0])


def test_a_sample_of_apparmor_d_compiles() -> None:
    root = corpus("apparmor.d-profiles")
    files = list(_resolve_all(root / "base", root / "profiles").values())[::80]
    profiles = [profile for file in files for profile in file.profiles]
    assert [str(fault) for profile in profiles for fault in check_profile(profile)] == []


# What its build takes out or fills in before the parser sees it: an abstraction for tests whose exec rules
# contradict a profile's own (`#aa:only test`), and a variable that flatpak's applications declare.
UNBUILT = {
    "conflicting exec modes for '/tmp/test/x': here and at abstractions/tests:43": 1,
    "@{appid} is not declared": 2,
}


@pytest.mark.slow
def test_all_of_apparmor_d_compiles() -> None:
    root = corpus("apparmor.d-profiles")
    files = _resolve_all(root / "base", root / "profiles").values()
    faults = [fault for file in files for profile in file.profiles for fault in check_profile(profile)]
    assert Counter(fault.message for fault in faults) == UNBUILT


def test_a_folder_of_debian_is_read_as_one_set() -> None:
    policy = ProfileSet.read(corpus("apparmor-profiles-debian13") / "etc" / "apparmor.d")
    assert policy.faults == ()
    assert {file.state for file in policy.files} == {FileState.ACTIVE}
    assert policy.attached("/usr/sbin/nscd").name == "nscd"
