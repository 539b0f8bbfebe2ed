"""Denials and changes of the MAC state, from every log of the evidence that could be read.

A fragment's first line is ``window FIRST LINE OF THE LOG``: how far back it was searched. The same event
stands in the audit log and in the journal; it is counted once (`hardcheck.denials.reading`).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import msgspec

from hardcheck.denials import model
from hardcheck.denials.reading import LogFile, read_logs
from hardcheck.denials.summary import lost_for_good
from hardcheck.denials.times import line_time
from hardcheck.evidence import Evidence, HostEvidence, Reason
from hardcheck.facts import Absent
from hardcheck.facts.denials import DenialGroup, Denials, StateChange
from hardcheck.parse.base import absent
from hardcheck.parse.fragment_lines import is_absent

SOURCES = {
    "denials.audit_log": "/var/log/audit/audit.log",
    "denials.kernel_log": "the kernel's messages since boot",
}
KEYS = tuple(SOURCES)
_AUDIT_LOG = KEYS[0]
_MOST_LINES = 5000  # that collecting keeps: so many mean that there may have been more
_WINDOW = b"window "
_ENFORCED = {model.Outcome.DENIED: True, model.Outcome.WOULD_DENY: False, model.Outcome.UNKNOWN: None}


class HostLogs(msgspec.Struct, frozen=True):
    """What the logs of one host say, and which could be read.

    ``missing`` has those that could not, with the reason, ``unseen`` stands for what only they could
    have shown; ``since`` is the oldest time of the logs that were read and ``cut`` says that a limit of
    the collection left out older records.
    """

    summary: model.LogSummary
    read: tuple[str, ...]
    missing: tuple[str, ...]
    unseen: Absent | None
    since: datetime | None
    cut: bool


def read_host_logs(host: HostEvidence, after: datetime | None = None) -> HostLogs | Absent:
    """Read every log of the evidence, ``after`` a time where one is given; Absent when there was none."""
    logs: list[Sequence[LogFile]] = []
    read: list[str] = []
    missing: list[str] = []
    first_absent: Absent | None = None
    starts: list[datetime] = []
    cut = False
    written = _collected_at(host)
    for key, shown in SOURCES.items():
        evidence = host.get(key)
        if is_absent(evidence):
            continue
        if evidence.reason is None and not _window(evidence):
            missing.append(f"{shown}: empty")
            first_absent = first_absent or Absent(Reason.NOT_PRESENT, (key,), f"{shown} is empty")
        elif evidence.reason in (None, Reason.TRUNCATED):
            at = line_time(_window(evidence), written)
            starts += [at] if at else []
            full = evidence.content.count(b"\n") > _MOST_LINES
            cut = cut or full or evidence.reason is Reason.TRUNCATED
            logs.append([_log_file(evidence, shown, written)])
            read.append(key)
        else:
            missing.append(f"{shown}: {evidence.reason}")
            first_absent = first_absent or absent(evidence)
    if not logs:
        return first_absent or Absent(Reason.NOT_PRESENT, KEYS, "no log of the kernel on this host")
    since = min(starts, default=None)
    return HostLogs(read_logs(logs, after), tuple(read), tuple(missing), first_absent, since, cut)


def parse_whole(host: HostEvidence) -> Absent | bool:
    """True: each log that the host keeps was read, from where the collection began to its end. Absent for
    the first that was not: what it holds nobody knows."""
    for key, shown in SOURCES.items():
        evidence = host.get(key)
        if is_absent(evidence):
            continue
        if evidence.reason is not None:
            return absent(evidence)
        if not _window(evidence):
            why = Reason.NOT_PRESENT if evidence.content.strip() in (b"", b"window") else Reason.UNPARSABLE
            return Absent(
                why, (key,), f"{shown} is empty" if why is Reason.NOT_PRESENT else f"{shown}: no log"
            )
        if evidence.content.count(b"\n") > _MOST_LINES:
            return Absent(Reason.TRUNCATED, (key,), f"{shown}: the last {_MOST_LINES} lines of interest")
    return True


def parse_denials(host: HostEvidence) -> Denials | Absent:
    """Every denial in the logs that could be read; Absent when there was none to read."""
    logs = read_host_logs(host)
    if isinstance(logs, Absent):
        return logs
    health = logs.summary.health
    groups = _groups(logs.summary.groups)
    changes = tuple(found for change in logs.summary.changes if (found := _change(change)) is not None)
    gone = lost_for_good(health.lost, beside_audit_log=_AUDIT_LOG in logs.read)
    return Denials(
        groups=logs.unseen if logs.unseen is not None and not groups else groups,
        changes=logs.unseen if logs.unseen is not None and not changes else changes,
        events=sum(group.count for group in groups),
        sources=tuple(SOURCES[key] for key in logs.read),
        missing=logs.missing,
        since=logs.since,
        lost=logs.cut or bool(gone or health.more_lost or health.ungrouped or health.cut_lines),
        unread=health.damaged,
    )


def _log_file(evidence: Evidence, shown: str, written: datetime | None) -> LogFile:
    content = evidence.content
    if content.startswith(_WINDOW):
        content = content.partition(b"\n")[2]
    return LogFile(shown, lambda: (content,), written)


def _window(evidence: Evidence) -> bytes:
    """The first line of the log that was searched; empty for a log without lines."""
    first = evidence.content.partition(b"\n")[0]
    return first.removeprefix(_WINDOW).strip() if first.startswith(_WINDOW) else b""


def _collected_at(host: HostEvidence) -> datetime | None:
    try:
        return datetime.fromisoformat(host.started_at).astimezone(UTC)
    except ValueError:
        return None


def _groups(groups: Iterable[model.Group]) -> tuple[DenialGroup, ...]:
    """What was refused or would have been; granted accesses are no denials."""
    found = [
        DenialGroup(
            framework=group.framework,
            source=group.source,
            target=group.target,
            class_=group.class_ or (group.error or ""),
            wanted=group.wanted,
            name=group.object or _common(group.paths),
            enforced=_ENFORCED[group.outcome],
            count=group.count,
            first=group.first,
            last=group.last,
            programs=tuple(group.comms.values),
        )
        for group in groups
        if group.outcome is not model.Outcome.GRANTED
    ]
    return tuple(found)


def _common(paths: model.Bounded) -> str:
    """The one object, or the folder that all have in common; a list of names where there is none."""
    names = list(paths.values)
    if len(names) < 2 and not paths.more:
        return names[0] if names else ""
    if all(name.startswith("/") for name in names):
        folder = posixpath.commonpath([posixpath.dirname(name) for name in names])
        return f"{folder.rstrip('/')}/*"
    more = len(names) - 3 + bool(paths.more)
    return ", ".join(names[:3]) + (" and others" if more > 0 else "")


def _change(change: model.StateChange) -> StateChange | None:
    """A change of mode, policy, boolean or profile; None for the others, which no rule asks for."""
    at, login = change.at, change.process.auid
    if change.kind is model.ChangeKind.MODE:
        weaker = (change.old == "enforcing" and change.new == "permissive") or change.new == "disabled"
        return StateChange("mode", f"{change.new or '?'} from {change.old or '?'}", at, login, weaker)
    if change.kind is model.ChangeKind.POLICY:
        return StateChange("policy", "policy loaded", at, login)
    if change.kind is model.ChangeKind.BOOLEAN:
        detail = f"boolean {change.name}={change.new or '?'} from {change.old or '?'}"
        return StateChange("boolean", detail, at, login)
    if change.kind is model.ChangeKind.PROFILE:
        removed = change.operation == "profile_remove"
        return StateChange("profile", f"{change.operation} {change.name}", at, login, removed)
    return None
