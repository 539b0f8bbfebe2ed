"""Whether what only logs could be enforced: per permissive domain, complain profile and permissive host.

``ready`` takes a log that is whole, a window long enough, a restart of the service or a boot within it, and
no open denial. Denials with a checked cure make it ``ready after N steps``; open ones without, or one that
must not be allowed, make it ``not ready``. What could not be seen makes it ``unknown``: silence of a log
that is not whole proves nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal

import msgspec

from hardcheck.denials.model import ChangeKind, LogSummary
from hardcheck.denials.summary import lost_for_good
from hardcheck.facts import Absent
from hardcheck.facts.processes import Process
from hardcheck.facts.selinux import context_type
from hardcheck.triage.model import Cause, Effect, Explanation
from hardcheck.triage.request import learning_parent
from hardcheck.triage.services import unit_name
from hardcheck.triage.world import World
from hardcheck.triage.written import answers

Verdict = Literal["ready", "ready after steps", "not ready", "unknown"]
Kind = Literal["domain", "profile", "host"]
MIN_DAYS = 7.0
_MOST = 12
_SILENT = "deny rules without audit refuse silently, in complain mode as well"
_UNLABELLED = frozenset({"unlabeled_t", "file_t"})


class Subject(msgspec.Struct, frozen=True):
    """Something that only logs: a permissive domain, a profile in complain mode, or a permissive host.
    ``units`` are the services that run as it."""

    kind: Kind
    name: str
    units: tuple[str, ...] = ()


class Readiness(msgspec.Struct, frozen=True):
    """One subject's verdict with its evidence.

    ``since`` and ``until`` are the window that the log covers, ``days`` its length; ``boots`` and
    ``restarts`` happened within. ``would_bite`` counts the lines that would have been refused, by service.
    ``steps`` are what is to be done first, ``because`` why it is not ready or not known, ``remarks`` what a
    log cannot show; ``enforce`` is the command that ends the logging only.
    """

    framework: Literal["selinux", "apparmor"]
    kind: Kind
    name: str
    verdict: Verdict
    since: datetime | None
    until: datetime | None
    days: float
    boots: int
    restarts: int
    would_bite: Mapping[str, int] = {}
    steps: tuple[str, ...] = ()
    because: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    enforce: tuple[str, ...] = ()

    @property
    def denials(self) -> int:
        """Lines that would have been refused."""
        return sum(self.would_bite.values())

    @property
    def shown(self) -> str:
        """One line for people."""
        steps = f"{len(self.steps)} {'step' if len(self.steps) == 1 else 'steps'}"
        verdict = f"ready after {steps}" if self.verdict == "ready after steps" else self.verdict
        return f"{self.name} ({self.kind}): {verdict}; {self.denials} denials in {self.days:.1f} days"


class LogState(msgspec.Struct, frozen=True):
    """How far a quiet log can be relied on, in words: ``faults`` make silence worthless, ``hidden``
    is what SELinux never writes."""

    faults: tuple[str, ...]
    hidden: str


def in_audit_log(log: LogSummary) -> bool:
    """Whether the audit log itself was read, which has what the kernel did not print."""
    return any(source.endswith("audit.log") for source in log.sources)


def log_state(log: LogSummary) -> LogState:
    """How far this log can be relied on."""
    health = log.health
    lost = lost_for_good(health.lost, beside_audit_log=in_audit_log(log))
    faults = [f"records were lost ({one.why})" for one in lost[:3]]
    faults += [
        f"no records from {gap.since:%Y-%m-%d %H:%M} ({gap.why})"
        for gap in health.gaps[:3]
        if gap.why != "boot"
    ]
    if health.damaged:
        faults.append(f"{health.damaged} lines could not be read")
    if health.ungrouped:
        faults.append(f"{health.ungrouped} denials were beyond the bound")
    if health.cut_lines:
        faults.append(f"{health.cut_lines} lines were too long and cut")
    faults += [f"not read to its end: {name}" for name in health.unreadable[:3]]
    hidden = "dontaudit rules hide some denials (semodule -DB shows them)"
    if health.dontaudit_off:
        hidden = f"dontaudit rules were off: {', '.join(health.dontaudit_off[:5])} is noise that they hide"
    return LogState(tuple(dict.fromkeys(faults)), hidden)


def readiness(
    subjects: Iterable[Subject],
    explanations: Iterable[Explanation],
    log: LogSummary,
    world: World,
    unattached: tuple[str, ...] = (),
    min_days: float = MIN_DAYS,
) -> tuple[Readiness, ...]:
    """The verdict for each subject, in the order given. ``unattached`` are processes that run without
    their profile, because they were started before it."""
    listed = tuple(explanations)
    state = log_state(log)
    return tuple(_of(subject, listed, log, world, unattached, state, min_days) for subject in subjects)


def _of(
    subject: Subject,
    explanations: tuple[Explanation, ...],
    log: LogSummary,
    world: World,
    unattached: tuple[str, ...],
    state: LogState,
    min_days: float,
) -> Readiness:
    framework: Literal["selinux", "apparmor"] = "apparmor" if subject.kind == "profile" else "selinux"
    mine = [one for one in explanations if one.group.framework == framework and _is_of(subject, one)]
    biting = [one for one in mine if one.effect in (Effect.WOULD_BE, Effect.UNSAID)]
    open_ = [one for one in biting if one.open]
    bites: dict[str, int] = {}
    for one in biting:
        bites[one.service] = bites.get(one.service, 0) + one.group.count
    since, until = log.health.first, log.health.last
    days = (until - since).total_seconds() / 86400 if since and until else 0.0
    boots = sum(change.kind is ChangeKind.BOOT for change in log.changes)
    services = {unit_name(unit) for unit in subject.units}
    restarts = sum(run.starts for run in log.units if unit_name(run.unit) in services)
    blocking = tuple(_why_not(one) for one in open_ if not _curable(one))
    strays = tuple(
        f"restart {name}" for name in unattached if subject.kind != "profile" or subject.name in name
    )
    steps = (*_steps([one for one in open_ if _curable(one)]), *_relabel(subject, world), *strays[:_MOST])
    unknown = list(state.faults)
    if since is None or until is None:
        unknown.append("the log has no times")
    elif days < min_days:
        unknown.append(f"observed for {days:.1f} days only, {min_days:g} are wanted")
    if not boots and not restarts:
        unknown.append("neither a boot nor a restart of its service was observed")
    if subject.kind != "host" and not mine and not _runs(subject, world):
        unknown.append("nothing is known to have run under it")
    verdict: Verdict = "ready"
    if blocking:
        verdict = "not ready"
    elif steps:
        verdict = "ready after steps"
    elif unknown:
        verdict = "unknown"
    return Readiness(
        framework=framework,
        kind=subject.kind,
        name=subject.name,
        verdict=verdict,
        since=since,
        until=until,
        days=days,
        boots=boots,
        restarts=restarts,
        would_bite=bites,
        steps=steps,
        because=blocking or tuple(unknown),
        remarks=(_SILENT if framework == "apparmor" else state.hidden,),
        enforce=_enforce(subject),
    )


def _is_of(subject: Subject, one: Explanation) -> bool:
    if subject.kind == "host":
        return True
    names = {learning_parent(part)[0] for part in one.group.source.split("//&")}
    return subject.name in names or (subject.kind == "domain" and one.group.source == subject.name)


def _curable(one: Explanation) -> bool:
    """Whether a cure is known that our reader has shown to suffice and that nothing speaks against."""
    return one.cure is not None and one.cure.checked and one.cause is not Cause.DANGER and not one.danger


def _why_not(one: Explanation) -> str:
    if one.danger:
        return f"{answers(one)}; on the danger list: {one.danger[0].title}"
    return f"{answers(one)}; no cure is proven"


def _steps(explanations: list[Explanation]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for one in explanations:
        assert one.cure is not None
        found[f"{one.cure.title} ({answers(one)})"] = None
    return tuple(found)


def _relabel(subject: Subject, world: World) -> tuple[str, ...]:
    """Files without a label that the policy knows, where the host itself is to be enforced."""
    if subject.kind != "host" or isinstance(world.labels, Absent):
        return ()
    bad = [path for path, label in world.labels.items() if context_type(label.label) in _UNLABELLED]
    return (f"relabel {len(bad)} files without a known label, {bad[0]} among them",) if bad else ()


def _enforce(subject: Subject) -> tuple[str, ...]:
    """The command that enforces it, once it is ready."""
    if subject.kind == "domain":
        return ("semanage", "permissive", "-d", subject.name)
    if subject.kind == "profile":
        return ("aa-enforce", "--", subject.name)
    return ("setenforce", "1")


def subjects_of(
    world: World, permissive: Iterable[str], complaining: Iterable[str], *, permissive_host: bool
) -> tuple[Subject, ...]:
    """What only logs on a host, with the services that run as it."""
    subjects = [Subject("host", world.name or "host", _units(world, ""))] if permissive_host else []
    subjects += [Subject("domain", name, _units(world, name)) for name in permissive]
    subjects += [Subject("profile", name, _units(world, name)) for name in complaining]
    return tuple(subjects)


def _runs(subject: Subject, world: World) -> bool:
    """Whether a process runs as it now."""
    processes = () if isinstance(world.processes, Absent) else world.processes
    return any(subject.name in (label, context_type(label)) for one in processes if (label := _label(one)))


def _label(process: Process) -> str:
    """A process's context, or its profile without the mode; empty where it is not known."""
    if isinstance(process.label, Absent):
        return ""
    return process.label.rpartition(" (")[0] or process.label


def _units(world: World, name: str) -> tuple[str, ...]:
    if isinstance(world.processes, Absent):
        return ()
    found: dict[str, None] = {}
    for process in world.processes:
        label = _label(process)
        if process.unit.endswith(".service") and (not name or name in (label, context_type(label))):
            found[process.unit] = None
    return tuple(found)
