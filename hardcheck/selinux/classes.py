"""Object classes, their permissions, and the commons that several classes share.

Layouts: permission: u32 name length, u32 value, name. Common: u32 name length, u32 value, u32
highest permission value, u32 permissions, name, permissions. Class: u32 name length, u32 length
of the common's name (0: none), u32 value, u32 highest permission value, u32 permissions, u32
constraints, name, name of the common, the class's own permissions, constraints; u32 validatetrans
rules and those rules; from version 27 u32 default user, role, range; from 28 u32 default type.
Source: libsepol policydb.c ``perm_read``, ``common_read``, ``class_read``.
"""

from __future__ import annotations

import struct
from enum import IntEnum

from msgspec import Struct

from hardcheck.selinux.constraints import Constraint, read_constraint, write_constraint
from hardcheck.selinux.cursor import Cursor, Writer, encoded

DEFAULTS_VERSION = 27
DEFAULT_TYPE_VERSION = 28
COMMON_PART_VERSION = 32
MAX_PERMISSIONS = 32

_PERMISSION = struct.Struct("<II")
_COMMON = struct.Struct("<IIII")
_CLASS = struct.Struct("<IIIIII")
_DEFAULTS = struct.Struct("<III")
SMALLEST_COMMON = _COMMON.size + 1
SMALLEST_CLASS = _CLASS.size + 1 + 4


class DefaultFrom(IntEnum):
    """Whose user, role or type a new object gets where no transition rule says otherwise."""

    UNSET = 0
    SOURCE = 1
    TARGET = 2


class DefaultRange(IntEnum):
    """Which range a new object gets where no range transition says otherwise."""

    UNSET = 0
    SOURCE_LOW = 1
    SOURCE_HIGH = 2
    SOURCE_LOW_HIGH = 3
    TARGET_LOW = 4
    TARGET_HIGH = 5
    TARGET_LOW_HIGH = 6
    COMMON_PART = 7  # glblub, from version 32


class Permission(Struct, frozen=True, gc=False):
    """A permission; its bit in access vectors is ``value - 1``."""

    value: int
    name: str


class Common(Struct, frozen=True):
    """Permissions that several classes inherit."""

    value: int
    highest: int
    name: str
    permissions: tuple[Permission, ...]


class ObjectClass(Struct, frozen=True):
    """A class of objects; ``permissions`` are its own, ``common`` is "" where it inherits none."""

    value: int
    highest: int
    name: str
    common: str
    permissions: tuple[Permission, ...]
    constraints: tuple[Constraint, ...]
    validatetrans: tuple[Constraint, ...]
    default_user: DefaultFrom = DefaultFrom.UNSET
    default_role: DefaultFrom = DefaultFrom.UNSET
    default_range: DefaultRange = DefaultRange.UNSET
    default_type: DefaultFrom = DefaultFrom.UNSET


def read_common(cursor: Cursor, version: int) -> Common:
    """Read one common; ``version`` changes nothing here.

    Raises:
        PolicyError: permission values beyond 32 or twice, a short file.
    """
    length, value, highest, count = cursor.take(_COMMON)
    at = cursor.position
    name = cursor.name(length)
    cursor.check_count(count, _PERMISSION.size + 1, "permissions", at - 4)
    return Common(value, highest, name, _read_permissions(cursor, count, highest))


def write_common(out: Writer, common: Common, version: int) -> None:
    """Write one common."""
    out.put(_COMMON, len(common.name), common.value, common.highest, len(common.permissions))
    out.text(common.name)
    _write_permissions(out, common.permissions)


def read_class(cursor: Cursor, version: int) -> ObjectClass:
    """Read one class with its constraints.

    Raises:
        PolicyError: permission values beyond 32 or twice, damaged constraints, a default
            that this version does not have, a short file.
    """
    length, common_length, value, highest, count, constraints = cursor.take(_CLASS)
    at = cursor.position
    name = cursor.name(length)
    common = cursor.name(common_length) if common_length else ""
    cursor.check_count(count, _PERMISSION.size + 1, "permissions", at - 8)
    permissions = _read_permissions(cursor, count, highest)
    cursor.check_count(constraints, 8 + 12, "constraints", at - 4)
    rules = tuple(read_constraint(cursor, version, third=False) for _ in range(constraints))
    validating = cursor.count(8 + 12, "validatetrans rules")
    transitions = tuple(read_constraint(cursor, version, third=True) for _ in range(validating))
    defaults = _read_defaults(cursor, version)
    return ObjectClass(value, highest, name, common, permissions, rules, transitions, *defaults)


def _read_defaults(
    cursor: Cursor, version: int
) -> tuple[DefaultFrom, DefaultFrom, DefaultRange, DefaultFrom]:
    if version < DEFAULTS_VERSION:
        return DefaultFrom.UNSET, DefaultFrom.UNSET, DefaultRange.UNSET, DefaultFrom.UNSET
    start = cursor.position
    user, role, range_ = cursor.take(_DEFAULTS)
    type_ = cursor.u32() if version >= DEFAULT_TYPE_VERSION else 0
    if max(user, role, type_) > DefaultFrom.TARGET:
        cursor.fail("a default of 0 to 2 for user, role and type", str(max(user, role, type_)), start)
    newest = DefaultRange.COMMON_PART if version >= COMMON_PART_VERSION else DefaultRange.TARGET_LOW_HIGH
    if range_ > newest:
        cursor.fail(f"a default range of 0 to {newest:d}", str(range_), start + 8)
    return DefaultFrom(user), DefaultFrom(role), DefaultRange(range_), DefaultFrom(type_)


def write_class(out: Writer, class_: ObjectClass, version: int) -> None:
    """Write one class."""
    out.put(
        _CLASS,
        len(class_.name),
        len(class_.common),
        class_.value,
        class_.highest,
        len(class_.permissions),
        len(class_.constraints),
    )
    out.text(class_.name)
    out.text(class_.common)
    _write_permissions(out, class_.permissions)
    for constraint in class_.constraints:
        write_constraint(out, constraint)
    out.u32(len(class_.validatetrans))
    for constraint in class_.validatetrans:
        write_constraint(out, constraint)
    if version >= DEFAULTS_VERSION:
        out.put(_DEFAULTS, class_.default_user, class_.default_role, class_.default_range)
    if version >= DEFAULT_TYPE_VERSION:
        out.u32(class_.default_type)


def _read_permissions(cursor: Cursor, count: int, highest: int) -> tuple[Permission, ...]:
    if highest > MAX_PERMISSIONS or count > MAX_PERMISSIONS:
        cursor.fail(f"at most {MAX_PERMISSIONS} permissions", str(max(highest, count)))
    permissions = []
    seen: set[int | str] = set()
    for _ in range(count):
        start = cursor.position
        length, value = cursor.take(_PERMISSION)
        name = cursor.name(length)
        if not 1 <= value <= highest or value in seen or name in seen:
            cursor.fail(f"a new permission with a value of 1 to {highest}", f"{name!r} = {value}", start)
        seen.update((value, name))
        permissions.append(Permission(value, name))
    return tuple(permissions)


def _write_permissions(out: Writer, permissions: tuple[Permission, ...]) -> None:
    for permission in permissions:
        out.put(_PERMISSION, len(encoded(permission.name)), permission.value)
        out.text(permission.name)
