"""The facts about boot, mounts, packages' sources and what else hardening asks for, with their parsers."""

from __future__ import annotations

from collections.abc import Mapping

from hardcheck.facts import boot, coredump, fail2ban, files, mounts, packages, pam, repositories, sshd, time
from hardcheck.parse import (
    apt_sources,
    boot_auth,
    boot_choice,
    boot_firmware,
    boot_loader,
    core_dumps,
    fail2ban_conf,
    ipv6_addresses,
    mount_units,
    namespace_conf,
    pam_stacks,
    release_support,
    rpm_sources,
    sshd_files,
    time_config,
    zypper_patches,
)
from hardcheck.parse.base import ParsedFact

BOOT_FACTS: tuple[ParsedFact, ...] = (
    ParsedFact(
        "boot.auth",
        boot.BootAuth,
        "GRUB's superusers and whether they have passwords",
        (boot_auth.KEY,),
        boot_auth.parse_boot_auth,
    ),
    ParsedFact(
        "boot.choice",
        boot.BootChoice,
        "the boot entry that GRUB takes next",
        boot_loader.KEYS,
        boot_choice.parse_boot_choice,
    ),
    ParsedFact(
        "boot.firmware",
        boot.Firmware,
        "how the host was started, and what the firmware verifies",
        ("boot.firmware",),
        boot_firmware.parse_firmware,
    ),
    ParsedFact(
        "kernel.protections",
        boot.Protections,
        "what the running kernel says of its processor",
        ("kernel.protections",),
        boot_firmware.parse_protections,
    ),
)

MOUNT_FACTS: tuple[ParsedFact, ...] = (
    ParsedFact(
        "mounts.units",
        tuple[mounts.MountUnit, ...],
        "mount units and what starts them",
        (mount_units.UNITS,),
        mount_units.parse_mount_units,
        partial=True,
    ),
    ParsedFact(
        "mounts.removable",
        tuple[str, ...],
        "disks that can be taken out, as MAJOR:MINOR",
        (mount_units.REMOVABLE,),
        mount_units.parse_removable,
    ),
)

DUMP_FACTS: tuple[ParsedFact, ...] = (
    ParsedFact(
        "coredump.config",
        coredump.CoredumpConfig,
        "what systemd-coredump does with what crashed",
        (core_dumps.COREDUMP,),
        core_dumps.parse_coredump_conf,
        partial=True,
    ),
    ParsedFact(
        "limits.core",
        coredump.CoreLimits,
        "hard limits on core files",
        (core_dumps.LIMITS,),
        core_dumps.parse_core_limits,
        partial=True,
    ),
)

LOGIN_FACTS: tuple[ParsedFact, ...] = (
    ParsedFact(
        "pam.services",
        Mapping[str, tuple[pam.PamLine, ...]],
        "the stacks of PAM, by service",
        (pam_stacks.STACKS,),
        pam_stacks.parse_pam_services,
        partial=True,
    ),
    ParsedFact(
        "pam.faillock_conf",
        pam.FaillockConf,
        "the settings of faillock.conf",
        (pam_stacks.FAILLOCK,),
        pam_stacks.parse_faillock_conf,
        partial=True,
    ),
    ParsedFact(
        "pam.namespace_folders",
        tuple[pam.PolyDir, ...],
        "folders of which each login gets an instance",
        (namespace_conf.KEY,),
        namespace_conf.parse_namespace_conf,
        partial=True,
    ),
    ParsedFact(
        "fail2ban.store",
        fail2ban.Fail2banStore,
        "what fail2ban keeps over a restart",
        (fail2ban_conf.KEY,),
        fail2ban_conf.parse_fail2ban_store,
        partial=True,
    ),
    ParsedFact(
        "sshd.config_files",
        tuple[files.OwnedFile, ...],
        "owners and modes of sshd's configuration",
        (sshd_files.CONFIG,),
        sshd_files.parse_sshd_config_files,
    ),
    ParsedFact(
        "sshd.host_keys",
        tuple[files.OwnedFile, ...],
        "owners and modes of sshd's host keys",
        (sshd_files.KEYS,),
        sshd_files.parse_host_keys,
    ),
    ParsedFact(
        "sshd.banner_files",
        Mapping[str, bool],
        "files that usually hold a banner, and whether they have text",
        (sshd_files.BANNERS,),
        sshd_files.parse_banner_files,
        partial=True,
    ),
    ParsedFact(
        "crypto.policy",
        sshd.CryptoPolicy,
        "the system-wide policy for cryptography",
        (sshd_files.POLICY, sshd_files.OPENSSH),
        sshd_files.parse_crypto_policy,
        partial=True,
    ),
    ParsedFact(
        "time.config",
        time.TimeConfig,
        "what the files of the time services say",
        (time_config.KEY,),
        time_config.parse_time_config,
        partial=True,
    ),
    ParsedFact(
        "network.ipv6_in_use",
        tuple[str, ...],
        "interfaces with an IPv6 address that reaches beyond the link",
        (ipv6_addresses.KEY,),
        ipv6_addresses.parse_ipv6_in_use,
    ),
)

SOURCE_FACTS: tuple[ParsedFact, ...] = (
    ParsedFact(
        "repositories.dnf",
        repositories.RpmSources,
        "dnf's sources and what it checks",
        (rpm_sources.DNF,),
        rpm_sources.parse_dnf_sources,
        partial=True,
    ),
    ParsedFact(
        "repositories.zypper",
        repositories.RpmSources,
        "zypper's sources and what it checks",
        (rpm_sources.ZYPPER,),
        rpm_sources.parse_zypper_sources,
        partial=True,
    ),
    ParsedFact(
        "repositories.apt",
        tuple[repositories.AptSource, ...],
        "apt's sources",
        (apt_sources.SOURCES,),
        apt_sources.parse_apt_sources,
        partial=True,
    ),
    ParsedFact(
        "repositories.apt_options",
        tuple[str, ...],
        "options of apt that let unchecked packages in",
        (apt_sources.OPTIONS,),
        apt_sources.parse_apt_options,
    ),
    ParsedFact(
        "repositories.rpm_keys",
        tuple[repositories.SigningKey, ...],
        "keys that rpm trusts",
        (rpm_sources.KEYS,),
        rpm_sources.parse_rpm_keys,
    ),
    ParsedFact(
        "host.support",
        repositories.ReleaseSupport,
        "until when the vendor mends the release",
        ("host.os_release",),
        release_support.parse_release_support,
    ),
    ParsedFact(
        "updates.zypper",
        packages.UpdateMetadata,
        "security patches that zypper's cache knows of",
        ("updates.zypper",),
        zypper_patches.parse_zypper,
    ),
    ParsedFact(
        "updates.suse_cron",
        tuple[str, ...],
        "jobs of YaST's online update",
        ("updates.suse_cron",),
        zypper_patches.parse_suse_cron,
        partial=True,
    ),
)

HARDENING_FACTS: tuple[ParsedFact, ...] = (
    *BOOT_FACTS,
    *MOUNT_FACTS,
    *DUMP_FACTS,
    *LOGIN_FACTS,
    *SOURCE_FACTS,
)
