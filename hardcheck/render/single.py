"""The part of a report that is about one host, as a report of its own."""

from __future__ import annotations

from collections import Counter

from msgspec.structs import replace

from hardcheck.findings import ControlResult, ProfileResult, Report, Standing, Status


def single_host(report: Report, name: str) -> Report:
    """Return ``report`` with the one host ``name``: its findings, its score, its side of each control.

    The statuses are those of the report. The score of a profile is over the whole scope and says
    nothing of one host, so documents of one host do not show it.
    """
    hosts = tuple(host for host in report.hosts if host.name == name)
    return replace(
        report,
        score=hosts[0].score,
        waived_score=hosts[0].waived_score,
        hosts=hosts,
        findings=tuple(finding for finding in report.findings if finding.host == name),
        profiles=tuple(_profile(profile, name) for profile in report.profiles),
    )


def _profile(profile: ProfileResult, name: str) -> ProfileResult:
    controls = tuple(_control(control, name) for control in profile.controls)
    counts = Counter(control.status for control in controls)
    standings = Counter(control.standing for control in controls)
    return replace(
        profile,
        controls=controls,
        counts={status: counts[status] for status in Status},
        standings={standing: standings[standing] for standing in Standing},
        waived_score=None,
    )


def _control(control: ControlResult, name: str) -> ControlResult:
    if name not in control.hosts:
        return replace(control, hosts={}, standings={}, literal=None, literal_hosts={})
    letter = control.literal_hosts.get(name)
    return replace(
        control,
        status=control.hosts[name],
        hosts={name: control.hosts[name]},
        standing=control.standing_on(name),
        standings={},
        literal=letter,
        literal_hosts={name: letter} if letter is not None else {},
    )
