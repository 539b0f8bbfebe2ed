"""The fragments about the system, run under every shell at hand: they answer in the form the parsers read."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardcheck.collect import SOURCES as ALL_SOURCES
from hardcheck.collect import (
    accounts,
    audit,
    boot,
    containers,
    coredump,
    crypto_policy,
    fail2ban,
    firewall,
    integrity,
    logs,
    mounts,
    network,
    packages,
    pam,
    repositories,
    sshd,
    sysctl,
    time,
    units,
    web,
)
from hardcheck.collect.base import ShellSource, Source
from hardcheck.facts import Absent
from hardcheck.parse.base import run_parser
from hardcheck.parse.passwd import parse_passwords
from hardcheck.parse.system import SYSTEM_PARSERS
from tests.unit.parse.system_hosts import host

SOURCES: tuple[Source, ...] = tuple(
    source
    for module in (
        accounts,
        audit,
        boot,
        containers,
        coredump,
        crypto_policy,
        fail2ban,
        firewall,
        integrity,
        logs,
        mounts,
        network,
        packages,
        pam,
        repositories,
        sshd,
        sysctl,
        time,
        units,
        web,
    )
    for source in module.SOURCES
)
FRAGMENTS = {source.key: source for source in SOURCES if isinstance(source, ShellSource)}
SHELLS = [shell for shell in (["dash"], ["bash", "--posix"], ["busybox", "sh"]) if shutil.which(shell[0])]
FACTS = {fact.keys[0]: fact for fact in reversed(SYSTEM_PARSERS)}
ANYWHERE = (
    "sysctl.values",
    "network.sockets",
    "reboot.state",
    "boot.firmware",
    "kernel.protections",
    "mounts.removable",
    "sshd.host_keys",
    "time.state",
    "web.cpanel",
    "fail2ban.filters",
    "containers.owners",
    "web.folders",
    "web.php_ini",
    "firewall.compat",
    "firewall.iptables",
    "audit.places",
    "integrity.state",
    "logs.files",
)


def run(shell: list[str], body: str) -> bytes:
    env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}
    done = subprocess.run(
        [*shell, "-c", body], capture_output=True, env=env, timeout=60, stdin=subprocess.DEVNULL
    )
    return done.stdout


def test_every_source_that_is_asked_for_is_read_by_a_parser_or_is_part_of_a_tree() -> None:
    read = {key for fact in SYSTEM_PARSERS for key in fact.keys}
    assert {source.key for source in SOURCES} <= read
    assert read <= {source.key for source in ALL_SOURCES}


@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
@pytest.mark.parametrize("key", sorted(FRAGMENTS))
def test_a_fragment_is_a_program_of_every_shell(key: str, shell: list[str]) -> None:
    done = subprocess.run([*shell, "-n", "-c", FRAGMENTS[key].body], capture_output=True, timeout=20)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
@pytest.mark.parametrize("key", ANYWHERE)
def test_what_a_fragment_prints_is_read(key: str, shell: list[str]) -> None:
    value = run_parser(FACTS[key], host({key: run(shell, FRAGMENTS[key].body)}))
    assert not isinstance(value, Absent) or key == "web.cpanel", value


def test_a_fragment_writes_to_no_file() -> None:
    """A redirection goes to /dev/null or to another stream."""
    for key, source in FRAGMENTS.items():
        unquoted = re.sub(r"'[^']*'", "''", source.body)
        for match in re.finditer(r"(?<![-=<])>\s*([^\s;)|&]+)", unquoted):
            assert match[1] == "/dev/null", f"{key}: {match[0]}"


def test_settings_are_read_whole_whatever_the_shell_does_with_short_reads() -> None:
    body = FRAGMENTS["sysctl.values"].body
    expected = Path("/proc/sys/kernel/pid_max").read_text().strip()
    body = body.replace("net/ipv4/ip_forward", "kernel/pid_max")
    for shell in SHELLS:
        assert f"\nkernel/pid_max:{expected}\n" in run(shell, body).decode()


HASHES = [
    "",
    "*",
    "!",
    "!!",
    "!*",
    "*LK*",
    "x",
    "$y$j9T$abcdefghijklmnop$ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopq",
    "$6$saltsalt$" + "h" * 86,
    "!$6$saltsalt$" + "h" * 86,
    "$1$saltsalt$" + "h" * 22,
    "abJnggxhB/yWI",
]
STATES = [
    "none",
    "locked",
    "locked",
    "locked",
    "locked",
    "locked",
    "locked",
    "set",
    "set",
    "locked",
    "set",
    "set",
]
SCHEMES = ["", "", "", "", "", "unknown", "", "yescrypt", "sha512", "sha512", "md5", "des"]


def shadow(path: Path, hashes: list[str]) -> str:
    path.write_text("".join(f"user{n}:{text}:19000:0:99999:7:::\n" for n, text in enumerate(hashes)))
    return FRAGMENTS["accounts.passwords"].body.replace("/etc/shadow", str(path))


@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
def test_passwords_are_told_by_their_state_and_scheme(shell: list[str], tmp_path: Path) -> None:
    output = run(shell, shadow(tmp_path / "shadow", HASHES))
    found = parse_passwords(host({"accounts.passwords": output}))
    assert [each.state for each in found] == STATES
    assert [each.scheme for each in found] == SCHEMES
    assert {each.changed_day for each in found} == {19000}


@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
def test_no_hash_leaves_the_host(shell: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("shadow")
    letters = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz$!*=,_-"

    @settings(max_examples=10, deadline=None)
    @given(st.lists(st.text(letters, min_size=8, max_size=120), min_size=1, max_size=12))
    def check(hashes: list[str]) -> None:
        output = run(shell, shadow(folder / "shadow", hashes)).decode()
        assert output.count("\n") == len(hashes)
        for text in hashes:
            assert text not in output
            assert text[4:] not in output or text[4:] in "locked unknown"

    check()
