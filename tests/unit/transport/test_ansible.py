"""The Ansible transport: how results are read, and one real run over the local connection."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hardcheck.errors import (
    AuthenticationFailed,
    DeadlineExceeded,
    HostKeyRejected,
    ProbeNotStarted,
    TransportError,
    Unreachable,
)
from hardcheck.evidence import Privilege
from hardcheck.transport.access import Sudo
from hardcheck.transport.ansible import AnsibleTransport
from hardcheck.transport.ansible_run import AnsibleSetup, HostResult
from hardcheck.transport.ansible_site import AnsibleSite
from hardcheck.transport.base import BecomeFailure, Limits, Streams
from hardcheck.transport.secret import Secret

SCRIPT = b'echo "args:$*"; echo from-probe >&2; exit 3\n'
SUDO = Sudo()
SETUP = AnsibleSetup()
Tell = Callable[[str, HostResult], None]


class FakeAnsible:
    """Runs lines in a shell here; ``trouble`` is what it says as long as become is not forbidden."""

    def __init__(self, trouble: HostResult | None = None, become: str = "no") -> None:
        self.trouble, self.become = trouble, become
        self.batches: list[tuple[AnsibleSetup, set[str]]] = []

    def __call__(
        self, setup: AnsibleSetup, lines: dict[str, str], tell: Tell, cancelled: Callable[[], bool]
    ) -> None:
        self.batches.append((setup, set(lines)))
        for host, line in lines.items():
            if self.trouble is not None and setup.become is not False:
                tell(host, self.trouble)
                continue
            done = subprocess.run(
                ["/bin/sh", "-c", line],
                capture_output=True, text=True, check=False,
                env={"HARDCHECK_BECOME": self.become, "PATH": "/usr/bin:/bin"},
            )  # fmt: skip
            tell(host, HostResult("ok", stdout=done.stdout))


def ask(ansible: FakeAnsible, sudo: Sudo = SUDO, setup: AnsibleSetup = SETUP) -> Streams:
    site = AnsibleSite(setup, ansible)
    try:
        return AnsibleTransport("web1", sudo, site).run_probe(SCRIPT, ["a"], Limits())
    finally:
        site.close()


def test_the_answer_comes_through() -> None:
    streams = ask(FakeAnsible(), Sudo(allowed=False))
    assert (streams.stdout, streams.stderr, streams.exit_status) == (b"args:a\n", b"from-probe\n", 3)
    assert streams.failure is None


def test_root_by_ansibles_become_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = ask(FakeAnsible(become="no")).privilege
    if expected is Privilege.ROOT:
        assert ask(FakeAnsible(become="yes")).privilege is Privilege.BECOME


def test_hosts_that_ask_together_share_a_run() -> None:
    ansible = FakeAnsible()
    site = AnsibleSite(AnsibleSetup(), ansible)
    answers: dict[str, bytes] = {}

    def one(name: str) -> None:
        transport = AnsibleTransport(name, Sudo(allowed=False), site)
        answers[name] = transport.run_probe(SCRIPT, [name], Limits()).stdout

    threads = [threading.Thread(target=one, args=(f"web{n}",)) for n in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    site.close()
    assert answers == {f"web{n}": f"args:web{n}\n".encode() for n in range(5)}
    assert len(ansible.batches) <= 2


@pytest.mark.parametrize(
    ("message", "why"),
    [
        ("Missing sudo password", BecomeFailure.PASSWORD_NEEDED),
        ("Incorrect sudo password", BecomeFailure.WRONG_PASSWORD),
        ("Timeout (12s) waiting for privilege escalation prompt:", BecomeFailure.FAILED),
    ],
)
def test_a_become_that_fails_is_typed_and_done_without(message: str, why: BecomeFailure) -> None:
    ansible = FakeAnsible(HostResult("failed", message))
    streams = ask(ansible, setup=AnsibleSetup(become=True, become_password=Secret("x")))
    assert streams.stdout == b"args:a\n"
    assert [setup.become for setup, _ in ansible.batches] == [True, False]
    assert ansible.batches[1][0].become_password is None
    if streams.privilege is Privilege.NONE:
        assert streams.denied is not None
        assert streams.denied.why is why


@pytest.mark.parametrize(
    ("result", "kind"),
    [
        (HostResult("unreachable", "Failed to connect: Connection refused"), Unreachable),
        (HostResult("unreachable", "root@web1: Permission denied (publickey)."), AuthenticationFailed),
        (HostResult("unreachable", "Host key verification failed."), HostKeyRejected),
        (HostResult("unreachable", "Connection timed out"), DeadlineExceeded),
        (HostResult("failed", "non-zero return code", stdout="no shell for you"), ProbeNotStarted),
        (HostResult("none", "ansible gave no result for it"), Unreachable),
        (HostResult("ok", stdout="only a banner"), None),
    ],
)
def test_what_ansible_says_becomes_an_error_of_ours(
    result: HostResult, kind: type[TransportError] | None
) -> None:
    def run(setup: AnsibleSetup, lines: dict[str, str], tell: Tell, cancelled: Callable[[], bool]) -> None:
        for host in lines:
            tell(host, result)

    site = AnsibleSite(AnsibleSetup(), run)
    transport = AnsibleTransport("web1", Sudo(allowed=False), site)
    if kind is None:
        assert transport.run_probe(SCRIPT, [], Limits()).failure is not None
    else:
        with pytest.raises(kind, match=r"^web1: [^\n]+$"):
            transport.run_probe(SCRIPT, [], Limits())
    site.close()


def test_an_error_of_ansible_runner_costs_its_hosts_and_no_more() -> None:
    def run(setup: AnsibleSetup, lines: dict[str, str], tell: Tell, cancelled: Callable[[], bool]) -> None:
        raise RuntimeError("no ansible-playbook")

    site = AnsibleSite(AnsibleSetup(), run)
    with pytest.raises(Unreachable, match="no ansible-playbook"):
        AnsibleTransport("web1", Sudo(), site).run_probe(SCRIPT, [], Limits())
    site.close()


def test_a_closed_site_answers_those_who_wait() -> None:
    def run(setup: AnsibleSetup, lines: dict[str, str], tell: Tell, cancelled: Callable[[], bool]) -> None:
        while not cancelled():
            time.sleep(0.01)
        tell("web1", HostResult("none", "broken off"))

    site = AnsibleSite(AnsibleSetup(), run)
    threading.Timer(0.6, site.close).start()
    with pytest.raises(Unreachable, match="broken off"):
        AnsibleTransport("web1", Sudo(), site).run_probe(SCRIPT, [], Limits())


@pytest.mark.slow
def test_a_real_run_over_the_local_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSIBLE_LOCAL_TEMP", str(tmp_path / "local"))
    monkeypatch.setenv("HARDCHECK_SSH_PASSWORD", "not for ansible")
    inventory = tmp_path / "inventory.yml"
    inventory.write_text(
        "all: {hosts: {here: {ansible_connection: local}, odd: {ansible_connection: local}}}\n"
    )
    site = AnsibleSite(
        AnsibleSetup(
            inventories=(str(inventory),),
            hosts={
                "extra": {"ansible_connection": "local"},
                "down": {"ansible_host": "127.0.0.1", "ansible_port": 1},
            },
        )
    )
    script = b"printf '\\000\\377 {{ x }} %s' \"$1\"; head -c 1000000 /dev/urandom; exit 3\n"
    results: dict[str, Streams | TransportError] = {}

    def one(name: str) -> None:
        try:
            results[name] = AnsibleTransport(name, Sudo(allowed=False), site).run_probe(
                script, [name], Limits()
            )
        except TransportError as error:
            results[name] = error

    threads = [threading.Thread(target=one, args=(name,)) for name in ("here", "odd", "extra", "down")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    site.close()
    for name in ("here", "odd", "extra"):
        streams = results[name]
        assert isinstance(streams, Streams), streams
        assert streams.failure is None
        assert streams.stdout.startswith(b"\0\xff {{ x }} " + name.encode())
        assert len(streams.stdout) == 1_000_011 + len(name)
    assert isinstance(results["down"], Unreachable)
