"""One goal for one service: its questions put to the policy, and the answers put together.

A way is open as far as the least open of its questions; a goal as far as its most open way, over all
labels of the service and all objects. A question without an answer leaves a way unknown unless another
one blocks it. A goal is blocked only when every way was answered and is blocked.
"""

from __future__ import annotations

from collections.abc import Iterator

from hardcheck.access import AccessAnswer, Object, Path, Subject
from hardcheck.exposure.chains import Escape, escape
from hardcheck.exposure.goals import object_of
from hardcheck.exposure.host import Host
from hardcheck.exposure.model import (
    OUTCOME_OF,
    Ask,
    Framework,
    Goal,
    GoalAnswer,
    Identity,
    Service,
    Target,
    Way,
)
from hardcheck.exposure.objects import defaults_of, targets_of
from hardcheck.exposure.ordinary import weigh
from hardcheck.facts import Absent
from hardcheck.findings.exposure import ChainStep, GoalReason, Outcome

MOST_REASONS = 12
_MOST_GROUNDS = 8
_ORDER = list(Outcome)
_KINDS = {
    "f": "file",
    "d": "dir",
    "l": "lnk_file",
    "s": "sock_file",
    "p": "fifo_file",
    "c": "chr_file",
    "b": "blk_file",
}
_NO_TARGET = Target("")
NOT_THERE = "there is none on this host"
NO_MAC = "no MAC framework is active: no policy bounds the service"


def answer_goal(host: Host, service: Service, goal: Goal) -> GoalAnswer:
    """What comes of a goal. Nothing that the host holds raises."""
    if goal.chain:
        return _escape(host, service, goal)
    targets, origin = targets_of(goal, host, service)
    if origin == "host" and not targets:
        if _answers(host, service):
            nothing = GoalReason(goal.title, ", ".join(service.labels), Outcome.BLOCKED, note=NOT_THERE)
            return GoalAnswer(goal.id, goal.title, goal.severity, Outcome.BLOCKED, origin, (), (nothing,))
        targets, origin = defaults_of(goal), "default"
    reasons: list[GoalReason] = []
    best = Outcome.BLOCKED
    for label, way, target in combinations(host, service, goal, targets or (_NO_TARGET,)):
        outcome, found = answer_way(host, service, label, way, target)
        if _ORDER.index(outcome) < _ORDER.index(best):
            best, reasons = outcome, []
        if outcome is best:
            reasons += found
    kept = _distinct(reasons)
    names = tuple(target.shown or target.name for target in targets)
    more = max(0, len(kept) - MOST_REASONS)
    kept = kept[:MOST_REASONS]
    return GoalAnswer(goal.id, goal.title, goal.severity, best, origin, names, tuple(kept), more)


def _answers(host: Host, service: Service) -> bool:
    """Whether there is a policy to ask for all that the service runs as."""
    confines = host.framework in ("selinux", "apparmor") and not isinstance(host.policy, Absent)
    return confines and all(service.labels)


def combinations(
    host: Host, service: Service, goal: Goal, targets: tuple[Target, ...]
) -> Iterator[tuple[str, Way, Target]]:
    """Everything that a goal without a chain asks: each label of the service, each way, each object."""
    framework: Framework = "apparmor" if host.framework == "apparmor" else "selinux"
    for label in service.labels:
        for way in goal.ways[framework]:
            takes = any(ask.takes_object for ask in way)
            for target in targets if takes else (_NO_TARGET,):
                yield label, way, target


def answer_way(
    host: Host, service: Service, label: str, way: Way, target: Target
) -> tuple[Outcome, list[GoalReason]]:
    """What comes of one way, with the answers that decide it: the one that stands most in the way."""
    reasons = [_answer(host, service, label, ask, target) for ask in way]
    outcome = max((reason.outcome for reason in reasons), key=_RANK.__getitem__)
    return outcome, [reason for reason in reasons if reason.outcome is outcome]


_RANK = {Outcome.ALLOWED: 0, Outcome.LOGGED: 1, Outcome.UNKNOWN: 2, Outcome.BLOCKED: 3}
"""How much an outcome stands in the way; of a way's questions the highest decides."""


def _answer(host: Host, service: Service, label: str, ask: Ask, target: Target) -> GoalReason:
    identities = [identity for identity in service.identities if identity.label == label]
    object_ = object_of(ask, target.name, label)
    question = ask.text.replace("{object}", target.shown or target.name).replace("{self}", "its own label")
    ordinary = weigh(host, identities, ask.action, object_)
    if host.framework == "neither":
        return GoalReason(question, label, Outcome.ALLOWED, (NO_MAC,), ordinary=ordinary)
    outcome, answer = put(host, identities, label, ask, object_)
    return GoalReason(
        question,
        label,
        outcome,
        answer.because[:_MOST_GROUNDS],
        answer.leads_to,
        answer.unknown,
        ordinary,
        answer.outside,
    )


def put(
    host: Host, identities: list[Identity], label: str, ask: Ask, object_: Object
) -> tuple[Outcome, AccessAnswer]:
    """Ask the policy. The mode that the kernel runs the processes in weighs more than the text on disk."""
    if isinstance(host.policy, Absent):
        return Outcome.UNKNOWN, _no_answer(f"the policy cannot be asked: {host.policy.detail}")
    if not label:
        return Outcome.UNKNOWN, _no_answer("the label of these processes could not be read")
    answer = host.policy.may(Subject(label), ask.action, as_on_disk(host, object_))
    refused = host.framework == "apparmor" and not answer.allowed and not answer.unknown
    if refused and isinstance(object_, Path) and _may_own(host, identities, object_):
        owned = host.policy.may(Subject(label), ask.action, Path(object_.path, object_.kind, owner=True))
        answer = owned if owned.allowed and not owned.unknown else answer
    outcome = OUTCOME_OF[answer.verdict]
    states = {identity.state for identity in identities if isinstance(identity.state, str)}
    if outcome is Outcome.BLOCKED and states == {"permissive"}:
        return Outcome.LOGGED, answer
    if outcome is Outcome.LOGGED and states == {"enforced"} and not _is_stack(label):
        return Outcome.BLOCKED, answer
    return outcome, answer


def _no_answer(why: str) -> AccessAnswer:
    return AccessAnswer(False, False, False, (), unknown=why)


def _is_stack(label: str) -> bool:
    return "//&" in label


def _may_own(host: Host, identities: list[Identity], path: Path) -> bool:
    """Whether a file can be the service's own: it runs as root, or the file lies where content does."""
    roots = [root.rstrip("/") + "/" for site in host.each("web.sites") for root in site.docroots]
    return any(one.uid == 0 for one in identities) or path.path.startswith(tuple(roots))


def as_on_disk(host: Host, object_: Object) -> Object:
    """A path with the label and kind that it has on disk, where they were seen."""
    file = host.files.get(object_.path) if isinstance(object_, Path) else None
    if file is None or not isinstance(object_, Path) or host.framework != "selinux":
        return object_
    return Path(object_.path, _KINDS.get(file.kind, object_.kind), file.label)


def _distinct(reasons: list[GoalReason]) -> list[GoalReason]:
    """Of answers that differ in their question's object only, the first stands for all with a count."""
    groups: dict[tuple[object, ...], list[GoalReason]] = {}
    for reason in reasons:
        verb = reason.question.partition(" ")[0]
        key = (verb, reason.subject, reason.because, reason.note, reason.leads_to, reason.ordinary)
        groups.setdefault(key, []).append(reason)
    return [group[0] for group in groups.values()]


def _way_out(host: Host, label: str, most: int) -> Escape:
    if host.framework == "neither":
        return Escape(Outcome.ALLOWED, why=NO_MAC)
    if not label:
        return Escape(Outcome.UNKNOWN, note="the label of these processes could not be read")
    return escape(host, label, most)


def _escape(host: Host, service: Service, goal: Goal) -> GoalAnswer:
    """The way out of the service's labels: the most open of them counts."""
    best = Outcome.BLOCKED
    reasons: list[GoalReason] = []
    chain: tuple[ChainStep, ...] = ()
    for label in service.labels:
        identities = [identity for identity in service.identities if identity.label == label]
        text = f"reach an unconfined label by at most {goal.chain} transitions"
        found = _way_out(host, label, goal.chain)
        outcome, steps, note = found.outcome, found.steps, found.note
        if any(one.no_new_privileges is True for one in identities) and steps:
            note = "no_new_privs is set: the kernel may refuse these transitions"
        if _ORDER.index(outcome) < _ORDER.index(best):
            best, reasons, chain = outcome, [], steps
        if outcome is best:
            reasons.append(GoalReason(text, label, outcome, found.because, note=note))
    names: tuple[str, ...] = ()
    return GoalAnswer(goal.id, goal.title, goal.severity, best, "none", names, tuple(reasons), 0, (), chain)
