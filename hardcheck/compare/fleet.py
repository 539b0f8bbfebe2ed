"""A fleet of both frameworks: the same objective on one line, group by group."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from hardcheck.compare.model import Cover, FleetCell, FleetLine, HostComparison
from hardcheck.findings import Framework, Status

_ALL = "all hosts"

Count = Callable[[HostComparison], "tuple[int, int, int]"]
"""Of one host: how many are met, how many there are, how many are unknown."""


def fleet_lines(hosts: tuple[HostComparison, ...]) -> tuple[FleetLine, ...]:
    """Services confined, then each objective. A host that could not be seen counts as one unknown."""
    lines = [
        _line("network services confined", "services", hosts, partial(_services, True)),
        _line("other services confined", "services", hosts, partial(_services, False)),
    ]
    titles = {one.id: one.title for host in hosts for one in host.objectives}
    for name, title in titles.items():
        lines.append(_line(f"{name} {title}", "hosts", hosts, partial(_objective, name)))
    return tuple(lines)


def _line(title: str, unit: str, hosts: Iterable[HostComparison], count: Count) -> FleetLine:
    sums: dict[tuple[str, Framework], list[int]] = {}
    for host in hosts:
        # A host of several groups stands in each; one of none, with the others of none.
        for group in _groups(host):
            numbers = sums.setdefault((group, host.framework), [0, 0, 0])
            for place, number in enumerate(count(host)):
                numbers[place] += number
    cells = (FleetCell(group, framework, *numbers) for (group, framework), numbers in sums.items())
    return FleetLine(title, unit, tuple(cell for cell in cells if cell.total))


def _groups(host: HostComparison) -> tuple[str, ...]:
    own = tuple(group for group in host.groups if group not in ("all", "ungrouped"))
    return own or (_ALL,)


def _services(network: bool, host: HostComparison) -> tuple[int, int, int]:
    if host.unknown or host.services_unknown:
        return 0, 1, 1
    covers = [one.now for one in host.services if one.network is network]
    return covers.count(Cover.ENFORCED), len(covers), covers.count(Cover.UNKNOWN)


def _objective(name: str, host: HostComparison) -> tuple[int, int, int]:
    status = next((one.status for one in host.objectives if one.id == name), Status.UNKNOWN)
    if status is Status.NOT_APPLICABLE:
        return 0, 0, 0
    return int(status is Status.PASS), 1, int(status is Status.UNKNOWN)
