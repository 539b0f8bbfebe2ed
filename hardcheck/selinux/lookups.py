"""Contexts of objects that get theirs from the policy: ports, nodes, interfaces, file systems.

Source: kernel security/selinux/ss/services.c ``security_port_sid``, ``security_node_sid``,
``security_netif_sid``, ``__security_genfs_sid``, ``security_fs_use``. Not covered: wildcards in
genfscon and netifcon (capabilities ``genfs_seclabel_wildcard``, ``netif_wildcard``), InfiniBand.
"""

from __future__ import annotations

import ipaddress
from functools import cached_property

from hardcheck.errors import PolicyError
from hardcheck.selinux.contexts import FsUse, PortRange, SecurityContext
from hardcheck.selinux.names import Names
from hardcheck.selinux.policydb import PolicyDb

PROTOCOLS = {"tcp": 6, "udp": 17, "dccp": 33, "sctp": 132}
INITIAL_SIDS = (
    "kernel",
    "security",
    "unlabeled",
    "fs",
    "file",
    "file_labels",
    "init",
    "any_socket",
    "port",
    "netif",
    "netmsg",
    "node",
    "igmp_packet",
    "icmp_socket",
    "tcp_socket",
    "sysctl_modprobe",
    "sysctl",
    "sysctl_fs",
    "sysctl_kernel",
    "sysctl_net",
    "sysctl_net_unix",
    "sysctl_vm",
    "sysctl_dev",
    "kmod",
    "policy",
    "scmp_packet",
    "devnull",
)
# Where a host has the file systems whose files have no label on disk.
PSEUDO_MOUNTS = {
    "/proc": "proc",
    "/sys": "sysfs",
    "/sys/fs/bpf": "bpf",
    "/sys/fs/cgroup": "cgroup2",
    "/sys/fs/pstore": "pstore",
    "/sys/fs/selinux": "selinuxfs",
    "/sys/kernel/config": "configfs",
    "/sys/kernel/debug": "debugfs",
    "/sys/kernel/security": "securityfs",
    "/sys/kernel/tracing": "tracefs",
    "/proc/sys/fs/binfmt_misc": "binfmt_misc_fs",
    "/sys/firmware/efi/efivars": "efivarfs",
}


class Lookups:
    """Looks up the contexts of unlabelled objects in one policy."""

    def __init__(self, policydb: PolicyDb, names: Names) -> None:
        self._objects = policydb.object_contexts
        self._names = names
        self._genfs = {
            system.file_system: sorted(system.paths, key=lambda path: -len(path.path))
            for system in policydb.genfs
        }

    @cached_property
    def _sids(self) -> dict[int, SecurityContext]:
        return {record.sid: record.context for record in self._objects.initial_sids}

    def initial(self, name: str) -> SecurityContext:
        """Return the context of an initial SID by its name.

        Raises:
            PolicyError: no such SID in the policy.
        """
        number = INITIAL_SIDS.index(name) + 1 if name in INITIAL_SIDS else 0
        if number not in self._sids:
            raise PolicyError("initial SIDs", f"one named {name}", "none")
        return self._sids[number]

    def port(self, protocol: str, number: int) -> SecurityContext:
        """Return the context of a port: the first record that has it, else the initial SID.

        Raises:
            PolicyError: a protocol other than `PROTOCOLS`.
        """
        wanted = _protocol(protocol)
        for record in self._objects.ports:
            if record.protocol == wanted and record.low <= number <= record.high:
                return record.context
        return self.initial("port")

    def ports(self, protocol: str) -> tuple[PortRange, ...]:
        """Return the port records of a protocol in the order in which they are tried."""
        wanted = _protocol(protocol)
        return tuple(record for record in self._objects.ports if record.protocol == wanted)

    def node(self, address: str) -> SecurityContext:
        """Return the context of an IPv4 or IPv6 address.

        Raises:
            PolicyError: not an address.
        """
        try:
            packed = ipaddress.ip_address(address).packed
        except ValueError:
            raise PolicyError("node", "an IP address", repr(address[:80])) from None
        wanted = int.from_bytes(packed, "big")
        for node in self._objects.nodes if len(packed) == 4 else self._objects.nodes6:
            if wanted & int.from_bytes(node.mask, "big") == int.from_bytes(node.address, "big"):
                return node.context
        return self.initial("node")

    def interface(self, name: str) -> SecurityContext:
        """Return the context of a network interface."""
        for interface in self._objects.interfaces:
            if interface.name == name:
                return interface.context
        return self.initial("netif")

    def fs_use(self, file_system: str) -> FsUse | None:
        """Return how a file system type is labelled, None where only genfscon may say."""
        return next((rule for rule in self._objects.fs_uses if rule.name == file_system), None)

    def genfs(self, file_system: str, path: str, class_: str = "") -> SecurityContext | None:
        """Return the context of a file on a file system without labels, None where no rule fits.

        ``path`` is relative to the mount and begins with ``/``.
        """
        known = self._names.classes.get(class_)
        value = known.value if known else 0
        for rule in self._genfs.get(file_system, ()):
            if path.startswith(rule.path) and (not rule.class_ or not value or rule.class_ == value):
                return rule.context
        return None

    def pseudo_file(self, path: str, class_: str = "") -> SecurityContext | None:
        """Return the context of a file below ``/proc``, ``/sys`` and their like, else None.

        Files of processes (``/proc/PID``) have the context of the process; they give None too.
        """
        mounts = [mount for mount in PSEUDO_MOUNTS if path == mount or path.startswith(f"{mount}/")]
        if not mounts:
            return None
        mount = max(mounts, key=len)
        rest = path[len(mount) :] or "/"
        if mount == "/proc" and rest.split("/")[1].isdigit():
            return None
        for file_system in (PSEUDO_MOUNTS[mount], "cgroup" if mount == "/sys/fs/cgroup" else ""):
            found = self.genfs(file_system, rest, class_)
            if found is not None:
                return found
        return None


def _protocol(name: str) -> int:
    if name not in PROTOCOLS:
        raise PolicyError("port", f"a protocol of {' '.join(PROTOCOLS)}", repr(name[:40]))
    return PROTOCOLS[name]
