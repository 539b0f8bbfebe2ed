"""Private keys and the agent: each file is read once, a passphrase is asked for once."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import paramiko
import pytest

from hardcheck.errors import AuthenticationFailed
from hardcheck.transport.access import SshAccess
from hardcheck.transport.agent import Agent, AgentError, AgentKey
from hardcheck.transport.base import Limits
from hardcheck.transport.keys import Candidate, KeyRing, public_blob
from hardcheck.transport.secret import Secret
from hardcheck.transport.ssh_lookup import Caller, SshHost, look_up
from tests.corpora import need_tool
from tests.unit.transport.conftest import World, make_key

LIMITS = Limits(connect_s=5, idle_s=5, total_s=20)


def host(folder: Path, agent: str = "", **overrides: tuple[str, ...]) -> SshHost:
    return look_up("h", (), overrides, Caller("me", folder), {"SSH_AUTH_SOCK": agent})


def sources(ring: KeyRing, host: SshHost) -> list[str]:
    return [found.source if isinstance(found, Candidate) else found for found in ring.candidates(host)]


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[str]:
    program, add = need_tool("ssh-agent"), need_tool("ssh-add")
    path = str(tmp_path / "agent")
    process = subprocess.Popen(
        [program, "-D", "-a", path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    for _ in range(200):
        if Path(path).exists():
            break
        threading.Event().wait(0.02)
    make_key(tmp_path / "in_agent")
    environ = {**os.environ, "SSH_AUTH_SOCK": path}
    subprocess.run([add, "-q", str(tmp_path / "in_agent")], env=environ, check=True)
    yield path
    process.terminate()
    process.wait()


def test_an_encrypted_key_is_asked_for_once_whatever_the_number_of_hosts(world: World) -> None:
    key = make_key(world.ssh / "locked", "open sesame")
    questions: list[str] = []

    def ask(question: str) -> Secret:
        questions.append(question)
        return Secret("open sesame")

    server = world.serve(keys=(key.get_base64(),))
    context = world.context(ask=ask)
    threads = [
        threading.Thread(
            target=lambda: world.transport(
                server, context, identity_files=(str(world.ssh / "locked"),)
            ).run_probe(b"true\n", [], LIMITS)
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.offered) == 4
    assert questions == [f"Passphrase for {world.ssh / 'locked'}: "]


def test_keys_can_be_loaded_before_the_run(world: World) -> None:
    make_key(world.ssh / "locked", "open sesame")
    asked: list[str] = []
    context = world.context(ask=lambda question: asked.append(question) or Secret("open sesame"))
    for _ in range(3):
        context.load_keys(SshAccess("h", identity_files=(str(world.ssh / "locked"),)))
    assert len(asked) == 1


def test_a_worker_without_a_terminal_is_never_asked(world: World) -> None:
    make_key(world.ssh / "locked", "open sesame")
    server = world.serve()
    with pytest.raises(AuthenticationFailed, match=r"locked is encrypted.*ssh-add"):
        world.transport(server, identity_files=(str(world.ssh / "locked"),)).run_probe(b"true\n", [], LIMITS)


def test_a_wrong_passphrase_is_asked_for_three_times_and_not_shown(tmp_path: Path) -> None:
    make_key(tmp_path / "locked", "open sesame")
    asked: list[str] = []
    ring = KeyRing(lambda question: asked.append(question) or Secret("wrong-one"))
    for _ in range(2):
        found = ring.load(tmp_path / "locked")
        assert isinstance(found, str)
        assert "wrong-one" not in found
    assert len(asked) == 3


@pytest.mark.parametrize(
    "content", [b"", b"garbage", b"\xff" * 100, b"x" * 100_000, b"-----BEGIN RSA PRIVATE KEY-----\n"]
)
def test_what_is_no_key_is_said_in_a_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key").write_bytes(content)
    assert isinstance(KeyRing().load(tmp_path / "key"), str)
    assert public_blob(tmp_path / "key") is None


def test_a_missing_named_key_is_told_and_a_missing_default_is_not(tmp_path: Path) -> None:
    assert sources(KeyRing(), host(tmp_path)) == []
    named = sources(KeyRing(), host(tmp_path, identityfile=(str(tmp_path / "none"),)))
    assert named == [f"{tmp_path / 'none'}: No such file or directory"]


@pytest.mark.parametrize("kind", ["ed25519", "rsa", "ecdsa"])
def test_the_public_part_is_found_without_the_passphrase(tmp_path: Path, kind: str) -> None:
    keygen = need_tool("ssh-keygen")
    path = tmp_path / "key"
    subprocess.run([keygen, "-q", "-t", kind, "-N", "secret", "-f", str(path)], check=True)
    beside = public_blob(path)
    (tmp_path / "key.pub").unlink()
    assert beside is not None
    assert public_blob(path) == beside
    assert isinstance(KeyRing(lambda _: Secret("secret")).load(path), paramiko.PKey)


def test_the_agents_key_comes_first_when_it_is_the_named_one(tmp_path: Path, agent: str) -> None:
    make_key(tmp_path / "other")
    named = (str(tmp_path / "other"), str(tmp_path / "in_agent"))
    order = sources(KeyRing(), host(tmp_path, agent, identityfile=named, identitiesonly=("yes",)))
    assert order[0].startswith("agent key")
    assert order[1:] == [str(tmp_path / "other")]
    only = sources(KeyRing(), host(tmp_path, agent, identityfile=named[:1], identitiesonly=("yes",)))
    assert only == [str(tmp_path / "other")]


def test_a_login_with_the_agents_key_alone(world: World, agent: str, tmp_path: Path) -> None:
    key = (tmp_path / "in_agent.pub").read_text().split()[1]
    (world.ssh / "id_ed25519").unlink()
    world.environ["SSH_AUTH_SOCK"] = agent
    server = world.serve(keys=(key,))
    assert world.transport(server).run_probe(b"true\n", [], LIMITS).failure is None


def test_an_agent_that_is_gone_is_told(tmp_path: Path) -> None:
    found = sources(KeyRing(), host(tmp_path, str(tmp_path / "nobody")))
    assert found == [f"ssh-agent at {tmp_path / 'nobody'}: No such file or directory"]


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\0\0\0\0",
        b"\0\0\0\x01\x05",
        b"\x7f\xff\xff\xff\x0c",
        b"\0\0\0\x05\x0c\xff\xff\xff\xff",
        b"\0\0\0\x09\x0c\0\0\0\x01\0\0\xff\xff",
    ],
)
def test_an_agent_out_of_form_is_an_agent_error(tmp_path: Path, answer: bytes) -> None:
    import socket

    path = str(tmp_path / "bad")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(100)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        with pytest.raises(AgentError, match="ssh-agent"):
            Agent(path).identities()
        thread.join()


def test_the_agent_signs_what_the_public_key_verifies(agent: str, tmp_path: Path) -> None:
    (identity,) = Agent(agent).identities()
    signature = AgentKey(Agent(agent), identity).sign_ssh_data(b"data")
    public = paramiko.Ed25519Key(data=identity.blob)
    assert public.verify_ssh_sig(b"data", paramiko.Message(signature))
