"""The table of derived facts about mandatory access control."""

from __future__ import annotations

from hardcheck.derive import apparmor_compare, boot_modes, confinement, framework, selinux_changes
from hardcheck.derive.base import DerivedFact
from hardcheck.facts import apparmor, mac, selinux

_BOOT = ("kernel.command_line", "boot.loader", "kernel.config", "kernel.lsm")

STATE: tuple[DerivedFact, ...] = (
    DerivedFact(
        "mac.framework",
        mac.FrameworkName,
        "the framework that is active",
        (),
        framework.derive_framework,
        weighs=("kernel.lsm", "selinux.kernel", "apparmor.kernel"),
    ),
    DerivedFact(
        "mac.verdict",
        str,
        "the reconciled state in words",
        ("mac.framework",),
        framework.derive_verdict,
        weighs=("selinux.modes", "apparmor.modes", "selinux.kernel", "apparmor.profiles"),
    ),
    DerivedFact(
        "mac.majors",
        tuple[str, ...],
        "the active security modules of which a kernel runs one only",
        ("kernel.lsm",),
        framework.derive_majors,
    ),
    DerivedFact(
        "mac.switches",
        mac.BootSwitches,
        "kernel options that switch the framework off or to permissive",
        ("mac.framework",),
        framework.derive_switches,
        weighs=("kernel.command_line", "boot.loader", "boot.defaults"),
    ),
    DerivedFact(
        "selinux.modes",
        mac.SelinuxModes,
        "SELinux's mode now, configured and after the next boot",
        (),
        boot_modes.derive_selinux_modes,
        weighs=("selinux.kernel", "selinux.config", "selinux.sestatus", *_BOOT),
    ),
    DerivedFact(
        "apparmor.modes",
        mac.ApparmorModes,
        "AppArmor now and after the next boot",
        (),
        boot_modes.derive_apparmor_modes,
        weighs=("apparmor.kernel", "apparmor.profiles", "apparmor.service", *_BOOT),
    ),
)

CONFINEMENT: tuple[DerivedFact, ...] = (
    DerivedFact(
        "mac.subjects",
        tuple[mac.Subject, ...],
        "every process under the active framework",
        ("mac.framework", "processes.all"),
        confinement.derive_subjects,
        weighs=("selinux.kernel", "selinux.policy", "apparmor.profiles"),
    ),
)

LISTENERS = DerivedFact(
    "mac.listeners",
    tuple[mac.ListeningSubject, ...],
    "every listening socket with the subject that holds it",
    ("network.listeners", "mac.subjects"),
    confinement.derive_listeners,
)

CHANGES: tuple[DerivedFact, ...] = (
    DerivedFact(
        "selinux.policy_state",
        selinux.PolicyState,
        "whether a policy of the configured type is loaded",
        ("selinux.kernel",),
        selinux_changes.derive_policy_state,
        weighs=("selinux.config", "selinux.sestatus"),
    ),
    DerivedFact(
        "selinux.local",
        selinux.LocalPolicy,
        "what was changed on this host beside the distribution's policy",
        (),
        selinux_changes.derive_local_policy,
        weighs=("selinux.export", "selinux.store_files"),
    ),
    DerivedFact(
        "selinux.local_modules",
        tuple[selinux.Module, ...],
        "modules installed above the distribution's priorities",
        ("selinux.modules",),
        selinux_changes.derive_local_modules,
    ),
    DerivedFact(
        "selinux.permissive",
        tuple[mac.PermissiveDomain, ...],
        "permissive types with their processes",
        (),
        selinux_changes.derive_permissive_domains,
        weighs=("selinux.policy", "selinux.local", "mac.subjects"),
    ),
    DerivedFact(
        "selinux.boolean_changes",
        tuple[mac.BooleanChange, ...],
        "booleans off default, pending, or not staying as they are",
        ("selinux.booleans",),
        selinux_changes.derive_boolean_changes,
        weighs=("selinux.policy_linked", "selinux.local"),
    ),
)

PROFILES: tuple[DerivedFact, ...] = (
    DerivedFact(
        "apparmor.checks",
        tuple[apparmor.ProfileCheck, ...],
        "loaded profiles set beside their text",
        ("apparmor.profiles", "apparmor.entries", "apparmor.tree", "apparmor.times"),
        apparmor_compare.derive_profile_checks,
    ),
    DerivedFact(
        "apparmor.standings",
        tuple[apparmor.ProfileStanding, ...],
        "loaded profiles with their mode and processes",
        ("apparmor.profiles",),
        apparmor_compare.derive_standings,
        weighs=("apparmor.tree", "mac.subjects"),
    ),
    DerivedFact(
        "apparmor.unattached",
        tuple[apparmor.Unattached, ...],
        "processes that run unconfined although a profile is for them",
        ("mac.subjects", "apparmor.attachments", "apparmor.profiles", "processes.all"),
        apparmor_compare.derive_unattached,
    ),
    DerivedFact(
        "apparmor.not_loaded",
        tuple[apparmor.DiskProfile, ...],
        "profiles on disk that are neither disabled nor loaded",
        ("apparmor.tree", "apparmor.profiles"),
        apparmor_compare.derive_not_loaded,
    ),
    DerivedFact(
        "apparmor.enforced_text",
        tuple[apparmor.DiskProfile, ...],
        "the text of every profile that is loaded and enforced",
        ("apparmor.tree", "apparmor.profiles"),
        apparmor_compare.derive_enforced_text,
    ),
    DerivedFact(
        "apparmor.enforced_weaknesses",
        tuple[apparmor.ProfileWeakness, ...],
        "what is weak in the text of the profiles that are loaded and enforced",
        ("apparmor.weaknesses", "apparmor.profiles", "apparmor.tree"),
        apparmor_compare.derive_enforced_weaknesses,
    ),
)

MAC_DERIVED: tuple[DerivedFact, ...] = (*STATE, *CONFINEMENT, LISTENERS, *CHANGES, *PROFILES)
