"""Questions about many types at once: what may a domain do, who may do it to a type.

Answers weigh everything that a single decision weighs: rules in force, constraints (asked for a
whole group of types at a time), role allows and bounds. Types on the open side stand for their
typical contexts (`typical`).
"""

from __future__ import annotations

from collections.abc import Iterator

from hardcheck.selinux.constrain import TypeSetTest
from hardcheck.selinux.contexts import SecurityContext
from hardcheck.selinux.ebitmap import values_of
from hardcheck.selinux.enabled import EnabledRules
from hardcheck.selinux.names import ClassNames
from hardcheck.selinux.policy import Booleans, Policy
from hardcheck.selinux.rows import VECTOR
from hardcheck.selinux.types import TypeSet, type_set

Grants = dict[str, dict[str, TypeSet]]  # class -> permission -> target types


def ruled_targets(
    policy: Policy, source: int, class_: ClassNames, permissions: int, booleans: Booleans | None = None
) -> TypeSet:
    """Return the types on which rules in force give a type all of these permissions.

    Only rules count here, as in sesearch: neither constraints nor roles nor bounds.
    """
    by_mask = masks_of_source(policy, policy.enabled(booleans), source, class_, permissions)
    found = policy.types.every
    for bit in _bits(permissions):
        found &= having(by_mask, bit)
    return found


def ruled_sources(
    policy: Policy,
    target: int,
    class_: ClassNames,
    permissions: int,
    booleans: Booleans | None = None,
    among: TypeSet | None = None,
) -> TypeSet:
    """Return the types (default: among the domains) that rules in force give all of these
    permissions on a type; only rules count."""
    sets = masks_on_target(policy, policy.enabled(booleans), target, class_, permissions)
    types = policy.types.domains if among is None else among
    for bit in _bits(permissions):
        types &= having(sets, bit)
    return types


def targets(
    policy: Policy,
    source: SecurityContext,
    class_: ClassNames,
    permissions: int,
    booleans: Booleans | None = None,
) -> TypeSet:
    """Return the types to which the source has all of these permissions (a mask of the class)."""
    found = ruled_targets(policy, source.type, class_, permissions, booleans)
    return _Refused(policy, policy.enabled(booleans), source).without(found, class_, permissions)


def grants(policy: Policy, source: SecurityContext, booleans: Booleans | None = None) -> Grants:
    """Return all that the source may do, by class and permission."""
    rules = policy.enabled(booleans)
    refused = _Refused(policy, rules, source)
    found: Grants = {}
    attributes = policy.decider.attributes(source.type)
    with_rules = {class_ for attribute in attributes for class_ in rules.rows(attribute)}
    for class_ in policy.names.classes.values():
        if class_.value not in with_rules:
            continue
        by_mask = masks_of_source(policy, rules, source.type, class_)
        its = {}
        for name, bit in class_.masks.items():
            types = refused.without(having(by_mask, bit), class_, bit)
            if types:
                its[name] = types
        if its:
            found[class_.name] = its
    return found


def sources(
    policy: Policy,
    target: SecurityContext,
    class_: ClassNames,
    permissions: int,
    booleans: Booleans | None = None,
    among: TypeSet | None = None,
) -> TypeSet:
    """Return the types (default: among the domains) that have all of these permissions on a target."""
    types = ruled_sources(policy, target.type, class_, permissions, booleans, among)
    rules = policy.enabled(booleans)
    return _unrefused_sources(policy, rules, target, class_, permissions, types) if types else 0


def masks_of_source(
    policy: Policy, rules: EnabledRules, source: int, class_: ClassNames, wanted: int = VECTOR
) -> dict[int, TypeSet]:
    """Return the target types of a source's rules by the part of ``wanted`` that they allow."""
    by_mask: dict[int, set[int]] = {}
    for attribute in policy.decider.attributes(source):
        row = rules.rows(attribute).get(class_.value)
        if row is None:
            continue
        for target, packed in row.items():
            if packed & wanted:
                by_mask.setdefault(packed & wanted, set()).add(target)
    return {mask: policy.types.union(values) for mask, values in by_mask.items()}


def masks_on_target(
    policy: Policy, rules: EnabledRules, target: int, class_: ClassNames, wanted: int = VECTOR
) -> dict[int, TypeSet]:
    """Return the source types of the rules on a target by the part of ``wanted`` that they allow."""
    attributes = policy.decider.attributes(target)
    by_mask: dict[int, list[int]] = {}
    for source, row in rules.rows_of(class_.value):
        found = 0
        for attribute in attributes:
            if attribute in row:
                found |= row[attribute]
        if found & wanted:
            by_mask.setdefault(found & wanted, []).append(source)
    return {mask: policy.types.union(values) for mask, values in by_mask.items()}


def having(by_mask: dict[int, TypeSet], bit: int) -> TypeSet:
    """Return the types whose mask has a bit."""
    types = 0
    for mask, members in by_mask.items():
        if mask & bit:
            types |= members
    return types


def _bits(mask: int) -> Iterator[int]:
    while mask:
        low = mask & -mask
        yield low
        mask ^= low


class _Refused:
    """What constraints, roles and bounds take from one source, for all target types at once."""

    def __init__(self, policy: Policy, rules: EnabledRules, source: SecurityContext) -> None:
        self._policy = policy
        self._rules = rules
        self._source = source
        self._by_test: dict[TypeSetTest, TypeSet] = {}

    def without(self, types: TypeSet, class_: ClassNames, permissions: int) -> TypeSet:
        """Return the types of a set for which nothing refuses any of the permissions."""
        if not types:
            return 0
        decider = self._policy.decider
        for mask, test in decider.set_tests(class_.value):
            if mask & permissions:
                types &= ~self._refused_by(test)
        if decider.weighs_roles(class_.value, permissions):
            for context, members in self._policy.typical.groups:
                if decider.needs_role_allow(self._source, context, class_.value, permissions):
                    types &= ~members
        if self._source.type in self._policy.names.bounds:
            return _decided(self._policy, self._rules, class_, permissions, types, source=self._source)
        return types

    def _refused_by(self, test: TypeSetTest) -> TypeSet:
        known = self._by_test.get(test)
        if known is None:
            known = 0
            for context, members in self._policy.typical.groups:
                known |= members & ~test.targets(self._source, context, members)
            self._by_test[test] = known
        return known


def _unrefused_sources(
    policy: Policy,
    rules: EnabledRules,
    target: SecurityContext,
    class_: ClassNames,
    permissions: int,
    types: TypeSet,
) -> TypeSet:
    """Take away the sources for which a constraint, a role or a bound refuses a permission."""
    decider = policy.decider
    kept = 0
    for context, group in policy.typical.groups:
        members = group & types
        for mask, test in decider.set_tests(class_.value):
            if mask & permissions and members:
                members &= test.sources(context, target, members)
        if not decider.needs_role_allow(context, target, class_.value, permissions):
            kept |= members
    bounded = kept & type_set(policy.names.bounds)
    return kept & ~bounded | _decided(policy, rules, class_, permissions, bounded, target=target)


def _decided(
    policy: Policy,
    rules: EnabledRules,
    class_: ClassNames,
    permissions: int,
    types: TypeSet,
    *,
    source: SecurityContext | None = None,
    target: SecurityContext | None = None,
) -> TypeSet:
    """Decide type by type; for the few that bounds concern."""
    kept = 0
    for type_ in values_of(types):
        context = policy.typical.of(type_)
        vectors = policy.decider.vectors(rules, source or context, target or context, class_.value)
        if vectors.allowed & permissions == permissions:
            kept |= 1 << (type_ - 1)
    return kept
