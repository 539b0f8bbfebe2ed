"""Access decisions: what the kernel computes for a source, a target and a class.

Source: kernel security/selinux/ss/services.c ``context_struct_compute_av``,
``type_attribute_bounds_av``; avc.c ``avc_has_extended_perms``.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from msgspec import Struct

from hardcheck.selinux.avtab import KIND_SHIFT, ExtendedForm, ExtendedRule, RuleKind
from hardcheck.selinux.constrain import Predicate, TypeSetTest, compile_constraint
from hardcheck.selinux.constraints import Constraint, ConstraintNode
from hardcheck.selinux.contexts import SecurityContext
from hardcheck.selinux.enabled import EnabledRules
from hardcheck.selinux.names import Names
from hardcheck.selinux.policydb import PolicyDb
from hardcheck.selinux.rows import AUDITALLOW_SHIFT, DONTAUDIT_SHIFT, VECTOR


class Vectors(Struct, frozen=True):
    """Permission masks of one decision."""

    allowed: int
    auditallow: int
    dontaudit: int


class Taken(StrEnum):
    """What takes away permissions that rules allow."""

    CONSTRAINT = "constraint"
    ROLE = "role"
    BOUNDS = "bounds"


class Refusal(Struct, frozen=True):
    """Permissions taken away after the rules allowed them, and by what."""

    by: Taken
    permissions: int
    constraint: Constraint | None = None
    bounds: int = 0  # the type whose rights limit the source's


class Decider:
    """Computes decisions over one policy; rules in force are given with each question."""

    def __init__(self, policydb: PolicyDb, names: Names) -> None:
        self._policydb = policydb
        self._names = names
        self.dominated = {role.value: role.dominates for role in policydb.roles.records}
        self._role_allows = {(rule.role, rule.new_role) for rule in policydb.role_allows}
        self._constraints: dict[int, tuple[tuple[int, Predicate, Constraint], ...]] = {}
        self._set_tests: dict[int, tuple[tuple[int, TypeSetTest], ...]] = {}
        self._tests_by_nodes: dict[tuple[ConstraintNode, ...], TypeSetTest] = {}
        self._attributes: dict[int, tuple[int, ...]] = {}
        process = names.classes.get("process")
        self._process = process.value if process else 0
        self._transition = (
            process.masks.get("transition", 0) | process.masks.get("dyntransition", 0) if process else 0
        )

    def attributes(self, type_: int) -> tuple[int, ...]:
        """Return the values that rules may name a type by: its attributes and itself.

        The kernel adds the type itself when it loads a policy, whatever the file says.
        """
        known = self._attributes.get(type_)
        if known is None:
            values = self._policydb.type_attributes[type_ - 1]
            known = tuple(values) if type_ in values else (*values, type_)
            self._attributes[type_] = known
        return known

    def vectors(
        self, rules: EnabledRules, source: SecurityContext, target: SecurityContext, class_: int
    ) -> Vectors:
        """Return the permissions as the kernel computes them."""
        return self.explained(rules, source, target, class_)[0]

    def explained(
        self,
        rules: EnabledRules,
        source: SecurityContext,
        target: SecurityContext,
        class_: int,
        granted: int = 0,
    ) -> tuple[Vectors, tuple[Refusal, ...]]:
        """Return the permissions, and all that takes away some of them, in the kernel's order.

        ``granted`` are permissions of one more allow rule for just these two types, to ask what would be.
        """
        packed = rules.packed(self.attributes(source.type), self.attributes(target.type), class_)
        allowed = packed & VECTOR | granted
        refusals = tuple(self._refusals(rules, source, target, class_, allowed)) if allowed else ()
        for refusal in refusals:
            allowed &= ~refusal.permissions
        return Vectors(allowed, packed >> AUDITALLOW_SHIFT & VECTOR, packed >> DONTAUDIT_SHIFT), refusals

    def _refusals(
        self,
        rules: EnabledRules,
        source: SecurityContext,
        target: SecurityContext,
        class_: int,
        allowed: int,
    ) -> Iterator[Refusal]:
        for mask, holds, constraint in self.constraints(class_):
            if mask & allowed and not holds(source, target, None):
                yield Refusal(Taken.CONSTRAINT, mask & allowed, constraint)
                allowed &= ~mask
        changes_role = class_ == self._process and source.role != target.role
        if (
            changes_role
            and (source.role, target.role) not in self._role_allows
            and allowed & self._transition
        ):
            yield Refusal(Taken.ROLE, allowed & self._transition)
            allowed &= ~self._transition
        bounds = self._names.bounds.get(source.type)
        if bounds and allowed:
            lower = self._bounded(rules, source, target, class_, bounds)
            if allowed & ~lower:
                yield Refusal(Taken.BOUNDS, allowed & ~lower, None, bounds)

    def needs_role_allow(
        self, source: SecurityContext, target: SecurityContext, class_: int, permissions: int
    ) -> bool:
        """Whether permissions to change the domain fail for want of a role allow rule."""
        return (
            self.weighs_roles(class_, permissions)
            and source.role != target.role
            and (source.role, target.role) not in self._role_allows
        )

    def weighs_roles(self, class_: int, permissions: int) -> bool:
        """Whether role allow rules have a say: only about permissions to change the domain."""
        return class_ == self._process and bool(permissions & self._transition)

    def _bounded(
        self,
        rules: EnabledRules,
        source: SecurityContext,
        target: SecurityContext,
        class_: int,
        bounds: int,
    ) -> int:
        """Return what the bounding type may do, to the target's bounding type where it has one.

        The recursion ends: chains of bounds are short and without circles (`check`).
        """
        lower_source = SecurityContext(source.user, source.role, bounds, source.range)
        target_bounds = self._names.bounds.get(target.type)
        if target_bounds:
            target = SecurityContext(target.user, target.role, target_bounds, target.range)
        return self.vectors(rules, lower_source, target, class_).allowed

    def constraints(self, class_: int) -> tuple[tuple[int, Predicate, Constraint], ...]:
        """Return (permissions, test, constraint) for each constraint of a class, in file order."""
        known = self._constraints.get(class_)
        if known is None:
            record = self._names.classes_by_value[class_].record
            known = tuple(
                (constraint.permissions, compile_constraint(constraint, self.dominated), constraint)
                for constraint in record.constraints
            )
            self._constraints[class_] = known
        return known

    def set_tests(self, class_: int) -> tuple[tuple[int, TypeSetTest], ...]:
        """Return (permissions, test of many types) for each constraint of a class.

        Constraints of several classes with one expression share one test.
        """
        known = self._set_tests.get(class_)
        if known is None:
            tests = []
            for constraint in self._names.classes_by_value[class_].record.constraints:
                nodes = constraint.nodes
                test = self._tests_by_nodes.get(nodes)
                if test is None:
                    test = self._tests_by_nodes[nodes] = TypeSetTest(nodes, self.dominated)
                tests.append((constraint.permissions, test))
            known = self._set_tests[class_] = tuple(tests)
        return known

    def extended_rules(
        self,
        rules: EnabledRules,
        source: SecurityContext,
        target: SecurityContext,
        class_: int,
        *,
        netlink: bool = False,
    ) -> list[ExtendedRule]:
        """Return the rules about single ioctl commands (or netlink messages) for a pair."""
        found = rules.extended_rules(self.attributes(source.type), self.attributes(target.type), class_)
        return [rule for rule in found if (rule.form is ExtendedForm.NETLINK_MESSAGES) == netlink]


def command_allowed(found: list[ExtendedRule], command: int) -> bool:
    """Whether extended rules let a command through, given that the plain permission is there.

    True where there are none. As soon as one exists for the pair, of whatever kind, only commands
    of an ``allowxperm`` rule pass: the kernel marks the pair as filtered for ``auditallowxperm``
    and ``dontauditxperm`` too.
    """
    allowing = (rule for rule in found if rule.key >> KIND_SHIFT & RuleKind.ALLOWXPERM)
    return not found or any(rule.covers(command) for rule in allowing)
