"""What the events of all logs add up to: groups, changes, units, and how whole the logs are."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from hardcheck.denials.decode import Decoded
from hardcheck.denials.grouping import Grouper
from hardcheck.denials.joining import RawEvent, moment
from hardcheck.denials.model import (
    ChangeKind,
    Damage,
    Gap,
    Group,
    LogHealth,
    LogSummary,
    Lost,
    StateChange,
    UnitRuns,
)
from hardcheck.denials.streams import Stream

_CHANGES = 2_000
_UNITS = 1_000
_DAMAGES = 50
_LOST = 200
_SILENCED = frozenset({"noatsecure", "rlimitinh", "siginh"})
_DISABLING = ("-DB", "-BD", "-D", "--disable_dontaudit")


class Summary:
    """Takes decoded events; `result` is all of it."""

    def __init__(self) -> None:
        self.grouper = Grouper(self.take)
        self.changes: list[StateChange] = []
        self.more_changes = self.doubles = self.damaged = 0
        self.damages: list[Damage] = []
        self.lost: list[Lost] = []
        self.first_s: float | None = None
        self.last_s: float | None = None
        self.hosts: dict[bytes, None] = {}
        self.interpreted = False
        self._units: dict[str, list[float | int | None]] = {}
        self._last_change: tuple[object, ...] = ()

    def note_time(self, event: RawEvent) -> None:
        """The span of time that the events cover, and the hosts."""
        at_s = event.at_s
        if at_s is not None and 0 < at_s < 1 << 35:
            if self.first_s is None or at_s < self.first_s:
                self.first_s = at_s
            if self.last_s is None or at_s > self.last_s:
                self.last_s = at_s
        if event.node and event.node not in self.hosts and len(self.hosts) < 1000:
            self.hosts[event.node] = None
        self.interpreted = self.interpreted or event.interpreted

    def take(self, event: RawEvent, found: Decoded) -> None:
        """What an event says beside its refusals."""
        for change in found.changes:
            self.add_change(change)
        for unit, started, well in found.units:
            self._add_unit(unit, started, well, event.at_s)
        self.lost += found.lost[: _LOST - len(self.lost)]
        for _, damage in found.damages:
            self.damaged += 1
            if len(self.damages) < _DAMAGES:
                self.damages.append(damage)

    def add_change(self, change: StateChange) -> None:
        """Keep a change; the kernel's and the manager's record of the same one count once."""
        same = (change.kind, change.id, change.name, change.new, change.operation)
        if change.id is not None and same == self._last_change:
            return
        self._last_change = same
        if len(self.changes) < _CHANGES:
            self.changes.append(change)
        else:
            self.more_changes += 1

    def _add_unit(self, unit: str, started: bool, well: bool, at_s: float | None) -> None:
        unit = unit[:256]
        runs = self._units.get(unit)
        if runs is None:
            if len(self._units) >= _UNITS:
                self.more_changes += 1
                return
            runs = self._units[unit] = [0, 0, 0, at_s, at_s]
        runs[0 if started else 1] = int(runs[0 if started else 1] or 0) + 1
        runs[2] = int(runs[2] or 0) + (not well)
        if at_s is not None:
            runs[3] = at_s if runs[3] is None else min(runs[3], at_s)
            runs[4] = at_s if runs[4] is None else max(runs[4], at_s)

    def result(self, streams: Iterable[Stream], since: datetime | None = None) -> LogSummary:
        """Everything; the summary is used up by it. Changes without a record count from ``since`` on."""
        streams = tuple(streams)
        for stream in streams:
            for change in stream.loose.changes[:_CHANGES]:
                if since is None or change.at is None or change.at >= since:
                    self.add_change(change)
        groups = self.grouper.groups()
        changes = tuple(sorted(self.changes, key=_by_time))
        return LogSummary(
            groups=groups,
            changes=changes,
            health=self._health(streams, groups, changes),
            sources=tuple(file.name for stream in streams for file in stream.files),
            hosts=tuple(sorted(host.decode("utf-8", "backslashreplace") for host in self.hosts)),
            units=tuple(_unit_runs(unit, runs) for unit, runs in sorted(self._units.items())),
            more_changes=self.more_changes,
            denials=self.grouper.denials,
        )

    def _health(
        self, streams: tuple[Stream, ...], groups: tuple[Group, ...], changes: tuple[StateChange, ...]
    ) -> LogHealth:
        lost = [*self.lost, *(one for stream in streams for one in stream.loose.lost)]
        damages = [*self.damages, *(one for stream in streams for one in stream.loose.damages)]
        failed = [name for stream in streams for name in stream.failed]
        return LogHealth(
            lines=sum(stream.lines for stream in streams),
            size=sum(stream.size for stream in streams),
            records=sum(stream.joiner.records for stream in streams),
            doubles=self.doubles,
            first=moment(self.first_s),
            last=moment(self.last_s),
            damaged=self.damaged + sum(stream.loose.damaged for stream in streams),
            foreign=sum(stream.loose.foreign for stream in streams),
            damages=tuple(damages[:_DAMAGES]),
            lost=tuple(lost[:_LOST]),
            more_lost=max(0, len(lost) - _LOST) + sum(stream.loose.lost_more for stream in streams),
            gaps=_gaps(changes),
            cut_lines=sum(stream.cut for stream in streams),
            ungrouped=self.grouper.ungrouped,
            dontaudit_off=_dontaudit_off(groups, changes),
            assumed=("times of ausearch -i have no zone: taken as UTC",) if self.interpreted else (),
            unreadable=tuple(f"{name}: {detail}" for name, detail in failed),
        )


def _by_time(change: StateChange) -> tuple[bool, float, int]:
    at = change.at
    return at is None, at.timestamp() if at else 0.0, change.where.line


def _unit_runs(unit: str, runs: list[float | int | None]) -> UnitRuns:
    starts, stops, failed = (int(one or 0) for one in runs[:3])
    return UnitRuns(unit, starts, stops, moment(runs[3]), moment(runs[4]), failed)


def _gaps(changes: tuple[StateChange, ...]) -> tuple[Gap, ...]:
    """Times without auditd: from its end to its next start, where the log has both or is over."""
    gaps: list[Gap] = []
    down: dict[str, datetime | None] = {}
    for change in changes:
        if change.kind is not ChangeKind.AUDIT or change.name != "auditd":
            continue
        if change.new in ("end", "abort"):
            down[change.host] = change.at
        elif change.new == "start" and change.host in down:
            since = down.pop(change.host)
            if since is not None and len(gaps) < 1000:
                gaps.append(Gap("auditd_down", since, change.at))
    gaps += [Gap("auditd_down", since, None) for since in down.values() if since is not None]
    return tuple(gaps)


def _dontaudit_off(groups: tuple[Group, ...], changes: tuple[StateChange, ...]) -> tuple[str, ...]:
    """What shows that ``semodule -DB`` was on: the command, and refusals that every policy silences."""
    found = []
    for change in changes:
        argv = change.process.argv
        if change.kind is ChangeKind.POLICY and any(word in _DISABLING for word in argv[1:]):
            at = change.at.strftime("%Y-%m-%dT%H:%M:%SZ") if change.at else "a time not recorded"
            found.append(f"{' '.join(argv)[:200]} at {at}")
    silenced = [group for group in groups if group.class_ == "process" and _SILENCED & set(group.wanted)]
    count = sum(group.count for group in silenced)
    if count:
        words = sorted({word for group in silenced for word in group.wanted} & _SILENCED)
        found.append(f"{count} denials of {', '.join(words)}, which policies silence by dontaudit")
    return tuple(found[:20])


def lost_for_good(lost: Iterable[Lost], *, beside_audit_log: bool) -> tuple[Lost, ...]:
    """Losses that no other log makes good: what was only not printed is in the audit log."""
    return tuple(one for one in lost if not (beside_audit_log and one.why == "printed"))
