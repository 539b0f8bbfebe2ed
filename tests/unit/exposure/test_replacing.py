"""What would be with other profiles or another policy: facts follow from the changed evidence."""

from __future__ import annotations

from pathlib import Path

import pytest

from hardcheck.apparmor import ProfileSet
from hardcheck.apparmor.flags import ProfileMode
from hardcheck.errors import UsageError
from hardcheck.evidence import Evidence, HostEvidence, HostIdentity, Privilege, Reason
from hardcheck.exposure.replacing import _restarted, with_policy_file, with_profile_folder
from tests.unit.exposure.hosts import host, process

BASE = "/etc/apparmor.d"
PROFILE = (
    "profile web /usr/sbin/nginx flags=(complain) {\n  /srv/** r,\n}\nprofile other {\n  /etc/passwd r,\n}\n"
)


def evidence(**items: bytes) -> HostEvidence:
    given = {
        "kernel.lsm": b"lockdown,capability,apparmor\n",
        "apparmor.enabled": b"Y\n",
        "apparmor.files": f"d 0755 0 0 - - {BASE}\n".encode(),
        "apparmor.profiles": b"old (enforce)\nother (complain)\n",
        **{key.replace("_", "."): content for key, content in items.items()},
    }
    kept = {key: Evidence(key, key, content) for key, content in given.items()}
    identity = HostIdentity("web1")
    return HostEvidence(identity, "", "", "0", "", Privilege.ROOT, kept)


def folder(tmp_path: Path, text: str) -> Path:
    (tmp_path / "usr.sbin.nginx").write_text(text)
    return tmp_path


def test_profiles_of_a_folder_count_as_loaded_in_the_mode_of_their_text(tmp_path: Path) -> None:
    host = with_profile_folder(evidence(), folder(tmp_path, PROFILE))
    modes = {profile.name: str(profile.mode) for profile in host.facts["apparmor.profiles"]}
    assert modes == {"old": "enforce", "web": "complain", "other": "enforce"}
    assert host.logged_only == {"web"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("profile web {", "usr.sbin.nginx"),
        ("# nothing\n", "no AppArmor profile"),
        ("profile a { x y z }", ":"),
    ],
)
def test_a_folder_without_good_profiles_is_refused(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        with_profile_folder(evidence(), folder(tmp_path, text))


def test_the_other_framework_s_policy_cannot_be_tried(tmp_path: Path) -> None:
    file = tmp_path / "policy"
    file.write_bytes(b"\x8c\xff\x7c\xf9")
    with pytest.raises(UsageError, match="its framework is apparmor"):
        with_policy_file(evidence(), file)


def test_a_host_whose_framework_was_not_seen_is_refused_too(tmp_path: Path) -> None:
    unseen = evidence()
    gone = Evidence("kernel.lsm", "", reason=Reason.DENIED)
    items = dict.fromkeys(unseen.items, gone)
    blind = HostEvidence(unseen.host, "", "", "0", "", Privilege.NONE, items)
    with pytest.raises(UsageError, match="its framework is unknown"):
        with_profile_folder(blind, folder(tmp_path, PROFILE))


def test_what_runs_under_a_replaced_profile_runs_in_its_new_mode_at_once(tmp_path: Path) -> None:
    """And what is unconfined comes under a profile that attaches, when it is started again."""
    loaded = folder(tmp_path, PROFILE)
    policy = ProfileSet.read(loaded)
    modes = {"web": ProfileMode.COMPLAIN, "other": ProfileMode.ENFORCE}
    processes = (
        process(1, "systemd", label="unconfined"),
        process(5, "thing", label="other (complain)"),
        process(6, "nginx", label="unconfined"),
        process(7, "kept", label="old (complain)"),
    )
    found = _restarted(host(**{"processes.all": processes}), policy, modes)  # type: ignore[arg-type] # facts by name
    assert found == {5: ("other", "enforced"), 6: ("web", "permissive")}
