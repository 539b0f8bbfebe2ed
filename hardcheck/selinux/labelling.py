"""Which context a new process or object gets.

Source: kernel security/selinux/ss/services.c ``security_compute_sid``; mls.c ``mls_compute_sid``.
"""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from hardcheck.selinux.avtab import RuleKind, key_of
from hardcheck.selinux.classes import DefaultFrom, DefaultRange, ObjectClass
from hardcheck.selinux.contexts import SecurityContext
from hardcheck.selinux.enabled import EnabledRules
from hardcheck.selinux.mls import MlsRange
from hardcheck.selinux.names import ClassNames, Names
from hardcheck.selinux.policydb import PolicyDb
from hardcheck.selinux.symbols import OBJECT_R


class Operation(Enum):
    """What the new context is for, with the kind of type rule that it follows."""

    TRANSITION = RuleKind.TYPE_TRANSITION  # a new process or object
    MEMBER = RuleKind.TYPE_MEMBER  # an instance of a polyinstantiated folder
    CHANGE = RuleKind.TYPE_CHANGE  # relabelling of a terminal at login


class NewContext(Struct, frozen=True):
    """The new context and what its type came from: "" (the default), or the name of a rule kind."""

    context: SecurityContext
    rule: str = ""


class Labelling:
    """Computes new contexts over one policy."""

    def __init__(self, policydb: PolicyDb, names: Names) -> None:
        self._policydb = policydb
        self._process = names.classes["process"].value if "process" in names.classes else 0
        self._roles = {
            (rule.role, rule.type, rule.class_ or self._process): rule.new_role
            for rule in policydb.role_transitions
        }
        self._ranges = {
            (rule.source, rule.target, rule.class_): rule.range for rule in policydb.range_transitions
        }

    def new_context(
        self,
        rules: EnabledRules,
        source: SecurityContext,
        target: SecurityContext,
        class_: ClassNames,
        operation: Operation = Operation.TRANSITION,
        name: str | None = None,
    ) -> NewContext | None:
        """Return the context, not yet checked for validity; None where no range can be had.

        Args:
            rules: rules in force.
            source: context of the process that creates or executes.
            target: context of the parent folder, or of the executed file.
            class_: class of what is new (``process`` for an execution).
            operation: which question is asked.
            name: last component of the new object's path, for filename transitions.
        """
        record = class_.record
        own = class_.value == self._process or _is_socket(class_.name)
        user = source.user
        if operation is Operation.MEMBER or record.default_user is DefaultFrom.TARGET:
            user = target.user
        role = _chosen(record.default_role, source.role, target.role, source.role if own else OBJECT_R)
        type_, rule = self._new_type(rules, source, target, class_, operation, own=own)
        if name is not None:
            by_name = self._policydb.filename_transitions.new_type(
                source.type, target.type, class_.value, name
            )
            type_, rule = (by_name, "filename transition") if by_name else (type_, rule)
        if operation is Operation.TRANSITION:
            role = self._roles.get((source.role, target.type, class_.value), role)
        range_ = self._new_range(source, target, record, operation, own=own)
        return None if range_ is None else NewContext(SecurityContext(user, role, type_, range_), rule)

    def _new_type(
        self,
        rules: EnabledRules,
        source: SecurityContext,
        target: SecurityContext,
        class_: ClassNames,
        operation: Operation,
        *,
        own: bool,
    ) -> tuple[int, str]:
        key = key_of(source.type, target.type, class_.value, operation.value)
        found = self._policydb.rules.plain.get(key) or rules.new_types.get(key)
        if found:
            return found, operation.value.name.lower()
        default = source.type if own else target.type
        return _chosen(class_.record.default_type, source.type, target.type, default), ""

    def _new_range(
        self,
        source: SecurityContext,
        target: SecurityContext,
        record: ObjectClass,
        operation: Operation,
        *,
        own: bool,
    ) -> MlsRange | None:
        low = MlsRange(source.range.low, source.range.low)
        if not self._policydb.header.mls or operation is Operation.MEMBER:
            return low
        if operation is Operation.TRANSITION:
            ruled = self._ranges.get((source.type, target.type, record.value))
            if ruled is not None:
                return ruled
            if record.default_range is not DefaultRange.UNSET:
                return _default_range(record.default_range, source.range, target.range)
        return source.range if own else low


def _is_socket(class_name: str) -> bool:
    """Whether the kernel knows a class as one of sockets, which are labelled as their process.

    refpolicy keeps the places of two classes that the kernel has dropped under such names.
    """
    return class_name.endswith("socket") and not class_name.startswith("obsolete_")


def _chosen(default: DefaultFrom, source: int, target: int, unset: int) -> int:
    if default is DefaultFrom.UNSET:
        return unset
    return source if default is DefaultFrom.SOURCE else target


def _default_range(default: DefaultRange, source: MlsRange, target: MlsRange) -> MlsRange | None:
    if default is DefaultRange.COMMON_PART:
        return source.common_part(target)
    from_source = default <= DefaultRange.SOURCE_LOW_HIGH
    chosen = source if from_source else target
    if default in (DefaultRange.SOURCE_LOW, DefaultRange.TARGET_LOW):
        return MlsRange(chosen.low, chosen.low)
    if default in (DefaultRange.SOURCE_HIGH, DefaultRange.TARGET_HIGH):
        return MlsRange(chosen.high, chosen.high)
    return chosen
