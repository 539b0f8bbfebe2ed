"""What file modes, accounts and capabilities say, kept apart from what the policy says.

Only what was seen counts: without a file's mode, or without the groups of an account where they would
decide, the answer is unknown. Extended ACLs, read-only mounts and attributes are not looked at.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from hardcheck.access import Action, Capability, Object, Path, Port, Subject
from hardcheck.exposure.host import Host
from hardcheck.exposure.model import Identity
from hardcheck.facts import Absent
from hardcheck.facts.labels import FileLabel
from hardcheck.findings.exposure import Ordinary

_BITS = {
    Action.READ: 4,
    Action.WRITE: 2,
    Action.APPEND: 2,
    Action.EXECUTE: 1,
    Action.CONNECT: 2,
}
_LOW_PORTS = 1024
_CAPABILITY = {
    Action.LOAD_MODULE: "sys_module",
    Action.SET_POLICY: "mac_admin",
    Action.MOUNT: "sys_admin",
}


def weigh(host: Host, identities: Iterable[Identity], action: Action, object_: Object) -> Ordinary | None:
    """What else decides about an access: one line for each identity. None where nothing is known to."""
    parts = [(identity, _one(host, identity, action, object_)) for identity in identities]
    seen = [(identity, part) for identity, part in parts if part is not None]
    if not seen:
        return None
    verdicts = {part.verdict for _, part in seen}
    text = "; ".join(dict.fromkeys(f"{_who(identity)}: {part.text}" for identity, part in seen))
    if "permits" in verdicts:
        return Ordinary("permits", text)
    return Ordinary("forbids" if verdicts == {"forbids"} and len(seen) == len(parts) else "unknown", text)


def _who(identity: Identity) -> str:
    return f"uid {identity.uid}" + (f" ({identity.user})" if identity.user else "")


def _one(host: Host, identity: Identity, action: Action, object_: Object) -> Ordinary | None:
    if identity.uid < 0:
        return Ordinary("unknown", "the process was not seen")
    if action in _CAPABILITY:
        return _holds(identity, _CAPABILITY[action])
    if isinstance(object_, Capability):
        return _holds(identity, object_.name)
    if isinstance(object_, Port) and action is Action.BIND and object_.number < _LOW_PORTS:
        return _low_port(host, identity)
    if isinstance(object_, Path):
        return _file(host, identity, action, object_.path)
    if isinstance(object_, Subject) and action in (Action.SIGNAL, Action.PTRACE):
        name = "kill" if action is Action.SIGNAL else "sys_ptrace"
        held = _holds(identity, name)
        text = held.text if held.verdict == "permits" else f"only processes of the same account ({held.text})"
        return Ordinary("permits" if held.verdict == "permits" else "unknown", text)
    return None


def _holds(identity: Identity, name: str) -> Ordinary:
    if name in identity.capabilities:
        return Ordinary("permits", f"holds the capability {name}")
    return Ordinary("forbids", f"does not hold the capability {name}")


def _low_port(host: Host, identity: Identity) -> Ordinary:
    held = _holds(identity, "net_bind_service")
    values = host.facts["sysctl.values"]
    known = {} if isinstance(values, Absent) else values
    value = known.get("net.ipv4.ip_unprivileged_port_start")
    if held.verdict == "permits" or value is None:
        return held
    return Ordinary(held.verdict, f"{held.text}; unprivileged ports are a setting of the kernel")


def _file(host: Host, identity: Identity, action: Action, path: str) -> Ordinary | None:
    if action in (Action.CREATE, Action.DELETE):
        path, bits = posixpath.dirname(path.rstrip("/")) or "/", 3
    elif action in _BITS:
        bits = _BITS[action]
    else:
        return None
    file = host.files.get(path)
    if file is not None and file.kind == "l":
        return Ordinary("unknown", "it is a link; what it leads to was not looked at")
    for folder in _folders(path):
        above = host.files.get(folder)
        if above is not None and _passes(host, identity, above, 1) == "forbids":
            return Ordinary("forbids", f"may not search {folder} ({_shown(host, above)})")
    if file is None:
        return Ordinary("unknown", "its mode was not seen")
    bits |= 1 if file.kind == "d" and bits & 2 else 0
    verdict = _passes(host, identity, file, bits)
    words = {"permits": "may", "forbids": "may not", "unknown": "its groups were not seen for"}
    return Ordinary(verdict, f"{words[verdict]} ({_shown(host, file)})")  # type: ignore[arg-type] # one of three


def _folders(path: str) -> Iterable[str]:
    folder = posixpath.dirname(path)
    while folder not in ("", "/"):
        yield folder
        folder = posixpath.dirname(folder)


def _passes(host: Host, identity: Identity, file: FileLabel, bits: int) -> str:
    """``permits``, ``forbids`` or ``unknown``: path_resolution(7) with the capabilities that override."""
    if "dac_override" in identity.capabilities:
        return "permits"  # execution of a file without any x bit is the exception; none is asked about
    reading = 4 if file.kind != "d" else 5
    if "dac_read_search" in identity.capabilities and not bits & ~reading:
        return "permits"
    try:
        mode = int(file.mode, 8)
    except ValueError:
        return "unknown"
    if file.uid == identity.uid:
        return _by(mode >> 6, bits)
    own, other = _by(mode >> 3, bits), _by(mode, bits)
    if file.gid == identity.gid:
        return own
    if own == other:
        return own
    groups = host.groups
    if isinstance(groups, Absent) or not identity.user:
        return "unknown"
    return own if file.gid in groups.get(identity.user, frozenset()) else other


def _by(mode: int, bits: int) -> str:
    return "forbids" if bits & ~mode & 7 else "permits"


def _shown(host: Host, file: FileLabel) -> str:
    return f"mode {file.mode.rjust(4, '0')}, owner {host.users.get(file.uid, file.uid)}, group {file.gid}"
