"""Whether changes of the MAC policy leave an audit record, by the rules that are loaded.

A watch holds when a loaded rule records writes and attribute changes of the place or of a folder above it for
everyone, and nothing keeps it from working: auditing is on, and no ``never`` rule comes before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from hardcheck.facts import Absent
from hardcheck.facts.audit import AuditRule, AuditStatus, MacWatch, PersistentRules

PLACES: dict[Literal["selinux", "apparmor"], tuple[str, ...]] = {
    "selinux": ("/etc/selinux", "/usr/share/selinux", "/var/lib/selinux"),
    "apparmor": ("/etc/apparmor", "/etc/apparmor.d"),
}
"""Where each framework keeps its policy and configuration."""

_WANTED = frozenset("wa")


def mac_watches(
    loaded: tuple[AuditRule, ...], status: AuditStatus, kept: PersistentRules | Absent
) -> tuple[MacWatch, ...]:
    """Every place of both frameworks."""
    return tuple(
        _watch(path, framework, loaded, status, kept) for framework, paths in PLACES.items() for path in paths
    )


def _watch(
    path: str,
    framework: Literal["selinux", "apparmor"],
    loaded: tuple[AuditRule, ...],
    status: AuditStatus,
    kept: PersistentRules | Absent,
) -> MacWatch:
    now, note = _found(path, loaded)
    boot, _ = (None, "") if isinstance(kept, Absent) else _found(path, kept.rules)
    by = "" if now is None else now.text
    if status.enabled == 0:
        now, note = None, "auditing is off (enabled 0)"
    elif now is None and not isinstance(kept, Absent):
        note = _why_not_loaded(path, kept, status, boot) or note
    return MacWatch(
        path=path,
        framework=framework,
        watched=now is not None,
        persistent=kept if isinstance(kept, Absent) else boot is not None,
        by=by,
        place="" if boot is None else boot.place,
        note=note,
    )


def _found(path: str, rules: Sequence[AuditRule]) -> tuple[AuditRule | None, str]:
    """The rule that records changes of ``path``, or what comes nearest to it and why it does not."""
    note = ""
    for at, rule in enumerate(rules):
        if rule.action != "always" or rule.list_ != "exit" or not _covers(rule, path):
            continue
        shortfall = _shortfall(rule) or _silenced(path, rules[:at], rules)
        if not shortfall:
            return rule, ""
        note = note or shortfall
    return None, note


def _covers(rule: AuditRule, path: str) -> bool:
    if rule.path == path:
        return rule.recursive
    return rule.recursive and path.startswith(rule.path.rstrip("/") + "/")


def _shortfall(rule: AuditRule) -> str:
    """Why a rule on the place does not record every change there."""
    lacking = "".join(sorted(_WANTED - set(rule.permissions), reverse=True))
    if lacking:
        return f"{rule.text}: without the permissions {lacking}"
    if rule.conditions:
        return f"{rule.text}: only where {', '.join(rule.conditions)}"
    if rule.syscalls and "all" not in rule.syscalls:
        return f"{rule.text}: only for {', '.join(rule.syscalls)}"
    return ""


def _silenced(path: str, before: Iterable[AuditRule], every: Iterable[AuditRule]) -> str:
    """A rule that keeps the record from being made: the first that matches decides, lists are apart."""
    for rule in every:
        if rule.action == "never" and rule.list_ == "task" and not rule.conditions:
            return f"{rule.text}: no system call is recorded at all"
    for rule in before:
        if rule.action != "never" or rule.list_ != "exit" or rule.conditions:
            continue
        everything = not rule.path and (not rule.syscalls or "all" in rule.syscalls)
        if everything or (rule.path and _covers(rule, path) and set(rule.permissions) >= _WANTED):
            return f"{rule.text}: comes first"
    return ""


def _why_not_loaded(path: str, kept: PersistentRules, status: AuditStatus, boot: AuditRule | None) -> str:
    """What the files say of a place that no loaded rule watches."""
    refused, _ = _found(path, kept.refused)
    if refused is not None:
        return f"{refused.place} stands below -e 2 and is never loaded"
    if boot is None:
        return ""
    locked = "; the rules are locked until the next boot (-e 2)" if status.enabled == 2 else ""
    return f"{boot.place} is not loaded{locked}"
