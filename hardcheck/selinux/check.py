"""That the parts of a policy fit together: every value used is one that a symbol table defines.

After this, no question can meet a missing type, an endless chain of bounds or a permission bit
without a name. What the kernel itself refuses at load is refused here; what it tolerates and no
question can stumble over (aliases of odd form, unused values) is let through.
Source: kernel security/selinux/ss/policydb.c ``policydb_*_isvalid``; libsepol policydb_validate.c.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING, NoReturn

from hardcheck.errors import PolicyError
from hardcheck.selinux.avtab import KIND_SHIFT, RuleKind, UsedValues
from hardcheck.selinux.classes import MAX_PERMISSIONS, Permission
from hardcheck.selinux.constraints import NodeKind, Operand
from hardcheck.selinux.contexts import SecurityContext
from hardcheck.selinux.symbols import RecordT, SymbolTable

if TYPE_CHECKING:
    from hardcheck.selinux.policydb import PolicyDb  # which calls this module

_TYPE_RULES = RuleKind.TYPE_TRANSITION | RuleKind.TYPE_MEMBER | RuleKind.TYPE_CHANGE


def check_policydb(policydb: PolicyDb, used: UsedValues) -> None:
    """Check a policy that was read, with the values that its access rules name.

    Raises:
        PolicyError: naming the table and the value; ``where`` is the part of the policy.
    """
    known = _Known(policydb)
    _check_classes(policydb, known)
    _check_symbols(policydb, known)
    _need("rules", "class", used.classes, known.classes)
    _need("rules", "source type", used.sources, known.types)
    _need("rules", "target type", used.targets, known.types)
    _check_new_types("rules", policydb.rules.plain.items(), known)
    _check_conditionals(policydb, known)
    _check_transitions(policydb, known)
    _check_contexts(policydb, known)


class _Known:
    """The defined values of each table, as bitmaps (bit = value - 1)."""

    def __init__(self, policydb: PolicyDb) -> None:
        self.classes = _defined(policydb.classes)
        self.roles = _defined(policydb.roles)
        self.types = _defined(policydb.types)
        self.users = _defined(policydb.users)
        self.booleans = _defined(policydb.booleans)
        self.sensitivities = _defined(policydb.sensitivities)
        self.categories = _defined(policydb.categories)
        self.mls = policydb.header.mls


def _defined(table: SymbolTable[RecordT]) -> int:
    bits = bytearray((table.highest + 8) >> 3)
    for record in table.records:
        bits[(record.value - 1) >> 3] |= 1 << ((record.value - 1) & 7)
    return int.from_bytes(bits, "little")


def _fail(part: str, expected: str, found: str) -> NoReturn:
    raise PolicyError(part, expected, found)


def _need(part: str, what: str, used: Iterable[int], defined: int) -> None:
    for value in used:
        if value < 1 or not defined >> (value - 1) & 1:
            _fail(part, f"a {what} that the policy defines", str(value))


def _need_bits(part: str, what: str, used: int, defined: int) -> None:
    unknown = used & ~defined
    if unknown:
        _fail(part, f"{what} that the policy defines", str((unknown & -unknown).bit_length()))


def _check_classes(policydb: PolicyDb, known: _Known) -> None:
    commons = {common.name: common for common in policydb.commons.records}
    tables = {Operand.USER: known.users, Operand.ROLE: known.roles, Operand.TYPE: known.types}
    values = set()
    for class_ in policydb.classes.records:
        part = f"class {class_.name}"
        if class_.value in values:
            _fail(part, "a value of its own", str(class_.value))
        values.add(class_.value)
        inherited: tuple[Permission, ...] = ()
        if class_.common:
            if class_.common not in commons:
                _fail(part, "a common that the policy defines", class_.common)
            inherited = commons[class_.common].permissions
        permissions = (*inherited, *class_.permissions)
        if len({p.value for p in permissions}) < len(permissions) or len(permissions) > MAX_PERMISSIONS:
            _fail(part, f"at most {MAX_PERMISSIONS} permissions, each with a value of its own", "others")
        for constraint in chain(class_.constraints, class_.validatetrans):
            for node in constraint.nodes:
                if node.kind is NodeKind.NAMES:
                    side = Operand.TARGET | Operand.THIRD
                    _need_bits(
                        part, "names in constraints", node.names, tables[Operand(node.operand & ~side)]
                    )


def _check_symbols(policydb: PolicyDb, known: _Known) -> None:
    for role in policydb.roles.records:
        _need_bits(f"role {role.name}", "types", role.types, known.types)
        _need_bits(f"role {role.name}", "roles", role.dominates, known.roles)
    for user in policydb.users.records:
        part = f"user {user.name}"
        _need_bits(part, "roles", user.roles, known.roles)
        if known.mls:
            levels = (user.range.low, user.range.high, user.default_level)
            _need(part, "sensitivity", (level.sensitivity for level in levels), known.sensitivities)
    _check_bounds(policydb, known)
    for attributes in policydb.type_attributes:  # values without a name are gaps and match no rule
        if attributes and attributes[-1] > policydb.types.highest:
            _fail("type attributes", "an attribute that the policy defines", str(attributes[-1]))
    _need_bits("permissive types", "types", policydb.permissive_types >> 1, known.types)
    _need_bits("neveraudit types", "types", policydb.neveraudit_types >> 1, known.types)


def _check_bounds(policydb: PolicyDb, known: _Known) -> None:
    """Types may be bounded by a bounded type, never in a circle."""
    bounds = {type_.value: type_.bounds for type_ in policydb.types.records if type_.bounds}
    _need("type bounds", "type", bounds.values(), known.types)
    for value in bounds:
        seen = {value}
        while value := bounds.get(value, 0):
            if value in seen or len(seen) > MAX_BOUNDS:
                _fail("type bounds", f"a chain of at most {MAX_BOUNDS} types", "a circle or a longer one")
            seen.add(value)


# libsepol and the kernel follow chains of any length; policies have chains of one or two.
MAX_BOUNDS = 64


def _check_conditionals(policydb: PolicyDb, known: _Known) -> None:
    booleans: set[int] = set()
    for conditional in policydb.conditionals:
        booleans |= conditional.booleans
        for rules in (conditional.when_true, conditional.when_false):
            _check_new_types("conditional rules", rules.plain, known)
    _need("conditions", "boolean", booleans, known.booleans)


def _check_new_types(part: str, rules: Iterable[tuple[int, int]], known: _Known) -> None:
    lowest = RuleKind.TYPE_TRANSITION << KIND_SHIFT
    new = {data for key, data in rules if key >= lowest and key >> KIND_SHIFT & _TYPE_RULES}
    _need(part, "new type", new, known.types)


def _check_transitions(policydb: PolicyDb, known: _Known) -> None:
    part = "role transitions"
    for rule in policydb.role_transitions:
        _need(part, "role", (rule.role, rule.new_role), known.roles)
        _need(part, "type", (rule.type,), known.types)
        if rule.class_:
            _need(part, "class", (rule.class_,), known.classes)
    for allow in policydb.role_allows:
        _need("role allow rules", "role", (allow.role, allow.new_role), known.roles)
    for ranged in policydb.range_transitions:
        part = "range transitions"
        _need(part, "type", (ranged.source, ranged.target), known.types)
        _need(part, "class", (ranged.class_,), known.classes)
        if known.mls:
            levels = (ranged.range.low.sensitivity, ranged.range.high.sensitivity)
            _need(part, "sensitivity", levels, known.sensitivities)
    part = "filename transitions"
    parents = set()
    classes = set()
    new_types = set()
    sources = 0
    for key, data in policydb.filename_transitions.by_key.items():
        parents.add(key.parent)
        classes.add(key.class_)
        for members, new_type in data:
            sources |= members
            new_types.add(new_type)
    _need(part, "type", parents | new_types, known.types)
    _need(part, "class", classes, known.classes)
    _need_bits(part, "types", sources, known.types)


def _check_contexts(policydb: PolicyDb, known: _Known) -> None:
    for context in _contexts_of(policydb):
        part = "object contexts"
        _need(part, "user", (context.user,), known.users)
        _need(part, "role", (context.role,), known.roles)
        _need(part, "type", (context.type,), known.types)
        if known.mls:
            levels = (context.range.low.sensitivity, context.range.high.sensitivity)
            _need(part, "sensitivity", levels, known.sensitivities)
            categories = context.range.low.categories | context.range.high.categories
            _need_bits(part, "categories", categories, known.categories)
    for system in policydb.genfs:
        used = {path.class_ for path in system.paths if path.class_}
        _need(f"genfs {system.file_system}", "class", used, known.classes)


def _contexts_of(policydb: PolicyDb) -> Iterator[SecurityContext]:
    objects = policydb.object_contexts
    yield from (record.context for record in objects.initial_sids)
    yield from (record.context for record in objects.ports)
    yield from (record.context for record in objects.nodes)
    yield from (record.context for record in objects.fs_uses)
    yield from (record.context for record in objects.nodes6)
    yield from (record.context for record in objects.partition_keys)
    yield from (record.context for record in objects.end_ports)
    for interface in objects.interfaces:
        yield interface.context
        yield interface.packets
    for system in policydb.genfs:
        yield from (path.context for path in system.paths)
