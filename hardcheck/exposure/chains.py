"""Ways out: from a service's label to an unconfined one by at most N transitions.

SELinux: the changes of domain that `DomainGraph` knows. AppArmor: what a profile's exec rules lead to
(ux, px, cx, named targets and fallbacks), change_profile and hats. The files that the steps execute are
taken to be there and to do as the attacker wants; no_new_privs and nosuid mounts are not weighed.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator

import msgspec

from hardcheck.access import Action, Path, Subject, subject_name
from hardcheck.apparmor.access import AppArmorPolicy
from hardcheck.apparmor.answers.execs import UNCONFINED
from hardcheck.apparmor.file_access import pattern_forms, resolved_exec
from hardcheck.apparmor.globs import GlobFault
from hardcheck.apparmor.profile import Profile
from hardcheck.apparmor.syntax import Mode
from hardcheck.apparmor.variables import VariableFault
from hardcheck.errors import PolicyError
from hardcheck.exposure.host import Host
from hardcheck.facts import Absent
from hardcheck.findings.exposure import ChainStep, Outcome
from hardcheck.selinux.access import SelinuxPolicy
from hardcheck.selinux.domains import Step
from hardcheck.selinux.types import type_set

_STACK = "//&"
_WILD = frozenset("*?[{")
_MOST_LABELS = 4096
_BRACES = re.compile(r"\{([^{}]{0,200})\}")
_MOST_BRACES = 4
_SHOWN_FILES = 3


class Escape(msgspec.Struct, frozen=True):
    """What came of the search: the steps, or ``why`` it is open without any; ``note`` says why it is
    unknown, or what was found instead."""

    outcome: Outcome
    steps: tuple[ChainStep, ...] = ()
    note: str = ""
    why: str = ""

    @property
    def because(self) -> tuple[str, ...]:
        """The grounds in words."""
        return (self.why,) if self.why else tuple(map(str, self.steps))


def escape(host: Host, label: str, most: int) -> Escape:
    """Whether a process with this label can come to run unconfined; a label that is only logged is one
    whose bounds are no bounds, and so is one that the way leads to."""
    policy, unconfined = host.policy, host.unconfined
    if isinstance(policy, Absent):
        return Escape(Outcome.UNKNOWN, note=f"there is no policy to ask: {policy.detail}")
    if isinstance(unconfined, Absent):
        return Escape(Outcome.UNKNOWN, note=f"what is unconfined is not known: {unconfined.detail}")
    name = subject_name(label)
    if name in unconfined:
        return Escape(Outcome.ALLOWED, why=f"{name} is unconfined already")
    if name in host.logged_only:
        return Escape(Outcome.LOGGED, why=f"{name} is only logged: its denials are let through")
    if isinstance(policy, SelinuxPolicy):
        return _selinux(policy, label, unconfined, host.logged_only, most)
    if isinstance(policy, AppArmorPolicy):
        if name not in policy.policy.profiles:
            return Escape(Outcome.UNKNOWN, note=f"the text of the profile {name} was not read")
        found = _walk(name, unconfined, host.logged_only, lambda at: _apparmor_steps(policy, at), most)
        return found or Escape(Outcome.BLOCKED, note=f"no chain of at most {most} transitions leads out")
    return Escape(Outcome.UNKNOWN, note="this policy's transitions cannot be followed")


def _selinux(
    policy: SelinuxPolicy, label: str, unconfined: frozenset[str], logged: frozenset[str], most: int
) -> Escape:
    try:
        if ":" in label:
            source = policy.policy.context(label)
        else:
            source = policy.policy.typical.of(policy.policy.labels.parse_type(label))
    except PolicyError as error:
        return Escape(Outcome.UNKNOWN, note=str(error))
    types = policy.policy.names.types
    for outcome, names in ((Outcome.ALLOWED, unconfined), (Outcome.LOGGED, logged)):
        goals = type_set(types[name] for name in names if name in types)
        steps = policy.domains.nearest(source, goals, most) if goals else None
        if steps:
            shown = (ChainStep(step.source, step.target, _how(policy, step)) for step in steps)
            return Escape(outcome, tuple(shown))
    return Escape(Outcome.BLOCKED, note=f"no chain of at most {most} transitions leads out")


def _how(policy: SelinuxPolicy, step: Step) -> str:
    """What makes a change of domain: the kind of change, and the types of the files that it executes."""
    types = policy.policy.types.names(step.files)
    if not types:
        return step.how.value
    more = f" and {len(types) - _SHOWN_FILES} more types" if len(types) > _SHOWN_FILES else ""
    return f"{step.how.value}: executes a file of {', '.join(types[:_SHOWN_FILES])}{more}"


def _walk(
    start: str,
    unconfined: frozenset[str],
    logged: frozenset[str],
    steps_from: Callable[[str], Iterable[tuple[str, str]]],
    most: int,
) -> Escape | None:
    """The shortest way to an unconfined label, else to one that is only logged."""
    before: dict[str, tuple[str, str]] = {start: ("", "")}
    queue = deque([(start, 0)])
    second = ""
    while queue:
        at, length = queue.popleft()
        if length >= most or len(before) > _MOST_LABELS:
            continue
        for label, how in steps_from(at):
            if label in before:
                continue
            before[label] = (at, how)
            if label in unconfined:
                return Escape(Outcome.ALLOWED, _back(before, label))
            if label in logged and not second:
                second = label
            queue.append((label, length + 1))
    return Escape(Outcome.LOGGED, _back(before, second)) if second else None


def _back(before: dict[str, tuple[str, str]], label: str) -> tuple[ChainStep, ...]:
    steps: list[ChainStep] = []
    while before[label][0]:
        at, how = before[label]
        steps.append(ChainStep(at, label, how))
        label = at
    return tuple(reversed(steps))


def _apparmor_steps(policy: AppArmorPolicy, label: str) -> Iterator[tuple[str, str]]:
    """(label, how) of each change that one profile can make; nothing for what was not read."""
    profile = policy.policy.profiles.get(label)
    if profile is None:
        return
    yield from _exec_rules(policy, profile)
    for path in _executables(policy):
        answer = policy.may(Subject(label), Action.EXECUTE, Path(path))
        if answer.allowed and not answer.unknown and answer.leads_to not in ("", label):
            yield answer.leads_to, f"executes {path}"
    if profile.change_profile_rules:
        for name in (UNCONFINED, *policy.policy.profiles):
            answer = policy.may(Subject(label), Action.TRANSITION, Subject(name))
            if name != label and answer.allowed and not answer.unknown:
                yield name, f"change_profile by {answer.because[0] if answer.because else 'its rules'}"
    for child in (*profile.children.values(), *(profile.parent.children.values() if profile.parent else ())):
        if child.is_hat and child is not profile:
            yield child.full_name, "change_hat"


def _exec_rules(policy: AppArmorPolicy, profile: Profile) -> Iterator[tuple[str, str]]:
    """What exec rules say themselves: ux, a named target, or a fallback where no profile attaches."""
    if not policy.policy.mediates(profile, "file"):
        return
    for rule in profile.file_rules:
        mode = resolved_exec(profile, rule)
        if mode is None or rule.prefix.mode not in (Mode.UNSPECIFIED, Mode.ALLOW):
            continue
        how = f"executes {rule.pattern} by {profile.cite(rule)}"
        if mode.kind == "u" or (mode.fallback == "u" and _is_wild(rule.pattern)):
            yield UNCONFINED, how
        elif mode.target and _STACK[-1] not in mode.target and policy.policy.exists(mode.target):
            yield mode.target, how


def _executables(policy: AppArmorPolicy) -> tuple[str, ...]:
    """The paths, without wildcards, that profiles attach to."""
    found: dict[str, None] = {}
    for profile in policy.policy.profiles.values():
        if not profile.attachment:
            continue
        try:
            forms = tuple(pattern_forms(profile, profile.attachment))
        except (GlobFault, VariableFault):
            continue
        plain = (path for form in forms for path in _alternatives(form))
        found.update(dict.fromkeys(path for path in plain if path.startswith("/") and not _is_wild(path)))
    return tuple(found)


def _alternatives(form: str) -> list[str]:
    """``/{,usr/}bin/x`` as its two paths; alternatives inside alternatives stay as they are."""
    forms = [form]
    for _ in range(_MOST_BRACES):
        match = _BRACES.search(forms[0])
        if match is None:
            break
        forms = [
            before + word + after
            for before, inside, after in (_split(one) for one in forms)
            for word in inside.split(",")
        ]
    return forms


def _split(form: str) -> tuple[str, str, str]:
    match = _BRACES.search(form)
    assert match is not None  # all forms of one pattern have the same number of braces left
    return form[: match.start()], match[1], form[match.end() :]


def _is_wild(pattern: str) -> bool:
    return bool(_WILD & set(pattern)) or "@{" in pattern
