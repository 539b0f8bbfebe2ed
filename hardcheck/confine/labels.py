"""What the host's policy calls things: the type of a path, of a port; which permissions it knows.

Without a host the names that refpolicy and all distributions' policies share stand in, and the draft
cannot be judged.
"""

from __future__ import annotations

from functools import cached_property
from typing import Protocol

from hardcheck.access import Path, Port
from hardcheck.errors import PolicyError
from hardcheck.selinux.access import SelinuxPolicy
from hardcheck.selinux.file_contexts import FileContexts
from hardcheck.selinux.needs import Needs, Unanswerable

_COMMON = b"""\
/.* system_u:object_r:default_t:s0
/bin(/.*)? system_u:object_r:bin_t:s0
/dev(/.*)? system_u:object_r:device_t:s0
/dev/u?random -c system_u:object_r:urandom_device_t:s0
/etc(/.*)? system_u:object_r:etc_t:s0
/etc/localtime system_u:object_r:locale_t:s0
/etc/resolv\\.conf system_u:object_r:net_conf_t:s0
/etc/hosts system_u:object_r:net_conf_t:s0
/etc/ssl(/.*)? system_u:object_r:cert_t:s0
/etc/pki(/.*)? system_u:object_r:cert_t:s0
/home(/.*)? system_u:object_r:user_home_t:s0
/lib(/.*)? system_u:object_r:lib_t:s0
/opt(/.*)? system_u:object_r:usr_t:s0
/proc(/.*)? system_u:object_r:proc_t:s0
/run(/.*)? system_u:object_r:var_run_t:s0
/sbin(/.*)? system_u:object_r:bin_t:s0
/srv(/.*)? system_u:object_r:var_t:s0
/sys(/.*)? system_u:object_r:sysfs_t:s0
/tmp(/.*)? system_u:object_r:tmp_t:s0
/usr(/.*)? system_u:object_r:usr_t:s0
/usr/s?bin(/.*)? system_u:object_r:bin_t:s0
/usr/lib(/.*)? system_u:object_r:lib_t:s0
/usr/share/(locale|zoneinfo)(/.*)? system_u:object_r:locale_t:s0
/var(/.*)? system_u:object_r:var_t:s0
/var/lib(/.*)? system_u:object_r:var_lib_t:s0
/var/log(/.*)? system_u:object_r:var_log_t:s0
/var/tmp(/.*)? system_u:object_r:tmp_t:s0
"""


class Labels(Protocol):
    """What a writer asks."""

    known: bool  # whether a host answers

    def of(self, path: str, kind: str = "file") -> str:
        """The type of a path; "" where none is defined."""
        ...

    def of_port(self, protocol: str, number: int) -> str:
        """The type of a port; "" where it is not known."""
        ...

    def permissions(self, class_: str, wanted: tuple[str, ...]) -> tuple[str, ...]:
        """Those of the permissions that the policy has."""
        ...

    def attributes(self, wanted: tuple[str, ...]) -> tuple[str, ...]:
        """Those of the attributes that the policy has."""
        ...

    def has_type(self, name: str) -> bool:
        """Whether the policy defines a type."""
        ...


class HostLabels:
    """The names of one host's loaded policy."""

    known = True

    def __init__(self, policy: SelinuxPolicy) -> None:
        self._policy = policy.policy
        self._needs = Needs(policy.policy, policy.file_contexts)

    def of(self, path: str, kind: str = "file") -> str:
        """The type of a path by file_contexts and genfscon."""
        try:
            context = self._needs.of_path(Path(path, kind))
        except Unanswerable:
            return ""
        return self._policy.names.type_name(context.type)

    def of_port(self, protocol: str, number: int) -> str:
        """The type of a port by portcon and what semanage added."""
        port = Port(protocol, number)
        try:
            context = self._policy.lookups.port(port.protocol, port.number)
        except PolicyError:
            return ""
        return self._policy.names.type_name(context.type)

    def permissions(self, class_: str, wanted: tuple[str, ...]) -> tuple[str, ...]:
        """Old policies lack some, such as ``map``."""
        known = self._policy.names.classes.get(class_)
        return tuple(name for name in wanted if known and name in known.masks)

    def attributes(self, wanted: tuple[str, ...]) -> tuple[str, ...]:
        """Policies differ in their attributes of files."""
        names = self._policy.names
        return tuple(name for name in wanted if names.types.get(name) in names.attributes)

    def has_type(self, name: str) -> bool:
        """Whether it is a type and not an attribute."""
        value = self._policy.names.types.get(name)
        return value is not None and value not in self._policy.names.attributes


class CommonLabels:
    """The names that distributions' policies share, where no host can be asked."""

    known = False

    @cached_property
    def _contexts(self) -> FileContexts:
        return FileContexts.from_files({"file_contexts": _COMMON})

    def of(self, path: str, kind: str = "file") -> str:
        """The type by refpolicy's main folders."""
        context = self._contexts.match(path, kind) or ""
        type_ = context.split(":")[2]
        return "" if type_ == "default_t" else type_

    def of_port(self, protocol: str, number: int) -> str:
        """Ports of the web have the same type everywhere; the rest is not known."""
        return "http_port_t" if protocol == "tcp" and number in (80, 443) else ""

    def permissions(self, class_: str, wanted: tuple[str, ...]) -> tuple[str, ...]:
        """All of them."""
        return wanted

    def attributes(self, wanted: tuple[str, ...]) -> tuple[str, ...]:
        """Those that every policy has."""
        common = ("domain", "daemon", "file_type", "non_security_file_type", "logfile", "tmpfile")
        return tuple(name for name in wanted if name in common)

    def has_type(self, name: str) -> bool:
        """Not known to lack it."""
        return True
