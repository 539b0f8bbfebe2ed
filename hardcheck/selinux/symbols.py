"""The symbol tables: names and values of commons, classes, roles, types, users, booleans,
sensitivities and categories.

Every table begins with u32 highest value and u32 records. Records come in the order of a hash
table of whoever wrote the file, which is kept so that writing gives the same bytes.
Layouts of the records that are not in `classes`: role: u32 name length, u32 value, u32 bounds,
name, ebitmap dominated roles, ebitmap types. Type: u32 name length, u32 value, u32 properties
(1 primary name, 2 attribute), u32 bounds, name. User: u32 name length, u32 value, u32 bounds,
name, ebitmap roles, range, default level. Boolean: u32 value, u32 state, u32 name length, name.
Sensitivity: u32 name length, u32 is alias, name, level. Category: u32 name length, u32 value,
u32 is alias, name.
Source: libsepol policydb.c ``role_read``, ``type_read``, ``user_read``, ``sens_read``,
``cat_read``; conditional.c ``cond_read_bool``.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from msgspec import Struct

from hardcheck.selinux.cursor import Cursor, Writer
from hardcheck.selinux.ebitmap import MAX_BITS, SMALLEST, read_ebitmap, write_ebitmap
from hardcheck.selinux.mls import (
    SMALLEST_RANGE,
    MlsLevel,
    MlsRange,
    read_level,
    read_range,
    write_level,
    write_range,
)

OBJECT_R = 1  # the value of the role of everything that is not a process

_TABLE = struct.Struct("<II")
_THREE = struct.Struct("<III")
_FOUR = struct.Struct("<IIII")
_TWO = struct.Struct("<II")

_PRIMARY = 1
_ATTRIBUTE = 2


class Symbol(Protocol):
    """What every record of a symbol table has."""

    @property
    def value(self) -> int:
        """Number from 1 up that the rest of the file uses."""
        ...

    @property
    def name(self) -> str:
        """Name in the policy language."""
        ...


RecordT = TypeVar("RecordT", bound=Symbol)


class SymbolTable(Struct, Generic[RecordT], frozen=True):
    """The records of one kind in file order; ``highest`` is the largest value in use."""

    highest: int
    records: tuple[RecordT, ...]


class Role(Struct, frozen=True):
    """A role; ``bounds`` is 0 or the role that bounds it."""

    value: int
    bounds: int
    name: str
    dominates: int
    types: int


class TypeName(Struct, frozen=True, gc=False):
    """A type, an attribute, or an alias (which has the value of its type)."""

    value: int
    properties: int
    bounds: int
    name: str

    @property
    def is_attribute(self) -> bool:
        """Whether this is a set of types."""
        return bool(self.properties & _ATTRIBUTE)

    @property
    def is_alias(self) -> bool:
        """Whether this is a second name of a type."""
        return not self.properties & (_PRIMARY | _ATTRIBUTE)


class User(Struct, frozen=True):
    """A SELinux user with the roles and the range that it may have."""

    value: int
    bounds: int
    name: str
    roles: int
    range: MlsRange
    default_level: MlsLevel


class Boolean(Struct, frozen=True, gc=False):
    """A boolean with the state that the file carries (its default on a host)."""

    value: int
    state: bool
    name: str


class Sensitivity(Struct, frozen=True):
    """A sensitivity or its alias; ``level`` has its value and the categories it may carry."""

    is_alias: bool
    name: str
    level: MlsLevel

    @property
    def value(self) -> int:
        """Number of the sensitivity; a higher one dominates."""
        return self.level.sensitivity


class Category(Struct, frozen=True, gc=False):
    """A category or its alias."""

    value: int
    is_alias: bool
    name: str


SMALLEST_ROLE = 12 + 1 + 2 * SMALLEST
SMALLEST_TYPE = 16 + 1
SMALLEST_USER = 12 + 1 + SMALLEST + SMALLEST_RANGE + 4 + SMALLEST
SMALLEST_BOOLEAN = 12 + 1
SMALLEST_SENSITIVITY = 8 + 1 + 4 + SMALLEST
SMALLEST_CATEGORY = 12 + 1


def read_table(
    cursor: Cursor,
    version: int,
    read_record: Callable[[Cursor, int], RecordT],
    smallest: int,
    what: str,
) -> SymbolTable[RecordT]:
    """Read one symbol table.

    Raises:
        PolicyError: more records than bytes, a value of 0 or above the table's highest,
            a name twice.
    """
    start = cursor.position
    highest, count = cursor.take(_TABLE)
    if highest > MAX_BITS:
        cursor.fail(f"at most {MAX_BITS} {what}", str(highest), start)
    cursor.check_count(count, smallest, what, start + 4)
    records = []
    names = set()
    for _ in range(count):
        at = cursor.position
        record = read_record(cursor, version)
        if not 1 <= record.value <= highest:
            cursor.fail(f"a value from 1 to {highest} among {what}", f"{record.name!r} = {record.value}", at)
        if record.name in names:
            cursor.fail(f"each name once among {what}", repr(record.name), at)
        names.add(record.name)
        records.append(record)
    return SymbolTable(highest, tuple(records))


def write_table(
    out: Writer,
    table: SymbolTable[RecordT],
    version: int,
    write_record: Callable[[Writer, RecordT, int], None],
) -> None:
    """Write one symbol table."""
    out.put(_TABLE, table.highest, len(table.records))
    for record in table.records:
        write_record(out, record, version)


def read_role(cursor: Cursor, version: int) -> Role:
    """Read one role."""
    length, value, bounds = cursor.take(_THREE)
    return Role(value, bounds, cursor.name(length), read_ebitmap(cursor), read_ebitmap(cursor))


def write_role(out: Writer, role: Role, version: int) -> None:
    """Write one role."""
    out.put(_THREE, len(role.name), role.value, role.bounds)
    out.text(role.name)
    write_ebitmap(out, role.dominates)
    write_ebitmap(out, role.types)


def read_type(cursor: Cursor, version: int) -> TypeName:
    """Read one type, attribute or alias.

    Raises:
        PolicyError: a property that is neither primary name nor attribute.
    """
    start = cursor.position
    length, value, properties, bounds = cursor.take(_FOUR)
    if properties not in (0, _PRIMARY, _ATTRIBUTE, _PRIMARY | _ATTRIBUTE):
        cursor.fail("type properties of 0 to 3", str(properties), start + 8)
    return TypeName(value, properties, bounds, cursor.name(length))


def write_type(out: Writer, type_: TypeName, version: int) -> None:
    """Write one type, attribute or alias."""
    out.put(_FOUR, len(type_.name), type_.value, type_.properties, type_.bounds)
    out.text(type_.name)


def read_user(cursor: Cursor, version: int) -> User:
    """Read one user."""
    length, value, bounds = cursor.take(_THREE)
    name = cursor.name(length)
    return User(value, bounds, name, read_ebitmap(cursor), read_range(cursor), read_level(cursor))


def write_user(out: Writer, user: User, version: int) -> None:
    """Write one user."""
    out.put(_THREE, len(user.name), user.value, user.bounds)
    out.text(user.name)
    write_ebitmap(out, user.roles)
    write_range(out, user.range)
    write_level(out, user.default_level)


def read_boolean(cursor: Cursor, version: int) -> Boolean:
    """Read one boolean.

    Raises:
        PolicyError: a state that is neither 0 nor 1.
    """
    start = cursor.position
    value, state, length = cursor.take(_THREE)
    if state not in (0, 1):
        cursor.fail("a boolean state of 0 or 1", str(state), start + 4)
    return Boolean(value, bool(state), cursor.name(length))


def write_boolean(out: Writer, boolean: Boolean, version: int) -> None:
    """Write one boolean."""
    out.put(_THREE, boolean.value, boolean.state, len(boolean.name))
    out.text(boolean.name)


def read_sensitivity(cursor: Cursor, version: int) -> Sensitivity:
    """Read one sensitivity."""
    start = cursor.position
    length, alias = cursor.take(_TWO)
    if alias not in (0, 1):
        cursor.fail("an alias flag of 0 or 1", str(alias), start + 4)
    return Sensitivity(bool(alias), cursor.name(length), read_level(cursor))


def write_sensitivity(out: Writer, sensitivity: Sensitivity, version: int) -> None:
    """Write one sensitivity."""
    out.put(_TWO, len(sensitivity.name), sensitivity.is_alias)
    out.text(sensitivity.name)
    write_level(out, sensitivity.level)


def read_category(cursor: Cursor, version: int) -> Category:
    """Read one category."""
    start = cursor.position
    length, value, alias = cursor.take(_THREE)
    if alias not in (0, 1):
        cursor.fail("an alias flag of 0 or 1", str(alias), start + 8)
    return Category(value, bool(alias), cursor.name(length))


def write_category(out: Writer, category: Category, version: int) -> None:
    """Write one category."""
    out.put(_THREE, len(category.name), category.value, category.is_alias)
    out.text(category.name)
