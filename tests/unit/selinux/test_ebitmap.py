"""Bitmaps and the cursor under them."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardcheck.errors import PolicyError
from hardcheck.selinux.cursor import Cursor, Writer
from hardcheck.selinux.ebitmap import (
    MAX_BITS,
    bits_of,
    read_ebitmap,
    read_ebitmap_values,
    values_of,
    write_ebitmap,
    write_ebitmap_values,
)

members = st.sets(st.integers(1, 3000), max_size=80)


def written(bits: int) -> bytes:
    out = Writer()
    write_ebitmap(out, bits)
    return out.getvalue()


@given(members)
def test_what_is_written_is_read_back(values: set[int]) -> None:
    cursor = Cursor(written(bits_of(values)))
    assert read_ebitmap(cursor) == bits_of(values)
    cursor.finish()


@given(members)
def test_values_and_bits_are_the_same_set(values: set[int]) -> None:
    assert list(values_of(bits_of(values))) == sorted(values)
    out = Writer()
    write_ebitmap_values(out, values)
    assert list(read_ebitmap_values(Cursor(out.getvalue()))) == sorted(values)


@given(members.filter(bool), st.data())
def test_a_cut_bitmap_is_a_policy_error(values: set[int], data: st.DataObject) -> None:
    whole = written(bits_of(values))
    length = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(PolicyError, match="offset 0x"):
        read_ebitmap(Cursor(whole[:length]))


@given(st.binary(max_size=80))
def test_any_bytes_give_a_bitmap_or_a_policy_error(data: bytes) -> None:
    cursor = Cursor(data)
    try:
        bits = read_ebitmap(cursor)
    except PolicyError:
        return
    assert written(bits) == data[: cursor.position]


HEAD = struct.Struct("<III")
NODE = struct.Struct("<IQ")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (HEAD.pack(32, 0, 0), "nodes of 64 bits"),
        (HEAD.pack(64, 63, 1), "multiple of 64"),
        (HEAD.pack(64, MAX_BITS + 64, 1), "multiple of 64 up to"),
        (HEAD.pack(64, 64, 0), "between 1 and 1 bitmap nodes"),
        (HEAD.pack(64, 64, 2), "between 1 and 1 bitmap nodes"),
        (HEAD.pack(64, 64, 1) + NODE.pack(0, 0), "not empty"),
        (HEAD.pack(64, 64, 1) + NODE.pack(3, 1), "not empty, between its neighbours"),
        (HEAD.pack(64, 64, 1) + NODE.pack(1 << 31, 1), "not empty, between its neighbours"),
        (HEAD.pack(64, 128, 2) + NODE.pack(64, 1) + NODE.pack(0, 1), "between its neighbours"),
        (HEAD.pack(64, 128, 1) + NODE.pack(0, 1), "ends at 128"),
    ],
)
def test_a_bitmap_against_the_rules_is_refused(data: bytes, expected: str) -> None:
    with pytest.raises(PolicyError, match=expected):
        read_ebitmap(Cursor(data))


def test_sparse_bitmaps_cannot_fill_the_memory() -> None:
    head = HEAD.pack(64, MAX_BITS, 1)
    cursor = Cursor(b"".join(head + NODE.pack(MAX_BITS - 64, number + 1) for number in range(10_000)))

    def read_all() -> None:
        for _ in range(10_000):
            read_ebitmap(cursor)

    with pytest.raises(PolicyError, match="in proportion to the file"):
        read_all()


@given(st.binary(max_size=60), st.integers(0, 70))
def test_a_cursor_never_passes_the_end(data: bytes, length: int) -> None:
    cursor = Cursor(data)
    if length <= len(data):
        assert cursor.raw(length) == data[:length]
    else:
        with pytest.raises(PolicyError, match="before the end of the file"):
            cursor.raw(length)


@given(st.integers(0, 2**32 - 1), st.integers(1, 100), st.integers(0, 50))
def test_a_count_is_held_against_the_bytes_left(number: int, smallest: int, left: int) -> None:
    cursor = Cursor(struct.pack("<I", number) + bytes(left))
    if number * smallest <= left:
        assert cursor.count(smallest, "things") == number
    else:
        with pytest.raises(PolicyError, match="at most"):
            cursor.count(smallest, "things")


@pytest.mark.parametrize("raw", [b"", b"a b", b"a\nb", b"a\x1b[1m", "\xe9".encode(), b"a\0"])
def test_a_name_that_could_forge_output_is_refused(raw: bytes) -> None:
    with pytest.raises(PolicyError, match="printable ASCII"):
        Cursor(raw).name(len(raw))


def test_bytes_after_the_end_are_refused() -> None:
    with pytest.raises(PolicyError, match="expected the end of the file, found 1 more bytes"):
        Cursor(b"\0").finish()


def test_a_bitmap_that_repeats_takes_memory_once() -> None:
    sparse = HEAD.pack(64, MAX_BITS, 1) + NODE.pack(MAX_BITS - 64, 1)
    cursor = Cursor(sparse * 10_000)
    assert len({id(read_ebitmap(cursor)) for _ in range(10_000)}) == 1
