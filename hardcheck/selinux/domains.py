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
from functools import cached_property

from msgspec import Struct

from hardcheck.access.remembered import Remembered
from hardcheck.selinux.avtab import CLASS_SHIFT, RuleKind, key_of, parts_of
from hardcheck.selinux.classes import ObjectClass
from hardcheck.selinux.contexts import SecurityContext
from hardcheck.selinux.ebitmap import values_of
from hardcheck.selinux.names import ClassNames
from hardcheck.selinux.policy import Booleans, Policy
from hardcheck.selinux.sets import ruled_sources, ruled_targets, targets
from hardcheck.selinux.types import TypeSet, type_set

MAX_STEPS = 32
_MOST_LEADS = 8
_MOST_ENTRIES = 64  # above, asking for each is slower than not asking


class How(StrEnum):
    """What leads from one domain to the next."""

    TYPE_TRANSITION = "type_transition"  # by itself
    SETEXEC = "setexec"  # when the process asks for it
    DYNTRANSITION = "dyntransition"  # without running anything


class Step(Struct, frozen=True):
    """One change of domain; ``files`` are the types of the files that may be run for it
    (`TypeSets.names` names them)."""

    source: str
    target: str
    how: How
    files: TypeSet


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
        self._leads: Remembered[tuple[TypeSet, int], list[TypeSet]] = Remembered(_MOST_LEADS)

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
        changes = (self._ruled_sources(target, name) for name in ("transition", "dyntransition"))
        by_exec, by_itself = (types & ~(1 << (target - 1)) for types in changes)
        by_exec &= self._runners(self.entry(target))
        found = []
        for source in values_of(by_exec | by_itself):
            process = _Process(self, self._policy.typical.of(source))
            one = 1 << (source - 1)
            ways = self._ways(process, target, bool(by_exec & one), bool(by_itself & one))
            found += [self._step(source, change) for change in ways]
        return tuple(found)

    def path(self, source: SecurityContext, goal: int, most: int = MAX_STEPS) -> tuple[Step, ...] | None:
        """Return the shortest way from a process to a domain; None where there is none."""
        before: dict[int, Step] = {}
        for origin, change, _ in self._walk(source, most):
            before[change.context.type] = self._step(origin, change)
            if change.context.type == goal:
                return tuple(self._back(before, goal, source.type))
        return () if source.type == goal else None

    def reachable(self, source: SecurityContext, most: int = MAX_STEPS) -> dict[str, int]:
        """Return the domains that a process can get to, with the number of steps."""
        names = self._policy.names.type_name
        return {names(change.context.type): length for _, change, length in self._walk(source, most)}

    def nearest(self, source: SecurityContext, goals: TypeSet, most: int) -> tuple[Step, ...] | None:
        """Return the shortest way from a process into one of some domains, the first by name of those that
        are equally near; None where there is none. The same as trying `path` for each, and quicker: only
        domains are looked at from which rules lead on to a goal in the steps that are left."""
        leading = self._leading(goals, most)
        before: dict[int, Step] = {}
        seen, level = 1 << (source.type - 1), [source]
        for left in range(most - 1, -1, -1):
            near = []
            for context in level:
                for change in self._from(context, seen | ~leading[left]):
                    new = change.context.type
                    if not seen >> (new - 1) & 1:
                        seen |= 1 << (new - 1)
                        before[new] = self._step(context.type, change)
                        near.append(change.context)
            found = [context.type for context in near if goals >> (context.type - 1) & 1]
            if found:
                goal = min(found, key=self._policy.names.type_name)
                return tuple(self._back(before, goal, source.type))
            level = near
        return None

    def _leading(self, goals: TypeSet, most: int) -> list[TypeSet]:
        """Return the domains from which rules alone lead to a goal within 0, 1, ... steps: all that can,
        and some that constraints or a missing entry point hold back."""
        key = (goals, most)
        known = self._leads.get(key)
        if known is not None:
            return known
        wanted = sum(self._process.masks.get(name, 0) for name in ("transition", "dyntransition"))
        rules = [
            (source, self._policy.types.union(target for target, packed in row.items() if packed & wanted))
            for source, row in self._policy.enabled(self._booleans).rows_of(self._process.value)
        ]
        leading = [goals]
        for _ in range(most - 1):
            sources = (source for source, targets_ in rules if targets_ & leading[-1])
            leading.append(leading[-1] | self._policy.types.union(sources))
        return self._leads.put(key, leading)

    def _walk(self, source: SecurityContext, most: int) -> Iterator[tuple[int, _Change, int]]:
        """Yield each domain that can be reached once, nearest first: the domain before it, the
        change and the number of steps."""
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
                    yield context.type, change, length + 1
                    queue.append((change.context, length + 1))

    def _step(self, source: int, change: _Change) -> Step:
        names = self._policy.names.type_name
        return Step(names(source), names(change.context.type), change.how, change.files)

    def _back(self, before: dict[int, Step], goal: int, start: int) -> list[Step]:
        steps = []
        while goal != start:
            steps.append(before[goal])
            goal = self._policy.names.types[before[goal].source]
        return steps[::-1]

    def _from(self, source: SecurityContext, seen: TypeSet = 0) -> Iterator[_Change]:
        changes = (self._ruled_targets(source.type, name) for name in ("transition", "dyntransition"))
        by_exec, by_itself = (types & ~(seen | 1 << (source.type - 1)) for types in changes)
        process = _Process(self, source)
        by_exec &= self._enterable(process.runs) if by_exec else 0
        for target in values_of(by_exec | by_itself):
            one = 1 << (target - 1)
            yield from self._ways(process, target, bool(by_exec & one), bool(by_itself & one))

    def _ways(self, process: _Process, target: int, by_exec: bool, by_itself: bool) -> Iterator[_Change]:
        """Yield how a process may become a domain that rules give it transition or dyntransition to."""
        source = process.context
        changed = False
        if by_exec:
            for context, files in self._ruled_ways(process, target).items():
                if self.has(source, context, "transition"):
                    changed = True
                    yield _Change(context, How.TYPE_TRANSITION, files)
        asks = by_exec and not changed and process.sets_exec
        leaves = by_itself and process.sets_current
        if not asks and not leaves:
            return
        files = process.runs & self.entry(target) if asks else 0
        if not files and not leaves:
            return
        asked = self._policy.typical.after(source, target)
        if files and self.has(source, asked, "transition"):
            yield _Change(asked, How.SETEXEC, files)
        if leaves and self.has(source, asked, "dyntransition"):
            yield _Change(asked, How.DYNTRANSITION, 0)

    def _ruled_ways(self, process: _Process, target: int) -> dict[SecurityContext, TypeSet]:
        """Return the contexts of a domain that type_transitions lead to, with the files that do."""
        found: dict[SecurityContext, TypeSet] = {}
        ruled = self._ruled.get(process.context.type, {}).get(target, 0)
        for file in values_of(ruled and ruled & process.runs & self.entry(target)):
            context = self._after(process.context, file)
            if context is not None and context.type == target:
                found[context] = found.get(context, 0) | 1 << (file - 1)
        return found

    def _after(self, source: SecurityContext, file: int) -> SecurityContext | None:
        """Return the context that running a file of a type leads to by itself."""
        policy = self._policy
        target = policy.typical.object(file)
        new = policy.labelling.new_context(policy.enabled(self._booleans), source, target, self._process)
        return new.context if new is not None and policy.labels.is_valid(new.context) else None

    def runs(self, source: SecurityContext) -> TypeSet:
        """Return the types of the files that a process may execute."""
        mask = self._file.masks.get("execute", 0)
        return targets(self._policy, source, self._file, mask, self._booleans) if mask else 0

    def entry(self, domain: int) -> TypeSet:
        """Return the types of the files that are entry points of a domain."""
        known = self._entries.get(domain)
        if known is None:
            mask = self._file.masks.get("entrypoint", 0)
            context = self._policy.typical.of(domain)
            known = targets(self._policy, context, self._file, mask, self._booleans) if mask else 0
            self._entries[domain] = known
        return known

    @cached_property
    def _entry_groups(self) -> dict[TypeSet, TypeSet]:
        """Return domains by their entry points, as the rules alone have them."""
        types, decider = self._policy.types, self._policy.decider
        mask = self._file.masks.get("entrypoint", 0)
        rows = self._policy.enabled(self._booleans).rows_of(self._file.value)
        entries = {
            source: types.union(target for target, packed in row.items() if packed & mask)
            for source, row in rows
            if any(packed & mask for packed in row.values())
        }
        groups: dict[TypeSet, list[int]] = {}
        for domain in values_of(types.domains):
            files = 0
            for attribute in decider.attributes(domain):
                files |= entries.get(attribute, 0)
            groups.setdefault(files, []).append(domain)
        return {files: type_set(domains) for files, domains in groups.items()}

    def _enterable(self, runs: TypeSet) -> TypeSet:
        """Return the domains with an entry point among some files; a few too many at worst."""
        domains = 0
        for files, members in self._entry_groups.items():
            if files & runs:
                domains |= members
        return domains

    def _runners(self, files: TypeSet) -> TypeSet:
        """Return the domains that may execute one of some files; a few too many at worst."""
        mask = self._file.masks.get("execute", 0)
        if not mask or files.bit_count() > _MOST_ENTRIES:
            return self._policy.types.domains
        domains = 0
        for file in values_of(files):
            domains |= ruled_sources(self._policy, file, self._file, mask, self._booleans)
        return domains

    def has(self, source: SecurityContext, target: SecurityContext, permission: str) -> bool:
        """Whether a process has a permission of the class process on another, or on itself."""
        rules = self._policy.enabled(self._booleans)
        vectors = self._policy.decider.vectors(rules, source, target, self._process.value)
        return bool(vectors.allowed & self._process.masks.get(permission, 0))

    def _ruled_targets(self, source: int, permission: str) -> TypeSet:
        mask = self._process.masks.get(permission, 0)
        return ruled_targets(self._policy, source, self._process, mask, self._booleans) if mask else 0

    def _ruled_sources(self, target: int, permission: str) -> TypeSet:
        mask = self._process.masks.get(permission, 0)
        return ruled_sources(self._policy, target, self._process, mask, self._booleans) if mask else 0


class _Process:
    """One process and what it may, each looked up when it is first needed."""

    def __init__(self, graph: DomainGraph, context: SecurityContext) -> None:
        self._graph = graph
        self.context = context

    @cached_property
    def runs(self) -> TypeSet:
        return self._graph.runs(self.context)

    @cached_property
    def sets_exec(self) -> bool:
        return self._graph.has(self.context, self.context, "setexec")

    @cached_property
    def sets_current(self) -> bool:
        return self._graph.has(self.context, self.context, "setcurrent")


def _class(policy: Policy, name: str) -> ClassNames:
    """Return a class, one without permissions where the policy does not define it."""
    return policy.names.classes.get(name) or ClassNames(ObjectClass(0, 0, name, "", (), (), ()), {})
