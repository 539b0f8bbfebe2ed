"""Access-vector rules: allow, auditallow, dontaudit, type rules and extended permissions.

Layout of a record: u16 source, u16 target, u16 class, u16 kind, then u32 data, or for the
extended kinds u8 form, u8 driver, 8 x u32 permissions. Source and target may be attributes in
access rules and are types in type rules.

The first eight bytes are kept as one integer, the *key*: source in bits 0-15, target in 16-31,
class in 32-47, kind in 48-63. A policy has 100,000 of these rules; a dict from key to data is
built without a Python loop, which is what makes reading fast.
Source: libsepol avtab.c ``avtab_read_item``; policydb/avtab.h.
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Iterator
from enum import IntEnum
from itertools import chain

from msgspec import Struct

from hardcheck.selinux.cursor import Cursor, Writer

EXTENDED_VERSION = 30
CONDITIONAL_EXTENDED_VERSION = 34

_RECORD = struct.Struct("<QI")
_KEY = struct.Struct("<Q")
_EXTENDED_DATA = struct.Struct("<BB32s")
_EXTENDED_SIZE = _KEY.size + _EXTENDED_DATA.size
_FIELDS_OF_RECORD = _RECORD.size // 2
_KIND_HIGH_BYTE = 7  # of a record's first eight bytes
SMALLEST_RULE = _RECORD.size

KIND_SHIFT = 48
CLASS_SHIFT = 32
TARGET_SHIFT = 16
FIELD = 0xFFFF
ENABLED = 0x8000  # of the kind: set in a conditional list that was in force when written


class RuleKind(IntEnum):
    """The statement that made a record, one bit each."""

    ALLOW = 0x0001
    AUDITALLOW = 0x0002
    DONTAUDIT = 0x0004  # its data are the permissions that are still audited
    TYPE_TRANSITION = 0x0010
    TYPE_MEMBER = 0x0020
    TYPE_CHANGE = 0x0040
    ALLOWXPERM = 0x0100
    AUDITALLOWXPERM = 0x0200
    DONTAUDITXPERM = 0x0400


PLAIN_KINDS = frozenset(
    {
        RuleKind.ALLOW,
        RuleKind.AUDITALLOW,
        RuleKind.DONTAUDIT,
        RuleKind.TYPE_TRANSITION,
        RuleKind.TYPE_MEMBER,
        RuleKind.TYPE_CHANGE,
    }
)
_EXTENDED_KINDS = frozenset({RuleKind.ALLOWXPERM, RuleKind.AUDITALLOWXPERM, RuleKind.DONTAUDITXPERM})
_EXTENDED_BITS = 0x0700


class ExtendedForm(IntEnum):
    """What the 256 bits of an extended rule stand for."""

    IOCTL_FUNCTIONS = 1  # of one driver: bit = command & 0xff, driver = command >> 8
    IOCTL_DRIVERS = 2  # whole drivers: bit = command >> 8
    NETLINK_MESSAGES = 3  # as IOCTL_FUNCTIONS, for netlink message types


class ExtendedRule(Struct, frozen=True, gc=False):
    """A rule for single ioctl commands or netlink messages.

    ``position`` is its place among all records of its table.
    """

    position: int
    key: int
    form: ExtendedForm
    driver: int
    permissions: int

    def covers(self, command: int) -> bool:
        """Whether a 16-bit command is in this rule's set."""
        driver, function = command >> 8 & 0xFF, command & 0xFF
        if self.form is ExtendedForm.IOCTL_DRIVERS:
            return bool(self.permissions >> driver & 1)
        return self.driver == driver and bool(self.permissions >> function & 1)


class RuleTable(Struct, frozen=True):
    """The unconditional rules: data by key, in file order, and the extended rules apart."""

    plain: dict[int, int]
    extended: tuple[ExtendedRule, ...]


class RuleList(Struct, frozen=True):
    """One list of a conditional block: (key, data) in file order, ENABLED bit as in the file."""

    plain: tuple[tuple[int, int], ...]
    extended: tuple[ExtendedRule, ...]


class UsedValues:
    """The values that rules name, gathered while they are read, to be checked at the end."""

    __slots__ = ("classes", "kinds", "sources", "targets")

    def __init__(self) -> None:
        self.sources: set[int] = set()
        self.targets: set[int] = set()
        self.classes: set[int] = set()
        self.kinds: set[int] = set()

    def add(self, records: bytes) -> None:
        """Note the values of plain records, column by column."""
        fields = array("H", records)
        if sys.byteorder == "big":
            fields.byteswap()
        self.sources.update(fields[::_FIELDS_OF_RECORD])
        self.targets.update(fields[1::_FIELDS_OF_RECORD])
        if any(records[5 :: _RECORD.size]):  # class values beyond a byte
            self.classes.update(fields[2::_FIELDS_OF_RECORD])
        else:
            self.classes.update(records[4 :: _RECORD.size])
        self.kinds.update(records[6 :: _RECORD.size])  # the high byte is 0 or the ENABLED bit

    def add_extended(self, rule: ExtendedRule) -> None:
        """Note the values of an extended rule; its kind is known to be one."""
        source, target, class_, _ = parts_of(rule.key)
        self.sources.add(source)
        self.targets.add(target)
        self.classes.add(class_)


def key_of(source: int, target: int, class_: int, kind: int) -> int:
    """Return the key of a rule."""
    return source | target << TARGET_SHIFT | class_ << CLASS_SHIFT | kind << KIND_SHIFT


def parts_of(key: int) -> tuple[int, int, int, int]:
    """Return source, target, class and kind (without the ENABLED bit) of a key."""
    return (
        key & FIELD,
        key >> TARGET_SHIFT & FIELD,
        key >> CLASS_SHIFT & FIELD,
        key >> KIND_SHIFT & ~ENABLED & FIELD,
    )


def read_rule_table(cursor: Cursor, version: int, used: UsedValues) -> RuleTable:
    """Read the access-vector table; the values that it names are added to ``used``.

    Raises:
        PolicyError: an unknown kind, a rule twice, an extended rule before version 30,
            a short file.
    """
    start = cursor.position
    count = cursor.count(SMALLEST_RULE, "rules")
    runs, extended = _read_records(cursor, count, used, conditional=False, version=version)
    plain = dict(chain.from_iterable(runs))
    if len(plain) + len(extended) != count:
        cursor.fail(f"{count} different rules", f"{len(plain) + len(extended)}", start)
    _check_kinds(cursor, used.kinds, start)
    return RuleTable(plain, extended)


def read_rule_list(cursor: Cursor, version: int, used: UsedValues) -> RuleList:
    """Read one list of a conditional block; the values that it names are added to ``used``.

    Raises:
        PolicyError: an unknown kind, an extended rule before version 34, a short file.
    """
    start = cursor.position
    count = cursor.count(SMALLEST_RULE, "conditional rules")
    runs, extended = _read_records(cursor, count, used, conditional=True, version=version)
    _check_kinds(cursor, used.kinds, start)
    return RuleList(tuple(chain.from_iterable(runs)), extended)


def _read_records(
    cursor: Cursor, count: int, used: UsedValues, *, conditional: bool, version: int
) -> tuple[list[Iterator[tuple[int, int]]], tuple[ExtendedRule, ...]]:
    """Read runs of plain records of 12 bytes and the extended ones of 42 between them."""
    runs: list[Iterator[tuple[int, int]]] = []
    extended: list[ExtendedRule] = []
    plain_highs = b"\x00\x80" if conditional else b"\x00"
    done = 0
    window = 64
    while done < count:
        length = _plain_run(cursor, min(count - done, window), plain_highs)
        if length:
            records = cursor.raw(length * _RECORD.size)
            used.add(records)
            runs.append(_RECORD.iter_unpack(records))
            done += length
            window *= 4
        else:
            rule = _read_extended(cursor, done, conditional=conditional, version=version)
            used.add_extended(rule)
            extended.append(rule)
            done += 1
            window = 64
    return runs, tuple(extended)


def _plain_run(cursor: Cursor, most: int, plain_highs: bytes) -> int:
    """Return how many of the next ``most`` records are plain, by the high byte of their kind."""
    start = cursor.position + _KIND_HIGH_BYTE
    highs = cursor.data[start : start + (most - 1) * _RECORD.size + 1 : _RECORD.size]
    if not highs:
        cursor.fail(f"{_RECORD.size} bytes", f"{cursor.left} before the end of the file")
    return len(highs) - len(highs.lstrip(plain_highs))


def _read_extended(cursor: Cursor, position: int, *, conditional: bool, version: int) -> ExtendedRule:
    start = cursor.position
    (key,) = cursor.take(_KEY)
    form, driver, permissions = cursor.take(_EXTENDED_DATA)
    kind = key >> KIND_SHIFT
    if kind & ~(ENABLED if conditional else 0) not in _EXTENDED_KINDS:
        cursor.fail("one known kind of rule", hex(kind), start + 6)
    needed = CONDITIONAL_EXTENDED_VERSION if conditional else EXTENDED_VERSION
    if version < needed:
        cursor.fail(f"extended permissions here only from version {needed}", f"version {version}", start)
    if form not in (1, 2, 3):
        cursor.fail("extended permissions of form 1 to 3", str(form), start + _KEY.size)
    bits = int.from_bytes(permissions, "little")
    return ExtendedRule(position, key, ExtendedForm(form), driver, bits)


def _check_kinds(cursor: Cursor, kinds: set[int], start: int) -> None:
    unknown = kinds - PLAIN_KINDS
    if unknown:
        cursor.fail("known kinds of rules", hex(min(unknown)), start)


def write_rules(out: Writer, table: RuleTable | RuleList) -> None:
    """Write a table or list with its extended rules where they stood."""
    plain = iter(table.plain.items() if isinstance(table, RuleTable) else table.plain)
    out.u32(len(table.plain) + len(table.extended))
    done = 0
    for rule in table.extended:
        for _ in range(rule.position - done):
            out.put(_RECORD, *next(plain))
        out.put(_KEY, rule.key)
        out.put(_EXTENDED_DATA, rule.form, rule.driver, rule.permissions.to_bytes(32, "little"))
        done = rule.position + 1
    for key, data in plain:
        out.put(_RECORD, key, data)
