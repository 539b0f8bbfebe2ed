"""Whether changes of the MAC policy leave an audit record, by the rules that are loaded.

A watch holds when a loaded rule records writes and attribute changes of the place or of a folder above it for
everyone, and nothing keeps it from working (`audit_coverage`): auditing is on, and no ``never`` rule comes
before it.
"""

from __future__ import annotations

from typing import Literal

from hardcheck.derive.audit_demands import change_thing
from hardcheck.derive.audit_watches import judge
from hardcheck.facts import Absent
from hardcheck.facts.audit import AuditRule, AuditStatus, MacWatch, PersistentRules
from hardcheck.facts.host import Kernel

PLACES: dict[Literal["selinux", "apparmor"], tuple[str, ...]] = {
    "selinux": ("/etc/selinux", "/usr/share/selinux", "/var/lib/selinux"),
    "apparmor": ("/etc/apparmor", "/etc/apparmor.d"),
}
"""Where each framework keeps its policy and configuration."""


def mac_watches(
    loaded: tuple[AuditRule, ...], status: AuditStatus, kernel: Kernel, kept: PersistentRules | Absent
) -> tuple[MacWatch, ...]:
    """Every place of both frameworks."""
    return tuple(
        _watch(path, framework, loaded, status, kernel, kept)
        for framework, paths in PLACES.items()
        for path in paths
    )


def _watch(
    path: str,
    framework: Literal["selinux", "apparmor"],
    loaded: tuple[AuditRule, ...],
    status: AuditStatus,
    kernel: Kernel,
    kept: PersistentRules | Absent,
) -> MacWatch:
    found = judge(change_thing(kernel, framework, path, recursive=True), loaded, status, kept, {})
    return MacWatch(
        path=path,
        framework=framework,
        watched=found.watched,
        persistent=found.persistent,
        by=found.by,
        place=found.place,
        note=found.note,
    )
