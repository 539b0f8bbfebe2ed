"""What audit standards want recorded, held against the rules that are loaded and those that boot loads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from hardcheck.derive.audit_coverage import Found, covers, recorded
from hardcheck.derive.audit_demands import Thing, call_things, change_thing, place_things, run_things
from hardcheck.facts import Absent, Reason
from hardcheck.facts.accounts import Sudoers
from hardcheck.facts.audit import AuditRule, AuditStatus, PersistentRules
from hardcheck.facts.audit_coverage import AuditPlaces, AuditWatch, Program
from hardcheck.facts.host import Kernel

_NOTE = 300
_LOG_FILE = re.compile(r"(?:^|[\s,])logfile\s?=\s?\"?(/[^\",\s]+)")


def watches(
    loaded: tuple[AuditRule, ...],
    status: AuditStatus,
    kernel: Kernel,
    places: AuditPlaces,
    kept: PersistentRules | Absent,
) -> tuple[AuditWatch, ...]:
    """System calls and places."""
    things = (*call_things(kernel), *place_things(kernel, places))
    return tuple(judge(thing, loaded, status, kept, places.links) for thing in things)


def executions(
    loaded: tuple[AuditRule, ...],
    status: AuditStatus,
    kernel: Kernel,
    places: AuditPlaces,
    kept: PersistentRules | Absent,
) -> tuple[AuditWatch, ...]:
    """Runs of the programs that the host has."""
    made = []
    for thing in run_things(kernel, places):
        watch = judge(thing, loaded, status, kept, places.links)
        program = places.commands.get(thing.group)
        if not watch.watched and not watch.note and program is not None:
            made.append(_with_note(watch, _on_the_link(program, loaded, places.links)))
        else:
            made.append(watch)
    return tuple(made)


def sudo_logs(
    loaded: tuple[AuditRule, ...],
    status: AuditStatus,
    kernel: Kernel,
    places: AuditPlaces,
    sudoers: Sudoers,
    kept: PersistentRules | Absent,
) -> tuple[AuditWatch, ...] | Absent:
    """The files that sudo writes a log of its own to; none where it has no such log."""
    if isinstance(sudoers.unread, Absent):
        return sudoers.unread
    if sudoers.unread:
        return Absent(
            Reason.NOT_COLLECTED, ("accounts.sudoers",), f"{sudoers.unread[0]} was not read"[:_NOTE]
        )
    paths = [match[1] for text, _ in sudoers.defaults for match in _LOG_FILE.finditer(text)]
    return tuple(
        judge(change_thing(kernel, "sudo-log", path, recursive=False), loaded, status, kept, places.links)
        for path in dict.fromkeys(paths)
    )


def judge(
    thing: Thing,
    loaded: Sequence[AuditRule],
    status: AuditStatus,
    kept: PersistentRules | Absent,
    links: Mapping[str, str],
) -> AuditWatch:
    """One thing now and after the next boot."""
    now = _all(thing, loaded, links)
    boot = kept if isinstance(kept, Absent) else _all(thing, kept.rules, links)
    note = now.note
    if status.enabled == 0:
        now, note = Found(None), "auditing is off (enabled 0)"
    elif now.rule is None and not isinstance(kept, Absent):
        note = _why_not_loaded(thing, kept, status, boot, links) or note
    elif now.rule is not None and isinstance(boot, Found) and boot.rule is None:
        note = note or boot.note
    return AuditWatch(
        group=thing.group,
        what=thing.what,
        watched=now.rule is not None,
        persistent=boot if isinstance(boot, Absent) else boot.rule is not None,
        by="" if now.rule is None else now.rule.text,
        place="" if isinstance(boot, Absent) or boot.rule is None else boot.rule.place,
        note=note[:_NOTE],
        literal=thing.literal,
    )


def _all(thing: Thing, rules: Sequence[AuditRule], links: Mapping[str, str]) -> Found:
    """The first rule when all demands are recorded, else the first that is not and why."""
    found = [recorded(demand, rules, links) for demand in thing.demands]
    missing = [each for each in found if each.rule is None]
    if missing:
        return next((each for each in missing if each.note), missing[0])
    return next((each for each in found if each.note), found[0])


def _why_not_loaded(
    thing: Thing,
    kept: PersistentRules,
    status: AuditStatus,
    boot: Found | Absent,
    links: Mapping[str, str],
) -> str:
    """What the files say of a thing that no loaded rule records."""
    if kept.refused:
        refused = _all(thing, kept.refused, links).rule
        if refused is not None:
            return f"{refused.place} stands below -e 2 and is never loaded"
    if isinstance(boot, Absent) or boot.rule is None:
        return ""
    locked = "; the rules are locked until the next boot (-e 2)" if status.enabled == 2 else ""
    return f"{boot.rule.place} is not loaded{locked}"


def _on_the_link(program: Program, rules: Iterable[AuditRule], links: Mapping[str, str]) -> str:
    """A rule on a link records who changes the link, not who runs what it leads to."""
    if program.path == program.target:
        return ""
    for rule in rules:
        if rule.path and covers(rule, program.path, links, recursive=False) and not rule.recursive:
            return f"{rule.text}: {program.path} is a link; what runs is {program.target}"
    return ""


def _with_note(watch: AuditWatch, note: str) -> AuditWatch:
    return AuditWatch(
        watch.group, watch.what, watch.watched, watch.persistent, watch.by, watch.place, note, watch.literal
    )
