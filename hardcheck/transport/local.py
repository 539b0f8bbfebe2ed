"""The host we run on: the probe as a child process."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from typing import IO

from hardcheck.errors import Unreachable
from hardcheck.transport.access import Sudo
from hardcheck.transport.base import Limits, Streams
from hardcheck.transport.dialogue import Dialogue
from hardcheck.transport.pump import pump

_CHUNK = 256 * 1024
_GRACE_S = 2.0


class LocalTransport:
    """Runs the probe here; becomes root by sudo where it may, as on any other host."""

    name = "local"

    def __init__(self, host: str, sudo: Sudo) -> None:
        self.host = host
        self._sudo = sudo
        self._deadline: float | None = None
        self._lock = threading.Lock()
        self._running: subprocess.Popen[bytes] | None = None

    def run_probe(self, script: bytes, arguments: Sequence[str], limits: Limits) -> Streams:
        """Run the script here. See `hardcheck.transport.base.Transport`.

        Raises:
            Unreachable: this machine starts no process.
        """
        if self._deadline is None:
            self._deadline = time.monotonic() + limits.total_s
        dialogue = Dialogue(script, arguments, self._sudo)
        try:
            process = subprocess.Popen(
                dialogue.argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                start_new_session=True, cwd="/",
            )  # fmt: skip
        except OSError as error:
            raise Unreachable(self.host, f"cannot start a process: {error.strerror}") from None
        with self._lock:
            self._running = process
        try:
            return pump(_PipeConduit(process), dialogue, self.host, limits, self._deadline)
        finally:
            self.close()

    def close(self) -> None:
        """End the probe if it runs, with every process it started."""
        with self._lock:
            process, self._running = self._running, None
        if process is None:
            return
        _end_group(process)
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


class _PipeConduit:
    """The three pipes of a child process; see `hardcheck.transport.pump.Conduit`."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        if process.stdin is None or process.stdout is None or process.stderr is None:
            raise ValueError("a process with three pipes is needed")
        self._input: IO[bytes] | None = process.stdin
        self._outputs: list[IO[bytes]] = [process.stdout, process.stderr]
        self._stdout, self._stderr = process.stdout, process.stderr
        self._wants_to_write = False
        for pipe in (process.stdin, process.stdout, process.stderr):
            os.set_blocking(pipe.fileno(), False)

    def wait(self, seconds: float) -> None:
        """Until a pipe is ready."""
        poll = select.poll()
        for pipe in self._outputs:
            poll.register(pipe, select.POLLIN)
        if self._wants_to_write and self._input is not None:
            poll.register(self._input, select.POLLOUT)
        poll.poll(seconds * 1000)

    def read(self) -> tuple[bytes, bytes]:
        """What has come on (stdout, stderr)."""
        return self._read_one(self._stdout), self._read_one(self._stderr)

    def _read_one(self, pipe: IO[bytes]) -> bytes:
        if pipe not in self._outputs:
            return b""
        try:
            data = os.read(pipe.fileno(), _CHUNK)
        except BlockingIOError:
            return b""
        except (OSError, ValueError):  # closed from another thread
            data = b""
        if not data:
            self._outputs.remove(pipe)
        return data

    def write(self, data: memoryview) -> int:
        """Send what goes now."""
        if self._input is None:
            return len(data)
        try:
            sent = os.write(self._input.fileno(), data)
        except BlockingIOError:
            sent = 0
        except (OSError, ValueError):  # the reader has gone; what it said is still to be read
            self.end_input()
            return len(data)
        self._wants_to_write = sent < len(data)
        return sent

    def end_input(self) -> None:
        """Close standard input."""
        if self._input is not None:
            with contextlib.suppress(OSError):
                self._input.close()
            self._input = None

    def ended(self) -> bool:
        """Both outputs were read to their end."""
        return not self._outputs


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """End a child and its process group: TERM, a short grace, KILL. What sudo made root is not ours
    to signal; it ends by itself when its pipes close."""
    if process.poll() is not None:
        return
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(OSError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE_S)
            return
