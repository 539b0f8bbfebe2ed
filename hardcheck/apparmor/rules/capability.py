"""Capability rules: ``capability [NAME ...],``."""

from __future__ import annotations

from typing import ClassVar

from hardcheck.apparmor.syntax import Owner, Prefix, Rule
from hardcheck.apparmor.tokenizer import NAME, Cursor

# In the order of linux/capability.h, so that a position is the number of the capability.
CAPABILITIES = (
    *("chown", "dac_override", "dac_read_search", "fowner", "fsetid", "kill", "setgid", "setuid"),
    *("setpcap", "linux_immutable", "net_bind_service", "net_broadcast", "net_admin", "net_raw"),
    *("ipc_lock", "ipc_owner", "sys_module", "sys_rawio", "sys_chroot", "sys_ptrace", "sys_pacct"),
    *("sys_admin", "sys_boot", "sys_nice", "sys_resource", "sys_time", "sys_tty_config", "mknod"),
    *("lease", "audit_write", "audit_control", "setfcap", "mac_override", "mac_admin", "syslog"),
    *("wake_alarm", "block_suspend", "audit_read", "perfmon", "bpf", "checkpoint_restore"),
)
_KNOWN = frozenset(CAPABILITIES)


class CapabilityRule(Rule, frozen=True, kw_only=True, gc=False):
    """The capabilities named; none named stands for all of them, also those of later kernels."""

    names: tuple[str, ...]

    kind: ClassVar[str] = "capability"

    def covers(self, name: str) -> bool:
        """Whether the rule speaks of this capability."""
        return not self.names or name in self.names


def parse_capability(cursor: Cursor, at: int, prefix: Prefix) -> CapabilityRule:
    """``capability [NAME ...],``; the keyword is taken."""
    if prefix.owner is not Owner.ANY:
        cursor.fail(f"'{prefix.owner}' is not allowed on capability rules", at)
    names: list[str] = []
    while cursor.skip() != ",":
        here = cursor.pos
        name = cursor.take(NAME)
        if name is None:
            cursor.fail(f"expected a capability or ',', found {cursor.peek()}")
        if name not in _KNOWN:
            cursor.fail(f"'{name}' is no capability", here)
        names.append(name)
    cursor.end_of_rule("capability")
    return CapabilityRule(source=cursor.source, at=at, end=cursor.pos, prefix=prefix, names=tuple(names))
