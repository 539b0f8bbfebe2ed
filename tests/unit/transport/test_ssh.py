"""The SSH transport against servers in this process: good ones, and each kind of bad one."""

from __future__ import annotations

import socket
import threading
import time
from pathlib import Path

import paramiko
import pytest

from hardcheck.errors import (
    AnswerTooLarge,
    AuthenticationFailed,
    DeadlineExceeded,
    HostKeyRejected,
    ProbeNotStarted,
    TransportError,
    Unreachable,
)
from hardcheck.evidence import Privilege
from hardcheck.transport.access import SshAccess, Sudo
from hardcheck.transport.base import BecomeFailure, Limits
from hardcheck.transport.host_keys import HostKeys
from hardcheck.transport.secret import Secret
from hardcheck.transport.ssh import SshTransport
from tests.unit.transport.conftest import World, make_key
from tests.unit.transport.server import Handler, run_locally
from tests.unit.transport.shells import make_believe

SCRIPT = b'echo "args:$*"; echo from-probe >&2; exit 3\n'
LIMITS = Limits(connect_s=5, idle_s=5, total_s=20)


def scripted(*steps: bytes | float, start: bool = True) -> Handler:
    """A host that starts the probe and then does just this: bytes on stdout, or a pause."""

    def handle(channel: paramiko.Channel, command: str) -> None:
        word = command.split("'")[4].split()[0]
        if start:
            channel.sendall_stderr(f"{word} none\n".encode())
        for step in steps:
            if isinstance(step, bytes):
                channel.sendall(step)
            else:
                time.sleep(step)

    return handle


def test_a_probe_runs_and_both_streams_come_back(world: World) -> None:
    transport = world.transport(world.serve())
    streams = transport.run_probe(SCRIPT, ["a", "b=1"], LIMITS)
    assert streams.stdout == b"args:a b=1\n"
    assert streams.stderr == b"from-probe\n"
    assert (streams.exit_status, streams.failure) == (3, None)
    transport.close()


def test_the_connection_serves_a_second_run_and_is_closed(world: World) -> None:
    server = world.serve()
    transport = world.transport(server)
    for _ in range(2):
        assert transport.run_probe(SCRIPT, ["x"], LIMITS).stdout == b"args:x\n"
    assert server.connections == 1
    transport.close()
    transport.close()
    assert server.wait_closed()


def test_large_streams_come_through_whole(world: World) -> None:
    script = b"head -c 3000000 /dev/zero | tr '\\0' o; head -c 2000000 /dev/zero | tr '\\0' e >&2\n"
    streams = world.transport(world.serve()).run_probe(script, [], LIMITS)
    assert streams.failure is None
    assert streams.stdout == b"o" * 3_000_000
    assert streams.stderr == b"e" * 2_000_000


def test_a_script_larger_than_the_window_is_sent_whole(world: World) -> None:
    script = b"#" + b"x" * 3_000_000 + b"\necho whole\n"
    assert world.transport(world.serve()).run_probe(script, [], LIMITS).stdout == b"whole\n"


def test_sudo_with_a_password_becomes_root(world: World, tmp_path: Path) -> None:
    server = world.serve(run_locally(env=make_believe(tmp_path / "bin", "password")))
    streams = world.transport(server, sudo=Sudo(password=Secret("right horse"))).run_probe(
        b"id -u\n", [], LIMITS
    )
    assert (streams.privilege, streams.stdout) == (Privilege.SUDO, b"0\n")


def test_a_wrong_sudo_password_is_sent_once_over_both_runs(world: World, tmp_path: Path) -> None:
    server = world.serve(run_locally(env=make_believe(tmp_path / "bin", "password")))
    transport = world.transport(server, sudo=Sudo(password=Secret("wrong")))
    for _ in range(2):
        streams = transport.run_probe(b"id -u\n", [], LIMITS)
        assert (streams.privilege, streams.stdout) == (Privilege.NONE, b"1000\n")
        assert streams.denied is not None
        assert streams.denied.why is BecomeFailure.WRONG_PASSWORD
    assert (tmp_path / "bin" / "log").read_text().count("attempt") == 1


def test_a_banner_and_a_chatty_startup_file_do_no_harm(world: World) -> None:
    server = world.serve(
        run_locally(before=b"Welcome to web1!\n"),
        banner="All use is logged.\n",
        before_version=b"Hello\r\n" * 20,
    )
    streams = world.transport(server).run_probe(SCRIPT, [], LIMITS)
    assert streams.failure is None
    assert streams.stdout == b"Welcome to web1!\nargs:\n"  # the frames inside tell what is the probe's
    assert streams.stderr == b"from-probe\n"


def test_an_unknown_host_key_is_refused_with_what_to_run(world: World) -> None:
    server = world.serve(known=False)
    with pytest.raises(HostKeyRejected) as caught:
        world.transport(server).run_probe(SCRIPT, [], LIMITS)
    text = str(caught.value)
    assert "\n" not in text
    assert f"ssh-keyscan -p {server.port} 127.0.0.1 >> {world.known_hosts}" in text
    assert "SHA256:" in text
    assert server.offered == []


def test_a_changed_host_key_is_refused_with_file_and_line(world: World) -> None:
    server = world.serve(known=False)
    world.known_hosts.write_text("# a comment\n")
    world.know(server, make_key(world.home / "old_key"))
    for policy in (None, HostKeys.STRICT, HostKeys.ACCEPT_NEW):
        with pytest.raises(HostKeyRejected) as caught:
            world.transport(server, world.context(host_keys=policy)).run_probe(SCRIPT, [], LIMITS)
        assert f"{world.known_hosts}:2" in str(caught.value)
        assert f"ssh-keygen -R '[127.0.0.1]:{server.port}'" in str(caught.value)
    assert server.offered == []


def test_accept_new_keeps_the_key_for_the_next_time(world: World) -> None:
    server = world.serve(known=False)
    world.known_hosts.write_text("somewhere ssh-ed25519 AAAA")  # its last line has no end
    context = world.context(host_keys=HostKeys.ACCEPT_NEW)
    assert world.transport(server, context).run_probe(SCRIPT, [], LIMITS).failure is None
    assert world.known_hosts.read_text() == (
        f"somewhere ssh-ed25519 AAAA\n[127.0.0.1]:{server.port} ssh-ed25519 {world.host_key.get_base64()}\n"
    )
    for again in (context, world.context(host_keys=HostKeys.STRICT)):
        assert world.transport(server, again).run_probe(SCRIPT, [], LIMITS).failure is None


def test_a_key_that_is_not_allowed_says_what_was_offered(world: World) -> None:
    server = world.serve(keys=())
    with pytest.raises(AuthenticationFailed) as caught:
        world.transport(server).run_probe(SCRIPT, [], LIMITS)
    assert f"somebody@127.0.0.1 refused: {world.ssh / 'id_ed25519'}" in str(caught.value)
    assert server.wait_closed()


def test_a_password_from_the_environment_is_used_and_never_shown(world: World) -> None:
    (world.ssh / "id_ed25519").unlink()
    world.environ["HARDCHECK_SSH_PASSWORD"] = "open sesame"
    server = world.serve(password="open sesame")
    assert world.transport(server).run_probe(SCRIPT, [], LIMITS).failure is None
    server.password = "something else"
    with pytest.raises(AuthenticationFailed) as caught:
        world.transport(server).run_probe(SCRIPT, [], LIMITS)
    assert "open sesame" not in str(caught.value)


def test_nothing_to_offer_is_told(world: World) -> None:
    (world.ssh / "id_ed25519").unlink()
    server = world.serve(password="x")
    with pytest.raises(
        AuthenticationFailed, match=r"nothing to offer.*publickey, password \(no password was given\)"
    ):
        world.transport(server).run_probe(SCRIPT, [], LIMITS)


def test_too_many_keys_are_not_tried(world: World) -> None:
    paths = []
    for number in range(8):
        make_key(world.ssh / f"key{number}")
        paths.append(str(world.ssh / f"key{number}"))
    server = world.serve(keys=())
    with pytest.raises(AuthenticationFailed, match="no more than 5 keys"):
        world.transport(server, identity_files=tuple(paths)).run_probe(SCRIPT, [], LIMITS)
    assert len(server.offered) == 5


def test_a_connection_that_drops_keeps_what_came(world: World) -> None:
    def drop(channel: paramiko.Channel, command: str) -> None:
        scripted(b"first half")(channel, command)
        time.sleep(0.1)
        channel.get_transport().sock.close()

    streams = world.transport(world.serve(drop)).run_probe(SCRIPT, [], LIMITS)
    assert streams.stdout == b"first half"
    assert isinstance(streams.failure, Unreachable)
    assert streams.exit_status is None


def test_a_probe_that_is_killed_is_a_failure(world: World) -> None:
    streams = world.transport(world.serve(scripted(b"first half"))).run_probe(SCRIPT, [], LIMITS)
    assert streams.stdout == b"first half"
    assert isinstance(streams.failure, Unreachable)
    assert "cut off after 10 bytes" in str(streams.failure)


@pytest.mark.parametrize("error_stream", [False, True])
def test_a_host_that_sends_gigabytes_is_cut_off(world: World, error_stream: bool) -> None:
    def flood(channel: paramiko.Channel, command: str) -> None:
        scripted()(channel, command)
        send = channel.sendall_stderr if error_stream else channel.sendall
        while True:
            send(b"g" * 100_000)

    server = world.serve(flood)
    limits = Limits(idle_s=5, total_s=20, max_stdout=1_000_000, max_stderr=500_000)
    transport = world.transport(server)
    streams = transport.run_probe(SCRIPT, [], limits)
    assert isinstance(streams.failure, AnswerTooLarge)
    assert len(streams.stdout) == (0 if error_stream else 1_000_000)
    assert len(streams.stderr) <= 500_000
    transport.close()
    assert server.wait_closed()


def test_a_host_that_hangs_meets_the_idle_limit(world: World) -> None:
    limits = Limits(connect_s=5, idle_s=0.3, total_s=20)
    streams = world.transport(world.serve(scripted(b"a", 3.0))).run_probe(SCRIPT, [], limits)
    assert isinstance(streams.failure, DeadlineExceeded)
    assert "no byte for 0.3 s" in str(streams.failure)
    assert streams.stdout == b"a"


def test_a_host_that_drips_meets_the_total_limit(world: World) -> None:
    limits = Limits(connect_s=5, idle_s=5, total_s=0.6)
    streams = world.transport(world.serve(scripted(*[b"a", 0.05] * 100))).run_probe(SCRIPT, [], limits)
    assert isinstance(streams.failure, DeadlineExceeded)
    assert "0.6 s in all" in str(streams.failure)
    assert streams.stdout.startswith(b"aa")


def test_a_server_that_never_answers_meets_the_connect_limit(world: World) -> None:
    silent = socket.create_server(("127.0.0.1", 0))
    access = SshAccess("127.0.0.1", silent.getsockname()[1])
    started = time.monotonic()
    with pytest.raises(TransportError):
        SshTransport("web1", access, Sudo(), world.context()).run_probe(SCRIPT, [], Limits(connect_s=0.3))
    assert time.monotonic() - started < 3
    silent.close()


def test_what_is_not_an_ssh_server_is_unreachable(world: World) -> None:
    web = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        connection, _ = web.accept()
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" + b"x" * 5000)
        connection.close()

    threading.Thread(target=answer, daemon=True).start()
    access = SshAccess("127.0.0.1", web.getsockname()[1])
    with pytest.raises(Unreachable) as caught:
        SshTransport("web1", access, Sudo(), world.context()).run_probe(SCRIPT, [], Limits(connect_s=2))
    assert "\n" not in str(caught.value)
    web.close()


def test_a_giant_packet_is_refused_before_it_is_read(world: World) -> None:
    server = world.serve(before_version=b"SSH-2.0-evil\r\n" + b"\x7f\xff\xff\xff" + b"x" * 100)
    with pytest.raises(Unreachable):
        world.transport(server).run_probe(SCRIPT, [], Limits(connect_s=2))


@pytest.mark.parametrize("address", ["no-such-host.invalid", "a" * 300, "\udcff", "host name"])
def test_a_name_that_does_not_resolve_is_unreachable(world: World, address: str) -> None:
    with pytest.raises(Unreachable, match="resolve"):
        SshTransport("web1", SshAccess(address), Sudo(), world.context()).run_probe(SCRIPT, [], LIMITS)


def test_a_refused_port_is_unreachable(world: World) -> None:
    server = world.serve()
    server.close()
    with pytest.raises(Unreachable, match="refused"):
        world.transport(server).run_probe(SCRIPT, [], LIMITS)


def test_a_shell_that_runs_nothing_says_what_it_said(world: World) -> None:
    def nologin(channel: paramiko.Channel, command: str) -> None:
        channel.sendall(b"This account is currently not available.\n")
        channel.send_exit_status(1)

    streams = world.transport(world.serve(nologin)).run_probe(SCRIPT, [], LIMITS)
    assert isinstance(streams.failure, ProbeNotStarted)
    assert "This account is currently not available." in str(streams.failure)


def test_another_thread_can_break_off(world: World) -> None:
    transport = world.transport(world.serve(scripted(b"a", 10.0)))
    threading.Timer(0.5, transport.close).start()
    started = time.monotonic()
    streams = transport.run_probe(SCRIPT, [], Limits(idle_s=9))
    assert isinstance(streams.failure, Unreachable)
    assert time.monotonic() - started < 5


def test_a_broken_ssh_config_costs_only_the_host(world: World) -> None:
    (world.ssh / "config").write_text("Host *\n  Port not-a-number\n")
    with pytest.raises(Unreachable, match="config:2: expected a number"):
        SshTransport("web1", SshAccess("127.0.0.1"), Sudo(), world.context()).run_probe(SCRIPT, [], LIMITS)


def test_an_alias_gives_address_port_user_and_key(world: World) -> None:
    server = world.serve()
    (world.ssh / "id_ed25519").rename(world.ssh / "elsewhere")
    (world.ssh / "config").write_text(
        f"Host web\n HostName 127.0.0.1\n Port {server.port}\n User deploy\n IdentityFile ~/.ssh/elsewhere\n"
    )
    transport = SshTransport("web", SshAccess("web"), Sudo(allowed=False), world.context())
    assert transport.run_probe(SCRIPT, [], LIMITS).failure is None
    assert set(server.users) == {"deploy"}


def test_hosts_behind_a_jump_host_share_its_connection(world: World) -> None:
    jump, first, second = world.serve(), world.serve(), world.serve()
    (world.ssh / "config").write_text(
        f"Host bastion\n HostName 127.0.0.1\n Port {jump.port}\n User jumper\n"
        "Host inner-*\n HostName 127.0.0.1\n ProxyJump bastion\n"
    )
    context = world.context()
    for name, server in (("inner-1", first), ("inner-2", second)):
        transport = SshTransport(name, SshAccess(name, port=server.port), Sudo(allowed=False), context)
        assert transport.run_probe(SCRIPT, [name], LIMITS).stdout == f"args:{name}\n".encode()
        transport.close()
    assert jump.connections == 1
    assert set(jump.users) == {"jumper"}
    context.close()
    assert jump.wait_closed()


def test_a_chain_of_jump_hosts_is_gone_through_in_order(world: World) -> None:
    outer, inner, goal = world.serve(), world.serve(), world.serve()
    access = SshAccess(
        "127.0.0.1", goal.port, options={"proxyjump": f"127.0.0.1:{outer.port},127.0.0.1:{inner.port}"}
    )
    streams = SshTransport("goal", access, Sudo(allowed=False), world.context()).run_probe(SCRIPT, [], LIMITS)
    assert streams.failure is None
    assert (outer.connections, inner.connections, goal.connections) == (1, 1, 1)


def test_a_jump_host_that_fails_is_named(world: World) -> None:
    jump, goal = world.serve(keys=()), world.serve()
    access = SshAccess("127.0.0.1", goal.port, options={"proxyjump": f"127.0.0.1:{jump.port}"})
    with pytest.raises(AuthenticationFailed, match=f"goal: jump host 127.0.0.1:{jump.port}"):
        SshTransport("goal", access, Sudo(), world.context()).run_probe(SCRIPT, [], LIMITS)


def test_a_proxy_command_carries_the_connection(world: World) -> None:
    server = world.serve()
    relay = world.home / "relay.py"
    relay.write_text(
        "import os,socket,sys,threading\n"
        "s=socket.create_connection((sys.argv[1],int(sys.argv[2])))\n"
        "def up():\n"
        "    while d:=os.read(0,65536): s.sendall(d)\n"
        "threading.Thread(target=up,daemon=True).start()\n"
        "while d:=s.recv(65536): os.write(1,d)\n"
    )
    access = SshAccess("127.0.0.1", server.port, options={"proxycommand": f"python3 {relay} %h %p"})
    transport = SshTransport("web1", access, Sudo(allowed=False), world.context())
    assert transport.run_probe(SCRIPT, [], LIMITS).failure is None
    transport.close()
    assert server.wait_closed()


def test_a_proxy_command_that_fails_is_unreachable(world: World) -> None:
    access = SshAccess("127.0.0.1", options={"proxycommand": "exit 3"})
    with pytest.raises(Unreachable):
        SshTransport("web1", access, Sudo(), world.context()).run_probe(SCRIPT, [], LIMITS)
