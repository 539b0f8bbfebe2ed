"""What leaves an audit record: system calls, changes of files, runs of programs."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from hardcheck.facts.base import Absent


class Program(msgspec.Struct, frozen=True):
    """A program found by its name, and the file that runs: another one where ``path`` is a link."""

    path: str
    target: str


class AuditPlaces(msgspec.Struct, frozen=True):
    """What of the usual places a host has.

    ``links`` are folders that are links, with the folder they lead to (``/bin`` to ``/usr/bin``);
    ``files`` those of the places asked for that exist, with what they are after links are followed;
    ``commands`` programs asked for by name; ``privileged`` those with a set-user or set-group bit.
    """

    links: Mapping[str, str]
    files: Mapping[str, str]
    commands: Mapping[str, Program]
    privileged: tuple[str, ...]


class AuditWatch(msgspec.Struct, frozen=True):
    """Whether one thing leaves an audit record.

    ``group`` names the question (``time-change``), ``what`` the thing: a system call with its width, a
    place, a program. ``watched``: loaded rules record it and nothing stops them; ``by`` is the first of them.
    ``persistent``: rules that boot loads do; ``place`` is where the first stands. ``note`` says what keeps a
    rule from working. ``literal``: a benchmark names it; what is not literal leads to the same result by
    another way (``renameat2``).
    """

    group: str
    what: str
    watched: bool
    persistent: bool | Absent
    by: str = ""
    place: str = ""
    note: str = ""
    literal: bool = True

    @property
    def shown(self) -> str:
        """``WHAT: not recorded (REASON)``."""
        now = "recorded" if self.watched else "not recorded"
        if isinstance(self.persistent, Absent):
            boot = "after boot not known"
        elif self.persistent == self.watched:
            boot = ""
        else:
            boot = "after boot recorded" if self.persistent else "not after boot"
        note = f" ({self.note})" if self.note else ""
        return f"{self.what}: {', '.join(filter(None, (now, boot)))}{note}"


class AuditExclusion(msgspec.Struct, frozen=True):
    """A rule that throws records of mandatory access control away. ``place`` is FILE:LINE, empty for a rule
    that is loaded; ``loses`` are the kinds of records, in the kernel's words."""

    rule: str
    loses: tuple[str, ...]
    place: str = ""

    @property
    def shown(self) -> str:
        """``RULE (FILE:LINE) loses AVC, MAC_STATUS``."""
        return f"{self.rule} ({self.place or 'loaded'}) loses {', '.join(self.loses)}"
