"""Lines of a log of any size, in constant memory.

A line has at most `LIMIT` bytes; what is longer is cut there and counted. Compressed rotations are read
as they are unpacked.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import re
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, cast

LIMIT = 256 * 1024
"""Bytes of one line; auditd cuts at 9 KiB, an interpreted EXECVE may have more."""

BLOCK = 1 << 20
_PACKED = ((b"\x1f\x8b", gzip.open), (b"BZh", bz2.open), (b"\xfd7zXZ\x00", lzma.open))
DAMAGED = (OSError, EOFError, zlib.error, lzma.LZMAError)
"""What a damaged packed file raises while it is read."""

_ROTATION = re.compile(r"\.([0-9]{1,9})(?=\.|$)|-([0-9]{8,14})(?=\.|$)")
_SUFFIX = re.compile(r"\.(?:gz|bz2|xz)$")


def read_blocks(stream: IO[bytes]) -> Iterator[bytes]:
    """The blocks of an open file."""
    while block := stream.read(BLOCK):
        yield block


def open_log(path: Path) -> IO[bytes]:
    """Open a log, packed or not, by its first bytes.

    Raises:
        OSError: it cannot be opened.
    """
    with path.open("rb") as plain:
        start = plain.read(6)
    for magic, opener in _PACKED:
        if start.startswith(magic):
            return cast(IO[bytes], opener(path, "rb"))
    return path.open("rb")


def file_blocks(path: Path) -> Iterator[bytes]:
    """The blocks of a file, packed or not."""
    with open_log(path) as stream:
        yield from read_blocks(stream)


def rotation(path: Path) -> tuple[str, int]:
    """The log that a file is a rotation of, and a number that is lower for what was written earlier:
    ``audit.log.4`` before ``audit.log.1.gz`` before ``audit.log``; ``messages-20261101`` by its date."""
    name = _SUFFIX.sub("", path.name)
    found = _ROTATION.search(name)
    if found is None:
        return str(path.with_name(name)), 1
    stem = str(path.with_name(name[: found.start()] + name[found.end() :]))
    return stem, -int(found[1]) if found[1] else int(found[2]) - 10**15


class LineReader:
    """Splits blocks into lists of lines; counts bytes and the lines that were cut."""

    def __init__(self, limit: int = LIMIT) -> None:
        self.limit = limit
        self.size = 0
        self.cut = 0

    def batches(self, blocks: Iterable[bytes]) -> Iterator[list[bytes]]:
        """Lists of lines without their line feeds; only LF ends a line."""
        rest = b""
        skipping = False
        for block in blocks:
            self.size += len(block)
            if skipping:
                end = block.find(b"\n")
                if end < 0:
                    continue
                block = block[end + 1 :]
                skipping = False
            lines = (rest + block).split(b"\n")
            rest = lines.pop()
            if len(rest) > self.limit:
                lines.append(rest)
                rest, skipping = b"", True
            if lines:
                yield self._cut(lines) if max(map(len, lines)) > self.limit else lines
        if rest:
            yield [rest]

    def _cut(self, lines: list[bytes]) -> list[bytes]:
        self.cut += sum(len(line) > self.limit for line in lines)
        return [line[: self.limit] for line in lines]
