"""Denials grouped by what was wanted, and changes of the MAC state, from every log that could be read.

A fragment's first line is ``window FIRST LINE OF THE LOG``: how far back it was searched. The same event
stands in the audit log and in the journal; it is counted once, by its id.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Literal

import msgspec

from hardcheck.evidence import Evidence, HostEvidence, Reason
from hardcheck.facts import Absent
from hardcheck.facts.denials import DenialGroup, Denials, StateChange
from hardcheck.facts.selinux import context_type
from hardcheck.parse.audit_records import AuditRecord, read_records, time_of
from hardcheck.parse.base import absent
from hardcheck.parse.fragment_lines import is_absent

SOURCES = {
    "denials.audit_log": "/var/log/audit/audit.log",
    "denials.kernel_log": "the kernel's messages since boot",
}
KEYS = tuple(SOURCES)
_LOST = re.compile(r"rate limit exceeded|callbacks suppressed|backlog limit exceeded")
_NOT_PRINTED = "kauditd_printk"  # lost to the kernel's ring and the journal, not to the audit log
_ABOUT = ("avc:", "apparmor=")
_UNSET = frozenset({"4294967295", "-1", ""})
_MAX_GROUPS = 20_000
_Key = tuple[Literal["selinux", "apparmor"], str, str, str, tuple[str, ...], str, bool | None]


class _Count(msgspec.Struct):
    """What is summed up of one group."""

    count: int = 0
    first: datetime | None = None
    last: datetime | None = None
    programs: dict[str, None] = msgspec.field(default_factory=dict)

    def add(self, record: AuditRecord) -> None:
        """Count one more."""
        self.count += 1
        at = record.at
        if at is not None:
            self.first = at if self.first is None or at < self.first else self.first
            self.last = at if self.last is None or at > self.last else self.last
        program = record.fields.get("comm")
        if program and len(self.programs) < 20:
            self.programs[program] = None


def parse_denials(host: HostEvidence) -> Denials | Absent:
    """Every denial in the logs that could be read; Absent when there was none to read."""
    reader = _Reader()
    sources: list[str] = []
    missing: list[str] = []
    first_absent: Absent | None = None
    for key, shown in SOURCES.items():
        evidence = host.get(key)
        if is_absent(evidence):
            continue
        if evidence.reason is None and not _window(evidence):
            missing.append(f"{shown}: empty")
            first_absent = first_absent or Absent(Reason.NOT_PRESENT, (key,), f"{shown} is empty")
        elif evidence.reason in (None, Reason.TRUNCATED):
            reader.read(evidence, beside_audit_log=bool(sources))
            sources.append(shown)
        elif evidence.reason is not Reason.TOOL_MISSING:
            missing.append(f"{shown}: {evidence.reason}")
            first_absent = first_absent or absent(evidence)
    if not sources:
        return first_absent or Absent(Reason.NOT_PRESENT, KEYS, "no log of the kernel on this host")
    return reader.result(tuple(sources), tuple(missing), first_absent)


def _window(evidence: Evidence) -> str:
    """The first line of the log that was searched; empty for a log without lines."""
    first = next((line for _, line in evidence.lines()), "")
    return first.removeprefix("window ").strip() if first.startswith("window ") else ""


class _Reader:
    """Takes lines, keeps counts."""

    def __init__(self) -> None:
        self.groups: dict[_Key, _Count] = {}
        self.changes: dict[tuple[object, ...], StateChange] = {}
        self.seen: set[tuple[object, ...]] = set()
        self.since: datetime | None = None
        self.lost = False
        self.unread = 0

    def read(self, evidence: Evidence, beside_audit_log: bool) -> None:
        """Read one log; the audit log comes first."""
        self.lost = self.lost or evidence.reason is Reason.TRUNCATED
        for _, line in evidence.lines():
            if line.startswith("window "):
                self._note_start(time_of(line.removeprefix("window ")))
                continue
            if _LOST.search(line):
                self.lost = self.lost or not (beside_audit_log and _NOT_PRINTED in line)
                continue
            used = [self._take(record) for record in read_records(line)]
            if not any(used) and any(word in line for word in _ABOUT) and "Command line:" not in line:
                self.unread += 1

    def _note_start(self, at: datetime | None) -> None:
        if at is not None and (self.since is None or at < self.since):
            self.since = at

    def _take(self, record: AuditRecord) -> bool:
        """Count a record; False for one of a form not known."""
        change = _state_change(record)
        if change is not None:
            self.changes.setdefault((record.id, change.kind, change.detail), change)
            return True
        key = _selinux_key(record) if record.verdict else _apparmor_key(record)
        if key is None:
            return bool(record.verdict == "granted" or record.fields.get("apparmor") or not record.verdict)
        if record.id is not None:
            if (record.id, key) in self.seen:
                return True
            self.seen.add((record.id, key))
        if key in self.groups or len(self.groups) < _MAX_GROUPS:
            self.groups.setdefault(key, _Count()).add(record)
        else:
            self.lost = True
        return True

    def result(self, sources: tuple[str, ...], missing: tuple[str, ...], unseen: Absent | None) -> Denials:
        """All groups, the largest first, and the changes in their order; ``unseen`` stands for none of
        them where a log was missing."""
        groups = [
            DenialGroup(*key, count.count, count.first, count.last, tuple(count.programs))
            for key, count in self.groups.items()
        ]
        groups.sort(key=lambda group: (-group.count, group.source, group.target, group.class_, group.name))
        changes = tuple(_in_order(self.changes.values()))
        return Denials(
            groups=unseen if unseen is not None and not groups else tuple(groups),
            changes=unseen if unseen is not None and not changes else changes,
            events=sum(group.count for group in groups),
            sources=sources,
            missing=missing,
            since=self.since,
            lost=self.lost,
            unread=self.unread,
        )


def _in_order(changes: Iterable[StateChange]) -> list[StateChange]:
    return sorted(changes, key=lambda change: (change.at is None, change.at, change.detail))


def _selinux_key(record: AuditRecord) -> _Key | None:
    fields = record.fields
    source = fields.get("scontext", "")
    target = fields.get("tcontext", "")
    if record.verdict != "denied" or not source or not fields.get("tclass"):
        return None
    name = fields.get("path") or fields.get("name") or ""
    for port in ("dest", "src", "capability"):
        if not name and port in fields:
            name = f"{port}={fields[port]}"
    permissive = fields.get("permissive")
    enforced = None if permissive not in ("0", "1") else permissive == "0"
    return (
        "selinux",
        context_type(source),
        context_type(target),
        fields["tclass"],
        tuple(sorted(set(record.permissions))),
        name,
        enforced,
    )


def _apparmor_key(record: AuditRecord) -> _Key | None:
    fields = record.fields
    verdict = fields.get("apparmor", "")
    if verdict not in ("DENIED", "ALLOWED", "KILLED"):
        return None
    wanted = fields.get("denied_mask") or fields.get("denied") or fields.get("capname") or ""
    return (
        "apparmor",
        fields.get("profile") or fields.get("label") or "",
        fields.get("peer") or fields.get("peer_label") or "",
        fields.get("operation", ""),
        tuple(wanted.split()),
        fields.get("name") or fields.get("target") or "",
        verdict != "ALLOWED",
    )


def _state_change(record: AuditRecord) -> StateChange | None:
    """A change of mode, policy, boolean or profile; None for any other record."""
    fields = record.fields
    auid = fields.get("auid", "")
    login = int(auid) if auid not in _UNSET and auid.isdecimal() and len(auid) < 11 else None
    at = record.at
    if record.kind == "MAC_STATUS" and "enforcing" in fields:
        old = fields.get("old_enforcing", "?")
        weaker = (old == "1" and fields["enforcing"] == "0") or fields.get("enabled") == "0"
        return StateChange("mode", f"enforcing={fields['enforcing']} from {old}", at, login, weaker)
    if record.kind == "MAC_POLICY_LOAD":
        return StateChange("policy", "policy loaded", at, login)
    if record.kind == "MAC_CONFIG_CHANGE" and "bool" in fields:
        detail = f"boolean {fields['bool']}={fields.get('val', '?')} from {fields.get('old_val', '?')}"
        return StateChange("boolean", detail, at, login)
    operation = fields.get("operation", "")
    if fields.get("apparmor") == "STATUS" and operation.startswith("profile_"):
        detail = f"{operation} {fields.get('name', '')}"
        return StateChange("profile", detail, at, login, operation == "profile_remove")
    return None
