"""Levels and ranges of multi-level security, and dominance between them.

A level is a sensitivity with a set of categories; a range is a low and a high level.
Layouts: level: u32 sensitivity, ebitmap categories. Range: u32 items (1: high equals low, 2);
u32 low sensitivity; u32 high sensitivity if items is 2; ebitmap low categories; ebitmap high
categories if items is 2.
Source: libsepol policydb.c ``mls_read_level``, ``mls_read_range_helper``; mls_types.h.
"""

from __future__ import annotations

from msgspec import Struct

from hardcheck.selinux.cursor import Cursor, Writer
from hardcheck.selinux.ebitmap import SMALLEST, read_ebitmap, write_ebitmap

SMALLEST_RANGE = 4 + 4 + SMALLEST


class MlsLevel(Struct, frozen=True):
    """A sensitivity's value and a bitmap of categories (bit = value - 1)."""

    sensitivity: int
    categories: int

    def dominates(self, other: MlsLevel) -> bool:
        """Whether this level is at or above the other one in both parts."""
        return self.sensitivity >= other.sensitivity and not other.categories & ~self.categories


class MlsRange(Struct, frozen=True):
    """A low level and a high level; equal where the range is a single level."""

    low: MlsLevel
    high: MlsLevel

    def contains(self, other: MlsRange) -> bool:
        """Whether the other range lies inside this one."""
        return other.low.dominates(self.low) and self.high.dominates(other.high)

    def common_part(self, other: MlsRange) -> MlsRange | None:
        """Return greatest low and least high (``glblub``); None without a common sensitivity."""
        if self.high.sensitivity < other.low.sensitivity or other.high.sensitivity < self.low.sensitivity:
            return None
        return MlsRange(
            MlsLevel(
                max(self.low.sensitivity, other.low.sensitivity),
                self.low.categories & other.low.categories,
            ),
            MlsLevel(
                min(self.high.sensitivity, other.high.sensitivity),
                self.high.categories & other.high.categories,
            ),
        )


def read_level(cursor: Cursor) -> MlsLevel:
    """Read one level."""
    return MlsLevel(cursor.u32(), read_ebitmap(cursor))


def write_level(out: Writer, level: MlsLevel) -> None:
    """Write one level."""
    out.u32(level.sensitivity)
    write_ebitmap(out, level.categories)


def read_range(cursor: Cursor) -> MlsRange:
    """Read one range.

    Raises:
        PolicyError: an item count that is neither 1 nor 2, a damaged bitmap, a short file.
    """
    start = cursor.position
    items = cursor.u32()
    if items not in (1, 2):
        cursor.fail("a range of 1 or 2 levels", str(items), start)
    low = cursor.u32()
    high = cursor.u32() if items == 2 else low
    low_level = MlsLevel(low, read_ebitmap(cursor))
    if items == 1:
        return MlsRange(low_level, low_level)
    return MlsRange(low_level, MlsLevel(high, read_ebitmap(cursor)))


def write_range(out: Writer, range_: MlsRange) -> None:
    """Write one range, as libsepol does: the high level only where it differs."""
    if range_.low == range_.high:
        out.u32(1, range_.low.sensitivity)
        write_ebitmap(out, range_.low.categories)
        return
    out.u32(2, range_.low.sensitivity, range_.high.sensitivity)
    write_ebitmap(out, range_.low.categories)
    write_ebitmap(out, range_.high.categories)
