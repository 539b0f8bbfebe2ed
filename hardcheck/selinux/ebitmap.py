"""Extensible bitmaps: the sets of the policy format, as Python integers.

Layout: u32 mapsize (64); u32 highbit (a multiple of 64, 0 for the empty set); u32 count; then
``count`` nodes of u32 startbit (a multiple of 64, rising) and u64 map (not 0). Bit ``i`` of the
integer is bit ``i`` of the set; the member with value ``v`` of a symbol table is bit ``v - 1``
(in the permissive and neveraudit maps: bit ``v``).
Source: libsepol ebitmap.c ``ebitmap_read``, kernel security/selinux/ss/ebitmap.c.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterable, Iterator

from hardcheck.selinux.cursor import Cursor, Writer

# Access-vector keys hold types and classes in 16 bits; no other table comes near.
MAX_BITS = (1 << 16) - 64
_HEAD = struct.Struct("<III")
_NODE = struct.Struct("<IQ")
_MAPSIZE = 64
_LOW_WORD = (1 << _MAPSIZE) - 1

SMALLEST = _HEAD.size


def read_ebitmap(cursor: Cursor) -> int:
    """Read one bitmap as an integer.

    Raises:
        PolicyError: an unknown node size, nodes out of order or empty, a set with members
            beyond `MAX_BITS`, a short file, or bitmaps out of proportion to the file.
    """
    start = cursor.position
    highbit, count = _read_head(cursor)
    if not count:
        return 0
    raw = cursor.raw(count * _NODE.size)
    known = cursor.bitmaps.get((highbit, raw))
    if known is not None:  # constraints repeat a few large sets hundreds of times
        return known
    bits = 0
    for startbit, map_ in _checked_nodes(cursor, raw, highbit, start):
        bits |= map_ << startbit
    cursor.spend_bitmap(highbit >> 3, start)
    cursor.bitmaps[highbit, raw] = bits
    return bits


def read_ebitmap_values(cursor: Cursor) -> array[int]:
    """Read one bitmap as its members' values (bit + 1), rising, two bytes each.

    Raises:
        PolicyError: as `read_ebitmap`.
    """
    values = array("H")
    append = values.append
    start = cursor.position
    highbit, count = _read_head(cursor)
    for startbit, map_ in _checked_nodes(cursor, cursor.raw(count * _NODE.size), highbit, start):
        while map_:
            low = map_ & -map_
            append(startbit + low.bit_length())
            map_ ^= low
    return values


def _read_head(cursor: Cursor) -> tuple[int, int]:
    start = cursor.position
    mapsize, highbit, count = cursor.take(_HEAD)
    if mapsize != _MAPSIZE:
        cursor.fail(f"a bitmap with nodes of {_MAPSIZE} bits", str(mapsize), start)
    if highbit % _MAPSIZE or highbit > MAX_BITS:
        cursor.fail(f"a highest bit that is a multiple of 64 up to {MAX_BITS}", str(highbit), start + 4)
    if count * _MAPSIZE > highbit or (highbit and not count):
        cursor.fail(f"between 1 and {highbit // _MAPSIZE} bitmap nodes", str(count), start + 8)
    return highbit, count


def _checked_nodes(cursor: Cursor, raw: bytes, highbit: int, start: int) -> list[tuple[int, int]]:
    nodes = list(_NODE.iter_unpack(raw))
    end = 0
    for number, (startbit, map_) in enumerate(nodes):
        if startbit % _MAPSIZE or not end <= startbit < highbit or not map_:
            at = start + _HEAD.size + number * _NODE.size
            cursor.fail("a bitmap node that is not empty, between its neighbours", hex(startbit), at)
        end = startbit + _MAPSIZE
    if end != highbit:
        cursor.fail(f"a last bitmap node that ends at {highbit}", str(end), start + 4)
    return nodes


def write_ebitmap(out: Writer, bits: int) -> None:
    """Write the bitmap that `read_ebitmap` reads as ``bits``."""
    nodes = []
    startbit = 0
    while bits:
        skip = ((bits & -bits).bit_length() - 1) // _MAPSIZE * _MAPSIZE
        bits >>= skip
        startbit += skip
        nodes.append((startbit, bits & _LOW_WORD))
        bits >>= _MAPSIZE
        startbit += _MAPSIZE
    out.put(_HEAD, _MAPSIZE, startbit, len(nodes))
    for node in nodes:
        out.put(_NODE, *node)


def write_ebitmap_values(out: Writer, values: Iterable[int]) -> None:
    """Write the bitmap that `read_ebitmap_values` reads as ``values``."""
    write_ebitmap(out, bits_of(values))


def bits_of(values: Iterable[int]) -> int:
    """Return the integer whose bit ``v - 1`` is set for every value ``v``."""
    bits = 0
    for value in values:
        bits |= 1 << (value - 1)
    return bits


def values_of(bits: int) -> Iterator[int]:
    """Yield the values (bit + 1) of the members, rising.

    A word at a time: shifting one integer of thousands of bits per member would be quadratic.
    """
    base = 0
    while bits:
        word = bits & _LOW_WORD
        while word:
            low = word & -word
            yield base + low.bit_length()
            word ^= low
        bits >>= _MAPSIZE
        base += _MAPSIZE
