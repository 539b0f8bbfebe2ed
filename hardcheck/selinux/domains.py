"""Changes of domain: by running a file, by asking for it (setexec), or without a file (setcurrent).

A process of domain S becomes N by running a file of type X when S may execute X, S may make the
transition to N, X is an entry point of N, and either a type_transition leads from S over X to N
or S may choose its next domain (``process setexec``). ``dyntransition`` with ``setcurrent`` needs
no file. Constraints, role allows and booleans are weighed; file permissions, no_new_privs and
nosuid mounts are not.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from enum import StrEnum

from msgspec import Struct

from hardcheck.selinux.avtab import CLASS_SHIFT, RuleKind, key_of, parts_of
from hardcheck.selinux.classes import ObjectClass
from hardcheck.selinux.contexts import SecurityContext
from hardcheck.selinux.ebitmap import values_of
from hardcheck.selinux.names import ClassNames
from hardcheck.selinux.policy import Booleans, Policy
from hardcheck.selinux.sets import ruled_sources, ruled_targets, targets
from hardcheck.selinux.types import TypeSet

MAX_STEPS = 32


class How(StrEnum):
    """What leads from one domain to the next."""

    TYPE_TRANSITION = "type_transition"  # by itself
    SETEXEC = "setexec"  # when the process asks for it
    DYNTRANSITION = "dyntransition"  # without running anything


class Step(Struct, frozen=True):
    """One change of domain; ``files`` are the types of the files that may be run for it."""

    source: str
    target: str
    how: How
    files: tuple[str, ...]


class _Change(Struct, frozen=True):
    """A step by values; ``context`` is the process's after it."""

    context: SecurityContext
    how: How
    files: TypeSet


class DomainGraph:
    """The changes of domain that one policy with one setting of its booleans allows.

    User, role and range stay where the policy authorises them for the new domain; else the new
    process is taken to have the domain's typical context (`typical`).
    """

    def __init__(self, policy: Policy, booleans: Booleans | None = None) -> None:
        self._policy = policy
        self._booleans = booleans
        self._process = _class(policy, "process")
        self._file = _class(policy, "file")
        self._entries: dict[int, TypeSet] = {}
        self._ruled = self._type_transitions()

    def _type_transitions(self) -> dict[int, dict[int, TypeSet]]:
        """Return the executables of each (source, new domain) that a type_transition names."""
        found: dict[int, dict[int, TypeSet]] = {}
        rules = self._policy.enabled(self._booleans)
        wanted = key_of(0, 0, self._process.value, RuleKind.TYPE_TRANSITION) >> CLASS_SHIFT
        for table in (self._policy.policydb.rules.plain, rules.new_types):
            for key in [key for key in table if key >> CLASS_SHIFT == wanted]:
                source, target, _, _ = parts_of(key)
                files = found.setdefault(source, {})
                files[table[key]] = files.get(table[key], 0) | 1 << (target - 1)
        return found

    def steps_from(self, source: SecurityContext) -> tuple[Step, ...]:
        """Return the changes that a process can make, in the order of the policy's types."""
        return tuple(self._step(source.type, change) for change in self._from(source))

    def steps_to(self, target: int) -> tuple[Step, ...]:
        """Return the changes that lead into a domain from any other, each in its typical context."""
        able = 0
        for permission in ("transition", "dyntransition"):
            if mask := self._mask(permission):
                able |= ruled_sources(self._policy, target, self._process, mask, self._booleans)
        found = []
        for source in values_of(able & ~(1 << (target - 1))):
            context = self._policy.typical.of(source)
            found += [self._step(source, change) for change in self._ways(context, target, None)]
        return tuple(found)

    def path(self, source: SecurityContext, goal: int, most: int = MAX_STEPS) -> tuple[Step, ...] | None:
        """Return the shortest way from a process to a domain; None where there is none."""
        before: dict[int, Step] = {}
        for step, change, _ in self._walk(source, most):
            before[change.context.type] = step
            if change.context.type == goal:
                return tuple(self._back(before, goal, source.type))
        return () if source.type == goal else None

    def reachable(self, source: SecurityContext, most: int = MAX_STEPS) -> dict[str, int]:
        """Return the domains that a process can get to, with the number of steps."""
        names = self._policy.names.type_name
        return {names(change.context.type): length for _, change, length in self._walk(source, most)}

    def _walk(self, source: SecurityContext, most: int) -> Iterator[tuple[Step, _Change, int]]:
        """Yield each domain that can be reached once, nearest first, with the number of steps."""
        queue = deque([(source, 0)])
        seen = 1 << (source.type - 1)
        while queue:
            context, length = queue.popleft()
            if length >= most:
                return
            for change in self._from(context, seen):
                new = 1 << (change.context.type - 1)
                if not seen & new:
                    seen |= new
                    yield self._step(context.type, change), change, length + 1
                    queue.append((change.context, length + 1))

    def _step(self, source: int, change: _Change) -> Step:
        names = self._policy.names.type_name
        files = self._policy.types.names(change.files)
        return Step(names(source), names(change.context.type), change.how, files)

    def _back(self, before: dict[int, Step], goal: int, start: int) -> list[Step]:
        steps = []
        while goal != start:
            steps.append(before[goal])
            goal = self._policy.names.types[before[goal].source]
        return steps[::-1]

    def _from(self, source: SecurityContext, seen: TypeSet = 0) -> Iterator[_Change]:
        able = 0
        for permission in ("transition", "dyntransition"):
            if mask := self._mask(permission):
                able |= ruled_targets(self._policy, source.type, self._process, mask, self._booleans)
        able &= ~(seen | 1 << (source.type - 1))
        runs = self._runs(source) if able else 0
        for target in values_of(able):
            yield from self._ways(source, target, runs)

    def _ways(self, source: SecurityContext, target: int, runs: TypeSet | None) -> Iterator[_Change]:
        """Yield how a process may become a domain that rules give it some transition to."""
        runs = self._runs(source) if runs is None else runs
        files = runs & self._entry(target)
        ruled: dict[SecurityContext, TypeSet] = {}
        for file in values_of(files & self._ruled.get(source.type, {}).get(target, 0)):
            context = self._after(source, file)
            if context is not None and context.type == target:
                ruled[context] = ruled.get(context, 0) | 1 << (file - 1)
        allowed = [
            _Change(context, How.TYPE_TRANSITION, of)
            for context, of in ruled.items()
            if self._has(source, context, "transition")
        ]
        yield from allowed
        asked = self._policy.typical.after(source, target)
        may_ask = files and not allowed and self._has(source, source, "setexec")
        if may_ask and self._has(source, asked, "transition"):
            yield _Change(asked, How.SETEXEC, files)
        if self._has(source, asked, "dyntransition") and self._has(source, source, "setcurrent"):
            yield _Change(asked, How.DYNTRANSITION, 0)

    def _after(self, source: SecurityContext, file: int) -> SecurityContext | None:
        """Return the context that running a file of a type leads to by itself."""
        policy = self._policy
        target = policy.typical.object(file)
        new = policy.labelling.new_context(policy.enabled(self._booleans), source, target, self._process)
        return new.context if new is not None and policy.labels.is_valid(new.context) else None

    def _runs(self, source: SecurityContext) -> TypeSet:
        mask = self._file.masks.get("execute", 0)
        return targets(self._policy, source, self._file, mask, self._booleans) if mask else 0

    def _entry(self, domain: int) -> TypeSet:
        known = self._entries.get(domain)
        if known is None:
            mask = self._file.masks.get("entrypoint", 0)
            context = self._policy.typical.of(domain)
            known = targets(self._policy, context, self._file, mask, self._booleans) if mask else 0
            self._entries[domain] = known
        return known

    def _mask(self, permission: str) -> int:
        return self._process.masks.get(permission, 0)

    def _has(self, source: SecurityContext, target: SecurityContext, permission: str) -> bool:
        rules = self._policy.enabled(self._booleans)
        vectors = self._policy.decider.vectors(rules, source, target, self._process.value)
        return bool(vectors.allowed & self._mask(permission))


def _class(policy: Policy, name: str) -> ClassNames:
    """Return a class, one without permissions where the policy does not define it."""
    return policy.names.classes.get(name) or ClassNames(ObjectClass(0, 0, name, "", (), (), ()), {})
