"""What ``hardcheck denials`` prints for people."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

import click

from hardcheck.cli.tables import print_block, print_table
from hardcheck.denials.model import ChangeKind, Group, LogSummary, Outcome, StateChange
from hardcheck.denials.summary import lost_for_good
from hardcheck.render.sanitise import visible
from hardcheck.triage.readiness import Readiness, in_audit_log, log_state

if TYPE_CHECKING:
    from hardcheck.facts import Absent
    from hardcheck.triage.model import Explanation, Interface
    from hardcheck.triage.outage import Outage

_SIGN = {
    Outcome.DENIED: "denied",
    Outcome.WOULD_DENY: "let through",
    Outcome.GRANTED: "granted",
    Outcome.UNKNOWN: "denied?",
}
_VERDICTS = ("not ready", "ready after steps", "unknown", "ready")
_CHANGES = 10
_SAMPLES = 5
_PATHS = 4


def show(name: str, log: LogSummary, explanations: tuple[Explanation, ...], most: int | None) -> None:
    """Print what was read, the groups as a table, each with its cause, the changes, and the log's state."""
    health = log.health
    span = f"{_time(health.first)} to {_time(health.last)}" if health.first else "no times"
    groups = f"{len(explanations)} {'group' if len(explanations) == 1 else 'groups'}"
    click.echo(f"{visible(name)}: {log.denials} records of refused or audited accesses in {groups}; {span}")
    shown = explanations[:most] if most is not None else explanations
    if shown:
        click.echo()
        headers = ("", "count", "an hour", "outcome", "by", "source", "wanted", "object", "cause")
        print_table(headers, [_row(number, one) for number, one in enumerate(shown, start=1)])
    for number, one in enumerate(shown, start=1):
        print_block(f"{number}. {_title(one.group)}", _lines(one))
    if len(shown) < len(explanations):
        click.echo(f"\nand {len(explanations) - len(shown)} more groups (--all shows them)")
    _show_changes(log)
    print_block("The logs", _health(log))


def _row(number: int, one: Explanation) -> tuple[str, ...]:
    group = one.group
    rate = group.rate
    return (
        str(number),
        str(group.count),
        "" if rate is None or group.cached else f"{rate:.1f}",
        _SIGN[group.outcome],
        _few(one.group.comms.values, 2),
        group.source,
        " ".join(group.wanted)[:60],
        _object(group)[:60],
        str(one.cause),
    )


def _object(group: Group) -> str:
    """The target, the class, and what tells the object: a port, a name, or its paths."""
    named = group.object or _few(group.paths.values, 1)
    return " ".join(word for word in (group.target, group.class_, named) if word)


def _title(group: Group) -> str:
    return f"{group.source}: {' '.join(group.wanted)} on {_object(group)}"


def _lines(one: Explanation) -> Iterator[str]:
    group = one.group
    when = f"{_time(group.first)} to {_time(group.last)}"
    yield f"{_SIGN[group.outcome]} {group.count} times, {when}: {one.effect}"
    if group.info:
        yield f"the kernel says: {group.info}"
    if group.paths.values and len(group.paths.values) + bool(group.paths.more) > 1:
        yield f"objects: {_few(group.paths.values, _PATHS, bool(group.paths.more))}"
    if group.exes.values:
        yield f"programs: {_few(group.exes.values, _PATHS, bool(group.exes.more))}"
    yield f"cause: {one.cause}: {one.says}"
    yield from (f"  {proof.text}" + (f" [{proof.evidence}]" if proof.evidence else "") for proof in one.proof)
    for hit in one.danger:
        yield f"DANGER: {hit.title}: {hit.what}. {hit.why}"
    yield from (f"history: {line}" for line in one.history)
    if one.cure is not None:
        yield f"cure: {one.cure.title}" + (" (checked: it suffices)" if one.cure.checked else "")
        for step in one.cure.steps:
            yield f"  {' '.join(step.words) or step.text}" + (f"   # in {step.place}" if step.place else "")
        if one.cure.interface is not None:
            yield from _interface(one.cure.interface)
        yield from (f"  it leaves: {line}" for line in one.cure.leaves)
        yield from (f"  or: {line}" for line in one.cure.alternatives)
    yield from (f"missing: {line}" for line in one.missing)
    if group.examples:
        where = group.examples[0].where
        yield f"first seen at {where.file}:{where.line}"


def _interface(interface: Interface) -> Iterator[str]:
    """An interface in place of the raw rule, with what it opens beside."""
    yield f"  or as an interface: {interface.call}   # {interface.defined}; {interface.why}"
    told = (*interface.opens.ports, *interface.opens.paths, *interface.opens.others)
    if told:
        left = len(told) - _PATHS + interface.opens.more
        yield f"    it opens beside: {'; '.join(told[:_PATHS])}" + (f" and {left} more" if left > 0 else "")


def show_enforcing(readiness: tuple[Readiness, ...] | Absent, outages: tuple[Outage, ...]) -> None:
    """Whether what only logs could be enforced, and how to let through one domain or profile that is."""
    if isinstance(readiness, tuple):
        print_block("Ready to enforce", _readiness(readiness))
    else:
        print_block("Ready to enforce", [f"not known: {readiness.reason}: {readiness.detail}"])
    print_block("If a service does not work", [_outage(one) for one in outages[:_SAMPLES]])


def _readiness(readiness: tuple[Readiness, ...]) -> Iterator[str]:
    """Each with its steps and reasons; those that differ in the name alone together."""
    alike: dict[tuple[object, ...], list[Readiness]] = {}
    listed = sorted(readiness, key=lambda one: (_VERDICTS.index(one.verdict), -one.denials))
    for one in listed:
        alike.setdefault((one.verdict, one.steps, one.because, one.denials), []).append(one)
    for (verdict, *_), ones in alike.items():
        if verdict == "unknown" and len(ones) > 1:
            yield f"{', '.join(one.name for one in ones)}: unknown"
        else:
            yield from (one.shown for one in ones)
        yield from (f"  step: {step}" for step in ones[0].steps)
        yield from (f"  {why}" for why in ones[0].because)
        if verdict == "ready":
            yield from (f"  {shlex.join(one.enforce)}" for one in ones)
    yield from dict.fromkeys(remark for one in readiness for remark in one.remarks)


def _outage(one: Outage) -> str:
    failed = f"; {', '.join(one.failed)} did not start" if one.failed else ""
    way = f"to let it alone through, not the host: {shlex.join(one.open)}"
    if one.against:
        way = f"not to be let through: {', '.join(one.against)}"
    return f"{one.name} ({one.count} refused{failed}): {way}"


def _show_changes(log: LogSummary) -> None:
    """The changes that bear on the denials; loads of profiles are summed up."""
    loads = sum(change.kind is ChangeKind.PROFILE for change in log.changes)
    others = [change for change in log.changes if change.kind is not ChangeKind.PROFILE]
    lines = [_change(change) for change in others[-_CHANGES:]]
    hidden = len(others) - len(lines) + log.more_changes
    if hidden > 0:
        lines.append(f"and {hidden} earlier ones (--json has them)")
    if loads:
        lines.append(f"{loads} loads or removals of AppArmor profiles")
    print_block("Changes of state", lines)


def _change(change: StateChange) -> str:
    words = [_time(change.at), str(change.kind), change.name]
    if change.old or change.new:
        words.append(f"{change.old or '?'} -> {change.new or '?'}")
    words += [change.operation, change.info]
    if change.process.auid is not None:
        words.append(f"by login {change.process.auid}")
    return " ".join(word for word in words if word)


def _health(log: LogSummary) -> Iterator[str]:
    health = log.health
    yield f"{health.lines} lines of {_few(dict.fromkeys(log.sources, 1), 3)}"
    if health.doubles:
        yield f"{health.doubles} records stood in two places and count once"
    yield from _faults(log)
    yield from (f"dontaudit was off: {line}" for line in health.dontaudit_off)
    yield from (f"assumed: {line}" for line in health.assumed)
    if not log_state(log).faults:
        yield "nothing shows that records are lost or damaged"


def _faults(log: LogSummary) -> Iterator[str]:
    health = log.health
    if health.damaged:
        yield f"{health.damaged} lines speak of SELinux or AppArmor and could not be read"
    if health.foreign:
        yield f"{health.foreign} records are quoted in messages of other programs and not believed"
    for damage in health.damages[:_SAMPLES]:
        yield f"  {damage.where.file}:{damage.where.line}: {damage.why}: {damage.text[:120]}"
    printed = sum(one.count or 1 for one in health.lost if one.why == "printed")
    gone = lost_for_good(health.lost, beside_audit_log=in_audit_log(log))
    if printed and len(gone) < len(health.lost):
        yield f"{printed} records were left out of the kernel's messages; the audit log has them"
    lost: dict[str, int] = {}
    for one in gone:
        lost[one.why] = lost.get(one.why, 0) + (one.count or 1)
    yield from (f"records were lost ({why}), at least {count}" for why, count in lost.items())
    for gap in health.gaps[:_SAMPLES]:
        yield f"no records from {_time(gap.since)} to {_time(gap.until)} ({gap.why})"
    if health.cut_lines:
        yield f"{health.cut_lines} lines were too long and cut"
    if health.ungrouped:
        yield f"{health.ungrouped} denials are beyond the bound on groups: counted, not shown"
    yield from (f"not read to its end: {line}" for line in health.unreadable)


def _few(values: Iterable[str], most: int, more: bool = False) -> str:
    names = list(values)
    return ", ".join(names[:most]) + (" ..." if more or len(names) > most else "")


def _time(at: datetime | None) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ") if at else "a time not recorded"
