"""What a setting of booleans opens beside what is asked for: the difference of two reachable sets.

The rights of the one who asks are computed with and without (rules, constraints, roles and bounds weighed);
for all other domains the rules that come into force are counted. Types of files are told as the paths that
file_contexts gives them, types of ports as their ports.
"""

from __future__ import annotations

from collections.abc import Mapping

from hardcheck.selinux.avtab import FIELD, KIND_SHIFT, TARGET_SHIFT, RuleKind
from hardcheck.selinux.contexts import SecurityContext
from hardcheck.selinux.ebitmap import values_of
from hardcheck.selinux.file_contexts import FileContexts
from hardcheck.selinux.lookups import PROTOCOLS
from hardcheck.selinux.policy import Policy
from hardcheck.selinux.sets import grants
from hardcheck.selinux.types import TypeSet
from hardcheck.triage.danger import hits_of
from hardcheck.triage.model import Opening
from hardcheck.triage.request import Request

_MOST = 40
_REMEMBERED = 32
_A_DOMAIN = 10
_ENABLED_KINDS = 0x7FFF
_PORT_PERMISSIONS = ("name_bind", "name_connect")
_FILES = frozenset({"file", "dir", "lnk_file", "sock_file", "fifo_file", "chr_file", "blk_file"})

New = dict[str, dict[str, TypeSet]]
"""Class, permission, and the target types that are new."""


class Openings:
    """The openings of one policy, each part computed once: many groups ask about the same booleans."""

    def __init__(self, policy: Policy, contexts: FileContexts | None) -> None:
        self._policy, self._contexts = policy, contexts
        self._grants: dict[tuple[SecurityContext, tuple[tuple[str, bool], ...]], New] = {}
        self._elsewhere: dict[tuple[int, tuple[tuple[str, bool], ...]], tuple[int, TypeSet]] = {}

    def width(self, source: SecurityContext, states: Mapping[str, bool]) -> int:
        """How much a setting opens: the rights of the one who asks, and for every other domain that gains
        anything ten more, since it was nobody's wish."""
        return (
            count_rights(self._new(source, states)) + _A_DOMAIN * self._others(source, states)[1].bit_count()
        )

    def rights(self, source: SecurityContext, states: Mapping[str, bool]) -> int:
        """How many rights the one who asks would gain."""
        return count_rights(self._new(source, states))

    def opening(
        self, source: SecurityContext, states: Mapping[str, bool], asked: tuple[str, int, frozenset[str]]
    ) -> Opening:
        """What a setting opens. ``asked`` is the class, target type and permissions that are wanted and
        therefore left out."""
        new = _without(self._new(source, states), asked)
        elsewhere, domains = self._others(source, states)
        lists = (*_in_words(self._policy, self._contexts, new), self._policy.types.names(domains))
        paths, ports, others, gaining = (words[:_MOST] for words in lists)
        more = sum(max(0, len(words) - _MOST) for words in lists)
        dangers = _dangers(self._policy, source, new)
        return Opening(count_rights(new), elsewhere, paths, ports, others, gaining, dangers, more)

    def beyond(self, source: SecurityContext, rights: New, asked: tuple[str, int, frozenset[str]]) -> New:
        """What of some rights the source does not have yet and did not ask for."""
        return _without(_new_rights(self._granted(source, {}), rights), asked)

    def told(self, source: SecurityContext, new: New) -> Opening:
        """New rights of the source alone, in words."""
        lists = _in_words(self._policy, self._contexts, new)
        paths, ports, others = (words[:_MOST] for words in lists)
        more = sum(max(0, len(words) - _MOST) for words in lists)
        return Opening(
            count_rights(new), 0, paths, ports, others, (), _dangers(self._policy, source, new), more
        )

    def _new(self, source: SecurityContext, states: Mapping[str, bool]) -> New:
        before, after = self._granted(source, {}), self._granted(source, states)
        return _new_rights(before, after)

    def _granted(self, source: SecurityContext, states: Mapping[str, bool]) -> New:
        key = (source, tuple(sorted(states.items())))
        if key not in self._grants:
            if len(self._grants) >= _REMEMBERED:
                self._grants.clear()
            self._grants[key] = grants(self._policy, source, dict(states))
        return self._grants[key]

    def _others(self, source: SecurityContext, states: Mapping[str, bool]) -> tuple[int, TypeSet]:
        key = (source.type, tuple(sorted(states.items())))
        if key not in self._elsewhere:
            self._elsewhere[key] = _gained_elsewhere(self._policy, source, states)
        return self._elsewhere[key]


def count_rights(new: New) -> int:
    """How many pairs of a permission and a type."""
    return sum(types.bit_count() for its in new.values() for types in its.values())


def _new_rights(before: New, after: New) -> New:
    found: New = {}
    for class_, permissions in after.items():
        for permission, types in permissions.items():
            new = types & ~before.get(class_, {}).get(permission, 0)
            if new:
                found.setdefault(class_, {})[permission] = new
    return found


def _without(new: New, asked: tuple[str, int, frozenset[str]]) -> New:
    """Leave out what was asked for itself."""
    class_, type_, permissions = asked
    own = 1 << (type_ - 1) if type_ else 0
    found: New = {}
    for name, its in new.items():
        for permission, types in its.items():
            left = types & ~own if name == class_ and permission in permissions else types
            if left:
                found.setdefault(name, {})[permission] = left
    return found


def _in_words(
    policy: Policy, contexts: FileContexts | None, new: New
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Paths, ports and the rest, each sorted, with the permissions that are new on it."""
    paths: dict[str, set[str]] = {}
    ports: dict[str, set[str]] = {}
    others: dict[str, set[str]] = {}
    for class_, permissions in new.items():
        protocol = class_.removesuffix("_socket")
        for permission, types in permissions.items():
            if protocol in PROTOCOLS and permission in _PORT_PERMISSIONS:
                for shown in ports_of(policy, protocol, types):
                    ports.setdefault(shown, set()).add(permission)
                continue
            for name in policy.types.names(types):
                specs = contexts.specs_of(name) if contexts is not None and class_ in _FILES else ()
                wanted = [rule.spec for rule in specs if rule.kind in ("", class_)]
                for spec in wanted:
                    paths.setdefault(f"{spec} ({name}:{class_})", set()).add(permission)
                if not wanted:
                    others.setdefault(f"{name}:{class_}", set()).add(permission)
    return _told(paths), _told(ports), _told(others)


def _told(table: dict[str, set[str]]) -> tuple[str, ...]:
    return tuple(f"{name} {' '.join(sorted(permissions))}" for name, permissions in sorted(table.items()))


def ports_of(policy: Policy, protocol: str, types: TypeSet) -> list[str]:
    """The ports of some types: ``tcp 3306 (mysqld_port_t)``, ``tcp all others (port_t)``."""
    found = []
    for record in policy.lookups.ports(protocol):
        if types >> (record.context.type - 1) & 1:
            numbers = str(record.low) if record.low == record.high else f"{record.low}-{record.high}"
            found.append(f"{protocol} {numbers} ({policy.names.type_name(record.context.type)})")
    default = policy.lookups.initial("port").type
    if types >> (default - 1) & 1:
        found.append(f"{protocol} all others ({policy.names.type_name(default)})")
    return found


def _gained_elsewhere(
    policy: Policy, source: SecurityContext, states: Mapping[str, bool]
) -> tuple[int, TypeSet]:
    """What other domains gain by allow rules that come into force: how much, and which domains."""
    before, after = policy.enabled().holds, policy.enabled(dict(states)).holds
    gained = 0
    domains: TypeSet = 0
    own = 1 << (source.type - 1)
    for block, held, holds in zip(policy.policydb.conditionals, before, after, strict=True):
        if held == holds:
            continue
        for key, data in (block.when_true if holds else block.when_false).plain:
            if _is_allow(key):
                members = policy.types.of(key & FIELD) & ~own & policy.types.domains
                targets = policy.types.of(key >> TARGET_SHIFT & FIELD)
                gained += members.bit_count() * targets.bit_count() * data.bit_count()
                domains |= members
    return gained, domains


def _is_allow(key: int) -> bool:
    return bool(key >> KIND_SHIFT & _ENABLED_KINDS == RuleKind.ALLOW)


def _dangers(policy: Policy, source: SecurityContext, new: New) -> tuple[str, ...]:
    """What of the new rights is on the danger list, by type."""
    name = policy.names.type_name(source.type)
    found: dict[str, None] = {}
    for class_, permissions in new.items():
        by_type: dict[int, list[str]] = {}
        for permission, types in permissions.items():
            for type_ in values_of(types):
                by_type.setdefault(type_, []).append(permission)
        for type_, wanted in by_type.items():
            request = Request("selinux", name, policy.names.type_name(type_), class_, tuple(wanted))
            found.update((f"{hit.danger.id}: {hit.what}", None) for hit in hits_of(request))
    return tuple(sorted(found))
