"""An SSH server in this process, as good or as bad as a test wants it."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import paramiko

Handler = Callable[[paramiko.Channel, str], None]


def run_locally(shell: str = "/bin/sh", env: Mapping[str, str] | None = None, before: bytes = b"") -> Handler:
    """Run the command as sshd does, in a login shell, after what its start-up file prints."""

    def handle(channel: paramiko.Channel, command: str) -> None:
        if before:
            channel.sendall(before)
            channel.sendall_stderr(before)
        process = subprocess.Popen(
            [shell, "-c", command],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env,
        )  # fmt: skip
        assert process.stdin
        assert process.stdout
        assert process.stderr

        def feed() -> None:
            try:
                while data := channel.recv(65536):
                    process.stdin.write(data)
                    process.stdin.flush()
                process.stdin.close()
            except OSError:
                return

        def drain(stream: Any, send: Callable[[bytes], None]) -> None:
            while data := stream.read1(65536):
                send(data)

        threading.Thread(target=feed, daemon=True).start()
        errors = threading.Thread(target=drain, args=(process.stderr, channel.sendall_stderr), daemon=True)
        errors.start()
        drain(process.stdout, channel.sendall)
        errors.join()
        status = process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            with contextlib.suppress(OSError):
                pipe.close()
        channel.send_exit_status(status)

    return handle


class Server(paramiko.ServerInterface):
    """Listens on 127.0.0.1; ``keys`` are the public keys (base64) that may log in."""

    def __init__(
        self,
        handler: Handler,
        *,
        host_key: paramiko.PKey,
        keys: tuple[str, ...] = (),
        password: str | None = None,
        banner: str | None = None,
        before_version: bytes = b"",
    ) -> None:
        self.handler, self.host_key, self.keys, self.password = handler, host_key, keys, password
        self.banner, self.before_version = banner, before_version
        self.users: list[str] = []
        self.offered: list[str] = []
        self.connections = 0
        self.transports: list[paramiko.Transport] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # wakes accept, which holds the port
        self._socket.close()
        for transport in self.transports:
            transport.close()

    def wait_closed(self, seconds: float = 5) -> bool:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not any(transport.is_active() for transport in self.transports):
                return True
            time.sleep(0.02)
        return False

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        if self.before_version:
            with contextlib.suppress(OSError):
                connection.sendall(self.before_version)
        transport = paramiko.Transport(connection)
        transport.set_log_channel("tests.server")
        transport.add_server_key(self.host_key)
        self.transports.append(transport)
        try:
            transport.start_server(server=self)
        except (paramiko.SSHException, EOFError, OSError):
            transport.close()

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        self.users.append(username)
        self.offered.append(key.get_base64())
        return paramiko.AUTH_SUCCESSFUL if key.get_base64() in self.keys else paramiko.AUTH_FAILED

    def check_auth_password(self, username: str, password: str) -> int:
        self.users.append(username)
        self.offered.append("password")
        return paramiko.AUTH_SUCCESSFUL if password == self.password else paramiko.AUTH_FAILED

    def get_allowed_auths(self, username: str) -> str:
        return "publickey,password" if self.password else "publickey"

    def get_banner(self) -> tuple[str | None, str | None]:
        return (self.banner, "en") if self.banner else (None, None)

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        def run() -> None:
            time.sleep(0.02)  # paramiko answers the request after this method; sshd never closes before
            with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
                self.handler(channel, command.decode())
            with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
                channel.close()

        threading.Thread(target=run, daemon=True).start()
        return True

    def check_channel_direct_tcpip_request(
        self, chanid: int, origin: tuple[str, int], destination: tuple[str, int]
    ) -> int:
        transport = self.transports[-1]

        def forward() -> None:
            channel = transport.accept(5)
            target = socket.create_connection(destination)
            for source, sink in ((channel, target), (target, channel)):
                threading.Thread(target=_copy, args=(source, sink), daemon=True).start()

        threading.Thread(target=forward, daemon=True).start()
        return paramiko.OPEN_SUCCEEDED


def _copy(source: Any, sink: Any) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except (OSError, EOFError):
        pass
    finally:
        sink.close()
