"""The judgement of a draft: does it allow what the specification needs, and does it open nothing new?

The policy that is asked is the host's own with the draft laid over it (`selinux.extend`, or the host's
profiles with the new ones among them), by the same readers that answer for real hosts. Without a host
there is no policy to lay it over: every line is then ``unknown``.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from hardcheck.access import AccessPolicy, Subject, Verdict
from hardcheck.confine import names
from hardcheck.confine.needs import Need, Side
from hardcheck.confine.spec import OWN_KINDS, ServiceSpec
from hardcheck.exposure.asking import answer_goal
from hardcheck.exposure.host import Host
from hardcheck.exposure.model import Goal, GoalAnswer, Service, TenantAccess
from hardcheck.exposure.tenants import tenants_of
from hardcheck.findings.exposure import Outcome


class Judged(StrEnum):
    """What a line of the judgement comes to."""

    GOOD = "good"
    BAD = "bad"
    UNKNOWN = "unknown"


class NeedLine(msgspec.Struct, frozen=True):
    """One need: what it wants, what the draft says, and why."""

    service: str
    question: str
    wanted: str
    answer: str
    judged: Judged
    because: tuple[str, ...] = ()


class GoalLine(msgspec.Struct, frozen=True):
    """One attack goal before and after: ``opened`` is what counts, ``before`` empty where it does not run."""

    service: str
    goal: str
    title: str
    before: str
    after: str
    judged: Judged
    because: tuple[str, ...] = ()


class TenantLine(msgspec.Struct, frozen=True):
    """What a site's code may do to another's files, before and after."""

    reader: str
    owner: str
    read_before: str
    read_after: str
    write_before: str
    write_after: str


class Judgement(msgspec.Struct, frozen=True):
    """All lines of one framework; ``notes`` are what could not be told about the draft as a whole."""

    side: Side
    needs: tuple[NeedLine, ...]
    goals: tuple[GoalLine, ...]
    tenants: tuple[TenantLine, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def judged(self) -> Judged:
        """Bad when one line is, then unknown when one is or when nothing was judged."""
        seen = {line.judged for line in self.needs} | {line.judged for line in self.goals}
        if Judged.BAD in seen:
            return Judged.BAD
        return Judged.UNKNOWN if Judged.UNKNOWN in seen or not seen or self.notes else Judged.GOOD


def judge_needs(policy: AccessPolicy, needs: tuple[Need, ...]) -> tuple[NeedLine, ...]:
    """Put every need to the policy with the draft in it."""
    return tuple(_need_line(policy, need) for need in needs)


def _need_line(policy: AccessPolicy, need: Need) -> NeedLine:
    wanted = "allowed" if need.allowed else "denied"
    if need.subject == "unconfined" and policy.framework == "apparmor":
        return NeedLine(need.service, need.shown, wanted, "allowed", Judged.GOOD, ("it is not confined",))
    answer = policy.may(Subject(need.subject), need.action, need.object_)
    verdict = answer.verdict
    if verdict is Verdict.UNKNOWN:
        return NeedLine(need.service, need.shown, wanted, verdict, Judged.UNKNOWN, (answer.unknown,))
    # A permissive draft is judged as what it will be: by its rules, not by the mode.
    judged = Judged.GOOD if answer.allowed is need.allowed else Judged.BAD
    shown = "allowed" if answer.allowed else "denied"
    return NeedLine(need.service, need.shown, wanted, shown, judged, answer.because[:4])


def judge_goals(
    now: Host,
    then: Host,
    goals: tuple[Goal, ...],
    pairs: tuple[tuple[ServiceSpec, Service | None, Service], ...],
) -> tuple[GoalLine, ...]:
    """Ask every attack goal of each service as it runs now (None: it does not) and as it would run."""
    return tuple(
        _goal_line(
            spec,
            goal,
            answer_goal(now, before, goal).outcome if before else None,
            answer_goal(then, after, goal),
        )
        for spec, before, after in pairs
        for goal in goals
    )


def _goal_line(spec: ServiceSpec, goal: Goal, old: Outcome | None, new: GoalAnswer) -> GoalLine:
    grounds = (reason.because[:3] or (reason.note,) for reason in new.reasons[:2])
    because = tuple(line for lines in grounds for line in lines if line)
    asked = bool(new.reasons) and not new.more and all(_is_asked(spec, one.question) for one in new.reasons)
    judged = _opened(old, new.outcome, asked=asked)
    open_ = new.outcome is not Outcome.BLOCKED
    note = ("the specification asks for it",) if open_ and asked else ()
    return GoalLine(
        spec.name, goal.id, goal.title, old or "", new.outcome, judged, (*note, *because) if open_ else ()
    )


def _opened(old: Outcome | None, new: Outcome, *, asked: bool) -> Judged:
    """Open before by the rules, or blocked after, is good. What was only logged and is now allowed is
    newly allowed, and so is everything that was blocked: bad, unless the specification asks for it."""
    if new is Outcome.BLOCKED or old is Outcome.ALLOWED or (new is not Outcome.UNKNOWN and asked):
        return Judged.GOOD
    if new is Outcome.UNKNOWN or old in (None, Outcome.UNKNOWN):
        return Judged.UNKNOWN
    return Judged.BAD


def _is_asked(spec: ServiceSpec, question: str) -> bool:
    """Whether a question is about the service's own files, or a port, program or capability that it names."""
    action, _, rest = question.partition(" ")
    words = rest.split()
    if rest.startswith("/"):
        own = [path for kind in OWN_KINDS for path in names.own_paths(spec, kind)]
        named = (*own, *spec.executes) if action == "execute" else own
        return any(rest == path or (path.endswith("/") and rest.startswith(path)) for path in named)
    if action in ("connect", "bind"):
        return " ".join(words[-2:]) in {
            need.shown for need in (spec.connect if action == "connect" else spec.listen)
        }
    return words[:1] == ["capability"] and words[-1] in spec.capabilities


def judge_tenants(
    now: Host, then: Host, before: tuple[Service, ...], after: tuple[Service, ...]
) -> tuple[TenantLine, ...]:
    """The matrix of sites, before and after, for every pair that both have."""
    old = {(one.reader, one.owner): one for one in tenants_of(now, before).matrix}
    new = {(one.reader, one.owner): one for one in tenants_of(then, after).matrix}
    return tuple(_tenant_line(old[pair], new[pair]) for pair in old if pair in new)


def _tenant_line(old: TenantAccess, new: TenantAccess) -> TenantLine:
    return TenantLine(old.reader, old.owner, old.read, new.read, old.write, new.write)
