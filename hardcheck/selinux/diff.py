"""What differs between two policies, compared by meaning: attributes expanded, names not numbers.

Access is compared as rights in force, each policy with its own setting of booleans: for every
type, class and permission the sets of target types. Conditional rules are compared besides as
statements, so that a rule which a boolean keeps out of force on both sides is not lost.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from hardcheck.selinux.diff_parts import Change, diff_parts
from hardcheck.selinux.ebitmap import values_of
from hardcheck.selinux.names import ClassNames
from hardcheck.selinux.policy import Policy
from hardcheck.selinux.rows import AUDITALLOW_SHIFT, DONTAUDIT_SHIFT, VECTOR
from hardcheck.selinux.types import TypeSet, type_set

_SHIFTS = {"allow": 0, "auditallow": AUDITALLOW_SHIFT, "dontaudit": DONTAUDIT_SHIFT}


class RightsChange(Struct, frozen=True):
    """Target types that a right was won or lost for; ``kind`` is allow, auditallow or dontaudit."""

    kind: str
    source: str
    class_: str
    permission: str
    added: tuple[str, ...]
    removed: tuple[str, ...]


class PolicyDiff(Struct, frozen=True):
    """All differences from a first to a second policy."""

    parts: tuple[Change, ...]
    rights: tuple[RightsChange, ...]

    @property
    def equal(self) -> bool:
        """Whether nothing differs."""
        return not self.parts and not self.rights


def diff_rights(old: Policy, new: Policy, kind: str = "allow") -> Iterator[RightsChange]:
    """Yield the changes of rights in force, by class, source and permission.

    Args:
        old: the first policy with its setting of booleans.
        new: the second one.
        kind: ``allow``, ``auditallow`` or ``dontaudit``.
    """
    common = _CommonNumbers(old, new)
    left, right = _Rights(old, common, _SHIFTS[kind]), _Rights(new, common, _SHIFTS[kind])
    for class_ in sorted({*old.names.classes, *new.names.classes}):
        before, after = left.of_class(class_), right.of_class(class_)
        for source in sorted({*before, *after}):
            old_rights, new_rights = before.get(source, _NO_RIGHTS), after.get(source, _NO_RIGHTS)
            if old_rights is not new_rights and old_rights != new_rights:
                yield from _changes(kind, source, class_, old_rights, new_rights, common)


def diff_policies(old: Policy, new: Policy) -> PolicyDiff:
    """Return all that differs between two policies."""
    rights = [change for kind in _SHIFTS for change in diff_rights(old, new, kind)]
    return PolicyDiff(tuple(diff_parts(old, new)), tuple(rights))


class _CommonNumbers:
    """One numbering for the types of both policies, so that their sets can be compared."""

    def __init__(self, old: Policy, new: Policy) -> None:
        self._names = sorted({*_type_names(old), *_type_names(new)})
        self.numbers = {name: number for number, name in enumerate(self._names, start=1)}

    def names(self, types: TypeSet) -> tuple[str, ...]:
        """Return the sorted names of a set in common numbers."""
        return tuple(self._names[number - 1] for number in values_of(types))


def _type_names(policy: Policy) -> list[str]:
    attributes = policy.names.attributes
    return [name for value, name in policy.names.type_names.items() if value not in attributes]


Rights = dict[str, TypeSet]  # permission -> target types in common numbers
_NO_RIGHTS: Rights = {}


class _Rights:
    """The rights of one policy's types in common numbers, class by class.

    Types share most of their rights through attributes. What a set of rows adds up to is
    computed once, and the rows of one class are forgotten when the next class is asked.
    """

    def __init__(self, policy: Policy, common: _CommonNumbers, shift: int) -> None:
        self._policy = policy
        self._numbers = {
            policy.names.types[name]: number
            for name, number in common.numbers.items()
            if name in policy.names.types
        }
        self._shift = shift
        self._sets: dict[int, TypeSet] = {}

    def of_class(self, class_name: str) -> dict[str, Rights]:
        """Return the rights of every type that has any in a class, by name."""
        class_ = self._policy.names.classes.get(class_name)
        if class_ is None:
            return {}
        rows = {
            source: rights
            for source, row in self._policy.enabled().rows_of(class_.value)
            if (rights := self._row_rights(class_, row))
        }
        merged: dict[tuple[int, ...], Rights] = {}
        found = {}
        for type_ in self._holders(rows):
            key = tuple(value for value in self._policy.decider.attributes(type_) if value in rows)
            if key not in merged:
                merged[key] = _merge([rows[value] for value in key])
            found[self._policy.names.type_names[type_]] = merged[key]
        return found

    def _holders(self, rows: dict[int, Rights]) -> Iterator[int]:
        types = self._policy.types.union(rows)
        return (type_ for type_ in values_of(types) if type_ in self._policy.names.type_names)

    def _row_rights(self, class_: ClassNames, row: dict[int, int]) -> Rights:
        by_mask: dict[int, list[int]] = {}
        for target, packed in row.items():
            mask = packed >> self._shift & VECTOR
            if mask:
                by_mask.setdefault(mask, []).append(target)
        rights: Rights = {}
        for mask, targets in by_mask.items():
            types = self._union(targets)
            for permission in class_.permissions(mask):
                rights[permission] = rights.get(permission, 0) | types
        return rights

    def _union(self, targets: list[int]) -> TypeSet:
        """Return the types that targets of rules stand for, in common numbers."""
        attributes = self._policy.names.attributes
        types = type_set(self._numbers[value] for value in targets if value not in attributes)
        for value in targets:
            if value in attributes:
                types |= self._attribute(value)
        return types

    def _attribute(self, value: int) -> TypeSet:
        known = self._sets.get(value)
        if known is None:
            members = values_of(self._policy.types.of(value))
            known = self._sets[value] = type_set(self._numbers[member] for member in members)
        return known


def _merge(parts: list[Rights]) -> Rights:
    if len(parts) == 1:
        return parts[0]
    merged: Rights = {}
    for rights in parts:
        for permission, types in rights.items():
            merged[permission] = merged.get(permission, 0) | types
    return merged


def _changes(
    kind: str, source: str, class_: str, before: Rights, after: Rights, common: _CommonNumbers
) -> Iterator[RightsChange]:
    for permission in sorted({*before, *after}):
        old, new = before.get(permission, 0), after.get(permission, 0)
        if old != new:
            added, removed = common.names(new & ~old), common.names(old & ~new)
            yield RightsChange(kind, source, class_, permission, added, removed)
