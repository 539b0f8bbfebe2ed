"""Which framework is active, and the reconciled state of MAC in words."""

from __future__ import annotations

from hardcheck.derive.lsm_order import EXCLUSIVE, switched_off
from hardcheck.facts import Absent, Reason
from hardcheck.facts.apparmor import ApparmorKernel, LoadedProfile
from hardcheck.facts.host import BootDefaults, BootLoader, CommandLine
from hardcheck.facts.mac import ApparmorModes, BootSwitches, FrameworkName, SelinuxModes
from hardcheck.facts.selinux import SelinuxKernel


def derive_framework(
    active: tuple[str, ...] | Absent, selinux: SelinuxKernel | Absent, apparmor: ApparmorKernel | Absent
) -> FrameworkName | Absent:
    """selinux where a policy is loaded, apparmor where the module is on, neither where both were
    seen not to be; otherwise Absent with the reason of what could not be seen.

    The list of active modules decides only where the framework's own files could not be read: SELinux stands
    in it also when it was never given a policy.
    """
    if not isinstance(selinux, Absent) and selinux.policy_loaded:
        return "selinux"
    if not isinstance(apparmor, Absent) and apparmor.enabled:
        return "apparmor"
    for name, state in (("selinux", selinux), ("apparmor", apparmor)):
        if isinstance(state, Absent) and state.reason is not Reason.NOT_PRESENT:
            if isinstance(active, Absent):
                return state
            if name in active:
                return "apparmor" if name == "apparmor" else state
    return "neither"


def derive_majors(active: tuple[str, ...]) -> tuple[str, ...]:
    """The active modules of which the kernel runs one only, in their order.

    TOMOYO is not one of them: it stands beside another and does nothing before its loader gives it a policy.
    """
    return tuple(name for name in active if name in EXCLUSIVE)


def derive_verdict(
    framework: FrameworkName,
    selinux: SelinuxModes | Absent,
    apparmor: ApparmorModes | Absent,
    kernel: SelinuxKernel | Absent,
    profiles: tuple[LoadedProfile, ...] | Absent,
) -> str | Absent:
    """The state in words for the host's page."""
    if framework == "selinux":
        return selinux if isinstance(selinux, Absent) else f"SELinux {selinux.shown}"
    if framework == "apparmor":
        if isinstance(apparmor, Absent):
            return apparmor
        if isinstance(profiles, Absent):
            return f"AppArmor {apparmor.shown}; profiles unknown ({profiles.reason})"
        modes = [profile.mode for profile in profiles]
        counts = ", ".join(f"{modes.count(mode)} {mode}" for mode in sorted(set(modes))) or "none"
        return f"AppArmor {apparmor.shown}; profiles: {counts}"
    if not isinstance(kernel, Absent) and not kernel.policy_loaded:
        return "no MAC framework is active: SELinux is switched on and has no policy"
    return "no MAC framework is active"


def derive_switches(
    framework: FrameworkName,
    running: CommandLine | Absent,
    loader: BootLoader | Absent,
    defaults: BootDefaults | Absent,
) -> BootSwitches:
    """Options of the kernel that switch the active framework off or to permissive.

    For a host with neither framework those of both count. A host without a boot loader of its own is
    taken to be started again as it was. One without files that entries are generated from has no
    option there: that it has none was seen.
    """
    next_: tuple[str, ...] | Absent
    if isinstance(loader, Absent):
        next_ = loader
        if loader.reason is Reason.NOT_PRESENT:
            again = running if isinstance(running, Absent) else weakening(running, framework)
            next_ = again if isinstance(again, Absent) else tuple(f"started as now: {o}" for o in again)
    elif loader.opaque:
        next_ = Absent(Reason.NOT_COLLECTED, ("boot.loader",), f"options are inside {loader.opaque[0]}")
    else:
        next_ = tuple(
            f"{entry.title or entry.source}: {option}"
            for entry in loader.service_entries
            for option in weakening(entry.options, framework)
        )
    generated: tuple[str, ...] | Absent
    if isinstance(defaults, Absent):
        generated = () if defaults.reason is Reason.NOT_PRESENT else defaults
    else:
        generated = tuple(
            f"{path}: {option}"
            for path, line in sorted(defaults.options.items())
            for option in weakening(line, framework)
        )
    return BootSwitches(
        running if isinstance(running, Absent) else weakening(running, framework), next_, generated
    )


def weakening(line: CommandLine, framework: FrameworkName) -> tuple[str, ...]:
    """The parameters of a command line that switch the framework off or make it permissive."""
    found = [
        f"{module}={line.value(module)}"
        for module in ("selinux", "apparmor")
        if framework in (module, "neither") and switched_off(line, module)
    ]
    if framework in ("selinux", "neither"):
        found += [p for p in line.parameters if p.startswith("enforcing=") and not p[10:].strip("0+-")]
    order, chosen = line.value("lsm"), line.value("security")
    if framework != "neither":
        if order is not None and framework not in order.split(","):
            found.append(f"lsm={order}")
        elif order is None and chosen is not None and chosen != framework:
            found.append(f"security={chosen}")
    return tuple(dict.fromkeys(found))
