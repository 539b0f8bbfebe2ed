"""systemd units: the state of those that matter for hardening, and the sandbox of every running service."""

from __future__ import annotations

from hardcheck.collect.base import KIB, MIB, CommandSource

UNITS = (
    "apparmor.service",
    "apt-daily-upgrade.timer",
    "apt-daily.timer",
    "audit-rules.service",
    "auditd.service",
    "chrony.service",
    "chronyd.service",
    "dnf-automatic-install.timer",
    "dnf-automatic.timer",
    "dnf5-automatic.timer",
    "docker.service",
    "fail2ban.service",
    "firewalld.service",
    "ip6tables.service",
    "iptables.service",
    "netfilter-persistent.service",
    "nftables.service",
    "ntp.service",
    "ntpd.service",
    "ntpsec.service",
    "podman.service",
    "ssh.service",
    "sshd.service",
    "systemd-sysctl.service",
    "systemd-timesyncd.service",
    "ufw.service",
    "unattended-upgrades.service",
    "yum-cron.service",
)
"""Units whose state is asked for by name; one that does not exist answers ``LoadState=not-found``."""

SANDBOX = (
    "Id",
    "MainPID",
    "User",
    "DynamicUser",
    "NoNewPrivileges",
    "ProtectSystem",
    "ProtectHome",
    "PrivateTmp",
    "PrivateDevices",
    "PrivateNetwork",
    "PrivateUsers",
    "ProtectKernelTunables",
    "ProtectKernelModules",
    "ProtectKernelLogs",
    "ProtectControlGroups",
    "ProtectClock",
    "ProtectHostname",
    "ProtectProc",
    "RestrictNamespaces",
    "RestrictSUIDSGID",
    "RestrictRealtime",
    "RestrictAddressFamilies",
    "LockPersonality",
    "MemoryDenyWriteExecute",
    "CapabilityBoundingSet",
    "AmbientCapabilities",
    "SystemCallFilter",
    "SystemCallArchitectures",
    "RootDirectory",
    "RootImage",
    "AppArmorProfile",
    "SELinuxContext",
    "FragmentPath",
)
"""Properties of systemd.exec(5) that say how far a service is shut in."""

SOURCES = (
    CommandSource(
        "units.states",
        (
            "systemctl",
            "show",
            "--no-pager",
            "--property=Id,LoadState,ActiveState,SubState,UnitFileState,Result",
            *UNITS,
        ),
        max_bytes=64 * KIB,
    ),
    CommandSource(
        "units.running",
        (
            "systemctl",
            "show",
            "--no-pager",
            "--state=running",
            "--property=" + ",".join(SANDBOX),
            "*.service",
        ),
        max_bytes=1 * MIB,
    ),
)
