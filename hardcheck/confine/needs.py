"""What a draft must allow, and what it must not: a specification as questions of the common language."""

from __future__ import annotations

from typing import Literal

import msgspec

from hardcheck.access import Action, Capability, Object, Path, Port, Subject
from hardcheck.confine import names
from hardcheck.confine.spec import OWN_KINDS, Peer, ServiceSpec, Spec

Side = Literal["selinux", "apparmor"]
_ANY = "confine-probe"  # the name of a file that stands for all in a folder

_DONE = {
    "content": (Action.READ,),
    "configuration": (Action.READ,),
    "uploads": (Action.READ, Action.CREATE, Action.WRITE, Action.DELETE),
    "state": (Action.READ, Action.CREATE, Action.WRITE, Action.DELETE),
    "runtime": (Action.READ, Action.CREATE, Action.WRITE, Action.DELETE),
    "logs": (Action.CREATE, Action.APPEND),
    "sockets": (Action.CREATE, Action.DELETE),
}


class Need(msgspec.Struct, frozen=True):
    """One question. ``allowed`` is the answer that the specification wants; ``shown`` is for people."""

    service: str
    subject: str
    shown: str
    action: Action
    object_: Object
    allowed: bool = True


def needs_of(spec: Spec, side: Side) -> tuple[Need, ...]:
    """Every question, service by service: what each needs, then what it must not get of the others."""
    found: list[Need] = []
    for service in spec.services:
        subject = _subject(spec, service, side)
        found += [_need(service, subject, *pair) for pair in _wanted(service)]
        found += [
            Need(service.name, name, f"{name} may {action} {_shown(object_)}", action, object_)
            for name, action, object_ in _of_peers(spec, service, side)
        ]
        if side == "selinux":
            found += _entry(spec, service, subject)
        for other in spec.services:
            if other is not service:
                found += [_need(service, subject, *pair, allowed=False) for pair in _forbidden(other)]
    return tuple(found)


def _subject(spec: Spec, service: ServiceSpec, side: Side) -> str:
    if side == "apparmor":
        return names.profile(spec, service)
    return process_context(spec, service)


def process_context(spec: Spec, service: ServiceSpec) -> str:
    """The whole context of its processes."""
    return f"system_u:system_r:{names.domain(spec, service)}:{names.level(service)}"


def _need(
    service: ServiceSpec, subject: str, action: Action, object_: Object, *, allowed: bool = True
) -> Need:
    return Need(service.name, subject, f"{action} {_shown(object_)}", action, object_, allowed)


def _shown(object_: Object) -> str:
    if isinstance(object_, Path):
        return object_.path.removesuffix(_ANY)
    if isinstance(object_, Port):
        return f"{object_.protocol} {object_.number}"
    return f"capability {object_.name}" if isinstance(object_, Capability) else getattr(object_, "name", "")


def _file(path: str, kind: str = "file") -> Path:
    """A path; for a folder a file in it. Its own files are owned by the service in AppArmor's sense."""
    return Path(path + _ANY if path.endswith("/") else path, kind, owner=True)


def _wanted(service: ServiceSpec) -> list[tuple[Action, Object]]:
    found: list[tuple[Action, Object]] = [(Action.MMAP_EXECUTE, Path(service.executable))]
    for kind in OWN_KINDS:
        for path in names.own_paths(service, kind):
            file = _file(path, "sock_file" if kind == "sockets" else "file")
            found += [(action, file) for action in _DONE[kind]]
    found += [(Action.READ, _file(path)) for path in service.reads]
    found += [(Action.EXECUTE, _file(path)) for path in service.executes]
    found += [(Action.BIND, Port(need.protocol, need.number)) for need in service.listen]
    found += [
        (Action.CONNECT, Port(need.protocol, need.number))
        for need in service.connect
        if need.protocol == "tcp"
    ]
    found += [(Action.USE, Capability(name)) for name in service.capabilities]
    return found


def _forbidden(other: ServiceSpec) -> list[tuple[Action, Object]]:
    """Another service's own files: neither to be read nor written."""
    found: list[tuple[Action, Object]] = []
    for kind in OWN_KINDS:
        for path in names.own_paths(other, kind):
            file = _file(path, "sock_file" if kind == "sockets" else "file")
            if kind == "sockets":
                found.append((Action.CONNECT, file))
            else:
                found += [(Action.READ, file), (Action.WRITE, file)]
    return found


def _of_peers(spec: Spec, service: ServiceSpec, side: Side) -> list[tuple[str, Action, Object]]:
    found: list[tuple[str, Action, Object]] = []
    for peer in service.served_by:
        subject = _peer(peer, side)
        if subject:
            found += [(subject, Action.READ, _file(path)) for path in service.paths("content")]
            for path in service.paths("sockets"):
                found.append((subject, Action.CONNECT, _file(path, "sock_file")))
                if side == "selinux":
                    found.append((subject, Action.CONNECT, Subject(process_context(spec, service))))
    return found


def _peer(peer: Peer, side: Side) -> str:
    return peer.domain if side == "selinux" else peer.profile


def _entry(spec: Spec, service: ServiceSpec, subject: str) -> list[Need]:
    """systemd may start it there: by setexec to the domain, or by running the labelled program."""
    manager = f"system_u:system_r:init_t:{'s0' if service.categories is None else 's0-s0:c0.c1023'}"
    if not service.shared_executable:
        path = Path(service.executable)
        return [Need(service.name, manager, f"systemd may execute {path.path}", Action.EXECUTE, path)]
    target = Subject(subject)
    return [Need(service.name, manager, "systemd may start it in its domain", Action.TRANSITION, target)]
