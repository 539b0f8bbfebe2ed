"""Security updates that wait, automatic updates, and whether a reboot is due."""

from __future__ import annotations

import re
from collections.abc import Mapping

from hardcheck.facts import Absent, Reason
from hardcheck.facts.packages import (
    AptConfig,
    AutomaticUpdates,
    DnfAutomatic,
    Packages,
    RebootNeeded,
    RebootState,
    SecurityUpdates,
    UpdateMetadata,
)
from hardcheck.facts.units import UnitState

FRESH_DAYS = 7
"""Metadata older than this cannot say that nothing waits."""

_DNF_TIMERS = (
    "dnf-automatic-install.timer",
    "dnf-automatic.timer",
    "dnf5-automatic.timer",
    "yum-cron.service",
)
_SUSE_TIMERS = ("os-update.timer", "transactional-update.timer")
_APT_TIMERS = ("apt-daily.timer", "apt-daily-upgrade.timer")
_SECURITY_TYPES = frozenset({"security", "minimal-security", "default", "distupgrade"})
_NUMBERS = re.compile(r"[0-9]{1,9}")
_DEBIAN_BUILD = re.compile(r" Debian (?P<version>\S+) \(")


def metadata(
    apt: UpdateMetadata | Absent, dnf: UpdateMetadata | Absent, zypper: UpdateMetadata | Absent
) -> UpdateMetadata | Absent:
    """What the host's own package manager knows."""
    managers = (apt, zypper, dnf)
    known = next((each for each in managers if not isinstance(each, Absent)), None)
    if known is not None:
        return known
    there = [each for each in managers if isinstance(each, Absent) and each.reason is not Reason.TOOL_MISSING]
    return there[0] if there else dnf


def security(known: UpdateMetadata) -> SecurityUpdates | Absent:
    """Security updates that wait. That none do takes fresh metadata of a source of security updates."""
    evidence = ("updates.apt", "updates.dnf", "updates.zypper")
    pending = tuple(update for update in known.pending if update.security)
    age = known.age_days
    if pending:
        return SecurityUpdates(pending, -1 if isinstance(age, Absent) else age)
    if isinstance(age, Absent):
        return age
    if not known.security_source:
        return Absent(
            Reason.NOT_PRESENT, evidence, "no source of security updates is among the package lists"
        )
    if age > FRESH_DAYS:
        return Absent(Reason.NOT_PRESENT, evidence, f"the newest package list is {age} days old")
    return SecurityUpdates((), age)


def automatic(
    packages: Packages,
    states: Mapping[str, UnitState],
    apt: AptConfig | Absent,
    dnf: DnfAutomatic | Absent,
    cron: tuple[str, ...] | Absent,
) -> AutomaticUpdates | Absent:
    """Whether security updates are installed by themselves, and what is missing."""
    if packages.manager == "dpkg":
        if "unattended-upgrades" not in packages.installed:
            return AutomaticUpdates("none", on=False, gaps=("unattended-upgrades is not installed",))
        return apt if isinstance(apt, Absent) else _unattended(apt, states)
    if "zypper" in packages.installed and "dnf-automatic" not in packages.installed:
        return _of_suse(states, cron)
    if not any(name in packages.installed for name in ("dnf-automatic", "yum-cron")) and not _on(
        states, _DNF_TIMERS
    ):
        return AutomaticUpdates("none", on=False, gaps=("dnf-automatic is not installed",))
    if isinstance(dnf, Absent):
        return dnf
    return _dnf_automatic(dnf, states)


def _on(states: Mapping[str, UnitState], names: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the units that run now and start at boot."""
    return tuple(
        name
        for name in names
        if name in states and states[name].active == "active" and states[name].starts_at_boot
    )


def _of_suse(states: Mapping[str, UnitState], cron: tuple[str, ...] | Absent) -> AutomaticUpdates | Absent:
    """The timers of SUSE's systems, or the job that YaST leaves for cron."""
    running = _on(states, _SUSE_TIMERS)
    if running:
        return AutomaticUpdates(running[0], on=True)
    if isinstance(cron, Absent):
        return cron
    if cron:
        return AutomaticUpdates(cron[0], on=True)
    gaps = (
        "neither os-update.timer nor transactional-update.timer runs, and YaST's online update is not set",
    )
    return AutomaticUpdates("none", on=False, gaps=gaps)


def _unattended(apt: AptConfig, states: Mapping[str, UnitState]) -> AutomaticUpdates:
    gaps = []
    if not apt.enable:
        gaps.append("APT::Periodic::Enable is off")
    if not apt.update_lists_days:
        gaps.append("APT::Periodic::Update-Package-Lists is 0: the lists grow old")
    if not apt.unattended_upgrade_days:
        gaps.append("APT::Periodic::Unattended-Upgrade is 0")
    if not any("security" in origin.lower() for origin in apt.origins):
        gaps.append("no security archive is among the allowed origins")
    running = _on(states, _APT_TIMERS)
    gaps += [f"{name} is not active and enabled" for name in _APT_TIMERS if name not in running]
    return AutomaticUpdates("unattended-upgrades", on=not gaps, gaps=tuple(gaps))


def _dnf_automatic(dnf: DnfAutomatic, states: Mapping[str, UnitState]) -> AutomaticUpdates:
    running = _on(states, _DNF_TIMERS)
    gaps = []
    if not running:
        gaps.append("no timer of dnf-automatic is active and enabled")
    if not dnf.apply_updates and "dnf-automatic-install.timer" not in running:
        gaps.append(f"apply_updates is not yes in {dnf.file}")
    if dnf.upgrade_type not in _SECURITY_TYPES:
        gaps.append(f"upgrade_type is {dnf.upgrade_type} in {dnf.file}"[:200])
    return AutomaticUpdates("dnf-automatic", on=not gaps, gaps=tuple(gaps))


def reboot_needed(state: RebootState, packages: Packages | Absent) -> RebootNeeded | Absent:
    """Whether what is on disk takes a reboot to run: the marks of packages, a newer kernel, a newer build of
    the running one."""
    reasons = []
    if state.marked:
        names = ", ".join(state.marked_by[:5])
        reasons.append(f"packages ask for it{': ' + names if names else ''}")
    newest = _newest(state)
    if isinstance(newest, str) and _order(newest) > _order(state.running):
        reasons.append(f"kernel {newest} is installed, {state.running} runs")
    build = _other_build(state, packages)
    if build:
        reasons.append(build)
    if not reasons and isinstance(newest, Absent):
        return newest
    return RebootNeeded(bool(reasons), tuple(reasons), state.running, newest)


def _newest(state: RebootState) -> str | Absent:
    """The newest kernel on disk, rescue images apart."""
    names = [name.partition("-")[2] for name in state.images] or list(state.modules)
    releases = [
        name for name in names if name[:1].isdigit() and "rescue" not in name and not name.endswith(".old")
    ]
    if not releases:
        why = "no kernel image in /boot" if state.boot_readable else "/boot could not be listed"
        reason = Reason.NOT_PRESENT if state.boot_readable else Reason.DENIED
        return Absent(reason, ("reboot.state",), why)
    return max(releases, key=_order)


def _order(release: str) -> tuple[int, ...]:
    """The numbers in front of a release: 5.14.0-427.13.1.el9_4.x86_64 is (5, 14, 0, 427, 13, 1)."""
    lead = re.match(r"[0-9.+~_-]*", release)
    return tuple(int(part) for part in _NUMBERS.findall(lead[0] if lead is not None else ""))


def _other_build(state: RebootState, packages: Packages | Absent) -> str:
    """On Debian the running kernel names its package's version: another one on disk waits for a reboot."""
    match = _DEBIAN_BUILD.search(state.version)
    if match is None or isinstance(packages, Absent):
        return ""
    installed = packages.installed.get(f"linux-image-{state.running}", ())
    if not installed or any(package.version == match["version"] for package in installed):
        return ""
    return f"build {installed[0].version} of the running kernel is installed, {match['version']} runs"
