"""`hardcheck exposure` with other settings, policies and profiles, and `hardcheck compare`, on recordings of
the lab hosts. That the kernel does as is foretold, test_exposure.py and test_isolation.py show."""

from __future__ import annotations

import json
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.live import lab
from tests.live.recordings import Recordings
from tests.live.sites import hardcheck

pytestmark = pytest.mark.live

CONNECTIONS = {f"connect-{what}" for what in ("anywhere", "database", "mail", "metadata", "web")}


def exposure(bundle: Path, *words: str | Path) -> dict[str, Any]:
    done = hardcheck("exposure", bundle, "--service", "php-fpm", *words, "--json")
    assert done.returncode in (0, 3), done.stderr
    return dict(json.loads(done.stdout)["exposure"])


def changes(found: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {one["goal"]: (one["before"], one["after"]) for one in found["differences"]}


def fetched(name: str, path: str, folder: Path) -> Path:
    """A file or folder of a host, copied below a folder of ours."""
    command = lab.ssh_command(name, f"tar -C / -cf - {path.lstrip('/')}")
    packed = folder / f"{name}.tar"
    with packed.open("wb") as out:
        subprocess.run(command, check=True, stdout=out, timeout=300)
    with tarfile.open(packed) as archive:
        archive.extractall(folder, filter="tar")
    return folder / path.lstrip("/")


def test_a_boolean_that_is_off_closes_what_it_opened(recordings: Recordings) -> None:
    found = exposure(recordings.bundle("selinux"), "--boolean", "httpd_can_network_connect=off")
    assert changes(found) == dict.fromkeys(CONNECTIONS, ("allowed", "blocked"))


def test_the_policy_on_disk_is_the_one_that_runs(recordings: Recordings, tmp_path: Path) -> None:
    """The file has the state of its booleans when it was built, as the kernel has them now."""
    policy = fetched("selinux", "/etc/selinux/default/policy/policy.33", tmp_path)
    assert changes(exposure(recordings.bundle("selinux"), "--policy", policy)) == {}


def test_profiles_without_complain_mode_do_what_enforcing_does(
    recordings: Recordings, tmp_path: Path
) -> None:
    bundle = recordings.bundle("apparmor")
    enforced = changes(exposure(bundle, "--enforce", "php-fpm"))
    assert ("logged only", "blocked") in enforced.values()
    assert enforced["read-password-hashes"] == ("logged only", "blocked")
    folder = fetched("apparmor", "/etc/apparmor.d", tmp_path)
    profile = folder / "php-fpm"
    profile.write_text(profile.read_text().replace("complain,", ""))
    assert changes(exposure(bundle, "--profiles", folder)) == enforced


def test_what_cannot_be_assumed_of_a_host_is_refused(recordings: Recordings, tmp_path: Path) -> None:
    for name, *words in (
        ("apparmor", "--boolean", "httpd_can_network_connect=off"),
        ("apparmor", "--enforce", "no-such-profile"),
        ("selinux", "--boolean", "no_such_boolean=on"),
        ("selinux", "--profiles", str(tmp_path)),
    ):
        done = hardcheck("exposure", recordings.bundle(name), *words)
        assert done.returncode == 2, done.stdout
        assert b"lab-" in done.stderr
        assert b"Traceback" not in done.stderr


@pytest.fixture(scope="module")
def compared(recordings: Recordings) -> dict[str, Any]:
    bundles = [recordings.bundle(name) for name in lab.HOSTS]
    done = hardcheck("compare", *bundles, "--json")
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout)["comparison"])


def test_each_host_is_compared_with_the_framework_that_does_not_run(compared: dict[str, Any]) -> None:
    hosts = {host["host"]: host for host in compared["hosts"]}
    assert {name: host["framework"] for name, host in hosts.items()} == {
        "lab-selinux": "selinux",
        "lab-apparmor": "apparmor",
        "lab-plain": "neither",
    }
    others = {
        name: {key for one in host["objectives"] for key in one["other"]} for name, host in hosts.items()
    }
    assert others == {
        "lab-selinux": {"apparmor"},
        "lab-apparmor": {"selinux"},
        "lab-plain": {"selinux", "apparmor"},
    }


def test_the_catalogue_foretells_what_the_other_host_runs(compared: dict[str, Any]) -> None:
    """The domain that Debian's policy gives nginx by the catalogue is the one it has on the SELinux host."""
    found: dict[str, dict[str, Any]] = {
        host["host"]: {service["name"]: service for service in host["services"]} for host in compared["hosts"]
    }
    for service in ("nginx", "ssh", "networking"):
        there = set(found["lab-selinux"][service]["subjects"])
        (would,) = found["lab-apparmor"][service]["shipped"]["selinux"]
        assert {would.partition(" ")[0]} == there
        assert found["lab-apparmor"][service]["would"]["selinux"] == "enforced"


def test_a_fleet_of_both_counts_each_framework_by_its_own(compared: dict[str, Any]) -> None:
    (confined,) = (line for line in compared["fleet"] if line["title"] == "network services confined")
    counts = {cell["framework"]: (cell["met"], cell["total"], cell["unknown"]) for cell in confined["cells"]}
    assert counts == {"selinux": (3, 4, 0), "apparmor": (1, 4, 0), "neither": (0, 4, 0)}
