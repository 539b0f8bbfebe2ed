"""What else the log has of the processes of a denial: an intruder seldom tries one thing."""

from __future__ import annotations

import math

from hardcheck.denials.model import Group

_MOST = 8


class Histories:
    """The groups of a log by the processes in them."""

    def __init__(self, groups: tuple[Group, ...]) -> None:
        self._by_pid: dict[str, list[Group]] = {}
        self._by_source: dict[str, list[Group]] = {}
        for group in groups:
            self._by_source.setdefault(group.source, []).append(group)
            for pid in group.pids.values:
                self._by_pid.setdefault(pid, []).append(group)
        # By id, which is a group's as long as it lives: hence the groups are kept.
        self._groups, self._first = groups, {id(group): _first(group) for group in groups}
        self._told: dict[int, tuple[str, str]] = {}
        for same in self._by_source.values():
            same.sort(key=self._first_of)

    def of(self, group: Group) -> tuple[str, ...]:
        """Lines on who asked and on what else the same processes, else the same domain, were refused."""
        lines = list(_who(group))
        same = [
            other for pid in group.pids.values for other in self._by_pid.get(pid, ()) if other is not group
        ]
        others = list({id(other): other for other in same}.values())
        what = "the same process was also refused"
        if not others:
            others = [other for other in self._by_source.get(group.source, ()) if other is not group]
            what = f"{group.source} was also refused"
        else:
            others.sort(key=self._first_of)
        for other in others[:_MOST]:
            when, asked = self._told_of(other)
            lines.append(f"{when}: {what} {asked}")
        if len(others) > _MOST:
            lines.append(f"and {len(others) - _MOST} more")
        return tuple(lines)

    def _told_of(self, group: Group) -> tuple[str, str]:
        """When a group began and what it is about; many histories tell of the same ones."""
        known = self._told.get(id(group))
        if known is None:
            when = group.first.strftime("%Y-%m-%dT%H:%M:%SZ") if group.first else "at a time not recorded"
            wanted = " ".join((*group.wanted, group.target, group.class_, group.object)).strip()
            known = self._told[id(group)] = (when, f"{wanted} ({group.count} times)")
        return known

    def _first_of(self, group: Group) -> float:
        return self._first[id(group)]


def _first(group: Group) -> float:
    """When a group began, in seconds; after all others where that is not known."""
    return math.inf if group.first is None else group.first.timestamp()


def _who(group: Group) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for example in group.examples:
        process = example.process
        words = []
        if process.exe or process.comm:
            words.append(process.exe or process.comm)
        if process.pid is not None:
            words.append(f"pid {process.pid}")
        if process.ppid is not None:
            words.append(f"parent {process.ppid}")
        words.append("no login" if process.auid is None else f"login {process.auid}")
        if process.argv:
            words.append("ran " + " ".join(process.argv[:12])[:300])
        if len(words) > 1:
            found[", ".join(words)] = None
    return tuple(found)[:4]
