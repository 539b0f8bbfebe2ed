"""One run of the probe over any pipe: send what the dialogue says, read both streams, keep the limits."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from hardcheck.errors import AnswerTooLarge, DeadlineExceeded, ProbeNotStarted, TransportError, Unreachable
from hardcheck.evidence import Privilege
from hardcheck.transport.base import Limits, Streams
from hardcheck.transport.dialogue import Dialogue, one_line

_PROMPT_WAIT_S = 20.0  # sudo delays after its start (PAM, LDAP), but not longer
_LONGEST_WAIT_S = 5.0
_LINGER_S = 2.0  # after the probe's end, for a login shell whose background jobs hold the streams open


class Conduit(Protocol):
    """The running command's three streams; nothing here blocks but `wait`."""

    def wait(self, seconds: float) -> None:
        """Until there is something to read, to write (if `write` took less than given) or an end."""
        ...

    def read(self) -> tuple[bytes, bytes]:
        """What has come on (stdout, stderr). Raises TransportError when the connection broke."""
        ...

    def write(self, data: memoryview) -> int:
        """Send what goes now, return how many bytes that was; an input that is closed takes all."""
        ...

    def end_input(self) -> None:
        """Close standard input of the command."""
        ...

    def ended(self) -> bool:
        """True when both streams are at their end and nothing is left to read."""
        ...


def pump(
    conduit: Conduit, dialogue: Dialogue, host: str, limits: Limits, deadline: float,
    clock: Callable[[], float] = time.monotonic,
) -> Streams:  # fmt: skip
    """Run to the end, or to a limit. Never raises for what a host does: a failure is in the Streams.

    ``deadline`` is the ``clock`` time at which ``limits.total_s`` runs out for this host.
    """
    run = _Run(conduit, dialogue, limits)
    failure: TransportError | None = None
    try:
        run.loop(host, deadline, clock)
    except TransportError as error:
        failure = error
    stderr = dialogue.finish()
    if failure is None and dialogue.privilege is None:
        said = one_line(stderr) or one_line(bytes(run.stdout[:2000])) or "nothing was said"
        failure = ProbeNotStarted(host, f"the login shell did not start the probe: {said}")
    elif failure is None and dialogue.exit_status is None:
        failure = Unreachable(host, f"the probe was cut off after {len(run.stdout)} bytes")
    return Streams(
        stdout=bytes(run.stdout),
        stderr=stderr,
        exit_status=dialogue.exit_status,
        privilege=dialogue.privilege or Privilege.NONE,
        failure=failure,
        denied=dialogue.denied(),
    )


class _Run:
    """The state of one `pump`."""

    def __init__(self, conduit: Conduit, dialogue: Dialogue, limits: Limits) -> None:
        self._conduit, self._dialogue, self._limits = conduit, dialogue, limits
        self._to_send = memoryview(dialogue.opening())
        self._input_open = True
        self._stderr_bytes = 0
        self.stdout = bytearray()

    def loop(self, host: str, deadline: float, clock: Callable[[], float]) -> None:
        started = last_moved = clock()
        while True:
            moved = self._send() | self._receive(host)
            now = clock()
            if moved:
                last_moved = now
                if now <= deadline:
                    continue
            elif self._conduit.ended():
                return
            quiet_s = now - last_moved
            if self._dialogue.exit_status is not None and quiet_s > _LINGER_S:
                return
            if now > deadline:
                raise DeadlineExceeded(host, f"not finished after {self._limits.total_s:g} s in all")
            if quiet_s > self._limits.idle_s:
                raise DeadlineExceeded(host, f"no byte for {self._limits.idle_s:g} s")
            waits = [_LONGEST_WAIT_S, deadline - now, self._limits.idle_s - quiet_s]
            if self._dialogue.exit_status is not None:
                waits.append(_LINGER_S - quiet_s)
            if self._dialogue.waits_for_host:
                waits.append(started + _PROMPT_WAIT_S - now)
                if waits[-1] <= 0:
                    waits.pop()
                    if last_word := self._dialogue.give_up_waiting():
                        self._queue(last_word)
                        continue
            self._conduit.wait(max(0.001, min(waits)))

    def _send(self) -> bool:
        if not self._to_send:
            if self._input_open and not self._dialogue.waits_for_host:
                self._input_open = False
                self._conduit.end_input()
            return False
        sent = self._conduit.write(self._to_send)
        self._to_send = self._to_send[sent:]
        return sent > 0

    def _receive(self, host: str) -> bool:
        out, err = self._conduit.read()
        room = self._limits.max_stdout - len(self.stdout)
        self.stdout += out[:room]
        if len(out) > room:
            raise AnswerTooLarge(host, f"more than {self._limits.max_stdout} bytes of output")
        if err:
            self._stderr_bytes += len(err)
            if self._stderr_bytes > self._limits.max_stderr:
                raise AnswerTooLarge(host, f"more than {self._limits.max_stderr} bytes on standard error")
            self._queue(self._dialogue.feed(err))
        return bool(out or err)

    def _queue(self, data: bytes) -> None:
        if data:
            self._to_send = memoryview(bytes(self._to_send) + data)
