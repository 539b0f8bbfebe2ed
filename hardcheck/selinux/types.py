"""Types and attributes as sets: an attribute's types, a rule's types, the domains.

A set of types is an integer (bit = value - 1), so that union and intersection of thousands of
types cost one operation.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from hardcheck.selinux.ebitmap import values_of
from hardcheck.selinux.names import Names
from hardcheck.selinux.policydb import PolicyDb

TypeSet = int


def type_set(values: Iterable[int]) -> TypeSet:
    """Return the set of some values; linear, where OR-ing bits one by one is quadratic."""
    values = list(values)
    bits = bytearray((max(values, default=0) + 8) >> 3)
    for value in values:
        bits[(value - 1) >> 3] |= 1 << ((value - 1) & 7)
    return int.from_bytes(bits, "little")


class TypeSets:
    """The types of each attribute of one policy."""

    def __init__(self, policydb: PolicyDb, names: Names) -> None:
        self._policydb = policydb
        self._names = names
        self._sets: dict[int, TypeSet] = {}

    @cached_property
    def every(self) -> TypeSet:
        """All types, attributes left out."""
        return type_set(value for value in self._names.type_names if value not in self._names.attributes)

    @cached_property
    def _members(self) -> dict[int, list[int]]:
        """The types that each attribute has, both by value."""
        members: dict[int, list[int]] = {value: [] for value in self._names.attributes}
        for type_, attributes in enumerate(self._policydb.type_attributes, start=1):
            if type_ in self._names.attributes or type_ not in self._names.type_names:
                continue
            for attribute in attributes:
                if attribute in members:
                    members[attribute].append(type_)
        return members

    def of(self, value: int) -> TypeSet:
        """Return the types that a value in a rule stands for: an attribute's, or the type itself."""
        if value not in self._names.attributes:
            return 1 << (value - 1)
        known = self._sets.get(value)
        if known is None:
            known = self._sets[value] = type_set(self._members[value])
        return known

    def union(self, values: Iterable[int]) -> TypeSet:
        """Return the types that any of the values stands for."""
        attributes = self._names.attributes
        bits = 0
        single = []
        for value in values:
            if value in attributes:
                bits |= self.of(value)
            else:
                single.append(value)
        return bits | type_set(single)

    def named(self, name: str) -> TypeSet:
        """Return the types that a name stands for; none for a name that the policy lacks."""
        value = self._names.types.get(name)
        return 0 if value is None else self.of(value)

    def names(self, types: TypeSet) -> tuple[str, ...]:
        """Return the sorted names of a set."""
        type_names = self._names.type_names
        return tuple(sorted(type_names[value] for value in values_of(types) if value in type_names))

    @cached_property
    def domains(self) -> TypeSet:
        """The types of processes: those of the attribute ``domain`` where the policy has it, else
        all that a role other than object_r may have."""
        domains = self.named("domain")
        if domains:
            return domains
        roles = 0
        for role in self._policydb.roles.records:
            roles |= role.types if role.name != "object_r" else 0
        return roles & self.every
