"""What would be: booleans set otherwise, domains or profiles enforced; which boolean decides a goal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from hardcheck.errors import PolicyError, UsageError
from hardcheck.exposure.asking import answer_goal
from hardcheck.exposure.host import Host
from hardcheck.exposure.model import Difference, Goal, GoalAnswer, HostExposure, Service
from hardcheck.facts import Absent
from hardcheck.findings.exposure import Outcome, Switch
from hardcheck.selinux.access import SelinuxPolicy

_STATE = re.compile(r"\b([A-Za-z0-9_.-]+) is (on|off)\b")
_CONDITION = "if ("
_MOST_SWITCHES = 6


def with_booleans(host: Host, booleans: Mapping[str, bool]) -> Host:
    """The same host with other states of some booleans.

    Raises:
        UsageError: it has no SELinux policy, or the policy has no such boolean.
    """
    policy = host.policy
    if not isinstance(policy, SelinuxPolicy):
        why = policy.detail if isinstance(policy, Absent) else "its policy is not SELinux's"
        raise UsageError(f"{host.name}: booleans cannot be set otherwise: {why}")
    try:
        return host.assuming(policy.with_booleans(booleans))
    except PolicyError as error:
        raise UsageError(f"{host.name}: {error}") from None


def with_enforced(host: Host, names: Iterable[str]) -> Host:
    """The same host with some domains or profiles enforced that are only logged now.

    Raises:
        UsageError: a name that is not only logged on this host.
    """
    wanted = frozenset(names)
    for name in sorted(wanted - host.logged_only):
        known = ", ".join(sorted(host.logged_only)) or "none"
        raise UsageError(
            f"{host.name}: {name[:80]!r} is not permissive or in complain mode; these are: {known}"
        )
    return host.assuming(host.policy, wanted)


def switches_of(host: Host, service: Service, goal: Goal, answer: GoalAnswer) -> tuple[Switch, ...]:
    """The booleans that decide the goal, by trying those that its reasons name: each alone, and where none
    alone closes it, the fewest found that do together."""
    found = []
    for name, on in named_booleans(answer).items():
        outcome = _tried(host, service, goal, {name: not on}).outcome
        if outcome is not answer.outcome:
            found.append(Switch((name,), on, outcome))
    if answer.outcome.is_open and not any(switch.outcome is Outcome.BLOCKED for switch in found):
        names = _together(host, service, goal, answer)
        found += [Switch(names, True, Outcome.BLOCKED)] if names else []
    return tuple(found)


def _together(host: Host, service: Service, goal: Goal, answer: GoalAnswer) -> tuple[str, ...]:
    """Booleans that close the goal when all of them are off; () where those that are named do not."""
    off: dict[str, bool] = {}
    tried = answer
    while tried.outcome is not Outcome.BLOCKED:
        new = [name for name, on in named_booleans(tried).items() if on and name not in off]
        if not new or len(off) >= _MOST_SWITCHES:
            return ()
        off.update(dict.fromkeys(new, False))
        tried = _tried(host, service, goal, off)
    for name in tuple(off):
        fewer = {other: state for other, state in off.items() if other != name}
        if fewer and _tried(host, service, goal, fewer).outcome is Outcome.BLOCKED:
            off = fewer
    return tuple(off)


def _tried(host: Host, service: Service, goal: Goal, states: Mapping[str, bool]) -> GoalAnswer:
    return answer_goal(with_booleans(host, states), service, goal)


def named_booleans(answer: GoalAnswer) -> dict[str, bool]:
    """The booleans of the conditions that the reasons cite, with their states; a bounded number."""
    found: dict[str, bool] = {}
    for reason in answer.reasons:
        for line in reason.because:
            if _CONDITION in line:
                comment = line.rpartition("#")[2]
                found.update({name: state == "on" for name, state in _STATE.findall(comment)})
    return dict(list(found.items())[:_MOST_SWITCHES])


def differences(before: HostExposure, after: HostExposure) -> tuple[Difference, ...]:
    """The goals whose outcome differs, in the order of services and goals."""
    found = []
    for old, new in zip(before.services, after.services, strict=True):
        for was, now in zip(old.answers, new.answers, strict=True):
            if was.outcome is not now.outcome:
                found.append(Difference(old.service.name, was.goal, was.outcome, now.outcome))
    return tuple(found)


def read_booleans(texts: Iterable[str]) -> dict[str, bool]:
    """``NAME=on`` and ``NAME=off``. Raises UsageError: another form, or a boolean given both ways."""
    found: dict[str, bool] = {}
    for text in texts:
        name, equals, state = text.partition("=")
        if not equals or not re.fullmatch(r"[A-Za-z0-9_.-]+", name) or state not in ("on", "off"):
            raise UsageError(f"--boolean {text[:80]!r}: expected NAME=on or NAME=off")
        if found.setdefault(name, state == "on") is not (state == "on"):
            raise UsageError(f"--boolean {name} is given as on and as off")
    return found
