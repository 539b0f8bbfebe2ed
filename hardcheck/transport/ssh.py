"""A host by SSH, with paramiko: one connection, one exec for the probe, both streams read together."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Sequence

import msgspec
import paramiko

from hardcheck.errors import DeadlineExceeded, Unreachable
from hardcheck.transport.access import SshAccess, Sudo
from hardcheck.transport.base import BecomeDenied, Limits, Streams
from hardcheck.transport.bootstrap import bootstrap_line
from hardcheck.transport.dialogue import Dialogue, one_line
from hardcheck.transport.pump import pump
from hardcheck.transport.ssh_context import Connection, SshContext

_CHUNK = 512 * 1024
_BLOCKED_WAIT_S = 0.05  # nothing tells when the host takes input again; its window is 2 MB, so this is rare


class SshTransport:
    """One host. The connection is opened by the first `run_probe` and kept for the next."""

    name = "ssh"

    def __init__(self, host: str, access: SshAccess, sudo: Sudo, context: SshContext) -> None:
        self.host = host
        self._access, self._sudo, self._context = access, sudo, context
        self._lock = threading.Lock()
        self._connection: Connection | None = None
        self._closed = False
        self._deadline: float | None = None
        self._denied: BecomeDenied | None = None

    def run_probe(self, script: bytes, arguments: Sequence[str], limits: Limits) -> Streams:
        """Run the script there. See `hardcheck.transport.base.Transport`.

        Raises:
            TransportError: no connection, no login, or no command could be started.
        """
        if self._deadline is None:
            self._deadline = time.monotonic() + limits.total_s
        left_s = self._deadline - time.monotonic()
        dialogue = Dialogue(script, arguments, self._sudo)
        connection = self._connect(limits)
        with self._context.watchdog.limit(max(left_s, 0.001) + 1, connection.close):
            channel = self._start(connection, bootstrap_line(dialogue.argv), limits)
            try:
                streams = pump(
                    _ChannelConduit(channel, self.host), dialogue, self.host, limits, self._deadline
                )
            finally:
                channel.close()
        return self._once_denied(streams)

    def close(self) -> None:
        """Close the connection; safe to call twice, and from another thread to break off."""
        with self._lock:
            self._closed = True
            connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _once_denied(self, streams: Streams) -> Streams:
        """After a refusal sudo is not asked again: a wrong password counts as a failed login each time."""
        if streams.denied is None:
            return streams
        if self._denied is None:
            self._denied = streams.denied
            self._sudo = Sudo(allowed=False)
        return msgspec.structs.replace(streams, denied=self._denied)

    def _connect(self, limits: Limits) -> Connection:
        with self._lock:
            connection = self._connection
        if connection is not None and connection.transport.is_active():
            return connection
        if connection is not None:
            connection.close()
        connection = self._context.connect(self.host, self._access, limits)
        with self._lock:
            if not self._closed:
                self._connection = connection
                return connection
        connection.close()
        raise Unreachable(self.host, "broken off while connecting")

    def _start(self, connection: Connection, line: str, limits: Limits) -> paramiko.Channel:
        try:
            channel = connection.transport.open_session(timeout=limits.connect_s)
            channel.exec_command(line)
        except (paramiko.SSHException, EOFError, OSError) as error:
            if self._deadline is not None and time.monotonic() > self._deadline:
                raise DeadlineExceeded(self.host, f"not finished after {limits.total_s:g} s in all") from None
            words = one_line((str(error) or type(error).__name__).encode())
            raise Unreachable(self.host, f"SSH: no command could be run: {words}") from None
        return channel


class _ChannelConduit:
    """An exec channel; see `hardcheck.transport.pump.Conduit`."""

    def __init__(self, channel: paramiko.Channel, host: str) -> None:
        self._channel, self._host = channel, host
        self._event = threading.Event()
        self._blocked = False
        channel.settimeout(0.0)
        channel.in_buffer.set_event(self._event)
        channel.in_stderr_buffer.set_event(self._event)

    def wait(self, seconds: float) -> None:
        """Until a stream has bytes or ends. paramiko sets the event with every byte and at the end,
        and clears it when a read leaves a stream empty; `read` looks at both after that."""
        self._event.wait(min(seconds, _BLOCKED_WAIT_S) if self._blocked else seconds)

    def read(self) -> tuple[bytes, bytes]:
        """What has come on (stdout, stderr)."""
        channel = self._channel
        out = channel.recv(_CHUNK) if channel.recv_ready() else b""
        err = channel.recv_stderr(_CHUNK) if channel.recv_stderr_ready() else b""
        if not out and not err and self._lost():
            raise Unreachable(self._host, "the connection was lost before the answer was whole")
        return out, err

    def write(self, data: memoryview) -> int:
        """Send what the host's window takes now."""
        if self._channel.closed or self._channel.eof_sent:
            return len(data)
        try:
            sent = self._channel.send(bytes(data[:_CHUNK]))
        except TimeoutError:
            sent = 0
        except OSError:  # closed under our hands; `read` says how
            return len(data)
        self._blocked = sent == 0
        return sent

    def end_input(self) -> None:
        """Send the end of standard input."""
        with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
            self._channel.shutdown_write()

    def ended(self) -> bool:
        """Both streams are at their end and empty."""
        channel = self._channel
        over = channel.eof_received or channel.closed
        return bool(over) and not channel.recv_ready() and not channel.recv_stderr_ready()

    def _lost(self) -> bool:
        transport = self._channel.get_transport()
        return self._channel.closed and not self._channel.eof_received and not transport.is_active()
