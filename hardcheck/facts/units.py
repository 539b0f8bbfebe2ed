"""systemd units: states, and how far running services are shut in."""

from __future__ import annotations

import msgspec

from hardcheck.facts.base import Absent
from hardcheck.facts.mac import Confined


class UnitState(msgspec.Struct, frozen=True):
    """systemctl(1)'s words. ``enabled`` is the unit file's state (enabled, disabled, masked, static ...,
    empty for a unit that is not there)."""

    name: str
    load: str
    active: str
    sub: str
    enabled: str
    result: str = ""

    @property
    def exists(self) -> bool:
        """Whether there is such a unit."""
        return self.load not in ("not-found", "")

    @property
    def starts_at_boot(self) -> bool:
        """Whether it is enabled for the next boot."""
        return self.enabled in ("enabled", "enabled-runtime", "alias")


class Sandbox(msgspec.Struct, frozen=True):
    """One running service and the settings of systemd.exec(5) that confine it.

    ``user`` is empty for root. Capability and system call sets are as systemctl prints them; ``all`` when
    nothing is taken away. ``apparmor_profile`` and ``selinux_context`` are what the unit asks for.
    """

    unit: str
    main_pid: int
    user: str
    dynamic_user: bool
    no_new_privileges: bool
    protect_system: str
    protect_home: str
    private_tmp: bool
    private_devices: bool
    private_network: bool
    private_users: bool
    protect_kernel_tunables: bool
    protect_kernel_modules: bool
    protect_kernel_logs: bool
    protect_control_groups: bool
    protect_clock: bool
    protect_proc: str
    restrict_namespaces: str
    restrict_suid_sgid: bool
    restrict_address_families: str
    lock_personality: bool
    memory_deny_write_execute: bool
    system_call_filter: str
    capability_bounding: tuple[str, ...]
    ambient_capabilities: tuple[str, ...]
    apparmor_profile: str
    selinux_context: str

    @property
    def runs_as_root(self) -> bool:
        """Whether its main process starts as root."""
        return self.user in ("", "root", "0") and not self.dynamic_user

    @property
    def measures(self) -> tuple[str, ...]:
        """The settings that are on, in systemd's words."""
        flags = {
            "NoNewPrivileges": self.no_new_privileges,
            "ProtectSystem": self.protect_system not in ("no", ""),
            "ProtectHome": self.protect_home not in ("no", ""),
            "PrivateTmp": self.private_tmp,
            "PrivateDevices": self.private_devices,
            "ProtectKernelTunables": self.protect_kernel_tunables,
            "ProtectKernelModules": self.protect_kernel_modules,
            "ProtectControlGroups": self.protect_control_groups,
            "RestrictNamespaces": self.restrict_namespaces not in ("no", ""),
            "MemoryDenyWriteExecute": self.memory_deny_write_execute,
            "SystemCallFilter": self.system_call_filter not in ("~", ""),
            "CapabilityBoundingSet": len(self.capability_bounding) < 30,
        }
        return tuple(name for name, on in flags.items() if on)


class NetworkService(msgspec.Struct, frozen=True):
    """One service that other machines reach, with what shuts it in. ``unit`` is empty where the process that
    listens belongs to none; ``sockets`` are what it listens on.

    ``subjects`` are its SELinux types or AppArmor profiles, ``state`` the least of its processes;
    ``shared_with`` names the other services that run under one of the same. ``opens_sessions``: it starts
    a login of any account, so that what it is denied, every session is denied.
    """

    unit: str
    name: str
    sockets: tuple[str, ...]
    sandbox: Sandbox | Absent
    subjects: tuple[str, ...]
    state: Confined | Absent
    shared_with: tuple[str, ...]
    opens_sessions: bool

    @property
    def shown(self) -> str:
        """``nginx.service (tcp 0.0.0.0:80)``."""
        return f"{self.unit or self.name} ({', '.join(self.sockets)})"
