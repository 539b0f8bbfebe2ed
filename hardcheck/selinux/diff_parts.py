"""The parts of two policies that are compared as statements: everything but rights in force.

Each part is rendered to lines of the policy language by name, so that the values of one file
never meet those of the other.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator

from msgspec import Struct

from hardcheck.selinux.avtab import KIND_SHIFT, RuleKind
from hardcheck.selinux.ebitmap import values_of
from hardcheck.selinux.lookups import INITIAL_SIDS, PROTOCOLS
from hardcheck.selinux.policy import Policy
from hardcheck.selinux.statements import braced

_TYPE_RULES = RuleKind.TYPE_TRANSITION | RuleKind.TYPE_MEMBER | RuleKind.TYPE_CHANGE
_PROTOCOL_NAMES = {number: name for name, number in PROTOCOLS.items()}


class Change(Struct, frozen=True):
    """Statements or names of one part of the policy that only one side has."""

    part: str
    added: tuple[str, ...]
    removed: tuple[str, ...]


def diff_parts(old: Policy, new: Policy) -> Iterator[Change]:
    """Yield the parts that differ, in the order of `PARTS`."""
    for part, lines in PARTS.items():
        before, after = set(lines(old)), set(lines(new))
        if before != after:
            yield Change(part, tuple(sorted(after - before)), tuple(sorted(before - after)))


def _properties(policy: Policy) -> Iterator[str]:
    yield f"version {policy.version}"
    yield f"mls {'on' if policy.mls else 'off'}"
    yield f"handle_unknown {policy.handle_unknown}"


def _capabilities(policy: Policy) -> Iterator[str]:
    return (f"policycap {name};" for name in policy.capabilities)


def _classes(policy: Policy) -> Iterator[str]:
    for class_ in policy.names.classes.values():
        yield f"class {class_.name} {braced(class_.masks)}"
        record = class_.record
        defaults = (
            ("user", record.default_user),
            ("role", record.default_role),
            ("type", record.default_type),
            ("range", record.default_range),
        )
        for what, default in defaults:
            if default:
                yield f"default_{what} {class_.name} {default.name.lower()};"


def _types(policy: Policy) -> Iterator[str]:
    return (f"type {name};" for name in policy.types.names(policy.types.every))


def _aliases(policy: Policy) -> Iterator[str]:
    type_name = policy.names.type_name
    return (f"typealias {type_name(value)} alias {name};" for name, value in policy.names.aliases.items())


def _attributes(policy: Policy) -> Iterator[str]:
    return (f"attribute {policy.names.type_name(value)};" for value in policy.names.attributes)


def _memberships(policy: Policy) -> Iterator[str]:
    for attribute in policy.names.attributes:
        name = policy.names.type_name(attribute)
        for type_ in policy.types.names(policy.types.of(attribute)):
            yield f"typeattribute {type_} {name};"


def _bounds(policy: Policy) -> Iterator[str]:
    type_name = policy.names.type_name
    for child, parent in policy.names.bounds.items():
        yield f"typebounds {type_name(parent)} {type_name(child)};"


def _permissive(policy: Policy) -> Iterator[str]:
    for name in policy.types.names(policy.policydb.permissive_types >> 1):
        yield f"permissive {name};"
    for name in policy.types.names(policy.policydb.neveraudit_types >> 1):
        yield f"neveraudit {name};"


def _roles(policy: Policy) -> Iterator[str]:
    for role in policy.policydb.roles.records:
        yield f"role {role.name};"
        for name in policy.types.names(role.types):
            yield f"role {role.name} types {name};"


def _users(policy: Policy) -> Iterator[str]:
    names = policy.names.role_names
    for user in policy.policydb.users.records:
        roles = braced(names[value] for value in values_of(user.roles) if value in names)
        level = policy.labels.show_level(user.default_level)
        range_ = policy.labels.show_range(user.range)
        yield f"user {user.name} roles {roles}" + (f" level {level} range {range_};" if policy.mls else ";")


def _booleans(policy: Policy) -> Iterator[str]:
    return (f"bool {name} {str(state).lower()};" for name, state in policy.booleans.items())


def _levels(policy: Policy) -> Iterator[str]:
    for record in policy.policydb.sensitivities.records:
        yield f"sensitivity {record.name} {policy.labels.show_level(record.level)};"
    for category in policy.policydb.categories.records:
        yield f"category {category.name} {category.value};"


def _type_rules(policy: Policy) -> Iterator[str]:
    for key, data in policy.policydb.rules.plain.items():
        if key >> KIND_SHIFT & _TYPE_RULES:
            yield policy.statements.rule(key, data)


def _extended_rules(policy: Policy) -> Iterator[str]:
    return (policy.statements.extended(rule) for rule in policy.policydb.rules.extended)


def _conditional_rules(policy: Policy) -> Iterator[str]:
    expressions: dict[int, str] = {}
    for rule in policy.rules.walk():
        if rule.condition is not None:
            block = rule.condition.block
            text = expressions.get(id(block))
            if text is None:
                text = expressions[id(block)] = policy.statements.expression(block)
            test = text if rule.condition.when else f"!({text})"
            yield f"if ({test}) {{ {rule.text(policy.statements)} }}"


def _filename_transitions(policy: Policy) -> Iterator[str]:
    type_name = policy.names.type_name
    for key, data in policy.policydb.filename_transitions.by_key.items():
        class_ = policy.names.classes_by_value[key.class_].name
        for sources, new in data:
            for source in values_of(sources):
                yield (
                    f"type_transition {type_name(source)} {type_name(key.parent)}:{class_} "
                    f'{type_name(new)} "{key.name}";'
                )


def _role_rules(policy: Policy) -> Iterator[str]:
    names = policy.names
    for allow in policy.policydb.role_allows:
        yield f"allow {names.role_names[allow.role]} {names.role_names[allow.new_role]};"
    for rule in policy.policydb.role_transitions:
        class_ = names.classes_by_value[rule.class_].name if rule.class_ else "process"
        yield (
            f"role_transition {names.role_names[rule.role]} {names.type_name(rule.type)}:{class_} "
            f"{names.role_names[rule.new_role]};"
        )


def _range_transitions(policy: Policy) -> Iterator[str]:
    names = policy.names
    for rule in policy.policydb.range_transitions:
        class_ = names.classes_by_value[rule.class_].name
        pair = f"{names.type_name(rule.source)} {names.type_name(rule.target)}"
        yield f"range_transition {pair}:{class_} {policy.labels.show_range(rule.range)};"


def _constraints(policy: Policy) -> Iterator[str]:
    for class_ in policy.names.classes.values():
        for constraint in class_.record.constraints:
            yield policy.statements.constraint(class_, constraint)
        for constraint in class_.record.validatetrans:
            yield policy.statements.constraint(class_, constraint, third=True)


def _object_contexts(policy: Policy) -> Iterator[str]:
    objects, show = policy.policydb.object_contexts, policy.labels.show
    for sid in objects.initial_sids:
        name = INITIAL_SIDS[sid.sid - 1] if 0 < sid.sid <= len(INITIAL_SIDS) else str(sid.sid)
        yield f"sid {name} {show(sid.context)}"
    for port in objects.ports:
        protocol = _PROTOCOL_NAMES.get(port.protocol, str(port.protocol))
        yield f"portcon {protocol} {port.low}-{port.high} {show(port.context)}"
    for interface in objects.interfaces:
        yield f"netifcon {interface.name} {show(interface.context)} {show(interface.packets)}"
    for node in (*objects.nodes, *objects.nodes6):
        address, mask = ipaddress.ip_address(node.address), ipaddress.ip_address(node.mask)
        yield f"nodecon {address} {mask} {show(node.context)}"
    for rule in objects.fs_uses:
        yield f"fs_use_{rule.behaviour.name.lower()} {rule.name} {show(rule.context)};"
    for key in objects.partition_keys:
        yield f"ibpkeycon {key.subnet_prefix.hex()} {key.low:#x}-{key.high:#x} {show(key.context)}"
    for end in objects.end_ports:
        yield f"ibendportcon {end.device} {end.port} {show(end.context)}"


def _genfs(policy: Policy) -> Iterator[str]:
    classes = policy.names.classes_by_value
    for system in policy.policydb.genfs:
        for path in system.paths:
            class_ = f" {classes[path.class_].name}" if path.class_ else ""
            yield f"genfscon {system.file_system} {path.path}{class_} {policy.labels.show(path.context)}"


PARTS: dict[str, Callable[[Policy], Iterator[str]]] = {
    "properties": _properties,
    "capabilities": _capabilities,
    "classes": _classes,
    "types": _types,
    "aliases": _aliases,
    "attributes": _attributes,
    "memberships": _memberships,
    "bounds": _bounds,
    "permissive": _permissive,
    "roles": _roles,
    "users": _users,
    "booleans": _booleans,
    "levels": _levels,
    "type rules": _type_rules,
    "extended rules": _extended_rules,
    "conditional rules": _conditional_rules,
    "filename transitions": _filename_transitions,
    "role rules": _role_rules,
    "range transitions": _range_transitions,
    "constraints": _constraints,
    "object contexts": _object_contexts,
    "genfs": _genfs,
}
