"""Transitions of roles, ranges and, by the name of a new file, of types.

Layouts: role transition: u32 role, u32 type, u32 new role, from version 26 u32 class (before:
the class ``process``). Role allow: u32 role, u32 new role. Range transition: u32 source type,
u32 target type, u32 class, range. Filename transitions, version 25 to 32: u32 name length, name,
u32 source type, u32 parent's type, u32 class, u32 new type. From version 33: u32 name length,
name, u32 parent's type, u32 class, u32 data, each ebitmap source types, u32 new type.

The form of version 33 is the one kept, also for older files: a distribution's 250,000 rules have
about 2,600 keys.
Source: libsepol policydb.c ``role_trans_read``, ``range_read``, ``filename_trans_read``,
``filename_trans_comp_read``; kernel policydb.c ``filename_trans_read_helper_compat``.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator

from msgspec import Struct

from hardcheck.selinux.cursor import Cursor, Writer, encoded
from hardcheck.selinux.ebitmap import MAX_BITS, SMALLEST, read_ebitmap, write_ebitmap
from hardcheck.selinux.mls import SMALLEST_RANGE, MlsRange, read_range, write_range

FILENAME_VERSION = 25
ROLE_CLASS_VERSION = 26
COMPRESSED_FILENAME_VERSION = 33

_ONE = struct.Struct("<I")
_TWO = struct.Struct("<II")
_THREE = struct.Struct("<III")
_FOUR = struct.Struct("<IIII")


class RoleTransition(Struct, frozen=True):
    """``role_transition``; class 0 stands for ``process`` in versions before 26."""

    role: int
    type: int
    new_role: int
    class_: int = 0


class RoleAllow(Struct, frozen=True):
    """``allow role new_role``: a process may change its role so."""

    role: int
    new_role: int


class RangeTransition(Struct, frozen=True):
    """``range_transition``: types are exact, never attributes."""

    source: int
    target: int
    class_: int
    range: MlsRange


class FilenameKey(Struct, frozen=True, gc=False):
    """What a new object is called, the type of its folder, and its class."""

    name: str
    parent: int
    class_: int


class FilenameTransitions(Struct, frozen=True):
    """New types by key: ((source types as bitmap, new type), ...), keys in file order.

    ``order`` is empty except for versions before 33, which list every single rule: there it
    holds number of the key, source and new type of each rule in file order, so that writing
    gives the same bytes.
    """

    by_key: dict[FilenameKey, tuple[tuple[int, int], ...]]
    order: array[int]

    def new_type(self, source: int, parent: int, class_: int, name: str) -> int:
        """Return the type of a new object, 0 where no rule fits."""
        for sources, new_type in self.by_key.get(FilenameKey(name, parent, class_), ()):
            if sources >> (source - 1) & 1:
                return new_type
        return 0


def read_role_transitions(cursor: Cursor, version: int) -> tuple[RoleTransition, ...]:
    """Read the role transitions."""
    layout = _FOUR if version >= ROLE_CLASS_VERSION else _THREE
    count = cursor.count(layout.size, "role transitions")
    records = layout.iter_unpack(cursor.raw(count * layout.size))
    return tuple(RoleTransition(*fields) for fields in records)


def write_role_transitions(out: Writer, rules: tuple[RoleTransition, ...], version: int) -> None:
    """Write the role transitions."""
    out.u32(len(rules))
    for rule in rules:
        out.u32(rule.role, rule.type, rule.new_role)
        if version >= ROLE_CLASS_VERSION:
            out.u32(rule.class_)


def read_role_allows(cursor: Cursor) -> tuple[RoleAllow, ...]:
    """Read the role allow rules."""
    count = cursor.count(_TWO.size, "role allow rules")
    return tuple(RoleAllow(*fields) for fields in _TWO.iter_unpack(cursor.raw(count * _TWO.size)))


def write_role_allows(out: Writer, rules: tuple[RoleAllow, ...]) -> None:
    """Write the role allow rules."""
    out.u32(len(rules))
    for rule in rules:
        out.u32(rule.role, rule.new_role)


def read_filename_transitions(cursor: Cursor, version: int) -> FilenameTransitions:
    """Read the filename transitions; none before version 25.

    Raises:
        PolicyError: a key without data, two data of a key with a common source, a short file.
    """
    if version < FILENAME_VERSION:
        return FilenameTransitions({}, array("I"))
    if version < COMPRESSED_FILENAME_VERSION:
        return _read_single(cursor)
    return _read_compressed(cursor)


def _read_compressed(cursor: Cursor) -> FilenameTransitions:
    by_key: dict[FilenameKey, tuple[tuple[int, int], ...]] = {}
    for _ in range(cursor.count(4 + 1 + 12 + SMALLEST + 4, "filename transition keys")):
        start = cursor.position
        name = cursor.text(cursor.u32())
        parent, class_ = cursor.take(_TWO)
        key = FilenameKey(name, parent, class_)
        count = cursor.count(SMALLEST + 4, "filename transitions of a name")
        if key in by_key or not count:
            cursor.fail("a new name with at least one transition", repr(name), start)
        data = []
        seen = 0
        for _ in range(count):
            sources = read_ebitmap(cursor)
            if sources & seen or not sources:
                cursor.fail("source types that no other transition of the name has", "a second one", start)
            seen |= sources
            data.append((sources, cursor.u32()))
        by_key[key] = tuple(data)
    return FilenameTransitions(by_key, array("I"))


def _read_single(cursor: Cursor) -> FilenameTransitions:
    """Read one record a rule and gather the sources of each key and new type.

    A distribution has 250,000 of these records, hence the loop without calls.
    """
    count = cursor.count(4 + 1 + _FOUR.size, "filename transitions")
    numbers: dict[tuple[bytes, int, int], int] = {}
    keys: list[FilenameKey] = []
    sources: list[dict[int, array[int]]] = []
    order = array("I")
    data, position = cursor.data, cursor.position
    for _ in range(count):
        try:
            (length,) = _ONE.unpack_from(data, position)
            source, parent, class_, new_type = _FOUR.unpack_from(data, position + 4 + length)
        except struct.error:
            cursor.fail("a filename transition", "the end of the file", position)
        words = (data[position + 4 : position + 4 + length], parent, class_)
        if not 1 <= source <= MAX_BITS:
            cursor.fail("a source type", str(source), position + 4 + length)
        number = numbers.get(words)
        if number is None:
            cursor.position = position + 4
            keys.append(FilenameKey(cursor.text(length), parent, class_))
            sources.append({})
            number = numbers[words] = len(numbers)
        members = sources[number].get(new_type)
        if members is None:
            members = sources[number][new_type] = array("H")
        members.append(source)
        order.extend((number, source, new_type))
        position += 4 + length + _FOUR.size
    cursor.position = position
    by_key = {
        key: tuple((_source_set(cursor, members), new) for new, members in data.items())
        for key, data in zip(keys, sources, strict=True)
    }
    return FilenameTransitions(by_key, order)


def _source_set(cursor: Cursor, members: array[int]) -> int:
    """Return a set of source types; setting single bits of an integer would be quadratic."""
    bits = bytearray((max(members) + 7) >> 3)
    cursor.spend_bitmap(len(bits), cursor.position)
    for member in members:
        bits[(member - 1) >> 3] |= 1 << ((member - 1) & 7)
    return int.from_bytes(bits, "little")


def write_filename_transitions(out: Writer, rules: FilenameTransitions, version: int) -> None:
    """Write the filename transitions in the form of the version."""
    if version < FILENAME_VERSION:
        return
    if version < COMPRESSED_FILENAME_VERSION:
        keys = list(rules.by_key)
        out.u32(len(rules.order) // 3)
        for at in range(0, len(rules.order), 3):
            key = keys[rules.order[at]]
            _write_name(out, key)
            out.put(_FOUR, rules.order[at + 1], key.parent, key.class_, rules.order[at + 2])
        return
    out.u32(len(rules.by_key))
    for key, data in rules.by_key.items():
        _write_name(out, key)
        out.put(_THREE, key.parent, key.class_, len(data))
        for sources, new_type in data:
            write_ebitmap(out, sources)
            out.u32(new_type)


def _write_name(out: Writer, key: FilenameKey) -> None:
    out.u32(len(encoded(key.name)))
    out.text(key.name)


def read_range_transitions(cursor: Cursor) -> tuple[RangeTransition, ...]:
    """Read the range transitions."""
    return tuple(_read_ranges(cursor, cursor.count(_THREE.size + SMALLEST_RANGE, "range transitions")))


def _read_ranges(cursor: Cursor, count: int) -> Iterator[RangeTransition]:
    for _ in range(count):
        source, target, class_ = cursor.take(_THREE)
        yield RangeTransition(source, target, class_, read_range(cursor))


def write_range_transitions(out: Writer, rules: tuple[RangeTransition, ...]) -> None:
    """Write the range transitions."""
    out.u32(len(rules))
    for rule in rules:
        out.put(_THREE, rule.source, rule.target, rule.class_)
        write_range(out, rule.range)
