"""The report's part on denials arranged for reading: each host's with its plot."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from hardcheck.findings.denials import CauseCount, Enforceable, HostDenials
from hardcheck.render.plot import Plot, draw_days
from hardcheck.render.view import HostView, ReportView

DETAILED_HOSTS = 20
"""Up to so many hosts the page has their denials; beyond, the counts and the JSON report."""

_ORDER = ("not ready", "ready after steps", "unknown", "ready")


@dataclass(frozen=True, slots=True)
class Alike:
    """What only logs and has the same verdict for the same reasons."""

    first: Enforceable
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HostDenialsView:
    """One host; ``plot`` is None where no denial has a day. ``verdicts`` counts what only logs."""

    host: HostView
    denials: HostDenials
    plot: Plot | None
    alike: tuple[Alike, ...]
    verdicts: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class DenialsView:
    """All hosts of which anything was collected, in the report's order; ``causes`` are of all of them."""

    hosts: tuple[HostDenialsView, ...]
    causes: tuple[CauseCount, ...]

    @property
    def detailed(self) -> bool:
        """Whether a document has room for each host's denials."""
        return len(self.hosts) <= DETAILED_HOSTS


def denials_view(view: ReportView) -> DenialsView | None:
    """The part on denials; None for a report without one."""
    hosts = tuple(_host(host, host.result.denials) for host in view.hosts if host.result.denials is not None)
    if not hosts:
        return None
    groups: Counter[str] = Counter()
    lines: Counter[str] = Counter()
    for each in hosts:
        for one in each.denials.causes:
            groups[one.cause] += one.groups
            lines[one.cause] += one.lines
    causes = tuple(CauseCount(cause, groups[cause], count) for cause, count in lines.most_common())
    return DenialsView(hosts, causes)


def _host(host: HostView, denials: HostDenials) -> HostDenialsView:
    alike: dict[tuple[object, ...], list[Enforceable]] = {}
    for one in sorted(denials.enforceable, key=lambda one: (_ORDER.index(one.verdict), -one.denials)):
        alike.setdefault((one.verdict, one.denials, one.steps, one.because), []).append(one)
    counts: Counter[str] = Counter(one.verdict for one in denials.enforceable)
    return HostDenialsView(
        host,
        denials,
        draw_days(denials),
        tuple(Alike(ones[0], tuple(one.name for one in ones)) for ones in alike.values()),
        tuple((verdict, counts[verdict]) for verdict in _ORDER if counts[verdict]),
    )
