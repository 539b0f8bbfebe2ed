"""What the probe's fragments say round the audit system: places, owners of files, room for the log.

One word a line says what follows; ``end`` closes a fragment that ran to its end::

    link /bin                       config 640 0 0 /etc/audit/auditd.conf
    place /etc/nsswitch.conf        tool 755 0 0 /usr/sbin/auditctl
    command /usr/sbin/restorecon
    real /usr/bin
    real /etc/nsswitch.conf
    real /usr/sbin/setfiles
    setid /usr/bin/su

    clock 1795272000
    room /dev/vda1 10218772 2141812 7538080 23% /
    file 8388612 1795271000
    first 1795000000
    job audit-offload

``real`` is what the links, places and commands are after links are followed, in the same order.
"""

from __future__ import annotations

import posixpath
import re

from hardcheck.errors import ParseError
from hardcheck.evidence import Evidence, HostEvidence, Reason
from hardcheck.facts import Absent
from hardcheck.facts.audit_coverage import AuditPlaces, Program
from hardcheck.facts.audit_daemon import AuditRoom
from hardcheck.facts.files import OwnedFile
from hardcheck.parse.fragment_lines import is_absent, not_present
from hardcheck.parse.numbers import whole

_PLACES, _OWNERS, _STORAGE = "audit.places", "audit.owners", "audit.storage"
_OWNER = re.compile(r"(config|tool) ([0-7]{1,4}) ([0-9]{1,10}) ([0-9]{1,10}) (/.*)")
_ROOM = re.compile(r"\S+ +([0-9]{1,15}) +[0-9]{1,15} +([0-9]{1,15}) +[0-9]{1,3}% +(/.*)")


def _whole_fragment(evidence: Evidence) -> list[tuple[str, str]]:
    """Its lines without ``end``. Raises ParseError where that is missing: the answer is not whole."""
    lines = [(where, line) for where, line in evidence.lines() if line]
    if not lines or lines[-1][1] != "end":
        raise ParseError(
            evidence.key, "'end' as the last line", repr(lines[-1][1][:40]) if lines else "nothing"
        )
    return lines[:-1]


def parse_places(host: HostEvidence) -> AuditPlaces:
    """Folders that are links, places, commands and programs with a set-user or set-group bit.

    Raises:
        ParseError: a line of another form, or a fragment that did not end.
    """
    asked: list[tuple[str, str]] = []
    reals, privileged = list[str](), set[str]()
    for where, line in _whole_fragment(host.get(_PLACES)):
        kind, _, path = line.partition(" ")
        if not path.startswith("/") or kind not in ("link", "place", "command", "real", "setid"):
            raise ParseError(where, "link, place, command, real or setid and a path", repr(line[:80]))
        if kind == "setid":
            privileged.add(path)
        elif kind == "real":
            reals.append(path)
        else:
            asked.append((kind, path))
    if len(reals) != len(asked):
        raise ParseError(_PLACES, f"{len(asked)} lines of real", str(len(reals)))
    found = list(zip(asked, reals, strict=True))
    return AuditPlaces(
        links={path: target for (kind, path), target in found if kind == "link"},
        files={path: target for (kind, path), target in found if kind == "place"},
        commands={
            posixpath.basename(path): Program(path, target)
            for (kind, path), target in found
            if kind == "command"
        },
        privileged=tuple(sorted(privileged)),
    )


def parse_config_owners(host: HostEvidence) -> tuple[OwnedFile, ...] | Absent:
    """The configuration of the audit system, folders too. Raises ParseError."""
    return _owned(host, "config", "no configuration of the audit system is on this host")


def parse_tool_owners(host: HostEvidence) -> tuple[OwnedFile, ...] | Absent:
    """The tools of the audit system, and rsyslogd. Raises ParseError."""
    return _owned(host, "tool", "no tool of the audit system is on this host")


def _owned(host: HostEvidence, kind: str, nothing: str) -> tuple[OwnedFile, ...] | Absent:
    found: dict[str, OwnedFile] = {}
    for where, line in _whole_fragment(host.get(_OWNERS)):
        match = _OWNER.fullmatch(line)
        if match is None:
            raise ParseError(where, "'config|tool MODE UID GID PATH'", repr(line[:80]))
        if match[1] == kind:
            mode = f"{int(match[2], 8):04o}"
            found[match[5]] = OwnedFile(match[5], mode, int(match[3]), int(match[4]))
    if not found:
        return Absent(Reason.NOT_PRESENT, (_OWNERS,), nothing)
    return tuple(found[path] for path in sorted(found))


def parse_room(host: HostEvidence) -> AuditRoom | Absent:
    """Room for the log in /var/log/audit, and what is in it.

    Raises:
        ParseError: a line of another form, or a fragment that did not end.
    """
    evidence = host.get(_STORAGE)
    if is_absent(evidence):
        return not_present(evidence, "there is no /var/log/audit")
    clock, size, free, mount = 0, 0, 0, ""
    used, changed, first = 0, list[int](), list[int]()
    jobs = []
    for where, line in _whole_fragment(evidence):
        kind, _, rest = line.partition(" ")
        if kind == "clock":
            clock = whole(where, rest)
        elif kind == "first":
            first.append(whole(where, rest))
        elif kind == "job":
            jobs.append(rest)
        elif kind == "file":
            bytes_, _, when = rest.partition(" ")
            used += whole(where, bytes_)
            changed.append(whole(where, when))
        elif kind == "room" and (match := _ROOM.fullmatch(rest)) is not None:
            size, free, mount = int(match[1]), int(match[2]), match[3]
        else:
            raise ParseError(where, "clock, room, file, first or job", repr(line[:80]))
    if not mount or not clock:
        raise ParseError(evidence.key, "clock and room", "neither" if not clock else "no room")
    return AuditRoom(
        mount=mount,
        size_mb=size // 1024,
        free_mb=free // 1024,
        used_mb=-(-used // (1 << 20)),
        days=_days(first, changed),
        jobs=tuple(jobs),
    )


def _days(first: list[int], changed: list[int]) -> float | Absent:
    """Days between the first record and the last write."""
    if not first or not changed:
        return Absent(Reason.NOT_PRESENT, (_STORAGE,), "no record tells when the log begins")
    return round(max(max(changed) - min(first), 0) / 86400, 2)
