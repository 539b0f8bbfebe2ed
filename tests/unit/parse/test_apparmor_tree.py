"""What the text of AppArmor profiles grants, and what cannot be said of it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from hardcheck.apparmor.answers.mounts import MountRequest
from hardcheck.apparmor.decision import decide
from hardcheck.evidence import Reason
from hardcheck.facts import Absent
from hardcheck.facts.apparmor import DiskProfile, ProfileTree
from hardcheck.parse.apparmor_tree import parse_profile_tree, read_profile_set
from tests.corpora import corpus
from tests.unit.parse.system_hosts import host, tree

BASE = "/etc/apparmor.d"


def read(files: Mapping[str, str | bytes | Reason]) -> ProfileTree:
    items = tree("apparmor.files", {f"{BASE}/{name}": text for name, text in files.items()})
    found = parse_profile_tree(host(items))
    assert isinstance(found, ProfileTree)
    return found


def profile(rules: str, flags: str = "") -> DiskProfile:
    text = f"@{{SITES}}=/srv /home\nprofile x /usr/bin/x {flags} {{\n{rules}\n}}\n"
    (found,) = read({"x": text}).profiles
    return found


@pytest.mark.parametrize(
    ("rules", "everywhere"),
    [
        ("/** rw,", True),
        ("/{**,} w,", True),
        ("file,", True),
        ("/** r, /etc/** w, /usr/** w, /hardcheck.probe/** w, /root/** w,", True),
        ("/**/ rw,", False),
        ("owner /** rw,", False),
        ("/** r,", False),
        ("/** a,", False),
        ("/** rw, deny /etc/** w,", False),
        ("@{SITES}/** rw,", False),
        ("/etc/** rw, /usr/** rw, /srv/** rw,", False),
        ("deny /** w,", False),
    ],
)
def test_writing_everywhere_is_told_from_writing_much(rules: str, everywhere: bool) -> None:
    assert profile(rules).writes_everywhere is everywhere


@pytest.mark.parametrize(
    ("rules", "strong"),
    [
        ("capability net_bind_service,", ()),
        ("capability sys_ptrace sys_admin,", ("sys_admin", "sys_ptrace")),
        ("capability,", ("all",)),
        ("capability sys_admin, deny capability sys_admin,", ()),
    ],
)
def test_capabilities_that_undo_confinement_are_named(rules: str, strong: tuple[str, ...]) -> None:
    assert profile(rules).strong_capabilities == strong


@pytest.mark.parametrize(
    ("rules", "traces"),
    [
        ("ptrace,", True),
        ("ptrace trace peer=nginx,", True),
        ("ptrace trace peer=@{profile_name},", False),
        ("ptrace read,", False),
        ("ptrace readby,", False),
        ("deny ptrace trace,", False),
    ],
)
def test_tracing_others_is_told_from_tracing_itself(rules: str, traces: bool) -> None:
    assert profile(rules).traces_others is traces


@pytest.mark.parametrize(
    ("rules", "flags", "stub"),
    [
        ("userns,", "flags=(unconfined)", True),
        ("", "flags=(unconfined)", True),
        ("userns, include if exists <local/x>", "flags=(default_allow)", True),
        ("userns, /etc/x r,", "flags=(unconfined)", False),
        ("userns,", "", False),
        ("userns,", "flags=(complain)", False),
    ],
)
def test_a_stub_only_names_its_program(rules: str, flags: str, stub: bool) -> None:
    assert profile(rules, flags).stub is stub


def test_what_a_file_with_a_fault_grants_is_not_said() -> None:
    found = read({"x": "profile x /usr/bin/x {\n  /etc/x qq,\n}\n"})
    assert isinstance(found.faults, tuple)
    assert found.faults[0].startswith("x:2:")
    assert isinstance(found.profiles[0].writes_everywhere, Absent)


def test_a_file_that_could_not_be_read_leaves_faults_and_local_changes_open() -> None:
    found = read({"x": "profile x /usr/bin/x {\n}\n", "y": Reason.DENIED})
    assert found.unread == (f"{BASE}/y",)
    assert isinstance(found.faults, Absent)
    assert isinstance(found.local_changes, Absent)


def test_links_in_the_two_folders_disable_and_force_complain() -> None:
    text = "profile {0} /usr/bin/{0} {{\n}}\n"
    found = read(
        {
            "a": text.format("a"),
            "b": text.format("b"),
            "disable/a": "-> ../a",
            "force-complain/b": "-> /etc/apparmor.d/b",
        }
    )
    assert (found.disabled, found.force_complain) == (("a",), ("b",))
    assert {p.name: (p.disabled, p.mode) for p in found.profiles} == {
        "a": (True, "enforce"),
        "b": (False, "complain"),
    }


def test_a_local_file_counts_only_when_it_holds_rules() -> None:
    found = read({"local/a": "# nothing\n", "local/b": "/opt/** r,\n", "x": "profile x /x {\n}\n"})
    assert found.local_changes == (f"{BASE}/local/b",)


def test_a_profile_is_made_from_everything_it_includes() -> None:
    found = read(
        {
            "x": "abi <abi/4.0>,\ninclude <tunables/global>\nprofile x /x {\n  include <abstractions/a>\n}\n",
            "tunables/global": "include <tunables/home>\n",
            "tunables/home": "@{HOME}=/home/*/\n",
            "abstractions/a": "include <abstractions/b>\n",
            "abstractions/b": "/etc/b r,\n",
            "abstractions/unused": "/etc/c r,\n",
        }
    )
    names = ("abi/4.0", "abstractions/a", "abstractions/b", "tunables/global", "tunables/home", "x")
    assert found.profiles[0].sources == tuple(f"{BASE}/{name}" for name in names)


def test_an_include_of_itself_ends() -> None:
    assert isinstance(read({"x": "include <x>\nprofile x /x {\n}\n"}), ProfileTree)


def test_a_link_out_of_the_tree_is_a_file_that_was_not_read() -> None:
    items = tree("apparmor.files", {f"{BASE}/x": "-> /usr/share/x"})
    assert read_profile_set(host(items))[1] == (f"{BASE}/x",)


def test_a_host_without_the_folder_has_no_tree() -> None:
    found = parse_profile_tree(host({"apparmor.files": Reason.NOT_PRESENT}))
    assert isinstance(found, Absent)
    assert found.reason is Reason.NOT_PRESENT


def test_the_profiles_of_debian_13_are_described_within_seconds() -> None:
    top = corpus("apparmor-profiles-debian13")
    root = next(path.parent for path in sorted(top.rglob("abstractions")) if path.is_dir())
    files = {str(p.relative_to(root)): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}
    found = read(files)
    assert found.faults == ()
    assert len(found.profiles) > 50
    assert sum(profile.stub for profile in found.profiles) > 20


CONFIG = "/etc/apparmor/parser.conf"
FEATURES = "/usr/share/apparmor-features/features"
WITHOUT_ABI = {"x": "profile x { }\n"}


@pytest.mark.parametrize(
    ("elsewhere", "name", "unread"),
    [
        ({}, "default", ()),
        ({CONFIG: "# policy-features=/x\n"}, "default", ()),
        ({CONFIG: Reason.DENIED, FEATURES: "network_v8 {af_mask {inet}}"}, "default", (CONFIG,)),
        ({CONFIG: f"policy-features={FEATURES}\n", FEATURES: "network_v8 {af_mask {inet}}"}, "pinned", ()),
        ({CONFIG: f"write-cache\npolicy-features {FEATURES}\n", FEATURES: "file {mask {x}}"}, "pinned", ()),
        ({CONFIG: f"policy-features={FEATURES}\n"}, "default", (FEATURES,)),
        ({CONFIG: f"policy-features={FEATURES}\n", FEATURES: Reason.DENIED}, "default", (FEATURES,)),
        ({CONFIG: f"policy-features={FEATURES}\n", FEATURES: "} no features {"}, "default", (FEATURES,)),
    ],
)
def test_what_the_parser_is_told_to_assume_holds_for_files_without_an_abi(
    elsewhere: Mapping[str, str | Reason], name: str, unread: tuple[str, ...]
) -> None:
    items = tree("apparmor.files", {f"{BASE}/{file}": text for file, text in WITHOUT_ABI.items()})
    policy, missing = read_profile_set(host(items | tree("apparmor.files_elsewhere", elsewhere)))
    assert (policy.profiles["x"].features.name, missing) == (name, unread)


def test_an_unknown_assumption_is_no_gap_where_every_file_states_its_abi() -> None:
    items = tree("apparmor.files", {f"{BASE}/x": "abi <kernel>,\nprofile x { }\n"})
    elsewhere = tree("apparmor.files_elsewhere", {CONFIG: f"policy-features={FEATURES}\n"})
    assert read_profile_set(host(items | elsewhere))[1] == ()


@pytest.mark.parametrize(
    ("packages", "loose"),
    [
        ("installed apparmor 3.0.8-3 amd64\n", True),
        ("installed apparmor 3.1.7-4 amd64\n", False),
        ("installed apparmor 4.0.1really4.0.1-0ubuntu0.24.04.3 amd64\n", False),
        ("installed nginx 1.22.1-9 amd64\n", False),
        ("installed apparmor unknown amd64\n", False),
        ("garbage\n", False),
    ],
)
def test_rules_mean_what_the_version_of_the_host_makes_of_them(packages: str, loose: bool) -> None:
    text = "abi <kernel>,\nprofile x {\n  mount options=(rw, bind) /a/ -> /b/,\n}\n"
    items = tree("apparmor.files", {f"{BASE}/x": text})
    policy, _ = read_profile_set(host({**items, "packages.dpkg": packages}))
    plain = decide(policy, "x", "mount", MountRequest("/b/", "/a/", "ext4", 0))
    assert plain.allowed is loose
