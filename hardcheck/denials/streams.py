"""One log with its rotations as a stream of undecoded events: the form of each file is found by its start."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

import msgspec

from hardcheck.denials.joining import Joiner, RawEvent
from hardcheck.denials.journal import ExportEntries, JsonEntries, line_reader, looks_like_export
from hardcheck.denials.lines import DAMAGED, LineReader
from hardcheck.denials.loose import Loose
from hardcheck.denials.model import Where

_LINE_BITS = 40
_START = 4096  # bytes that tell the form of a file


class LogFile(msgspec.Struct, frozen=True):
    """A file to read. ``blocks`` opens it; ``written`` is when it was last written (a date without a year
    lies before that), None where that is not known."""

    name: str
    blocks: Callable[[], Iterable[bytes]]
    written: datetime | None = None


class Stream:
    """The files of one log, the oldest first, read as one."""

    def __init__(self, files: Iterable[LogFile]) -> None:
        self.files = tuple(files)
        self.name = self.files[-1].name if self.files else ""
        self.loose = Loose(self.where)
        self.joiner = Joiner(self.loose)
        self.lines = self.size = self.cut = 0
        self.failed: list[tuple[str, str]] = []

    def where(self, number: int) -> Where:
        """The place of a line's number, which counts on from file to file."""
        return Where(self.files[number >> _LINE_BITS].name, number & ((1 << _LINE_BITS) - 1))

    def events(self) -> Iterator[RawEvent]:
        """The events that hold a refusal or a change, about in the order of the log."""
        return self.joiner.events(self._batches())

    def _batches(self) -> Iterator[list[bytes]]:
        for place, file in enumerate(self.files):
            self.joiner.number = place << _LINE_BITS
            self.loose.reference = file.written
            try:
                for lines in self._lines(iter(file.blocks())):
                    self.lines += len(lines)
                    yield lines
            except DAMAGED as error:
                self.failed.append((file.name, str(error)))

    def _lines(self, blocks: Iterator[bytes]) -> Iterator[list[bytes]]:
        first = b""
        for block in blocks:
            first += block
            if len(first) >= _START:
                break
        start = first.lstrip(b"\0\r\n \x1e")[:_START]
        again = _chain(first, blocks)
        if start.startswith((b"{", b"[\n{", b"data: {")):
            yield from self._json(again)
        elif looks_like_export(start):
            entries = ExportEntries()
            yield from entries.batches(again)
            self._count(entries.size, 0, entries.bad, [])
        else:
            reader = LineReader()
            yield from reader.batches(again)
            self._count(reader.size, reader.cut, 0, [])

    def _json(self, blocks: Iterator[bytes]) -> Iterator[list[bytes]]:
        reader, entries = line_reader(), JsonEntries()
        yield from entries.batches(reader.batches(blocks))
        self._count(reader.size, reader.cut, entries.bad, entries.damaged)

    def _count(self, size: int, cut: int, bad: int, numbers: list[int]) -> None:
        self.size += size
        self.cut += cut
        base = self.joiner.number >> _LINE_BITS << _LINE_BITS
        for number in numbers:
            self.loose.note_damage(b"", base + number, "no entry of the journal's JSON")
        for _ in range(len(numbers), min(bad, 1000)):
            self.loose.note_damage(b"", self.joiner.number, "not in the journal's format")
        self.loose.damaged += max(0, bad - max(1000, len(numbers)))


def _chain(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from rest
