"""Each MAC objective of the profile ``mac``: the verdict here, and what the other framework would give."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from hardcheck.compare.catalogue import Side
from hardcheck.compare.model import Cover, FailedRule, ObjectiveLine, Prospect, ServiceLine
from hardcheck.engine.controls import combine
from hardcheck.engine.profile import AuditProfile, Control
from hardcheck.facts import Absent, Facts
from hardcheck.findings import Finding, Status

_PARENT = "MAC"


def mac_controls(profile: AuditProfile) -> tuple[Control, ...]:
    """The objectives that are asked of both frameworks."""
    return tuple(control for control in profile.controls if control.parent == _PARENT)


def objective_lines(
    controls: Iterable[Control],
    findings: Iterable[Finding],
    prospects: Iterable[Prospect],
    services: tuple[ServiceLine, ...] | Absent,
    facts: Facts,
) -> tuple[ObjectiveLine, ...]:
    """One line an objective, in the profile's order."""
    by_rule = {finding.rule: finding for finding in findings}
    prospects = tuple(prospects)
    lines = []
    for control in controls:
        found = [by_rule[rule] for rule in control.rules if rule in by_rule]
        lines.append(
            ObjectiveLine(
                control.id,
                control.title,
                combine(finding.status for finding in found),
                Counter(finding.status for finding in found),
                tuple(_failed(finding) for finding in found if finding.status in _NOT_PASSED),
                {one.framework: _would(control.id, one, services, facts) for one in prospects},
            )
        )
    return tuple(lines)


_NOT_PASSED = (Status.FAIL, Status.UNKNOWN, Status.ERROR)


def _failed(finding: Finding) -> FailedRule:
    return FailedRule(
        finding.rule, finding.status, finding.observed, tuple(each.key for each in finding.evidence)
    )


def _would(
    objective: str, prospect: Prospect, services: tuple[ServiceLine, ...] | Absent, facts: Facts
) -> str:
    if prospect.possible is False:
        barred = next(one for one in prospect.conditions if one.met is False and one.barred)
        return f"cannot be had here: {barred.text}" if barred.step == "" else f"not as it is: {barred.step}"
    ask = _WOULD.get(objective)
    return ask(prospect, services, facts) if ask is not None else "nothing is known here"


def _state(prospect: Prospect, services: tuple[ServiceLine, ...] | Absent, facts: Facts) -> str:
    unseen = sum(one.met is None for one in prospect.conditions)
    doubt = f"; {unseen} conditions could not be seen" if unseen else ""
    return f"not running; {len(prospect.steps)} steps to enforcing, a reboot among them{doubt}"


def _policy(prospect: Prospect, services: tuple[ServiceLine, ...] | Absent, facts: Facts) -> str:
    if prospect.framework == "selinux":
        return "one policy for the whole host, loaded before the first service starts"
    return "one profile a program, loaded by apparmor.service; what starts earlier is not confined"


def _confined(prospect: Prospect, services: tuple[ServiceLine, ...] | Absent, facts: Facts) -> str:
    if isinstance(services, Absent):
        return f"unknown: services were not seen ({services.reason})"
    side = prospect.framework
    return f"{cover_text(services, side, network=True)}; {cover_text(services, side, network=False)}"


def cover_text(services: tuple[ServiceLine, ...], side: Side, *, network: bool) -> str:
    """``network services: policy is shipped for 3 of 5, 1 of them in complain mode``."""
    counted = [one.would[side] for one in services if one.network is network]
    kind = "network services" if network else "other services"
    if not counted:
        return f"{kind}: none"
    covers = Counter(counted)
    bound = covers[Cover.ENFORCED] + covers[Cover.SHIPPED] + covers[Cover.PERMISSIVE]
    parts = [f"{kind}: policy is shipped for {bound} of {len(counted)}"]
    if covers[Cover.PERMISSIVE]:
        mode = "in complain mode" if side == "apparmor" else "permissive"
        parts.append(f"{covers[Cover.PERMISSIVE]} of them {mode}")
    if covers[Cover.SHIPPED]:
        parts.append(f"whether it binds was not read for {covers[Cover.SHIPPED]}")
    left = covers[Cover.NONE] + covers[Cover.UNCONFINED]
    if left:
        parts.append(f"{left} would stay unconfined")
    if covers[Cover.UNKNOWN]:
        parts.append(f"{covers[Cover.UNKNOWN]} unknown")
    return ", ".join(parts)


def _labels(prospect: Prospect, services: tuple[ServiceLine, ...] | Absent, facts: Facts) -> str:
    if prospect.framework == "apparmor":
        return "files carry no label that could drift; a rule holds for whatever stands at its path"
    sites = facts["web.sites"]
    roots = set() if isinstance(sites, Absent) else {root for site in sites for root in site.docroots}
    own = sorted(root for root in roots if not root.startswith(("/var/www", "/usr/share")))
    extra = f"; docroots outside of /var/www need a specification: {', '.join(own[:4])}" if own else ""
    return f"every file gets a label, by one relabel of all disks{extra}"


def _loosened(prospect: Prospect, services: tuple[ServiceLine, ...] | Absent, facts: Facts) -> str:
    fresh = (
        "booleans at the policy's defaults, no local module"
        if prospect.framework == "selinux"
        else "nothing disabled, nothing in local/"
    )
    local = facts["selinux.local"]
    if prospect.framework == "apparmor" and not isinstance(local, Absent):
        kept = sum(len(getattr(local, name)) for name in ("booleans", "fcontexts", "ports", "logins"))
        return f"{fresh}; {kept} local changes made for SELinux here do not carry over"
    return fresh


def _trace(prospect: Prospect, services: tuple[ServiceLine, ...] | Absent, facts: Facts) -> str:
    folder = "/etc/selinux" if prospect.framework == "selinux" else "/etc/apparmor and /etc/apparmor.d"
    status = facts["audit.status"]
    if isinstance(status, Absent):
        where = f"whether auditd runs is unknown ({status.reason})"
    else:
        where = "auditd runs" if status.enabled else "auditd does not record"
    return f"denials go to the audit log as well; {where}; watch {folder} instead"


_Would = Callable[[Prospect, "tuple[ServiceLine, ...] | Absent", Facts], str]
_WOULD: Mapping[str, _Would] = {
    "MAC-1": _state,
    "MAC-2": _policy,
    "MAC-3": _confined,
    "MAC-4": _labels,
    "MAC-5": _loosened,
    "MAC-6": _trace,
}
"""By the objectives of ``tools/objectives.yaml``; a test holds the two together."""
