"""What is worth knowing about a policy as a whole: counts, weak spots, switched-off rules.

Everything is asked of the rules in force with the policy's own setting of booleans.
"""

from __future__ import annotations

from collections import Counter

from msgspec import Struct

from hardcheck.selinux.avtab import KIND_SHIFT, RuleKind
from hardcheck.selinux.ebitmap import values_of
from hardcheck.selinux.file_contexts import FileContexts
from hardcheck.selinux.needs import LATER_CAPABILITIES
from hardcheck.selinux.policy import Policy
from hardcheck.selinux.reasons import in_force
from hardcheck.selinux.sets import sources, targets
from hardcheck.selinux.types import TypeSet

# Attributes by which refpolicy and its kin mark domains that may (nearly) everything.
UNCONFINED_ATTRIBUTES = (
    "unconfined_domain_type",
    "unconfineddomain",
    "files_unconfined_type",
    "kern_unconfined",
)
# Types of /dev/mem, /dev/kmem and /dev/port where no file_contexts tell.
MEMORY_TYPES = ("memory_device_t", "kmem_device", "port_device")
MEMORY_DEVICES = ("/dev/mem", "/dev/kmem", "/dev/port")
# A domain that may write so large a part of the file types and kill so large a part of the
# domains is confined by nothing that matters.
POWER_SHARE = 0.9


class Statistics(Struct, frozen=True):
    """Counts as ``seinfo`` has them; ``rules`` by keyword, conditional ones included."""

    version: int
    mls: bool
    handle_unknown: str
    capabilities: tuple[str, ...]
    classes: int
    permissions: int
    types: int
    attributes: int
    roles: int
    users: int
    booleans: int
    conditional_blocks: int
    rules: dict[str, int]
    filename_transitions: int
    constraints: int


class SwitchedOff(Struct, frozen=True):
    """Conditional rules that are not in force, by the expression that keeps them out."""

    expression: str
    when: bool  # they would hold with the expression true, or false
    rules: tuple[str, ...]


class ChangedBoolean(Struct, frozen=True):
    """A boolean that is not as the policy file has it."""

    name: str
    default: bool
    state: bool


class Powers(Struct, frozen=True):
    """Domains that may weaken what confines all others, each sorted by name."""

    load_policy: tuple[str, ...]
    set_enforce: tuple[str, ...]
    set_booleans: tuple[str, ...]
    load_modules: tuple[str, ...]
    read_memory: tuple[str, ...]
    write_memory: tuple[str, ...]


def statistics(policy: Policy) -> Statistics:
    """Count what the policy has."""
    db, names = policy.policydb, policy.names
    rules = Counter(rule.key >> KIND_SHIFT for rule in policy.rules.walk())
    singles = db.filename_transitions.by_key.values()
    return Statistics(
        version=policy.version,
        mls=policy.mls,
        handle_unknown=str(policy.handle_unknown),
        capabilities=policy.capabilities,
        classes=len(names.classes),
        permissions=len({name for class_ in names.classes.values() for name in class_.masks}),
        types=policy.types.every.bit_count(),
        attributes=len(names.attributes),
        roles=len(names.roles),
        users=len(names.users),
        booleans=len(names.booleans),
        conditional_blocks=len(db.conditionals),
        rules={kind.name.lower(): rules[kind] for kind in RuleKind},
        filename_transitions=sum(members.bit_count() for data in singles for members, _ in data),
        constraints=sum(len(class_.record.constraints) for class_ in names.classes.values()),
    )


def permissive_types(policy: Policy) -> tuple[str, ...]:
    """Return the types whose denials are only logged."""
    return policy.types.names(policy.policydb.permissive_types >> 1)


def unconfined_by_attribute(policy: Policy) -> tuple[str, ...]:
    """Return the domains that carry an attribute of `UNCONFINED_ATTRIBUTES`."""
    marked = 0
    for name in UNCONFINED_ATTRIBUTES:
        marked |= policy.types.named(name)
    return policy.types.names(marked & policy.types.domains)


def unconfined_by_power(policy: Policy) -> tuple[str, ...]:
    """Return the domains that may write and kill nearly everything, whatever they are called."""
    file_types = policy.types.named("file_type") or policy.types.every & ~policy.types.domains
    found = 0
    for type_ in values_of(policy.types.domains):
        if _share(policy, type_, "process", ("sigkill",), policy.types.domains) < POWER_SHARE:
            continue
        if _share(policy, type_, "file", ("open", "write"), file_types) >= POWER_SHARE:
            found |= 1 << (type_ - 1)
    return policy.types.names(found)


def _share(policy: Policy, type_: int, class_name: str, permissions: tuple[str, ...], of: TypeSet) -> float:
    class_ = policy.names.classes.get(class_name)
    mask = sum(class_.masks.get(name, 0) for name in permissions) if class_ else 0
    if class_ is None or not mask or not of:
        return 0.0
    reached = targets(policy, policy.typical.of(type_), class_, mask) & of
    return reached.bit_count() / of.bit_count()


def powers(policy: Policy, file_contexts: FileContexts | None = None) -> Powers:
    """Return who may load policy or modules, switch enforcement, or reach raw memory.

    Memory devices are found by `MEMORY_DEVICES` in file_contexts where given, else by
    `MEMORY_TYPES`. A module needs the capability sys_module; raw memory needs the device file,
    and the capability sys_rawio is not asked for.
    """
    security = policy.names.types.get("security_t", 0)
    if any(record.sid == 2 for record in policy.policydb.object_contexts.initial_sids):
        security = policy.lookups.initial("security").type
    devices = _memory_types(policy, file_contexts)
    return Powers(
        load_policy=_who(policy, (security,), "security", "load_policy"),
        set_enforce=_who(policy, (security,), "security", "setenforce"),
        set_booleans=_who(policy, (security,), "security", "setbool"),
        load_modules=with_capability(policy, "sys_module"),
        read_memory=_who(policy, devices, "chr_file", "read"),
        write_memory=_who(policy, devices, "chr_file", "write"),
    )


def with_capability(policy: Policy, name: str) -> tuple[str, ...]:
    """Return the domains that may use a Linux capability (lower case, without ``cap_``)."""
    class_ = policy.names.classes.get("capability2" if name in LATER_CAPABILITIES else "capability")
    if class_ is None:
        return ()
    mask, rules = class_.masks.get(name, 0), policy.enabled()
    found = 0
    for type_ in values_of(policy.types.domains):
        context = policy.typical.of(type_)
        if policy.decider.vectors(rules, context, context, class_.value).allowed & mask:
            found |= 1 << (type_ - 1)
    return policy.types.names(found)


def _who(policy: Policy, target_types: tuple[int, ...], class_name: str, permission: str) -> tuple[str, ...]:
    class_ = policy.names.classes.get(class_name)
    mask = class_.masks.get(permission, 0) if class_ else 0
    found = 0
    for type_ in target_types:
        if class_ is not None and mask and type_:
            found |= sources(policy, policy.typical.of(type_), class_, mask)
    return policy.types.names(found)


def _memory_types(policy: Policy, file_contexts: FileContexts | None) -> tuple[int, ...]:
    names = set()
    for device in MEMORY_DEVICES if file_contexts else ():
        context = file_contexts.match(device, "chr_file") if file_contexts else None
        if context and len(context.split(":")) >= 3:
            names.add(context.split(":")[2])
    known = policy.names.types
    return tuple(known[name] for name in sorted(names or MEMORY_TYPES) if name in known)


def types_without_attributes(policy: Policy) -> tuple[str, ...]:
    """Return the types that no attribute holds: rules reach them by name only."""
    held = 0
    for attribute in policy.names.attributes:
        held |= policy.types.of(attribute)
    return policy.types.names(policy.types.every & ~held)


def switched_off(policy: Policy) -> tuple[SwitchedOff, ...]:
    """Return the rules that the booleans as they stand keep out, by block, in file order."""
    states = policy.states()
    found: dict[tuple[str, bool], list[str]] = {}
    for rule in policy.rules.walk():
        if rule.condition is not None and not in_force(rule, states):
            key = policy.statements.expression(rule.condition.block), rule.condition.when
            found.setdefault(key, []).append(rule.text(policy.statements))
    return tuple(SwitchedOff(*key, tuple(rules)) for key, rules in found.items())


def changed_booleans(policy: Policy) -> tuple[ChangedBoolean, ...]:
    """Return the booleans whose state differs from the one in the policy file, sorted by name."""
    return tuple(
        ChangedBoolean(record.name, record.state, policy.booleans[record.name])
        for record in sorted(policy.policydb.booleans.records, key=lambda record: record.name)
        if record.state != policy.booleans[record.name]
    )
