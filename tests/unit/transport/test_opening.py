"""Opening transports, and what is not imported before it is needed."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from hardcheck.errors import UsageError
from hardcheck.transport.access import Access, SshAccess, Sudo, Way
from hardcheck.transport.opening import Options, Ways
from hardcheck.transport.recorded import find_bundles, is_recorded_word
from hardcheck.transport.watchdog import Watchdog


def test_each_way_has_its_transport() -> None:
    with Ways(Options()) as ways:
        names = [ways.open("h", Access(way, SshAccess("192.0.2.1", 22, "me"))).name for way in Way]
    assert names == ["local", "ssh", "ansible"]


def test_the_heavy_libraries_wait_for_their_first_use() -> None:
    program = (
        "import sys, hardcheck.transport.opening, hardcheck.inventory.targets, hardcheck.collect.fleet\n"
        "print([m for m in ('paramiko', 'ansible', 'ansible_runner', 'cryptography') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_watchdog_acts_in_the_order_of_the_limits() -> None:
    dog, acted = Watchdog(), []
    with (
        dog.limit(0.3, lambda: acted.append("late")),
        dog.limit(0.05, lambda: acted.append("early")),
        dog.limit(60, lambda: acted.append("never")),
    ):
        time.sleep(0.6)
    assert acted == ["early", "late"]
    dog.close()


def test_a_watchdog_lets_go_of_what_ended_in_time() -> None:
    dog, acted = Watchdog(), []
    for _ in range(3):
        with dog.limit(0.1, lambda: acted.append("late")):
            pass
    time.sleep(0.2)
    assert acted == []
    dog.close()
    assert (
        sum(thread.name == "hardcheck-watchdog" for thread in threading.enumerate() if thread.is_alive()) <= 1
    )


def test_an_action_that_fails_does_not_end_the_watchdog() -> None:
    dog, acted = Watchdog(), []

    def fail() -> None:
        raise OSError("gone")

    with dog.limit(0.02, fail), dog.limit(0.06, lambda: acted.append("second")):
        time.sleep(0.3)
    assert acted == ["second"]
    dog.close()


def test_bundles_are_found_by_file_folder_and_run(tmp_path: Path) -> None:
    (tmp_path / "run" / "bundles").mkdir(parents=True)
    for name in ("b.evidence.zip", "a.evidence.zip"):
        (tmp_path / "run" / "bundles" / name).touch()
    (tmp_path / "run" / "report.zip").touch()
    bundles = tmp_path / "run" / "bundles"
    wanted = (bundles / "a.evidence.zip", bundles / "b.evidence.zip")
    assert find_bundles(tmp_path / "run") == find_bundles(bundles) == wanted
    assert find_bundles(wanted[0]) == wanted[:1]
    for missing in (tmp_path, tmp_path / "none"):
        with pytest.raises(UsageError):
            find_bundles(missing)


@pytest.mark.parametrize(
    ("word", "recorded"), [("web1", False), ("./web1", True), ("a.zip", True), ("u@h:22", False)]
)
def test_a_word_is_a_path_when_it_looks_like_one(word: str, recorded: bool) -> None:
    assert is_recorded_word(word) is recorded


def test_sudo_is_allowed_unless_it_is_forbidden() -> None:
    assert Access(Way.SSH).sudo == Sudo(allowed=True, password=None)
