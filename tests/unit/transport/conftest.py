"""Keys, a home folder and servers for the transports' tests."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import paramiko
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hardcheck.transport.access import SshAccess, Sudo
from hardcheck.transport.ssh import SshTransport
from hardcheck.transport.ssh_context import SshContext, SshOptions
from tests.unit.transport.server import Handler, Server, run_locally

NO_SUDO = Sudo(allowed=False)


def make_key(path: Path, passphrase: str = "") -> paramiko.PKey:
    """Write a new key pair; return the private key."""
    protection: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase:
        protection = serialization.BestAvailableEncryption(passphrase.encode())
    path.write_bytes(
        Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, protection
        )
    )
    path.chmod(0o600)
    key = paramiko.PKey.from_path(path, passphrase.encode() or None)
    path.with_name(path.name + ".pub").write_text(f"{key.get_name()} {key.get_base64()} test\n")
    return key


class World:
    """A home with a key and an empty known_hosts, the servers, and the client's side of it."""

    def __init__(self, folder: Path) -> None:
        self.home = folder
        self.ssh = folder / ".ssh"
        self.ssh.mkdir(mode=0o700)
        (self.ssh / "config").write_text("HashKnownHosts no\n")  # some systems' own file says yes
        self.key = make_key(self.ssh / "id_ed25519")
        self.host_key = make_key(folder / "host_key")
        self.known_hosts = self.ssh / "known_hosts"
        self.servers: list[Server] = []
        self.contexts: list[SshContext] = []
        self.environ: dict[str, str] = {}

    def serve(self, handler: Handler | None = None, *, known: bool = True, **options: object) -> Server:
        options.setdefault("keys", (self.key.get_base64(),))
        options.setdefault("host_key", self.host_key)
        server = Server(handler or run_locally(), **options)
        self.servers.append(server)
        if known:
            self.know(server)
        return server

    def know(self, server: Server, key: paramiko.PKey | None = None) -> None:
        key = key or server.host_key
        with self.known_hosts.open("a") as file:
            file.write(f"[127.0.0.1]:{server.port} {key.get_name()} {key.get_base64()}\n")

    def context(self, **options: object) -> SshContext:
        context = SshContext(SshOptions(**options), self.environ, self.home)
        self.contexts.append(context)
        return context

    def transport(
        self,
        server: Server,
        context: SshContext | None = None,
        sudo: Sudo = NO_SUDO,
        **access: object,
    ) -> SshTransport:
        access = {"port": server.port, "user": "somebody", **access}
        return SshTransport("web1", SshAccess("127.0.0.1", **access), sudo, context or self.context())

    def close(self) -> None:
        for context in self.contexts:
            context.close()
        for server in self.servers:
            server.close()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.close()


@pytest.fixture
def sshd(world: World, tmp_path: Path) -> Callable[..., int]:
    """Start OpenSSH's sshd on 127.0.0.1 with the world's keys; returns its port."""
    from tests.unit.transport.openssh import start_sshd

    processes: list[subprocess.Popen[bytes]] = []

    def start() -> int:
        process, port = start_sshd(tmp_path / f"sshd{len(processes)}", world)
        processes.append(process)
        return port

    yield start
    for process in processes:
        process.terminate()
        process.wait()
