"""The set of profiles of a host: folders, collected files, disabled and complaining ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from hardcheck.apparmor import FileState, MappingSource, ProfileMode, ProfileSet, parse
from hardcheck.apparmor.abi import features_of_tree, parse_features
from hardcheck.errors import ProfileError, UsageError

FILES = {
    "/etc/apparmor.d/nginx": b"abi <abi/3.0>,\ninclude <tunables/global>\nprofile nginx /usr/sbin/nginx {\n"
    b"  include <abstractions/web>\n  include if exists <local/nginx>\n  /srv/** rw,\n}\n",
    "/etc/apparmor.d/abstractions/web": b"  @{WWW}/** r,\n  network inet stream,\n",
    "/etc/apparmor.d/tunables/global": b"include <tunables/global.d>\n",
    "/etc/apparmor.d/tunables/global.d/site": b"@{WWW}=/var/www /srv/www\n",
    "/etc/apparmor.d/tunables/global.d/site.dpkg-old": b"nonsense\n",
    "/etc/apparmor.d/abi/3.0": b"file {mask {read\n}\n}\ncaps {mask {chown\n}\n}\n"
    b"network_v8 {af_mask {inet\n}\n}\n",
    "/etc/apparmor.d/off": b"profile off /usr/bin/off { }\n",
    "/etc/apparmor.d/disable/off": b"",
    "/etc/apparmor.d/learning": b"profile learning { /a r, }\n",
    "/etc/apparmor.d/force-complain/learning": b"",
    "/etc/apparmor.d/broken": b"profile broken { what }\n",
    "/etc/apparmor.d/README": b"not policy\n",
    "/etc/apparmor.d/usr.bin.x.dpkg-new": b"nonsense\n",
}


@pytest.fixture
def policy() -> ProfileSet:
    return ProfileSet.read(FILES)


def test_collected_files_are_read_as_a_folder_is(policy: ProfileSet, tmp_path: Path) -> None:
    for path, content in FILES.items():
        copy = tmp_path / path.removeprefix("/etc/apparmor.d/")
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(content)
    on_disk = ProfileSet.read(tmp_path)
    assert sorted(on_disk.profiles) == sorted(policy.profiles) == ["learning", "nginx"]
    for path in ("/var/www/x", "/srv/www/x", "/etc/passwd"):
        assert str(on_disk.file("nginx", path)) == str(policy.file("nginx", path))


def test_each_file_has_its_state(policy: ProfileSet) -> None:
    assert {file.name: file.state for file in policy.files} == {
        "nginx": FileState.ACTIVE,
        "learning": FileState.ACTIVE,
        "off": FileState.DISABLED,
        "broken": FileState.BROKEN,
    }
    assert [str(fault) for fault in policy.faults] == ["broken:1:18: unknown keyword 'what'"]


def test_a_link_in_force_complain_wins_over_the_flags(policy: ProfileSet) -> None:
    assert policy.mode("learning") is ProfileMode.COMPLAIN
    assert policy.mode("nginx") is ProfileMode.ENFORCE


def test_rules_of_includes_name_the_file_they_stand_in(policy: ProfileSet) -> None:
    (rule, _) = policy.file("nginx", "/srv/www/x").rules
    cited = policy.profile("nginx").cite(rule)
    assert cited == "abstractions/web:1: @{WWW}/** r, (included at nginx:4)"


def test_the_simple_questions_have_simple_answers(policy: ProfileSet) -> None:
    assert policy.file("nginx", "/srv/x").permissions == "rw"
    assert policy.capabilities("nginx") == frozenset()
    assert policy.network("nginx", "inet", "stream")
    assert not policy.network("nginx", "inet", "dgram")
    assert policy.attached("/usr/sbin/nginx").name == "nginx"
    assert policy.attached("/usr/bin/off").name == ""


def test_a_class_that_the_abi_does_not_know_is_not_mediated(policy: ProfileSet) -> None:
    profile = policy.profile("nginx")
    assert [class_ for class_ in ("network", "signal", "dbus") if policy.mediates(profile, class_)] == [
        "network"
    ]


def test_a_class_that_the_kernel_does_not_know_is_not_mediated() -> None:
    kernel = features_of_tree(
        "kernel", {"network/af_mask": "inet", "file/mask": "read", "signal/mask": "hup"}
    )
    policy = ProfileSet.read(FILES, kernel=kernel)
    assert not policy.mediates(policy.profile("nginx"), "network")  # v8 rules, and a kernel without v8


def test_a_features_file_is_a_tree_of_names() -> None:
    features = parse_features("x", "dbus {mask {acquire send\n}\n}\nnamespaces {mask {userns_create\n}\n}\n")
    assert features is not None
    assert features.has("dbus")
    assert features.has("userns")
    assert not features.has("mount")
    assert parse_features("x", "a { b") is None


def test_a_missing_folder_or_file_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        ProfileSet.read(tmp_path / "nothing")
    with pytest.raises(UsageError):
        parse(tmp_path / "nothing")
    with pytest.raises(UsageError):
        ProfileSet.read({}).file("nginx", "/a")


def test_parse_takes_a_path_or_a_text_and_a_base(tmp_path: Path) -> None:
    (tmp_path / "abstractions").mkdir()
    (tmp_path / "abstractions" / "x").write_text("/x r,\n")
    (tmp_path / "p").write_text("profile p { include <abstractions/x> }\n")
    assert parse(tmp_path / "p").file("p", "/x").permissions == "r"
    assert parse(str(tmp_path / "p")).file("p", "/x").permissions == "r"
    assert parse("profile q { include <abstractions/x> }", base=tmp_path).file("q", "/x").permissions == "r"
    with pytest.raises(ProfileError, match="no file 'abstractions/x'"):
        parse("profile q { include <abstractions/x> }")


def test_a_profile_that_does_not_compile_is_an_error_when_it_is_asked() -> None:
    policy = ProfileSet.read({"/etc/apparmor.d/p": b"profile p { @{NOPE}/x r, }"})
    with pytest.raises(ProfileError, match=r"p:1:13: @\{NOPE\} is not declared"):
        policy.file("p", "/x")


def test_a_source_can_be_given_as_it_is() -> None:
    assert sorted(ProfileSet.read(MappingSource(FILES)).profiles) == ["learning", "nginx"]


def test_aliases_copy_rules_and_attachments() -> None:
    policy = parse("alias /home/ -> /mnt/homes/,\nprofile p /home/bin/p { /home/*/x r, }")
    assert policy.file("p", "/home/a/x").permissions == policy.file("p", "/mnt/homes/a/x").permissions == "r"
    assert policy.attached("/mnt/homes/bin/p").name == "p"
