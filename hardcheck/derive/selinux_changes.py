"""What was changed on this host beside the distribution's SELinux policy."""

from __future__ import annotations

from collections.abc import Mapping

from hardcheck.facts import Absent, Reason
from hardcheck.facts.mac import BooleanChange, PermissiveDomain, Subject
from hardcheck.facts.selinux import (
    Boolean,
    LoadedPolicy,
    LocalPolicy,
    Module,
    PolicyState,
    SelinuxConfig,
    SelinuxKernel,
    Sestatus,
)

LINKED = ("selinux.policy_linked",)


def derive_policy_state(
    kernel: SelinuxKernel, config: SelinuxConfig | Absent, sestatus: Sestatus | Absent
) -> PolicyState:
    """Whether the loaded policy is of the configured type. sestatus names the loaded one after the
    configuration it reads itself, so it can only tell that there is one, and that both agree."""
    configured = config if isinstance(config, Absent) else config.policy_type
    loaded = sestatus if isinstance(sestatus, Absent) else sestatus.loaded_policy
    matches: bool | Absent
    if not kernel.policy_loaded:
        matches = False
    elif isinstance(configured, Absent):
        matches = configured
    else:
        matches = loaded if isinstance(loaded, Absent) else loaded == configured
    return PolicyState(kernel.policy_loaded, configured, loaded, matches)


def derive_local_policy(export: LocalPolicy | Absent, store: LocalPolicy | Absent) -> LocalPolicy | Absent:
    """The local changes: as semanage exports them, or from the store's files where it could not be
    asked. Never an empty answer for one that was refused."""
    if not isinstance(export, Absent):
        return export
    if not isinstance(store, Absent):
        return store
    return export if store.reason is Reason.NOT_COLLECTED else store


def derive_local_modules(modules: tuple[Module, ...]) -> tuple[Module, ...]:
    """Modules installed above the distribution's priorities."""
    return tuple(module for module in modules if module.local and module.enabled)


def derive_permissive_domains(
    policy: LoadedPolicy | Absent, local: LocalPolicy | Absent, subjects: tuple[Subject, ...] | Absent
) -> tuple[PermissiveDomain, ...] | Absent:
    """Every permissive type of the loaded policy with its processes.

    Where the policy could not be read, those that this host made permissive: they prove that there are
    some, and their lack proves nothing (the distribution's policy may have its own).
    """
    if not isinstance(policy, Absent):
        types = policy.permissive
    elif not isinstance(local, Absent) and local.permissive:
        types = local.permissive
    else:
        return policy
    running: dict[str, list[str]] = {}
    for subject in () if isinstance(subjects, Absent) else subjects:
        running.setdefault(subject.subject, []).append(f"{subject.name} (pid {subject.pid})")
    return tuple(
        PermissiveDomain(
            type_,
            tuple(running.get(type_, ())),
            local if isinstance(local, Absent) else type_ in local.permissive,
        )
        for type_ in sorted(set(types))
    )


def derive_boolean_changes(
    booleans: Mapping[str, Boolean], linked: LoadedPolicy | Absent, local: LocalPolicy | Absent
) -> tuple[BooleanChange, ...] | Absent:
    """Every boolean that is off its default, pending, or will not stay as it is.

    The defaults are the booleans of the policy as its modules were linked. Where the host keeps no
    such file, what was set persistently is named, and the lack of it proves nothing: a boolean can
    be switched for the time until the next boot.
    """
    if isinstance(linked, Absent) and isinstance(local, Absent):
        return local
    persistent = {} if isinstance(local, Absent) else {record.name: record.on for record in local.booleans}
    found = []
    for name, boolean in sorted(booleans.items()):
        default: bool | Absent
        if isinstance(linked, Absent):
            default = linked
        elif name in linked.booleans:
            default = linked.booleans[name]
        else:
            default = Absent(Reason.NOT_PRESENT, LINKED, f"{name} is not in the linked policy")
        after_boot = local if isinstance(local, Absent) else persistent.get(name, default)
        change = BooleanChange(name, default, boolean.now, boolean.pending, after_boot, name in persistent)
        if change.local or change.off_default is True or change.stays is False:
            found.append(change)
    if not found and isinstance(linked, Absent):
        return linked
    return tuple(found)
