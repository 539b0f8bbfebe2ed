"""Derived facts about boot, mounts, logins and the sources of packages."""

from __future__ import annotations

from collections.abc import Mapping

from hardcheck.derive import (
    boot_arguments,
    fail2ban_store,
    mount_places,
    package_sources,
    pam_lockout,
    sshd_settings,
    sudo_contexts,
    time_sources,
)
from hardcheck.derive.base import DerivedFact
from hardcheck.facts import accounts, boot, fail2ban, mounts, pam, repositories, sshd, time

_MOUNTS = ("mounts.fstab", "mounts.units", "sysctl.reading")

HARDENING_DERIVED: tuple[DerivedFact, ...] = (
    DerivedFact(
        "boot.arguments",
        Mapping[str, boot.KernelArgument],
        "parameters of the kernel now and after the next boot",
        (),
        boot_arguments.arguments,
        weighs=("kernel.command_line", "boot.choice", "boot.loader"),
    ),
    DerivedFact(
        "boot.generated",
        Mapping[str, str],
        "parameters of the kernel that boot entries are made with",
        ("boot.defaults",),
        boot_arguments.generated,
    ),
    DerivedFact(
        "boot.page_tables",
        boot.Safeguard,
        "isolation of page tables, now and after the next boot",
        ("boot.arguments", "kernel.protections"),
        boot_arguments.page_tables,
    ),
    DerivedFact(
        "boot.branch_targets",
        boot.Safeguard,
        "protection of branch targets, now and after the next boot",
        ("boot.arguments", "kernel.protections"),
        boot_arguments.branch_targets,
    ),
    DerivedFact(
        "boot.vsyscall",
        boot.Safeguard,
        "removal of the vsyscall page, now and after the next boot",
        ("boot.arguments", "kernel.protections"),
        boot_arguments.vsyscall,
        weighs=("sysctl.kernel_options",),
    ),
    DerivedFact(
        "boot.no_execute",
        boot.Safeguard,
        "no-execute protection, now and after the next boot",
        ("boot.arguments", "kernel.protections"),
        boot_arguments.no_execute,
    ),
    DerivedFact(
        "boot.freed_pages",
        boot.Safeguard,
        "clearing or poisoning of freed pages, now and after the next boot",
        ("boot.arguments",),
        boot_arguments.freed_pages,
        weighs=("sysctl.kernel_options",),
    ),
    DerivedFact(
        "boot.freed_memory",
        boot.Safeguard,
        "clearing or poisoning of freed memory, now and after the next boot",
        ("boot.arguments",),
        boot_arguments.freed_memory,
        weighs=("sysctl.kernel_options",),
    ),
    DerivedFact(
        "boot.lockdown",
        boot.Safeguard,
        "lockdown of the kernel, now and after the next boot",
        ("boot.arguments",),
        boot_arguments.lockdown,
        weighs=("sysctl.kernel_options", "kernel.lockdown", "kernel.lsm", "boot.firmware"),
    ),
    DerivedFact(
        "mounts.places",
        tuple[mounts.PlaceMount, ...],
        "places that hardening asks a file system of their own for",
        ("mounts",),
        mount_places.places,
        weighs=_MOUNTS,
    ),
    DerivedFact(
        "mounts.local",
        tuple[mounts.PlaceMount, ...],
        "file systems on the host's own disks beside the root",
        ("mounts",),
        mount_places.local_file_systems,
        weighs=_MOUNTS,
    ),
    DerivedFact(
        "mounts.removable_media",
        tuple[mounts.PlaceMount, ...],
        "media that can be taken out, mounted or named in fstab",
        ("mounts", "mounts.removable"),
        mount_places.removable_media,
        weighs=("mounts.fstab",),
    ),
    DerivedFact(
        "pam.lockouts",
        tuple[pam.Lockout, ...],
        "what failed logins come to, by service",
        ("pam.services",),
        pam_lockout.lockouts,
        weighs=("pam.faillock_conf",),
    ),
    DerivedFact(
        "fail2ban.persistence",
        fail2ban.Fail2banPersistence,
        "whether bans and log survive a restart",
        ("fail2ban.store",),
        fail2ban_store.persistence,
        weighs=("fail2ban.server",),
    ),
    DerivedFact(
        "sshd.limits",
        sshd.SshdLimits,
        "settings of the SSH server that are several numbers",
        ("sshd.effective",),
        sshd_settings.limits,
    ),
    DerivedFact(
        "sshd.banner",
        sshd.SshdBanner,
        "what the SSH server shows before login",
        ("sshd.effective",),
        sshd_settings.banner,
        weighs=("sshd.banner_files",),
    ),
    DerivedFact(
        "sshd.crypto_policy",
        sshd.SshdCryptoPolicy,
        "where the SSH server leaves the system-wide policy for cryptography",
        ("crypto.policy", "sshd.effective"),
        sshd_settings.crypto_policy,
    ),
    DerivedFact(
        "time.sources",
        tuple[time.TimeSource, ...],
        "servers of the time service that runs",
        ("time.config", "time.sync"),
        time_sources.sources,
    ),
    DerivedFact(
        "repositories.rpm",
        repositories.RpmSources,
        "sources of rpm packages and what is checked",
        (),
        package_sources.rpm_sources,
        weighs=("repositories.dnf", "repositories.zypper", "packages"),
    ),
    DerivedFact(
        "repositories.vendor_keys",
        tuple[repositories.SigningKey, ...],
        "the vendor's keys among those that rpm trusts",
        ("host.os", "repositories.rpm_keys"),
        package_sources.vendor_keys,
    ),
    DerivedFact(
        "accounts.sudo_contexts",
        tuple[accounts.SudoContext, ...],
        "sudo rules that give any command, with their SELinux role and type",
        ("accounts.sudoers",),
        sudo_contexts.sudo_contexts,
    ),
)
