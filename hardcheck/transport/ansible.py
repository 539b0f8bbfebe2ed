"""A host through Ansible: its connection plugins, bastions, vaults and become methods, our probe."""

from __future__ import annotations

import re
import secrets
import threading
from collections.abc import Sequence

import msgspec

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
from hardcheck.transport.access import Sudo
from hardcheck.transport.ansible_command import Answer, read_answer, wrapped_line
from hardcheck.transport.ansible_run import HostResult
from hardcheck.transport.ansible_site import AnsibleSite
from hardcheck.transport.base import BecomeDenied, BecomeFailure, Limits, Streams
from hardcheck.transport.dialogue import Dialogue, one_line

_BECOME_TROUBLE = (
    (re.compile(r"Incorrect \S+ password", re.IGNORECASE), BecomeFailure.WRONG_PASSWORD),
    (re.compile(r"Missing \S+ password", re.IGNORECASE), BecomeFailure.PASSWORD_NEEDED),
    (re.compile(r"privilege|escalation|become|sudoers|not allowed to", re.IGNORECASE), BecomeFailure.FAILED),
)
_NO_ENTRY: tuple[tuple[re.Pattern[str], type[TransportError]], ...] = (
    (
        re.compile(r"host key verification|identification has changed|host key for", re.IGNORECASE),
        HostKeyRejected,
    ),
    (
        re.compile(r"permission denied|authentication|invalid/incorrect password", re.IGNORECASE),
        AuthenticationFailed,
    ),
    (re.compile(r"timed out|timeout", re.IGNORECASE), DeadlineExceeded),
)


class AnsibleTransport:
    """One host of an `AnsibleSite`. There is no connection of its own to keep open."""

    name = "ansible"

    def __init__(self, host: str, sudo: Sudo, site: AnsibleSite) -> None:
        self.host = host
        self._sudo = Sudo(allowed=sudo.allowed)  # a password goes to Ansible's become, not to the probe
        self._site = site
        self._closed = threading.Event()
        self._denied: BecomeDenied | None = None

    def run_probe(self, script: bytes, arguments: Sequence[str], limits: Limits) -> Streams:
        """Run the script there. See `hardcheck.transport.base.Transport`.

        When Ansible's become fails the probe runs once more without it. After that ``sudo -n`` is
        tried on the host, as with the other transports.

        Raises:
            TransportError: Ansible could not reach the host, or gave no result.
        """
        become = self._sudo.allowed and self._denied is None
        result, answer, dialogue, word = self._ask(script, arguments, limits, become=become)
        if become and not answer.stdout and (denied := _become_trouble(result)) is not None:
            self._denied = denied
            self._sudo = Sudo(allowed=False)
            result, answer, dialogue, word = self._ask(script, arguments, limits, become=False)
        if result.state != "ok" and f"{word} begin " not in result.stdout:
            raise self._refused(result)
        return self._streams(answer, dialogue, result, limits)

    def close(self) -> None:
        """Break off; a run that others share goes on for them."""
        self._closed.set()

    def _ask(
        self, script: bytes, arguments: Sequence[str], limits: Limits, *, become: bool
    ) -> tuple[HostResult, Answer, Dialogue, str]:
        if self._closed.is_set():
            raise Unreachable(self.host, "broken off")
        word = secrets.token_hex(8)
        dialogue = Dialogue(script, arguments, self._sudo)
        line = wrapped_line(script, word, limits.max_stdout + 1, dialogue.argv)
        result = self._site.ask(
            self.host, line, become=become, total_s=limits.total_s, cancelled=self._closed
        )
        answer = read_answer(result.stdout, word, limits.max_stdout + 1)
        dialogue.feed(answer.stderr)
        return result, answer, dialogue, word

    def _streams(self, answer: Answer, dialogue: Dialogue, result: HostResult, limits: Limits) -> Streams:
        stderr = dialogue.finish()
        privilege = dialogue.privilege
        failure: TransportError | None = None
        if len(answer.stdout) > limits.max_stdout:
            failure = AnswerTooLarge(self.host, f"more than {limits.max_stdout} bytes of output")
        elif not answer.whole:
            failure = Unreachable(self.host, f"the answer was cut after {len(answer.stdout)} bytes")
        elif privilege is None:
            failure = ProbeNotStarted(self.host, f"the probe was not started: {one_line(stderr)}")
        elif dialogue.exit_status is None:
            failure = Unreachable(self.host, f"the probe was cut off after {len(answer.stdout)} bytes")
        if privilege is Privilege.ROOT and answer.become:
            privilege = Privilege.BECOME
        streams = Streams(
            stdout=answer.stdout[: limits.max_stdout],
            stderr=stderr[: limits.max_stderr],
            exit_status=dialogue.exit_status,
            privilege=privilege or Privilege.NONE,
            failure=failure,
            denied=dialogue.denied(),
        )
        if streams.denied is not None and self._denied is not None:
            return msgspec.structs.replace(streams, denied=self._denied)
        return streams

    def _refused(self, result: HostResult) -> TransportError:
        text = one_line(f"{result.message} {result.stderr}".encode()) or f"ansible: {result.state}"
        if result.state in ("unreachable", "failed"):
            for pattern, kind in _NO_ENTRY:
                if pattern.search(text):
                    return kind(self.host, text)
        if result.state == "failed":
            said = one_line(result.stdout.encode()) if result.stdout else text
            return ProbeNotStarted(self.host, f"the login shell did not start the probe: {said}")
        return Unreachable(self.host, text)


def _become_trouble(result: HostResult) -> BecomeDenied | None:
    """Why Ansible's become failed; None when that is not what failed."""
    text = one_line(f"{result.message} {result.stderr} {result.stdout}".encode())
    if result.state not in ("failed", "unreachable"):
        return None
    for pattern, why in _BECOME_TROUBLE:
        if pattern.search(text):
            return BecomeDenied(why, text)
    return None
