"""A decoded policy with a module laid over it: what the kernel would hold after ``semodule -i``.

The controller has no policy sources and no linker; what it has is the kernel's policy, where attributes
are kept, and sets that were written with attributes in them are not: constraints, transitions, and
attributes that the compiler made of expressions (``base_typeattr_23`` for "all files but shadow"). What
a new type gets of those is read off its *siblings*, the types that have exactly the same attributes: what
all of them have, it gets. Where siblings differ, or a type has none, `Extended.unsure` says so.

`tests/live/test_isolation.py` holds the result against the policy that the host's own tools build.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable
from functools import reduce
from operator import and_, or_

import msgspec

from hardcheck.errors import PolicyError
from hardcheck.selinux.avtab import RuleKind, RuleTable, key_of, parts_of
from hardcheck.selinux.cil import Allow, Extension, TypeTransition
from hardcheck.selinux.classes import ObjectClass
from hardcheck.selinux.constraints import Constraint, ConstraintNode, NodeKind, Operand
from hardcheck.selinux.ebitmap import values_of
from hardcheck.selinux.file_contexts import FileContextRule, FileContexts
from hardcheck.selinux.names import ClassNames
from hardcheck.selinux.policy import Policy
from hardcheck.selinux.symbols import OBJECT_R, Role, SymbolTable, TypeName
from hardcheck.selinux.transitions import FilenameKey, FilenameTransitions

_MADE_BY_COMPILER = re.compile(r"[a-z_]+_typeattr_[0-9]+")
_PRIMARY = 1
_TRANSITIONS = RuleKind.TYPE_TRANSITION | RuleKind.TYPE_MEMBER | RuleKind.TYPE_CHANGE
# What rules of siblings have in common: of dontaudit the file has the permissions that stay audited.
_VECTORS = {RuleKind.ALLOW: and_, RuleKind.AUDITALLOW: and_, RuleKind.DONTAUDIT: or_}
_META = frozenset(".^$?*+|[({")
_BASE = "file_contexts:"


class Extended(msgspec.Struct, frozen=True):
    """The new policy; ``unsure`` are new types of which something could not be told, with the reason."""

    policy: Policy
    unsure: tuple[str, ...] = ()


def extend(policy: Policy, module: Extension) -> Extended:
    """Return the policy with a module on top; booleans keep their states.

    Raises:
        PolicyError: a type that is there already, or a name that neither policy nor module defines.
    """
    base = policy.policydb
    builder = _Builder(policy, module)
    new = msgspec.structs.replace(
        base,
        permissive_types=base.permissive_types | builder.bits(module.permissive),
        types=SymbolTable(builder.highest, (*base.types.records, *builder.records)),
        type_attributes=(*base.type_attributes, *builder.attribute_rows()),
        roles=SymbolTable(base.roles.highest, tuple(builder.role(role) for role in base.roles.records)),
        rules=RuleTable(builder.rules(), base.rules.extended),
        filename_transitions=builder.filename_transitions(),
        classes=SymbolTable(
            base.classes.highest, tuple(builder.class_(record) for record in base.classes.records)
        ),
    )
    return Extended(Policy(new).with_booleans(dict(policy.booleans)), tuple(builder.unsure))


class _Builder:
    """Gives the module's names values, and makes the tables that change."""

    def __init__(self, policy: Policy, module: Extension) -> None:
        self.base, self.names, self.module = policy.policydb, policy.names, module
        self.unsure: list[str] = []
        self.values = dict(self.names.types)
        self.highest = self.base.types.highest
        self.records: list[TypeName] = []
        for name in module.types:
            if name in self.values:
                raise PolicyError("module", "types that the policy does not have yet", name)
            self.highest += 1
            self.values[name] = self.highest
            self.records.append(TypeName(self.highest, _PRIMARY, 0, name))
        self.new = tuple(record.value for record in self.records)
        self.own: dict[int, set[int]] = {value: set() for value in self.new}
        for attribute, type_ in module.attributes:
            if self.value(attribute) not in self.names.attributes:
                raise PolicyError("module", "an attribute of the policy", attribute)
            self.own.setdefault(self.value(type_), set()).add(self.value(attribute))
        self.siblings = {value: self._siblings(value) for value in self.new}

    def value(self, name: str) -> int:
        """The number of a type or attribute."""
        found = self.values.get(name)
        if found is None:
            raise PolicyError("module", "a type or attribute that is defined", name[:200])
        return found

    def bits(self, names: Iterable[str]) -> int:
        """A set of types by name (bit = value, as permissive types are kept)."""
        return sum(1 << self.value(name) for name in set(names))

    def _named(self, attributes: Iterable[int]) -> frozenset[int]:
        """Attributes that people wrote, without those that the compiler made."""
        known = self.names.attributes
        made = _MADE_BY_COMPILER.fullmatch
        return frozenset(a for a in attributes if a in known and not made(self.names.type_name(a)))

    def _siblings(self, value: int) -> tuple[int, ...]:
        """The types with exactly the same attributes; where there are none, those that lack fewest of them
        and have no other."""
        wanted = self._named(self.own[value])
        by_set: dict[frozenset[int], list[int]] = {}
        for type_, attributes in enumerate(self.base.type_attributes, start=1):
            if type_ in self.names.type_names and type_ not in self.names.attributes:
                by_set.setdefault(self._named(attributes), []).append(type_)
        smaller = (one for one in by_set if one <= wanted)
        found = max(smaller, key=lambda one: (len(one), len(by_set[one])), default=frozenset[int]())
        if found != wanted:
            name = next(record.name for record in self.records if record.value == value)
            lacking = ", ".join(sorted(self.names.type_name(one) for one in wanted - found))
            self.unsure.append(f"{name}: no type has the same attributes; learnt without {lacking}")
        return tuple(by_set.get(found, ())) if found else ()

    def attribute_rows(self) -> list[array[int]]:
        """The attributes of each new type, with those of the compiler's that all its siblings have."""
        rows = []
        for record in self.records:
            sets = [
                set(self.base.type_attributes[type_ - 1]) - {type_} for type_ in self.siblings[record.value]
            ]
            shared = set.intersection(*sets) if sets else set()
            different = set().union(*sets) - shared - self.own[record.value] if sets else set()
            for attribute in sorted(different & self.names.attributes):
                name = self.names.type_name(attribute)
                self.unsure.append(f"{record.name}: only some of its siblings have the attribute {name}")
            rows.append(array("H", sorted({record.value, *self.own[record.value], *shared})))
        return rows

    def role(self, role: Role) -> Role:
        """A role with the types that the module gives it."""
        if role.value == OBJECT_R:  # may have every type, and compilers keep no set for it
            return role
        added = sum(1 << (self.value(type_) - 1) for to, type_ in set(self.module.roles) if to == role.name)
        return msgspec.structs.replace(role, types=role.types | added)

    def class_(self, record: ObjectClass) -> ObjectClass:
        """A class whose constraints name the new types where they name all siblings."""
        constraints = tuple(self._constraint(one) for one in record.constraints)
        validate = tuple(self._constraint(one) for one in record.validatetrans)
        return msgspec.structs.replace(record, constraints=constraints, validatetrans=validate)

    def _constraint(self, constraint: Constraint) -> Constraint:
        nodes = tuple(self._node(node) for node in constraint.nodes)
        return msgspec.structs.replace(constraint, nodes=nodes)

    def _node(self, node: ConstraintNode) -> ConstraintNode:
        """A set of types in a constraint: by the attributes that its author wrote, else by the siblings."""
        if node.kind is not NodeKind.NAMES or not node.operand & Operand.TYPE:
            return node
        written = 0 if node.written is None or node.written.flags else node.written.types
        attributes = {value for value in values_of(written) if value in self.names.attributes}
        added = sum(
            1 << (value - 1)
            for value in self.new
            if attributes & self.own[value] or self._all_in(value, node.names)
        )
        return msgspec.structs.replace(node, names=node.names | added)

    def _all_in(self, value: int, members: int) -> bool:
        siblings = self.siblings[value]
        return bool(siblings) and all(members >> (sibling - 1) & 1 for sibling in siblings)

    def rules(self) -> dict[int, int]:
        """All rules: the base's, those that siblings stand for, and the module's."""
        plain = dict(self.base.rules.plain)
        for key, data in self._learnt_transitions():
            plain.setdefault(key, data)
        for key, data in self._learnt_of_itself():
            plain[key] = plain.get(key, 0) | data
        for rule in self.module.allows:
            key, data = self._allow(rule)
            plain[key] = plain.get(key, 0) | data
        for transition in self.module.transitions:
            if not transition.name:
                class_ = self._class(transition.class_).value
                source, target = self.value(transition.source), self.value(transition.target)
                key = key_of(source, target, class_, RuleKind.TYPE_TRANSITION)
                plain[key] = self.value(transition.new)
        return plain

    def _learnt_transitions(self) -> Iterable[tuple[int, int]]:
        """Type rules written for an attribute stand in the file for each type apart."""
        by_type: dict[int, set[tuple[bool, int, int]]] = {}
        for key, data in self.base.rules.plain.items():
            source, target, class_, kind = parts_of(key)
            if kind & _TRANSITIONS:
                by_type.setdefault(source, set()).add((True, key_of(0, target, class_, kind), data))
                by_type.setdefault(target, set()).add((False, key_of(source, 0, class_, kind), data))
        nothing: set[tuple[bool, int, int]] = set()
        for value, siblings in self.siblings.items():
            sets = [by_type.get(sibling, nothing) for sibling in siblings]
            for as_source, key, data in set.intersection(*sets) if sets else ():
                yield key | key_of(*((value, 0) if as_source else (0, value)), 0, 0), data

    def _learnt_of_itself(self) -> Iterable[tuple[int, int]]:
        """Rules of an attribute about ``self`` stand in the file for each type apart."""
        of_itself: dict[int, dict[tuple[int, int], int]] = {}
        for key, data in self.base.rules.plain.items():
            source, target, class_, kind = parts_of(key)
            if source == target and kind in _VECTORS:
                of_itself.setdefault(source, {})[class_, kind] = data
        for value, siblings in self.siblings.items():
            found = [of_itself.get(sibling, {}) for sibling in siblings]
            for class_, kind in set.intersection(*map(set, found)) if found else ():
                join = _VECTORS[RuleKind(kind)]
                yield key_of(value, value, class_, kind), reduce(join, (one[class_, kind] for one in found))

    def _allow(self, rule: Allow) -> tuple[int, int]:
        class_ = self._class(rule.class_)
        unknown = [name for name in rule.permissions if name not in class_.masks]
        if unknown:
            raise PolicyError("module", f"permissions of the class {rule.class_}", unknown[0])
        source = self.value(rule.source)
        target = source if rule.target == "self" else self.value(rule.target)
        data = sum(class_.masks[name] for name in set(rule.permissions))
        return key_of(source, target, class_.value, RuleKind.ALLOW), data

    def _class(self, name: str) -> ClassNames:
        found = self.names.classes.get(name)
        if found is None:
            raise PolicyError("module", "a class of the policy", name[:200])
        return found

    def filename_transitions(self) -> FilenameTransitions:
        """Transitions by name, with the new types where all siblings are sources, and the module's."""
        by_key = {}
        for key, entries in self.base.filename_transitions.by_key.items():
            added = [
                (sources | sum(1 << (v - 1) for v in self.new if self._all_in(v, sources)), new)
                for sources, new in entries
            ]
            by_key[key] = tuple(added)
        for rule in self.module.transitions:
            if rule.name:
                key = self._filename_key(rule)
                entry = (1 << (self.value(rule.source) - 1), self.value(rule.new))
                by_key[key] = (*by_key.get(key, ()), entry)
        return FilenameTransitions(by_key, array("I"))

    def _filename_key(self, rule: TypeTransition) -> FilenameKey:
        return FilenameKey(rule.name, self.value(rule.target), self._class(rule.class_).value)


def extend_file_contexts(
    contexts: FileContexts, module: Extension, local: tuple[FileContextRule, ...] = ()
) -> FileContexts:
    """Return file contexts with a module's, sorted in as libsemanage does, and ``local`` ones behind all.

    Source: libsemanage file_context ordering, ``semanage_fc_compare`` in semanage_store.c.
    """
    rules = list(contexts.rules)
    for number, one in enumerate(module.file_contexts, start=1):
        rule = FileContextRule(one.spec, one.kind, one.context, f"module:{number}")
        at = _end_of_base(rules)
        while at and _specificity(rules[at - 1]) > _specificity(rule):
            at -= 1
        rules.insert(at, rule)
    return contexts.with_rules((*rules, *local))


def _end_of_base(rules: list[FileContextRule]) -> int:
    """Where the main file ends; the homes' and the local file come behind it."""
    return sum(1 for rule in rules if rule.where.startswith((_BASE, "module:")))


def _specificity(rule: FileContextRule) -> tuple[bool, int, int, bool, str]:
    """What libsemanage sorts by; an escaped character counts as one."""
    before = whole = at = 0
    literal = True
    while at < len(rule.spec):
        literal = literal and rule.spec[at] not in _META
        at += 2 if rule.spec[at] == "\\" else 1
        whole += 1
        before += literal
    return literal, before, whole, bool(rule.kind), rule.spec
