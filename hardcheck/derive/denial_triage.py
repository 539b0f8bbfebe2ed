"""Denials with their causes, and whether what only logs is ready to enforce: triage as facts."""

from __future__ import annotations

import shlex
from typing import Any

from hardcheck.denials.model import LogSummary, Outcome
from hardcheck.derive.base import DerivedFact
from hardcheck.facts import Absent, Reason
from hardcheck.facts.apparmor import Unattached
from hardcheck.facts.denials import EnforceReadiness, ExplainedDenial
from hardcheck.triage.explain import explain
from hardcheck.triage.model import Cause, Effect, Explanation
from hardcheck.triage.readiness import MIN_DAYS, Readiness, readiness, subjects_of
from hardcheck.triage.world import FACTS, World, world_of_facts

WORLD = FACTS
READINESS = ("selinux.permissive", "apparmor.profiles", "selinux.kernel", "apparmor.unattached", *FACTS)
MOST_GROUPS = 512
"""Groups that are explained for the audit; a log with more has its largest ones told."""


def derive_triage(log: LogSummary, *facts: Any) -> tuple[Explanation, ...]:
    """The groups of the log that were refused or would have been, explained; the largest first."""
    groups = [group for group in log.groups if group.outcome is not Outcome.GRANTED]
    return explain(groups[:MOST_GROUPS], _world(facts))


def derive_explained(explanations: tuple[Explanation, ...]) -> tuple[ExplainedDenial, ...]:
    """The same as rules and reports have it."""
    return tuple(_fact(one) for one in explanations)


def derive_readiness(
    log: LogSummary, explanations: tuple[Explanation, ...], *facts: Any
) -> tuple[EnforceReadiness, ...] | Absent:
    """The readiness of all that only logs; Absent where it is not known of either framework what does.

    A list that lacks a framework whose state was withheld would read as if nothing of it only logged.
    """
    for state in facts[:3]:
        if isinstance(state, Absent) and state.reason is not Reason.NOT_PRESENT:
            return state
    found = readiness_of(log, explanations, facts)
    return found if isinstance(found, Absent) else tuple(_readiness_fact(one) for one in found)


def readiness_of(
    log: LogSummary,
    explanations: tuple[Explanation, ...],
    facts: tuple[Any, ...],
    min_days: float = MIN_DAYS,
) -> tuple[Readiness, ...] | Absent:
    """The same with all that is known of each; ``facts`` are the values of `READINESS`."""
    permissive, profiles, kernel, unattached, *others = facts
    if isinstance(permissive, Absent) and isinstance(profiles, Absent):
        return permissive
    world = _world(tuple(others))
    domains = () if isinstance(permissive, Absent) else [one.type_ for one in permissive]
    complaining = [] if isinstance(profiles, Absent) else [p.name for p in profiles if p.mode == "complain"]
    complaining = [name for name in complaining if "//null-" not in name]
    if complaining and (unseen := _unseen(unattached)) is not None:
        return unseen
    host = not isinstance(kernel, Absent) and kernel.policy_loaded and not kernel.enforcing
    subjects = subjects_of(world, domains, complaining, permissive_host=host)
    strays = () if isinstance(unattached, Absent) else tuple(one.shown for one in unattached)
    return readiness(subjects, explanations, log, world, strays, min_days)


def _unseen(unattached: tuple[Unattached, ...] | Absent) -> Absent | None:
    """Why it is not known what runs without its profile, if it is not."""
    if isinstance(unattached, Absent):
        return unattached
    return next((one.program for one in unattached if isinstance(one.program, Absent)), None)


def _world(facts: tuple[Any, ...]) -> World:
    return world_of_facts("", dict(zip(WORLD, facts, strict=True)))


def _fact(one: Explanation) -> ExplainedDenial:
    group, cure = one.group, one.cure
    done = () if cure is None else tuple(step for step in cure.steps if step.kind not in ("cil", "note"))
    steps = tuple(_step(step.words, step.text) for step in done or (cure.steps if cure else ()))
    return ExplainedDenial(
        framework=group.framework,
        source=group.source,
        target=group.target,
        class_=group.class_,
        wanted=group.wanted,
        object=group.object or next(iter(group.paths.values), ""),
        service=one.service,
        cause=str(one.cause),
        effect=str(one.effect),
        says=one.says,
        open=one.open,
        decided=one.cause is not Cause.UNDECIDED and one.effect is not Effect.UNSAID,
        cured=cure is not None and cure.checked and not one.danger,
        count=group.count,
        first=group.first,
        last=group.last,
        dangers=tuple(hit.title for hit in one.danger),
        steps=tuple(step for step in steps if step),
        missing=one.missing,
        by_day=group.by_day,
    )


def _step(words: tuple[str, ...], text: str) -> str:
    return shlex.join(words) if words else text


def _readiness_fact(one: Readiness) -> EnforceReadiness:
    return EnforceReadiness(
        one.framework,
        one.kind,
        one.name,
        one.verdict,
        one.since,
        one.until,
        one.days,
        one.boots,
        one.restarts,
        one.denials,
        one.steps,
        one.because,
    )


TRIAGE_DERIVED: tuple[DerivedFact, ...] = (
    DerivedFact(
        "denials.triage",
        tuple[Explanation, ...],
        "denials in the logs with cause, proof and cure",
        ("denials.log",),
        derive_triage,
        weighs=WORLD,
    ),
    DerivedFact(
        "denials.explained",
        tuple[ExplainedDenial, ...],
        "denials in the logs with cause and cure, in words",
        ("denials.triage",),
        derive_explained,
    ),
    DerivedFact(
        "mac.readiness",
        tuple[EnforceReadiness, ...],
        "permissive domains, complain profiles and hosts, and whether each could be enforced",
        ("denials.log", "denials.triage"),
        derive_readiness,
        weighs=READINESS,
    ),
)
