"""The SSH transport against OpenSSH's own sshd on this machine."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable

import pytest

from hardcheck.evidence import Privilege
from hardcheck.transport.access import SshAccess, Sudo
from hardcheck.transport.base import Limits
from hardcheck.transport.ssh import SshTransport
from tests.unit.transport.conftest import World

Start = Callable[[], int]


@pytest.fixture
def port(sshd: Start) -> int:
    return sshd()


def test_a_probe_runs_twice_over_one_connection(world: World, port: int) -> None:
    transport = SshTransport("here", SshAccess("127.0.0.1", port), Sudo(allowed=False), world.context())
    for run in ("1", "2"):
        streams = transport.run_probe(b'echo "$1"; echo err >&2; exit 5\n', [run], Limits(idle_s=20))
        assert (streams.stdout, streams.stderr, streams.exit_status) == (run.encode() + b"\n", b"err\n", 5)
        assert streams.privilege is (Privilege.ROOT if os.geteuid() == 0 else Privilege.NONE)
        assert streams.failure is None
    transport.close()


def test_a_megabyte_each_way_comes_through(world: World, port: int) -> None:
    script = b"#" + b"x" * 1_000_000 + b"\nhead -c 5000000 /dev/zero\n"
    transport = SshTransport("here", SshAccess("127.0.0.1", port), Sudo(allowed=False), world.context())
    streams = transport.run_probe(script, [], Limits(idle_s=20))
    assert streams.failure is None
    assert streams.stdout == bytes(5_000_000)
    transport.close()


def test_a_jump_through_itself_works(world: World, port: int) -> None:
    user = getpass.getuser()
    access = SshAccess("127.0.0.1", port, user, options={"proxyjump": f"{user}@127.0.0.1:{port}"})
    transport = SshTransport("here", access, Sudo(allowed=False), world.context())
    assert transport.run_probe(b"echo through\n", [], Limits(idle_s=20)).stdout == b"through\n"
    transport.close()


def test_a_pipe_of_ssh_itself_works_as_proxy_command(world: World, port: int) -> None:
    command = (
        "ssh -F none -o BatchMode=yes -o StrictHostKeyChecking=yes "
        f"-o UserKnownHostsFile={world.known_hosts} "
        f"-i {world.ssh}/id_ed25519 -p {port} -W %h:%p 127.0.0.1"
    )
    access = SshAccess("127.0.0.1", port, options={"proxycommand": command})
    transport = SshTransport("here", access, Sudo(allowed=False), world.context())
    assert transport.run_probe(b"echo through\n", [], Limits(idle_s=20)).stdout == b"through\n"
    transport.close()
