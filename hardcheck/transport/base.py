"""What every way to a host offers: run the probe there, hand back two byte streams."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

import msgspec

from hardcheck.errors import TransportError
from hardcheck.evidence import Privilege


class Limits(msgspec.Struct, frozen=True):
    """Time limits in seconds and size limits in bytes of one host."""

    connect_s: float = 15.0
    idle_s: float = 60.0  # no byte on either stream
    total_s: float = 300.0
    max_stdout: int = 64 * 1024 * 1024
    max_stderr: int = 4 * 1024 * 1024


class BecomeFailure(StrEnum):
    """Why the account's means did not lead to root."""

    NOT_ASKED = "not_asked"  # --no-sudo
    NO_SUDO = "no_sudo"  # there is no sudo on the host
    PASSWORD_NEEDED = "password_needed"  # noqa: S105 - a reason, not a password
    WRONG_PASSWORD = "wrong_password"  # noqa: S105 - a reason, not a password
    NOT_ALLOWED = "not_allowed"  # the sudoers policy forbids it
    TTY_NEEDED = "tty_needed"  # sudoers has requiretty
    FAILED = "failed"  # anything else; the detail has sudo's own words


class BecomeDenied(msgspec.Struct, frozen=True):
    """That the probe ran without root, and why. ``detail`` is sudo's own text, one line."""

    why: BecomeFailure
    detail: str = ""


class Streams(msgspec.Struct, frozen=True):
    """What one run of the probe gave. ``failure`` is set when the run did not end by itself:
    what had arrived until then is in the streams. ``privilege`` is how it ran, as the host told;
    ``denied`` says why when that is NONE."""

    stdout: bytes
    stderr: bytes
    exit_status: int | None
    privilege: Privilege
    failure: TransportError | None = None
    denied: BecomeDenied | None = None


class Transport(Protocol):
    """A connection to one host. Not thread-safe; one thread a host."""

    name: str  # "ssh", "local", "ansible"
    host: str

    def run_probe(self, script: bytes, arguments: Sequence[str], limits: Limits) -> Streams:
        """Run ``script`` by ``sh -s -- ARGUMENTS`` with the script on standard input, as root where the
        account's means allow it. May be called twice; the connection is opened by the first call.

        Raises:
            TransportError: no connection could be made at all (after that, failures are in Streams).
        """
        ...

    def close(self) -> None:
        """Close everything that was opened; safe to call twice, and from another thread to break off."""
        ...
