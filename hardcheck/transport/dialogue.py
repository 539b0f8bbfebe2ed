"""Our side of the talk with `bootstrap`: what to send when, and how the probe ran. No I/O.

Feed it every byte of standard error; it hands back what to send and, at the end, the probe's own
standard error without the bootstrap's lines.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence

from hardcheck.evidence import Privilege
from hardcheck.transport.access import Sudo
from hardcheck.transport.base import BecomeDenied, BecomeFailure
from hardcheck.transport.bootstrap import Mode, bootstrap_argv

_KEEP_BEFORE_START = 16 * 1024  # sudo's own words and a banner; of a host that floods them the end is kept
_LONGEST_SIGN = 64  # a line of the bootstrap, or its prompt, may lie across two reads
_MAX_DETAIL = 300
_SIGN = re.compile(rb" (?:(denied|exit) ([a-z0-9]{1,16})|(root|sudo|installed|none))\n")  # after the word
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")

# sudo's messages in the C locale (plugins/sudoers), and what they mean.
_SUDO_SAYS = (
    ("a terminal is required", BecomeFailure.TTY_NEEDED),
    ("you must have a tty", BecomeFailure.TTY_NEEDED),
    ("not in the sudoers file", BecomeFailure.NOT_ALLOWED),
    ("not allowed to", BecomeFailure.NOT_ALLOWED),
    ("may not run sudo", BecomeFailure.NOT_ALLOWED),
    ("password is required", BecomeFailure.PASSWORD_NEEDED),
)


class Dialogue:
    """One run of the probe: `argv` is what to run; then `opening`, `feed` for what comes, `finish`.

    ``privilege`` is None until the probe was started in some way; ``exit_status`` until it ended by itself.
    """

    def __init__(self, script: bytes, arguments: Sequence[str], sudo: Sudo) -> None:
        self._script = script
        self._password = sudo.password
        self._mode = Mode.NONE if not sudo.allowed else Mode.PASSWORD if sudo.password else Mode.SUDO
        word = secrets.token_hex(8)
        self.argv = bootstrap_argv(word, self._mode, hashlib.sha256(script).hexdigest(), arguments)
        self._word = word.encode()
        self._prompt = b"[" + self._word + b" password]"
        self._pending = bytearray()
        self._before = bytearray()
        self._own = bytearray()
        self._sent_script = False
        self._prompts = 0
        self._stopped = False
        self._refused_by = ""
        self.privilege: Privilege | None = None
        self.exit_status: int | None = None

    @property
    def waits_for_host(self) -> bool:
        """True while nothing more may be sent before the host has said something."""
        return not self._sent_script and self.privilege is not Privilege.INSTALLED

    def opening(self) -> bytes:
        """What to send at once: the script, unless sudo could take it for a password."""
        return b"" if self._mode is Mode.PASSWORD else self._script_once()

    def feed(self, data: bytes) -> bytes:
        """Take bytes of standard error, return what to send now."""
        if self.exit_status is not None:
            return b""  # what a login shell says after the probe's end
        self._pending += data
        answer = b""
        place = 0
        while (place := self._pending.find(self._word, place)) >= 0:
            after = place + len(self._word)
            match = _SIGN.match(self._pending, after)
            if match is None:  # not a sign, or not whole yet
                place = after
                continue
            verb, what, way = match.groups(b"")  # before the buffer they lie in changes
            length = match.end() - place
            self._keep(place)
            del self._pending[:length]
            answer += self._take_sign(verb, what, way)
            place = 0
        if self.privilege is None and (place := self._pending.find(self._prompt)) >= 0:
            self._keep(place)
            del self._pending[: len(self._prompt)]
            answer += self._take_prompt()
        self._keep(len(self._pending) - _LONGEST_SIGN)
        return answer

    def give_up_waiting(self) -> bytes:
        """What to send when sudo keeps silent, with neither our prompt nor a refusal."""
        return self._stop()

    def finish(self) -> bytes:
        """The probe's own standard error; what was said instead when it never started."""
        self._keep(len(self._pending))
        return bytes(self._own if self.privilege is not None else self._before)

    def denied(self) -> BecomeDenied | None:
        """Why the probe ran without root; None when it ran as root, or not at all."""
        if self.privilege is not Privilege.NONE:
            return None
        if self._mode is Mode.NONE:
            return BecomeDenied(BecomeFailure.NOT_ASKED)
        text = one_line(bytes(self._before))
        return BecomeDenied(self._why(text), text)

    def _keep(self, count: int) -> None:
        """Move the first bytes of what is pending to where they belong."""
        if count <= 0:
            return
        if self.privilege is not None:
            self._own += self._pending[:count]
        else:
            self._before += self._pending[:count]
            del self._before[: max(0, len(self._before) - _KEEP_BEFORE_START)]
        del self._pending[:count]

    def _take_sign(self, verb: bytes, what: bytes, way: bytes) -> bytes:
        if verb == b"exit":
            self.exit_status = int(what) if what.isdigit() else None
            self._pending.clear()
            return b""
        if verb == b"denied":
            self._refused_by = what.decode()
            if self.privilege is Privilege.INSTALLED:  # sudo refused; what it said is not the probe's
                self.privilege = None
                self._before += self._own[:_KEEP_BEFORE_START]
                self._own.clear()
            return b""
        self.privilege = Privilege(way.decode())
        if self.privilege is Privilege.SUDO and self._mode is Mode.PASSWORD:
            return self._word + b" go\n" + self._script_once()
        return b"" if self.privilege is Privilege.INSTALLED else self._script_once()

    def _take_prompt(self) -> bytes:
        """Send the password once. sudo asking again means it was wrong: a third would be one more
        failed login in the host's count, so the talk is ended instead."""
        self._prompts += 1
        self._before += b"\n"
        if self._prompts > 1 or self._password is None:
            return self._stop()
        return self._password.reveal().encode() + b"\n"

    def _stop(self) -> bytes:
        if self._mode is not Mode.PASSWORD or self._stopped or self.privilege is not None:
            return b""
        self._stopped = True
        return self._word + b" stop\n"

    def _script_once(self) -> bytes:
        if self._sent_script:
            return b""
        self._sent_script = True
        return self._script

    def _why(self, text: str) -> BecomeFailure:
        if self._refused_by == "missing":
            return BecomeFailure.NO_SUDO
        if self._prompts > 1:
            return BecomeFailure.WRONG_PASSWORD
        for words, why in _SUDO_SAYS:
            if words in text:
                return why
        return BecomeFailure.FAILED


def one_line(data: bytes) -> str:
    """What a host said, as one printable line of at most 300 characters."""
    text = _UNPRINTABLE.sub(" ", data.decode("utf-8", "replace"))
    text = " ".join(text.split())
    return text if len(text) <= _MAX_DETAIL else text[: _MAX_DETAIL - 3] + "..."
