"""The services that other machines reach, each with its sandbox and its own place in the MAC policy."""

from __future__ import annotations

import re

from hardcheck.facts import Absent, Reason
from hardcheck.facts.mac import Confined, ListeningSubject, Subject
from hardcheck.facts.units import NetworkService, Sandbox

_SESSIONS = re.compile(r"(?:ssh|sshd|dropbear)(?:@.*)?\.service")
_WORST_FIRST = ("unconfined", "permissive", "enforced")


def network_services(
    listeners: tuple[ListeningSubject, ...],
    subjects: tuple[Subject, ...],
    sandboxes: tuple[Sandbox, ...] | Absent,
) -> tuple[NetworkService, ...]:
    """One entry a unit, or a process where it belongs to none; sockets of this host alone do not count."""
    groups: dict[tuple[str, str], dict[str, None]] = {}
    unseen: dict[tuple[str, str], Absent] = {}
    for listener in listeners:
        if listener.local:
            continue
        key = (listener.unit, "" if listener.unit else listener.name)
        address = f"[{listener.address}]" if ":" in listener.address else listener.address
        groups.setdefault(key, {})[f"{listener.protocol} {address}:{listener.port}"] = None
        if not listener.subject and isinstance(listener.state, Absent):
            unseen.setdefault(key, listener.state)
    return tuple(
        _service(unit, name, tuple(sockets), unseen.get((unit, name)), subjects, sandboxes)
        for (unit, name), sockets in sorted(groups.items())
    )


def _service(
    unit: str,
    name: str,
    sockets: tuple[str, ...],
    unseen: Absent | None,
    subjects: tuple[Subject, ...],
    sandboxes: tuple[Sandbox, ...] | Absent,
) -> NetworkService:
    mine = [one for one in subjects if one.service and one.unit == unit] if unit else []
    if not unit:
        mine = [one for one in subjects if not one.unit and one.name == name]
    names = tuple(dict.fromkeys(one.subject for one in mine if one.subject))
    others = {one.unit for one in subjects if one.service and one.unit != unit and one.subject in names}
    return NetworkService(
        unit=unit,
        name=name or unit.removesuffix(".service"),
        sockets=sockets,
        sandbox=_sandbox(unit, sandboxes),
        subjects=names,
        state=unseen or _least(mine),
        shared_with=tuple(sorted(others)),
        opens_sessions=_SESSIONS.fullmatch(unit) is not None,
    )


def _sandbox(unit: str, sandboxes: tuple[Sandbox, ...] | Absent) -> Sandbox | Absent:
    if isinstance(sandboxes, Absent):
        return sandboxes
    found = next((one for one in sandboxes if one.unit == unit), None)
    if found is not None:
        return found
    what = f"systemd told nothing of {unit}" if unit else "the process that listens belongs to no unit"
    return Absent(Reason.NOT_COLLECTED, ("units.sandboxing",), what)


def _least(subjects: list[Subject]) -> Confined | Absent:
    absent = next((one.state for one in subjects if isinstance(one.state, Absent)), None)
    if absent is not None:
        return absent
    states = {one.state for one in subjects}
    for state in _WORST_FIRST:
        if state in states:
            return next(one.state for one in subjects if one.state == state)
    return Absent(Reason.NOT_COLLECTED, ("processes.all",), "no process of the service was seen")
