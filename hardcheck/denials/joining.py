"""From lines to events: records with one id, interleaved as they may be, in a bounded window.

This is the loop that every line of a log goes through, so it looks at a line's head only: a record whose
type cannot matter is counted and left; parts (SYSCALL, PATH ...) wait for a refusal of the same id and
are dropped with their event if none comes. Nothing is decoded here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Protocol

from hardcheck.denials.kinds import USES, Use
from hardcheck.denials.times import ausearch_time

WINDOW = 1024
"""Events that are open at once; records of one event stand closer together than that."""
MAX_RECORDS = 256
"""Records of one event that are kept together; scrubbed logs have one id for all."""
MAX_OPEN = 16 << 20
"""Bytes of all open events."""

RawRecord = tuple[str, int, int, bytes]
"""Type, what it is good for, line number, and the bytes behind the id."""
_STAMP = re.compile(rb"([0-9]{1,11})\.([0-9]{1,3}):([0-9]{1,15})")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NOTHING = (Use.NOTHING, "")
_ASKED = Use.REFUSAL | Use.CHANGE


class RawEvent:
    """Undecoded records of one id. ``at_s`` is the time in seconds since 1970, None for an unknown one;
    ``channel`` tells apart the ways by which one log may show the same event twice; ``damaged`` says that
    the id is of no known form."""

    __slots__ = ("at_s", "channel", "damaged", "ident", "interpreted", "node", "records")

    def __init__(
        self,
        records: list[RawRecord],
        ident: bytes = b"",
        at_s: float | None = None,
        node: bytes = b"",
        channel: bytes = b"",
    ) -> None:
        self.records, self.ident, self.at_s, self.node, self.channel = records, ident, at_s, node, channel
        self.interpreted = self.damaged = False

    @property
    def stamp(self) -> tuple[int, int, int] | None:
        """Seconds, milliseconds and serial; None for an event without an id."""
        found = _STAMP.fullmatch(self.ident)
        if found is not None:
            return int(found[1]), int(found[2]), int(found[3])
        interpreted = ausearch_time(self.ident) if self.interpreted else None
        if interpreted is None:
            return None
        at, milli, serial = interpreted
        return int(at.timestamp()), milli, serial

    @property
    def at(self) -> datetime | None:
        """When it was, UTC; None for no time, a scrubbed one, or one past the calendar."""
        return moment(self.at_s)


def moment(at_s: float | None) -> datetime | None:
    """Seconds since 1970 as a time; None for none, and for what no calendar has."""
    if at_s is None or not 0 < at_s < 1 << 35:
        return None
    # Milliseconds are all that a record has; a float's own fraction would show others.
    return _EPOCH + timedelta(milliseconds=round(at_s * 1000))


class Other(Protocol):
    """Takes the lines that do not begin with ``type=`` and have its ``mark``, or begin with a blank;
    `loose.Loose` is the one that reads them."""

    mark: re.Pattern[bytes]

    def take(self, line: bytes, number: int, joiner: Joiner) -> Iterable[RawEvent]:
        """Events that stand alone; parts of others go into ``joiner.add``."""


class Joiner:
    """Joins the records of one log. ``number`` is the line that was read last."""

    def __init__(self, other: Other) -> None:
        self.other = other
        self.number = 0
        self.records = 0
        self.previous = b""  # the id of the record before the line that `Other` takes
        self._open: dict[bytes, list[RawRecord]] = {}
        self._asked: set[bytes] = set()
        self._size = 0

    def events(self, batches: Iterable[list[bytes]]) -> Iterator[RawEvent]:
        """The events that hold a refusal or a change, as their window closes."""
        for lines in batches:
            yield from self._read(lines)
            if len(self._open) > WINDOW or self._size > MAX_OPEN:
                yield from self._close(WINDOW // 2)
            if self._size > MAX_OPEN:
                yield from self._shrink()
        yield from self._close(0)

    def _read(self, lines: list[bytes]) -> Iterator[RawEvent]:
        uses = USES
        opened = self._open
        last_id = b""
        current: list[RawRecord] = []
        asked = self._asked
        marked = self.other.mark.search
        size = 0
        line_number = self.number
        for line in lines:
            line_number += 1
            if line[:5] == b"type=":
                blank = line.find(b" ", 5, 64)
                found = uses.get(line[5:blank])
                end = line.find(b")", blank, blank + 64)
                if found is None and line.find(b"avc:") < 0 and line.find(b"apparmor=") < 0:
                    found = _NOTHING
                if (
                    found is not None
                    and end > 0
                    and line[blank : blank + 11] == b" msg=audit("
                    and line.find(b"audit(", end) < 0
                ):
                    use, name = found
                    if not use:
                        continue
                    ident = line[blank + 11 : end]
                    if ident != last_id:
                        if len(opened) > WINDOW * 2:
                            self.number = line_number
                            yield from self._close(WINDOW)
                        current = opened.setdefault(ident, [])
                        last_id = ident
                    current.append((name, use, line_number, line[end + 1 :]))
                    size += len(line)
                    if use & 3:
                        asked.add(ident)
                        self.records += 1
                    if len(current) >= MAX_RECORDS:
                        yield from self._close(0)
                        last_id = b""
                    continue
            elif not line or (line[0] > 32 and marked(line) is None):
                continue
            self.number = line_number
            self.previous = last_id or self.previous
            yield from self.other.take(line, line_number, self)
            last_id = b""
        self.number = line_number
        self._size += size

    def lengthen(self, number: int, more: bytes) -> None:
        """Add a line to the record that stands just before, if that is a program's whose text has
        no end yet: dbus-daemon writes line feeds into its messages."""
        records = self._open.get(self.previous)
        if records:
            name, use, line_number, body = records[-1]
            start = body.find(b"msg='")
            fits = use & Use.USER and number - line_number < 4 and start >= 0
            if fits and body.find(b"'", start + 5) < 0:
                records[-1] = (name, use, line_number, body + b" " + more)

    def add(self, ident: bytes, record: RawRecord) -> Iterator[RawEvent]:
        """Put a record to its event, from outside the fast loop."""
        self.previous = ident
        opened = self._open.setdefault(ident, [])
        opened.append(record)
        self._size += len(record[3])
        if record[1] & _ASKED:
            self._asked.add(ident)
            self.records += 1
        if len(opened) >= MAX_RECORDS or len(self._open) > WINDOW * 2:
            yield from self._close(0)

    def _close(self, keep: int) -> Iterator[RawEvent]:
        """End the oldest events until ``keep`` are left."""
        opened, asked = self._open, self._asked
        for ident in list(opened)[: max(0, len(opened) - keep)]:
            records = opened.pop(ident)
            if ident in asked:
                asked.discard(ident)
                yield make_event(ident, records)

    def _shrink(self) -> Iterator[RawEvent]:
        """So many bytes went by that the open events have to be weighed; too heavy ones are ended."""
        self._size = sum(len(record[3]) for records in self._open.values() for record in records)
        if self._size > MAX_OPEN // 2:
            yield from self._close(0)
            self._size = 0


def make_event(ident: bytes, records: list[RawRecord]) -> RawEvent:
    """The event of an id; ``node CHANNEL id`` stand behind each other, parted by NUL."""
    node = channel = b""
    if b"\0" in ident:
        node, channel, ident = ident.split(b"\0", 2)
    # float() would take more than digits: look at them first. This is quicker than a pattern.
    if len(ident) < 32 and ident.replace(b".", b"", 1).replace(b":", b"", 1).isdigit():
        return RawEvent(records, ident, float(ident.partition(b":")[0]), node, channel)
    if ident[:1] == b"~":  # the journal's text: its time, and the first line for a name
        known = ident[1:].partition(b"/")[0]
        return RawEvent(records, b"", int(known) / 1000 if known else None, node, channel)
    event = RawEvent(records, ident, None, node, channel)
    interpreted = ausearch_time(ident)
    if interpreted is not None:
        event.at_s = interpreted[0].timestamp() + interpreted[1] / 1000
        event.interpreted = True
    else:
        event.damaged = True
    return event
