"""SELinux behind the question that both frameworks are asked (`hardcheck.access.AccessPolicy`).

A `Subject` is a whole context or a bare domain, which then stands for its typical context
(`typical`). A `Path` has the context it was given, else the one that file_contexts want it to have.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from hardcheck.access.model import AccessAnswer, Action, Object, Path, Port, Subject
from hardcheck.access.remembered import Remembered
from hardcheck.selinux.contexts import SecurityContext
from hardcheck.selinux.ebitmap import values_of
from hardcheck.selinux.lookups import PROTOCOLS
from hardcheck.selinux.needs import Need, Needs, Unanswerable
from hardcheck.selinux.policy import Decision, Policy
from hardcheck.selinux.sets import sources, targets
from hardcheck.selinux.types import TypeSet

if TYPE_CHECKING:
    from hardcheck.selinux.domains import DomainGraph
    from hardcheck.selinux.file_contexts import FileContexts

# What is not weighed; named with each answer that it concerns.
_DAC = "file permissions and owners (DAC), Linux capabilities, seccomp"
_EPHEMERAL = "ports of the range that the kernel hands out itself are bound without this check"
_NO_NEW_PRIVS = "under no_new_privs or on a nosuid mount a change of domain needs process2 nnp_transition too"

_FILE_ACTIONS = {
    Action.READ: ("open", "read"),
    Action.WRITE: ("open", "write"),
    Action.APPEND: ("append", "open"),
    Action.CREATE: ("create",),
    Action.DELETE: ("unlink",),
    Action.EXECUTE: ("execute", "open", "read"),
    Action.MMAP_EXECUTE: ("execute", "map", "open", "read"),
    Action.LINK: ("link",),
    Action.LOCK: ("lock",),
}
_MOST_ANSWERS, _MOST_LISTS, _MOST_SETTINGS = 1 << 13, 1 << 8, 32
_PROCESS_ACTIONS = {Action.SIGNAL: "sigkill", Action.PTRACE: "ptrace"}


class SelinuxPolicy:
    """The policy of one host, to be asked.

    ``policy`` has the booleans as the host has them (`Policy.with_booleans`); ``enforcing`` is
    False where the whole host only logs.
    """

    framework = "selinux"
    silent: tuple[str, ...] = ()

    def __init__(
        self, policy: Policy, file_contexts: FileContexts | None = None, *, enforcing: bool = True
    ) -> None:
        self.policy = policy
        self.file_contexts = file_contexts
        self.enforcing = enforcing
        self._needs = Needs(policy, file_contexts)
        self._answers: Remembered[tuple[str, Action, Object], AccessAnswer] = Remembered(_MOST_ANSWERS)
        self._subjects: Remembered[tuple[Action, Object], tuple[Subject, ...]] = Remembered(_MOST_LISTS)
        self._decisions: Remembered[tuple[Need, str], Decision] = Remembered(_MOST_ANSWERS)
        self._held: Remembered[Need, bool] = Remembered(_MOST_ANSWERS)
        self._others: Remembered[frozenset[tuple[str, bool]], SelinuxPolicy] = Remembered(_MOST_SETTINGS)

    def with_booleans(self, booleans: Mapping[str, bool]) -> SelinuxPolicy:
        """The same policy with other states of some booleans; remembered for some settings.

        Raises:
            PolicyError: a boolean that the policy does not define.
        """
        key = frozenset(booleans.items())
        known = self._others.get(key)
        if known is not None:
            return known
        policy = self.policy.with_booleans(booleans)
        return self._others.put(key, SelinuxPolicy(policy, self.file_contexts, enforcing=self.enforcing))

    def may(self, subject: Subject, action: Action, object_: Object) -> AccessAnswer:
        """Answer one question; what cannot be answered says so in ``unknown``. Questions that many hosts
        with one policy ask are answered once."""
        key = (subject.name, action, object_)
        known = self._answers.get(key)
        return known or self._answers.put(key, self._answer(subject, action, object_))

    def _answer(self, subject: Subject, action: Action, object_: Object) -> AccessAnswer:
        try:
            source = self._needs.context(subject.name)
            needs = self._needs.of(source, action, object_)
        except Unanswerable as error:
            return AccessAnswer(False, False, False, (), unknown=str(error))
        decisions = [self._decide(need, permission) for need in needs for permission in need.permissions]
        allowed = all(decision.allowed for decision in decisions)
        deciding = [decision for decision in decisions if decision.allowed == allowed]
        return AccessAnswer(
            allowed,
            self.enforcing and not all(decision.permissive for decision in deciding),
            any(decision.audited for decision in deciding),
            tuple(dict.fromkeys(ground for decision in deciding for ground in decision.because)),
            self._outside(source, action, object_),
            self._leads_to(source, action, object_) if allowed else "",
        )

    @cached_property
    def domains(self) -> DomainGraph:
        """The changes of domain that this policy allows."""
        from hardcheck.selinux.domains import DomainGraph

        return DomainGraph(self.policy)

    def runs_as(self, subject: Subject, executable: Path) -> str:
        """Return the context of a process after it runs a file, whether or not it may; "" where
        the subject or the file's label is not known, or the policy authorises no such context."""
        try:
            source = self._needs.context(subject.name)
            new = self._needs.execution(source, self._needs.of_path(executable))
        except Unanswerable:
            return ""
        return self.policy.labels.show(new)

    def who_may(self, action: Action, object_: Object) -> tuple[Subject, ...]:
        """Return every domain that may, sorted; none for an object that cannot be asked about. Remembered
        as the answers of `may` are."""
        known = self._subjects.get((action, object_))
        return self._subjects.put((action, object_), self._who(action, object_)) if known is None else known

    def _who(self, action: Action, object_: Object) -> tuple[Subject, ...]:
        found = []
        for type_ in values_of(self._candidates(action, object_)):
            try:
                needs = self._needs.of(self.policy.typical.of(type_), action, object_)
            except Unanswerable:
                continue
            if all(self._has(need) for need in needs):
                found.append(self.policy.names.type_name(type_))
        return tuple(Subject(name) for name in sorted(found))

    def what_may(self, subject: Subject, action: Action) -> tuple[str, ...]:
        """Return path patterns, ports, domains or capabilities, sorted.

        Types of files that no rule of file_contexts gives stand as ``TYPE:file``, ports that
        only the policy's default covers as ``PROTOCOL other``. Nothing for a subject that the
        policy does not know: ask `may` to tell that from a subject that may nothing.
        """
        try:
            source = self._needs.context(subject.name)
        except Unanswerable:
            return ()
        if action in _FILE_ACTIONS:
            return self._files(source, _FILE_ACTIONS[action])
        if action is Action.CONNECT:
            return self._ports(source, "name_connect")
        if action is Action.BIND:
            return self._ports(source, "name_bind")
        if action is Action.TRANSITION:
            return tuple(sorted({step.target for step in self.domains.steps_from(source)}))
        if action in _PROCESS_ACTIONS:
            return self.policy.types.names(self._targets(source, "process", (_PROCESS_ACTIONS[action],)))
        return self._capabilities(source) if action is Action.USE else ()

    def _decide(self, need: Need, permission: str) -> Decision:
        """Many objects have the same label, so most decisions were made before."""
        key = (need, permission)
        known = self._decisions.get(key)
        if known is not None:
            return known
        show = self.policy.labels.show
        decision = self.policy.decide(show(need.source), show(need.target), need.class_, permission)
        return self._decisions.put(key, decision)

    def _has(self, need: Need) -> bool:
        known = self._held.get(need)
        return self._held.put(need, self._has_all(need)) if known is None else known

    def _has_all(self, need: Need) -> bool:
        class_ = self.policy.names.classes.get(need.class_)
        if class_ is None or not all(name in class_.masks for name in need.permissions):
            return all(self._decide(need, name).allowed for name in need.permissions)
        mask = sum(class_.masks[name] for name in set(need.permissions))
        rules = self.policy.enabled()
        allowed = self.policy.decider.vectors(rules, need.source, need.target, class_.value).allowed
        return allowed & mask == mask

    def _candidates(self, action: Action, object_: Object) -> TypeSet:
        """Return the domains that have what does not depend on the domain: the rights on the
        file or port itself. Everything else is asked domain by domain."""
        domains = self.policy.types.domains
        first = next(values_of(domains), 0)
        if not first or action in (Action.CREATE, Action.LOAD_MODULE) or not isinstance(object_, Path | Port):
            return domains
        try:
            needs = self._needs.of(self.policy.typical.of(first), action, object_)
        except Unanswerable:
            return domains
        need = needs[0]
        class_ = self.policy.names.classes.get(need.class_)
        if class_ is None:
            return domains
        mask = sum(class_.masks.get(name, 0) for name in set(need.permissions))
        return sources(self.policy, need.target, class_, mask) if mask else domains

    def _leads_to(self, source: SecurityContext, action: Action, object_: Object) -> str:
        if action is not Action.EXECUTE or not isinstance(object_, Path):
            return ""
        return self.runs_as(Subject(self.policy.labels.show(source)), object_)

    def _outside(self, source: SecurityContext, action: Action, object_: Object) -> tuple[str, ...]:
        outside = [_DAC]
        if action is Action.BIND and isinstance(object_, Port):
            outside.append(_EPHEMERAL)
        if action in (Action.EXECUTE, Action.TRANSITION):
            outside.append(_NO_NEW_PRIVS)
        if isinstance(object_, Path):
            outside += self._closed_folders(source, object_.path)
        return tuple(outside)

    def _closed_folders(self, source: SecurityContext, path: str) -> list[str]:
        """Name the folders on the way that the source may not search: an open file passed to it
        would still be usable, opening it by this path would not."""
        return [
            f"on the way lies {folder} ({self.policy.names.type_name(context.type)}), which it may not search"
            for folder, context in self._needs.folders_above(posixpath.normpath(path))
            if not self._has(Need(source, context, "dir", ("search",)))
        ]

    def _targets(self, source: SecurityContext, class_: str, permissions: tuple[str, ...]) -> TypeSet:
        known = self.policy.names.classes.get(class_)
        if known is None:
            return 0
        mask = sum(known.masks.get(name, 0) for name in permissions)
        return targets(self.policy, source, known, mask) if mask else 0

    def _files(self, source: SecurityContext, permissions: tuple[str, ...]) -> tuple[str, ...]:
        found = set()
        for name in self.policy.types.names(self._targets(source, "file", permissions)):
            rules = self.file_contexts.specs_of(name) if self.file_contexts else ()
            specs = [rule.spec for rule in rules if rule.kind in ("", "file")]
            found.update(specs or [f"{name}:file"])
        return tuple(sorted(found))

    def _ports(self, source: SecurityContext, permission: str) -> tuple[str, ...]:
        found = []
        for protocol in PROTOCOLS:
            types = self._targets(source, f"{protocol}_socket", (permission,))
            for record in self.policy.lookups.ports(protocol):
                if types >> (record.context.type - 1) & 1:
                    ports = str(record.low) if record.low == record.high else f"{record.low}-{record.high}"
                    found.append(f"{protocol} {ports}")
            if types >> (self.policy.lookups.initial("port").type - 1) & 1:
                found.append(f"{protocol} other")
        return tuple(sorted(set(found)))

    def _capabilities(self, source: SecurityContext) -> tuple[str, ...]:
        scontext = self.policy.labels.show(source)
        allowed: set[str] = set()
        for class_ in ("capability", "capability2"):
            allowed |= self.policy.access(scontext, scontext, class_).allowed
        return tuple(sorted(allowed))
