"""The context that a bare type most likely has, for questions that name only a type.

Constraints look at users, roles and levels, so a question about ``httpd_t`` needs a whole context.
A domain gets a role that may have it (``system_r`` before others, a role of its own stem before
the rest), a user that may have the role (``system_u`` first) and the lowest level; any other type
gets ``system_u:object_r`` and the lowest level. Where a real context is known, use that.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import TypeVar

from hardcheck.selinux.contexts import SecurityContext
from hardcheck.selinux.ebitmap import values_of
from hardcheck.selinux.labels import Labels
from hardcheck.selinux.policydb import PolicyDb
from hardcheck.selinux.symbols import OBJECT_R, Role, Symbol, User
from hardcheck.selinux.types import TypeSet, TypeSets, type_set

_RecordT = TypeVar("_RecordT", bound=Symbol)


class TypicalContexts:
    """Typical contexts over one policy."""

    def __init__(self, policydb: PolicyDb, labels: Labels, types: TypeSets) -> None:
        self._policydb = policydb
        self._labels = labels
        self._types = types
        self._range = labels.parse_range("")
        self._known: dict[int, SecurityContext] = {}

    def of(self, type_: int) -> SecurityContext:
        """Return the typical context of a type."""
        known = self._known.get(type_)
        if known is None:
            is_domain = self._types.domains >> (type_ - 1) & 1
            known = self._known[type_] = self.process(type_) if is_domain else self.object(type_)
        return known

    def after(self, source: SecurityContext, type_: int) -> SecurityContext:
        """Return the context of a process that changes to a type: user, role and range stay
        where the policy authorises that, else it is the type's typical context."""
        same = SecurityContext(source.user, source.role, type_, source.range)
        return same if self._labels.is_valid(same) else self.of(type_)

    def object(self, type_: int) -> SecurityContext:
        """Return the typical context of an object with this type."""
        return SecurityContext(self._object_user, OBJECT_R, type_, self._range)

    def process(self, type_: int) -> SecurityContext:
        """Return the typical context of a process; as of an object where no role may have the type."""
        stem = self._types.names(1 << (type_ - 1))[0].removesuffix("_t")
        roles = [role for role in self._process_roles if role.types >> (type_ - 1) & 1]
        for role in _preferred(roles, "system_r", f"{stem}_r"):
            users = [user for user in self._policydb.users.records if user.roles >> (role.value - 1) & 1]
            for user in _preferred(users, "system_u", f"{stem}_u"):
                return SecurityContext(user.value, role.value, type_, self._range)
        return self.object(type_)

    @cached_property
    def _process_roles(self) -> list[Role]:
        return [role for role in self._policydb.roles.records if role.value != OBJECT_R]

    @cached_property
    def _object_user(self) -> int:
        users: Iterable[User] = self._policydb.users.records
        return next((user.value for user in _preferred(users, "system_u")), 1)

    @cached_property
    def groups(self) -> tuple[tuple[SecurityContext, TypeSet], ...]:
        """All types, split by their typical contexts but for the type itself.

        Constraints can then be asked once a group (`constrain.TypeSetTest`).
        """
        members: dict[tuple[int, int], list[int]] = {}
        for type_ in values_of(self._types.domains):
            context = self.of(type_)
            members.setdefault((context.user, context.role), []).append(type_)
        groups = [(self.of(types[0]), type_set(types)) for types in members.values()]
        others = self._types.every & ~self._types.domains
        return (*groups, (self.object(1), others))


def _preferred(records: Iterable[_RecordT], *names: str) -> list[_RecordT]:
    """Order records: those with one of the names first, in that order, then by value."""

    def rank(record: _RecordT) -> tuple[int, int]:
        return names.index(record.name) if record.name in names else len(names), record.value

    return sorted(records, key=rank)
