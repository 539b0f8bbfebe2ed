"""Ports: the label of the port asked for, and the port types that the domain may use."""

from __future__ import annotations

from hardcheck.facts import Absent
from hardcheck.facts.selinux import LocalPort
from hardcheck.selinux.ebitmap import values_of
from hardcheck.triage.model import Cause, Cure, Found, Proof, Step
from hardcheck.triage.selinux_case import PORT_CLASSES, SelinuxCase

_GENERIC = frozenset(
    [
        "port_t",
        "reserved_port_t",
        "unreserved_port_t",
        "hi_reserved_port_t",
        "rpc_port_t",
        "ephemeral_port_t",
        "all_unreserved_port_t",
    ]
)
_PERMISSIONS = ("name_bind", "name_connect")
_MOST = 8


def ports_of_group(case: SelinuxCase) -> tuple[int, ...]:
    """The ports asked for: of the group's object, else ``src`` of a bind and ``dest`` of a connect."""
    words = case.group.object.split()
    numbers = {int(word) for word in words if word.isdecimal() and len(word) < 6}
    for example in case.group.examples:
        extra = example.selinux.extra if example.selinux is not None else {}
        for name in ("dest", "src"):
            text = extra.get(name, "")
            if text.isdecimal() and len(text) < 6:
                numbers.add(int(text))
                break
    return tuple(sorted(number for number in numbers if 0 < number < 65536))


def wrong_port(case: SelinuxCase) -> Found | None:
    """A port that nobody has claimed, or another service has, and a type of its own for the domain."""
    protocol = PORT_CLASSES.get(case.group.class_)
    permission = next((name for name in case.wanted if name in _PERMISSIONS), "")
    numbers = ports_of_group(case)
    if protocol is None or not permission or not numbers:
        return None
    number = numbers[0]
    now = case.policy.names.type_name(case.policy.lookups.port(protocol, number).type)
    types = port_types(case, protocol, permission)
    own = [name for name in types if _belongs(name, case.group.source)]
    generic = now in _GENERIC
    if not own or (not generic and permission == "name_connect"):
        return None
    chosen = own[0]
    defined = _defined(case, protocol, number)
    verb = "-m" if defined else "-a"
    undo = ("semanage", "port", "-d", "-p", protocol, str(number))
    steps = tuple(
        Step(
            "command",
            ("semanage", "port", verb, "-t", chosen, "-p", protocol, str(one)),
            undo=(*undo[:-1], str(one)),
        )
        for one in numbers[:_MOST]
    )
    proof = (
        Proof(f"{protocol} {number} is {now}", case.proof_of_policy),
        Proof(f"{case.group.source} may {permission} on: {', '.join(types[:_MOST])}", case.proof_of_policy),
    )
    users = "" if generic else f" It is taken from the services that use {now}."
    says = f"{protocol} {number} has the label {now}, which {case.group.source} may not use.{users}"
    cure = Cure(
        f"Label the port {chosen}",
        steps,
        True,
        alternatives=tuple(f"type {name}" for name in types if name != chosen)[:_MOST],
    )
    return Found(Cause.PORT, says, proof, cure)


def port_types(case: SelinuxCase, protocol: str, permission: str) -> tuple[str, ...]:
    """Types of claimed ports that the domain may bind or connect to, those named like it first."""
    known = {record.context.type for record in case.policy.lookups.ports(protocol)}
    usable = case.usable_types((permission,))
    names = [
        case.policy.names.type_name(type_)
        for type_ in values_of(usable)
        if type_ in known and case.policy.names.type_name(type_) not in _GENERIC
    ]
    return tuple(sorted(names, key=lambda name: (-_likeness(name, case.group.source), len(name), name)))


def _likeness(port_type: str, domain: str) -> int:
    """Letters that a port type and a domain begin with alike: httpd_t and http_port_t have four."""
    count = 0
    for left, right in zip(port_type, domain.removesuffix("_t"), strict=False):
        if left != right:
            break
        count += 1
    return count


def _belongs(port_type: str, domain: str) -> bool:
    stem = domain.removesuffix("_t")
    return _likeness(port_type, domain) >= min(4, len(stem))


def _defined(case: SelinuxCase, protocol: str, number: int) -> bool:
    """Whether a record of exactly this port is there, so that it is changed and not added."""
    exact = any(record.low == record.high == number for record in case.policy.lookups.ports(protocol))
    local = case.world.local
    known: tuple[LocalPort, ...] = () if isinstance(local, Absent) else local.ports
    return exact or any(one.protocol == protocol and one.ports == str(number) for one in known)
