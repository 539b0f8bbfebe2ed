"""A whole kernel policy, its parts in file order, read from bytes and written back.

Source: libsepol policydb.c ``policydb_read``, write.c ``policydb_write``; the kernel's
security/selinux/ss/policydb.c reads the same.
"""

from __future__ import annotations

from array import array

from msgspec import Struct

from hardcheck.selinux import classes, contexts, symbols, transitions
from hardcheck.selinux.avtab import RuleTable, UsedValues, read_rule_table, write_rules
from hardcheck.selinux.check import check_policydb
from hardcheck.selinux.conditional import Conditional, read_conditionals, write_conditionals
from hardcheck.selinux.cursor import Cursor, Writer
from hardcheck.selinux.ebitmap import (
    SMALLEST,
    read_ebitmap,
    read_ebitmap_values,
    write_ebitmap,
    write_ebitmap_values,
)
from hardcheck.selinux.header import PolicyHeader, read_header, write_header

NEVERAUDIT_VERSION = 35


class PolicyDb(Struct, frozen=True):
    """The fields of a kernel policy file.

    ``type_attributes`` has for each type value (from 1, at index value - 1) the rising values of
    the attributes that the type has, its own value among them as the file says.
    """

    header: PolicyHeader
    capabilities: int
    permissive_types: int
    neveraudit_types: int
    commons: symbols.SymbolTable[classes.Common]
    classes: symbols.SymbolTable[classes.ObjectClass]
    roles: symbols.SymbolTable[symbols.Role]
    types: symbols.SymbolTable[symbols.TypeName]
    users: symbols.SymbolTable[symbols.User]
    booleans: symbols.SymbolTable[symbols.Boolean]
    sensitivities: symbols.SymbolTable[symbols.Sensitivity]
    categories: symbols.SymbolTable[symbols.Category]
    rules: RuleTable
    conditionals: tuple[Conditional, ...]
    role_transitions: tuple[transitions.RoleTransition, ...]
    role_allows: tuple[transitions.RoleAllow, ...]
    filename_transitions: transitions.FilenameTransitions
    object_contexts: contexts.ObjectContexts
    genfs: tuple[contexts.Genfs, ...]
    range_transitions: tuple[transitions.RangeTransition, ...]
    type_attributes: tuple[array[int], ...]


def read_policydb(data: bytes) -> PolicyDb:
    """Read a kernel policy to its last byte.

    Raises:
        PolicyError: anything that the format does not allow, with its offset; parts that do
            not fit together (`check`), with the name of the part.
    """
    cursor = Cursor(data)
    header = read_header(cursor)
    version = header.version
    capabilities = read_ebitmap(cursor)
    permissive = read_ebitmap(cursor)
    neveraudit = read_ebitmap(cursor) if version >= NEVERAUDIT_VERSION else 0
    tables = _read_symbol_tables(cursor, version)
    used = UsedValues()
    policydb = PolicyDb(
        header,
        capabilities,
        permissive,
        neveraudit,
        *tables,
        read_rule_table(cursor, version, used),
        read_conditionals(cursor, version, used),
        transitions.read_role_transitions(cursor, version),
        transitions.read_role_allows(cursor),
        transitions.read_filename_transitions(cursor, version),
        contexts.read_object_contexts(cursor, header.context_tables),
        contexts.read_genfs(cursor),
        transitions.read_range_transitions(cursor),
        _read_type_attributes(cursor, tables[3].highest),
    )
    cursor.finish()
    check_policydb(policydb, used)
    return policydb


def _read_symbol_tables(
    cursor: Cursor, version: int
) -> tuple[
    symbols.SymbolTable[classes.Common],
    symbols.SymbolTable[classes.ObjectClass],
    symbols.SymbolTable[symbols.Role],
    symbols.SymbolTable[symbols.TypeName],
    symbols.SymbolTable[symbols.User],
    symbols.SymbolTable[symbols.Boolean],
    symbols.SymbolTable[symbols.Sensitivity],
    symbols.SymbolTable[symbols.Category],
]:
    read = symbols.read_table
    return (
        read(cursor, version, classes.read_common, classes.SMALLEST_COMMON, "commons"),
        read(cursor, version, classes.read_class, classes.SMALLEST_CLASS, "classes"),
        read(cursor, version, symbols.read_role, symbols.SMALLEST_ROLE, "roles"),
        read(cursor, version, symbols.read_type, symbols.SMALLEST_TYPE, "types"),
        read(cursor, version, symbols.read_user, symbols.SMALLEST_USER, "users"),
        read(cursor, version, symbols.read_boolean, symbols.SMALLEST_BOOLEAN, "booleans"),
        read(cursor, version, symbols.read_sensitivity, symbols.SMALLEST_SENSITIVITY, "sensitivities"),
        read(cursor, version, symbols.read_category, symbols.SMALLEST_CATEGORY, "categories"),
    )


def _read_type_attributes(cursor: Cursor, types: int) -> tuple[array[int], ...]:
    cursor.check_count(types, SMALLEST, "types with their attributes", cursor.position)
    return tuple(read_ebitmap_values(cursor) for _ in range(types))


def write_policydb(policydb: PolicyDb) -> bytes:
    """Return the file that `read_policydb` reads as ``policydb``."""
    out = Writer()
    version = policydb.header.version
    write_header(out, policydb.header)
    write_ebitmap(out, policydb.capabilities)
    write_ebitmap(out, policydb.permissive_types)
    if version >= NEVERAUDIT_VERSION:
        write_ebitmap(out, policydb.neveraudit_types)
    symbols.write_table(out, policydb.commons, version, classes.write_common)
    symbols.write_table(out, policydb.classes, version, classes.write_class)
    symbols.write_table(out, policydb.roles, version, symbols.write_role)
    symbols.write_table(out, policydb.types, version, symbols.write_type)
    symbols.write_table(out, policydb.users, version, symbols.write_user)
    symbols.write_table(out, policydb.booleans, version, symbols.write_boolean)
    symbols.write_table(out, policydb.sensitivities, version, symbols.write_sensitivity)
    symbols.write_table(out, policydb.categories, version, symbols.write_category)
    write_rules(out, policydb.rules)
    write_conditionals(out, policydb.conditionals)
    transitions.write_role_transitions(out, policydb.role_transitions, version)
    transitions.write_role_allows(out, policydb.role_allows)
    transitions.write_filename_transitions(out, policydb.filename_transitions, version)
    contexts.write_object_contexts(out, policydb.object_contexts, policydb.header.context_tables)
    contexts.write_genfs(out, policydb.genfs)
    transitions.write_range_transitions(out, policydb.range_transitions)
    for attributes in policydb.type_attributes:
        write_ebitmap_values(out, attributes)
    return out.getvalue()
