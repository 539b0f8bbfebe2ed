"""The services of a host, and which policy the frameworks ship for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hardcheck.compare.catalogue import Lookup, Shipped, Side
from hardcheck.compare.model import SIDES, Cover, ServiceLine
from hardcheck.facts import Absent, Facts
from hardcheck.facts.mac import Subject

_BEST_FIRST = (Cover.ENFORCED, Cover.SHIPPED, Cover.PERMISSIVE, Cover.UNCONFINED, Cover.NONE)
_STATES = {
    "enforced": Cover.ENFORCED,
    "shipped": Cover.SHIPPED,
    "permissive": Cover.PERMISSIVE,
    "unconfined": Cover.UNCONFINED,
}


def service_lines(facts: Facts, family: str, lookup: Lookup) -> tuple[ServiceLine, ...] | Absent:
    """Every system service that runs, those that the network reaches first.

    A service is as well covered as the worst of its processes. Absent where processes were not seen.
    """
    subjects = facts["mac.subjects"]
    if isinstance(subjects, Absent):
        return subjects
    listeners = facts["mac.listeners"]
    remote: set[str] = set()
    if not isinstance(listeners, Absent):
        remote = {listener.unit for listener in listeners if not listener.local}
    units: dict[str, list[Subject]] = {}
    for subject in subjects:
        if subject.service:
            units.setdefault(subject.unit, []).append(subject)
    lines = [_line(unit, members, unit in remote, family, lookup) for unit, members in units.items()]
    return tuple(sorted(lines, key=lambda line: (not line.network, line.name)))


def worst(covers: Iterable[Cover]) -> Cover:
    """The cover of several processes together: the least, and unknown where one is."""
    seen = set(covers)
    if Cover.UNKNOWN in seen or not seen:
        return Cover.UNKNOWN
    return next(cover for cover in reversed(_BEST_FIRST) if cover in seen)


def _line(unit: str, members: list[Subject], network: bool, family: str, lookup: Lookup) -> ServiceLine:
    programs = tuple(dict.fromkeys(member.program.removesuffix(" (deleted)") for member in members))
    would: dict[Side, Cover] = {}
    shipped: dict[Side, tuple[str, ...]] = {}
    elsewhere: dict[Side, tuple[str, ...]] = {}
    for side in SIDES:
        found = {program: lookup.shipped(side, program) for program in programs if program}
        own = {program: _of_family(all_, family) for program, all_ in found.items()}
        none = Cover.NONE if lookup.is_whole(side, family) else Cover.UNKNOWN
        covers = [_best(one, none) for one in own.values()]
        would[side] = worst([*covers, *([Cover.UNKNOWN] if "" in programs else [])])
        shipped[side] = _shown(own)
        elsewhere[side] = _shown({p: tuple(s for s in found[p] if s not in own[p]) for p in found})
    return ServiceLine(
        name=unit.removesuffix(".service"),
        network=network,
        executables=tuple(filter(None, programs)),
        subjects=tuple(dict.fromkeys(member.subject for member in members if member.subject)),
        now=worst(
            Cover.UNKNOWN if isinstance(member.state, Absent) else _STATES[member.state] for member in members
        ),
        would=would,
        shipped=shipped,
        elsewhere=elsewhere,
    )


def _of_family(found: tuple[Shipped, ...], family: str) -> tuple[Shipped, ...]:
    return tuple(one for one in found if family in one.source.families)


def _best(found: tuple[Shipped, ...], none: Cover) -> Cover:
    covers = [_STATES[one.state] for one in found if one.state]
    return next((cover for cover in _BEST_FIRST if cover in covers), none)


def _shown(found: Mapping[str, tuple[Shipped, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.shown for all_ in found.values() for one in all_))
