"""The facts about mandatory access control and the system it runs on, with their parsers."""

from __future__ import annotations

from collections.abc import Mapping

from hardcheck.denials.model import LogSummary
from hardcheck.evidence import HostEvidence
from hardcheck.facts import Absent, files, host, labels, processes, selinux
from hardcheck.facts import apparmor as apparmor_facts
from hardcheck.facts import denials as denial_facts
from hardcheck.parse import (
    apparmor_state,
    apparmor_times,
    apparmor_tree,
    apparmor_weaknesses,
    boot_defaults,
    boot_loader,
    denial_log,
    denials,
    file_labels,
    kernel_cmdline,
    kernel_security,
    label_checks,
    module_store,
    os_release,
    owned_files,
    proc,
    selinux_config,
    selinux_policy,
    selinuxfs,
    semanage_export,
    sestatus,
    seusers,
    uname,
)
from hardcheck.parse.base import ParsedFact


def _local_export(evidence: HostEvidence) -> selinux.LocalPolicy | Absent:
    return semanage_export.parse_semanage_export(evidence.get("selinux.export"))


SYSTEM_FACTS: tuple[ParsedFact, ...] = (
    ParsedFact(
        "host.os",
        host.OsRelease,
        "the distribution and its version",
        (os_release.KEY,),
        os_release.parse_os_release,
    ),
    ParsedFact("host.kernel", host.Kernel, "the running kernel", ("kernel.uname",), uname.parse_uname),
    ParsedFact(
        "kernel.command_line",
        host.CommandLine,
        "how the running kernel was started",
        ("kernel.cmdline",),
        kernel_cmdline.parse_proc_cmdline,
    ),
    ParsedFact(
        "kernel.lsm",
        tuple[str, ...],
        "the active security modules in their order",
        ("kernel.lsm",),
        kernel_security.parse_lsm,
    ),
    ParsedFact(
        "kernel.lockdown",
        str,
        "the lockdown level in force",
        ("kernel.lockdown",),
        kernel_security.parse_lockdown,
    ),
    ParsedFact(
        "kernel.config",
        Mapping[str, str],
        "the running kernel's build options on security modules",
        ("kernel.config",),
        kernel_security.parse_kernel_config,
    ),
    ParsedFact(
        "boot.loader",
        host.BootLoader,
        "every boot entry and its kernel options",
        boot_loader.KEYS,
        boot_loader.parse_boot_loader,
        partial=True,
    ),
    ParsedFact(
        "boot.files",
        tuple[files.OwnedFile, ...],
        "owners and modes of the boot loader's files",
        (owned_files.BOOT,),
        owned_files.parse_boot_files,
    ),
    ParsedFact(
        "boot.defaults",
        host.BootDefaults,
        "kernel options that new boot entries are made with",
        (boot_defaults.KEY,),
        boot_defaults.parse_boot_defaults,
        partial=True,
    ),
    ParsedFact(
        "processes.all",
        tuple[processes.Process, ...],
        "every process with its label, identity and privileges",
        proc.KEYS,
        proc.parse_processes,
    ),
)

DENIAL_FACTS: tuple[ParsedFact, ...] = (
    ParsedFact(
        "denials.recent",
        denial_facts.Denials,
        "denials and changes of the MAC state in the logs",
        denials.KEYS,
        denials.parse_denials,
        partial=True,
    ),
    ParsedFact(
        "denials.log",
        LogSummary,
        "the logs of the framework: denials grouped by cause, changes of state, how whole they are",
        denials.KEYS,
        denial_log.parse_denial_log,
        partial=True,
    ),
    ParsedFact(
        "denials.whole",
        bool,
        "whether each log that may hold denials was read",
        denials.KEYS,
        denials.parse_whole,
        partial=True,
    ),
)

SELINUX_FACTS: tuple[ParsedFact, ...] = (
    ParsedFact(
        "selinux.kernel",
        selinux.SelinuxKernel,
        "the state that the kernel holds (selinuxfs)",
        ("selinux.kernel",),
        selinuxfs.parse_selinux_kernel,
    ),
    ParsedFact(
        "selinux.booleans",
        Mapping[str, selinux.Boolean],
        "the booleans of the loaded policy, now and pending",
        ("selinux.kernel",),
        selinuxfs.parse_booleans,
    ),
    ParsedFact(
        "selinux.sestatus",
        selinux.Sestatus,
        "what sestatus says",
        ("selinux.sestatus",),
        sestatus.parse_sestatus,
    ),
    ParsedFact(
        "selinux.config",
        selinux.SelinuxConfig,
        "the configured mode and policy (/etc/selinux/config)",
        ("selinux.config",),
        selinux_config.parse_selinux_config,
    ),
    ParsedFact(
        "selinux.export",
        selinux.LocalPolicy,
        "local changes as semanage exports them",
        ("selinux.export",),
        _local_export,
    ),
    ParsedFact(
        "selinux.store_files",
        selinux.LocalPolicy,
        "local changes as the files of the module store have them",
        (module_store.FILES, module_store.LISTING, "selinux.config"),
        module_store.parse_store_files,
        partial=True,
    ),
    ParsedFact(
        "selinux.modules",
        tuple[selinux.Module, ...],
        "every policy module with its priority",
        (module_store.MODULES, module_store.LISTING, "selinux.config"),
        module_store.parse_modules,
        partial=True,
    ),
    ParsedFact(
        "selinux.store",
        selinux.StoreState,
        "flags of the module store",
        (module_store.LISTING, "selinux.config"),
        module_store.parse_store_state,
    ),
    ParsedFact(
        "selinux.files",
        tuple[files.OwnedFile, ...],
        "owners and modes of SELinux's configuration and policy on disk",
        owned_files.SELINUX_TREES,
        owned_files.parse_selinux_files,
        partial=True,
    ),
    ParsedFact(
        "selinux.logins",
        tuple[selinux.Login, ...],
        "which SELinux user each login gets (seusers)",
        seusers.KEYS,
        seusers.parse_seusers,
    ),
    ParsedFact(
        "selinux.customizable_types",
        frozenset[str],
        "types that restorecon leaves alone",
        seusers.KEYS,
        seusers.parse_customizable_types,
    ),
    ParsedFact(
        "selinux.policy",
        selinux.LoadedPolicy,
        "the policy that the kernel holds",
        ("selinux.policy",),
        selinux_policy.parse_loaded_policy,
    ),
    ParsedFact(
        "selinux.policy_linked",
        selinux.LoadedPolicy,
        "the policy before local changes, with the defaults of its booleans",
        ("selinux.policy_linked",),
        selinux_policy.parse_linked_policy,
    ),
    ParsedFact(
        "labels.files",
        labels.FileLabels,
        "labels of the paths that were looked at",
        ("labels.files",),
        file_labels.parse_file_labels,
    ),
    ParsedFact(
        "labels.checks",
        tuple[selinux.LabelCheck, ...],
        "labels set beside what file_contexts says",
        label_checks.KEYS,
        label_checks.parse_label_checks,
    ),
    ParsedFact(
        "labels.devices",
        labels.FileLabels,
        "device files with the label of unknown devices",
        ("labels.files",),
        file_labels.parse_device_labels,
    ),
)

APPARMOR_FACTS: tuple[ParsedFact, ...] = (
    ParsedFact(
        "apparmor.kernel",
        apparmor_facts.ApparmorKernel,
        "whether AppArmor is on, and its parameters",
        (apparmor_state.KERNEL,),
        apparmor_state.parse_apparmor_kernel,
    ),
    ParsedFact(
        "apparmor.profiles",
        tuple[apparmor_facts.LoadedProfile, ...],
        "the profiles in the kernel with their modes",
        ("apparmor.profiles",),
        apparmor_state.parse_loaded_profiles,
    ),
    ParsedFact(
        "apparmor.status",
        apparmor_facts.AaStatus,
        "what aa-status exits with",
        ("apparmor.status",),
        apparmor_state.parse_aa_status,
        partial=True,
    ),
    ParsedFact(
        "apparmor.service",
        apparmor_facts.ServiceState,
        "the state of apparmor.service",
        ("apparmor.service",),
        apparmor_state.parse_service,
    ),
    ParsedFact(
        "apparmor.entries",
        tuple[apparmor_facts.ProfileEntry, ...],
        "the profiles' folders in securityfs, with the time of their load",
        (apparmor_times.LOADED,),
        apparmor_times.parse_profile_entries,
    ),
    ParsedFact(
        "apparmor.times",
        apparmor_facts.SourceTimes,
        "when the files of the profile tree were changed",
        (apparmor_times.LOADED,),
        apparmor_times.parse_source_times,
    ),
    ParsedFact(
        "apparmor.cache",
        tuple[apparmor_facts.CacheFile, ...],
        "compiled profiles kept for the next boot",
        (apparmor_times.CACHE,),
        apparmor_times.parse_cache,
    ),
    ParsedFact(
        "apparmor.files",
        tuple[files.OwnedFile, ...],
        "owners and modes of the profile tree",
        owned_files.APPARMOR_TREES,
        owned_files.parse_apparmor_files,
        partial=True,
    ),
    ParsedFact(
        "apparmor.tree",
        apparmor_facts.ProfileTree,
        "the text of the profiles on disk",
        apparmor_tree.KEYS,
        apparmor_tree.parse_profile_tree,
        partial=True,
    ),
    ParsedFact(
        "apparmor.weaknesses",
        tuple[apparmor_facts.ProfileWeakness, ...],
        "what the text of the profiles on disk shows to be weak",
        apparmor_weaknesses.WEAKNESS_KEYS,
        apparmor_weaknesses.parse_profile_weaknesses,
        partial=True,
    ),
    ParsedFact(
        "apparmor.attachments",
        Mapping[str, str],
        "the loaded profile that is for each running program",
        apparmor_tree.ATTACHMENT_KEYS,
        apparmor_tree.parse_attachments,
    ),
    ParsedFact(
        "apparmor.pam",
        tuple[str, ...],
        "PAM files whose session stack calls pam_apparmor",
        (apparmor_state.KERNEL,),
        apparmor_state.parse_pam_apparmor,
    ),
)

MAC_PARSERS: tuple[ParsedFact, ...] = (*SYSTEM_FACTS, *SELINUX_FACTS, *APPARMOR_FACTS, *DENIAL_FACTS)
