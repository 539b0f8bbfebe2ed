"""Which refusals have one cause: the key that groups them.

SELinux decides by type, class and permission, so a group is a source type, a target type and a class,
and for ports the port. AppArmor decides by profile and name, so there the name is in the key; names
that differ by process id only are one, and many names of one directory are folded (`grouping`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from hardcheck.denials.model import ApparmorDenial, Denial, ErrorKind, Framework, Outcome, SelinuxDenial

_KINDS = {
    "capable": "cap",
    "exec": "exec",
    "ptrace": "ptrace",
    "signal": "signal",
    "change_hat": "change_hat",
    "change_profile": "change_profile",
    "change_onexec": "change_profile",
    "stack": "change_profile",
    "stack_onexec": "change_profile",
    "mount": "mount",
    "remount": "mount",
    "umount": "mount",
    "pivotroot": "mount",
    "userns_create": "namespace",
    "uring_sqpoll": "io_uring",
    "uring_override": "io_uring",
    "sysv_mqueue": "sysv_mqueue",
}
_LETTERS = re.compile(r"[a-z]{1,12}")
_PROC = re.compile(r"^/proc/[0-9]+(?=/|$)(/task/[0-9]+(?=/|$))?")
_MEMFD = re.compile(r"^(/memfd:).*")
_PORT_OF = {"name_bind": "src", "name_connect": "dest"}


class Cause(msgspec.Struct, frozen=True):
    """The key of a group: refusals with equal causes are one."""

    framework: Framework
    outcome: Outcome
    source: str
    target: str
    class_: str
    object: str
    info: str = ""
    error: ErrorKind | None = None


def cause_of(denial: Denial) -> tuple[Cause, tuple[str, ...]]:
    """The cause of a refusal, and what was wanted."""
    if denial.selinux is not None:
        return _selinux(denial, denial.selinux)
    assert denial.apparmor is not None
    return _apparmor(denial, denial.apparmor)


def context_type(context: str) -> str:
    """The type of ``user:role:type[:range]``; a text of another form (a SID's number) as it is."""
    parts = context.split(":", 3)
    return parts[2] if len(parts) >= 3 else context


def kind_of(denial: ApparmorDenial) -> str:
    """What kind of rule the access needs: the record's class, or by its operation on older kernels."""
    if denial.operation == "exec":
        return "exec"
    if denial.operation.startswith("dbus_"):
        return "dbus"
    known = _KINDS.get(denial.operation)
    if known is not None:
        return known
    if denial.class_:
        return denial.class_
    return "net" if denial.family else "file"


def wanted_of(denial: ApparmorDenial) -> tuple[str, ...]:
    """Letters of a file mask (``::r`` and ``r::`` too), or the words of any other."""
    mask = denial.denied or denial.requested
    if (
        kind_of(denial) in ("file", "exec")
        and not denial.family
        and _LETTERS.fullmatch(mask.replace(":", ""))
    ):
        return tuple(dict.fromkeys(mask.replace(":", "")))
    if not mask:
        return (denial.capability,) if denial.capability else (denial.operation,)
    return tuple(dict.fromkeys(mask.replace(",", " ").split()))


def _selinux(denial: Denial, selinux: SelinuxDenial) -> tuple[Cause, tuple[str, ...]]:
    port = next((_port(selinux, name) for name in selinux.permissions if name in _PORT_OF), "")
    cause = Cause(
        framework="selinux",
        outcome=denial.outcome,
        source=context_type(selinux.source),
        target=context_type(selinux.target),
        class_=selinux.class_,
        object=port or selinux.invalid or selinux.raw_target,
        error=selinux.error,
    )
    return cause, selinux.permissions


def _port(selinux: SelinuxDenial, permission: str) -> str:
    number = selinux.extra.get(_PORT_OF[permission]) or selinux.extra.get("src", "")
    return f"{selinux.class_.removesuffix('_socket')} {number}" if number else ""


def _apparmor(denial: Denial, apparmor: ApparmorDenial) -> tuple[Cause, tuple[str, ...]]:
    kind = kind_of(apparmor)
    namespace = f":{apparmor.namespace}://" if apparmor.namespace else ""
    info = "" if apparmor.info.startswith("optional:") else apparmor.info
    cause = Cause(
        framework="apparmor",
        outcome=denial.outcome,
        source=namespace + apparmor.profile,
        target=apparmor.peer or (apparmor.target if kind in ("exec", "change_profile", "change_hat") else ""),
        class_=kind,
        object=_object(apparmor, kind),
        info=info,
    )
    return cause, wanted_of(apparmor)


def _object(apparmor: ApparmorDenial, kind: str) -> str:
    extra = apparmor.extra
    if kind == "cap":
        return apparmor.capability
    if kind == "signal":
        return apparmor.signal
    if kind == "dbus":
        member = extra.get("member") or extra.get("method", "")
        interface = ".".join(filter(None, (extra.get("interface", ""), member)))
        return _words((extra.get("bus", ""), interface or apparmor.name))
    if kind == "net" or apparmor.family:
        end = extra.get("peer_addr") or extra.get("addr", "") if apparmor.family == "unix" else ""
        return _words((apparmor.family, apparmor.sock_type, apparmor.protocol, end))
    if kind == "mount":
        return _words((apparmor.fstype, apparmor.srcname, "->" * bool(apparmor.srcname), apparmor.name))
    return _MEMFD.sub(r"\1*", _PROC.sub("/proc/*", apparmor.name))


def _words(words: Iterable[str]) -> str:
    return " ".join(word for word in words if word)
