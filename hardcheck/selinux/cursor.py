"""A bounded reader over the bytes of a policy, and its counterpart that writes.

Every integer of the format is little-endian whatever the machine that reads, so all layouts
here begin with ``<``. Nothing is allocated from a count before the count was held against the
bytes that are left; a fault is a `PolicyError` whose ``where`` is ``offset 0x...``.
"""

from __future__ import annotations

import struct
from typing import Any, NoReturn

from hardcheck.errors import PolicyError

# Decoded bitmaps may take this many bytes for each byte of the file, and this many at least.
# Debian's policy needs 0.3, a policy with 5,000 types under 2; a hostile one could ask for 600.
_BITMAP_RATIO = 8
_BITMAP_FLOOR = 1 << 20

_NAME_BYTES = bytes(range(0x21, 0x7F))
_U32 = struct.Struct("<I")


class Cursor:
    """A position in ``data`` that only moves forward."""

    __slots__ = ("_bitmap_budget", "bitmaps", "data", "position")

    def __init__(self, data: bytes, position: int = 0) -> None:
        self.data = data
        self.position = position
        self.bitmaps: dict[tuple[int, bytes], int] = {}  # decoded so far; see `ebitmap`
        self._bitmap_budget = max(_BITMAP_FLOOR, _BITMAP_RATIO * len(data))

    @property
    def left(self) -> int:
        """Bytes that were not read yet."""
        return len(self.data) - self.position

    def fail(self, expected: str, found: str, at: int | None = None) -> NoReturn:
        """Raise PolicyError for the place ``at`` (default: here)."""
        raise PolicyError(f"offset {self.position if at is None else at:#x}", expected, found)

    def take(self, layout: struct.Struct) -> tuple[Any, ...]:
        """Read the fields of one fixed layout.

        Raises:
            PolicyError: the file ends before the last field.
        """
        start = self.position
        try:
            fields = layout.unpack_from(self.data, start)
        except struct.error:
            self.fail(f"{layout.size} bytes", f"{self.left} before the end of the file")
        self.position = start + layout.size
        return fields

    def u32(self) -> int:
        """Read one unsigned 32-bit number."""
        value: int = self.take(_U32)[0]
        return value

    def raw(self, length: int) -> bytes:
        """Read ``length`` bytes.

        Raises:
            PolicyError: fewer are left.
        """
        if length > self.left:
            self.fail(f"{length} bytes", f"{self.left} before the end of the file")
        start = self.position
        self.position = start + length
        return self.data[start : self.position]

    def name(self, length: int) -> str:
        """Read an identifier: printable ASCII without blanks, at least one character.

        The kernel takes any bytes here; a name that could forge a line of output or a
        field of a context is refused.
        """
        start = self.position
        raw = self.raw(length)
        if not raw or raw.translate(None, _NAME_BYTES):
            self.fail("a name of printable ASCII characters", repr(raw[:40]), start)
        return raw.decode("ascii")

    def text(self, length: int) -> str:
        """Read a path, file name or device name: any bytes but NUL, at least one.

        Bytes that are not UTF-8 become lone surrogates (PEP 383), as in Python's own paths.
        """
        start = self.position
        raw = self.raw(length)
        if not raw or b"\0" in raw:
            self.fail("a text without NUL", repr(raw[:40]), start)
        return raw.decode("utf-8", "surrogateescape")

    def count(self, smallest: int, what: str) -> int:
        """Read the number of records that follow, each at least ``smallest`` bytes long.

        Raises:
            PolicyError: so many cannot fit into the rest of the file.
        """
        start = self.position
        number = self.u32()
        self.check_count(number, smallest, what, start)
        return number

    def check_count(self, number: int, smallest: int, what: str, at: int) -> None:
        """Hold a count that was read at ``at`` against the bytes that are left."""
        if number * smallest > self.left:
            self.fail(f"at most {self.left // smallest} {what}", str(number), at)

    def spend_bitmap(self, size: int, at: int) -> None:
        """Account ``size`` bytes of decoded bitmap, so that sparse ones cannot fill the memory."""
        self._bitmap_budget -= size
        if self._bitmap_budget < 0:
            self.fail("bitmaps in proportion to the file", "far larger ones", at)

    def finish(self) -> None:
        """Raise PolicyError unless every byte was read."""
        if self.left:
            self.fail("the end of the file", f"{self.left} more bytes")


class Writer:
    """Collects the bytes of a policy; what Cursor reads, this writes."""

    __slots__ = ("_parts",)

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def put(self, layout: struct.Struct, *fields: int | bytes) -> None:
        """Write the fields of one fixed layout."""
        self._parts.append(layout.pack(*fields))

    def u32(self, *values: int) -> None:
        """Write unsigned 32-bit numbers."""
        self._parts.extend(_U32.pack(value) for value in values)

    def raw(self, data: bytes) -> None:
        """Write bytes as they are."""
        self._parts.append(data)

    def text(self, text: str) -> None:
        """Write a name or text without its length."""
        self._parts.append(encoded(text))

    def getvalue(self) -> bytes:
        """Return all bytes written so far."""
        return b"".join(self._parts)


def encoded(text: str) -> bytes:
    """Return the bytes that ``Cursor.name`` or ``Cursor.text`` read as this text."""
    return text.encode("utf-8", "surrogateescape")
