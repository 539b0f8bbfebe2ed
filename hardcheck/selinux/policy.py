"""A policy that can be asked: the stable entry to everything in this package."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from msgspec import Struct

from hardcheck.errors import PolicyError
from hardcheck.selinux.constrain import compile_constraint
from hardcheck.selinux.contexts import SecurityContext
from hardcheck.selinux.decision import Decider, command_allowed
from hardcheck.selinux.enabled import EnabledRules
from hardcheck.selinux.header import HandleUnknown
from hardcheck.selinux.labelling import Labelling, Operation
from hardcheck.selinux.labels import Labels
from hardcheck.selinux.lookups import Lookups
from hardcheck.selinux.names import ClassNames, Names, capability_names
from hardcheck.selinux.policydb import PolicyDb, read_policydb
from hardcheck.selinux.reasons import Reasons
from hardcheck.selinux.rows import LaidOut
from hardcheck.selinux.rules import RuleIndex
from hardcheck.selinux.statements import Statements
from hardcheck.selinux.types import TypeSets
from hardcheck.selinux.typical import TypicalContexts

# No policy comes near; a distribution's takes 2 to 9 MB.
MAX_BYTES = 256 << 20
_REMEMBERED_CONTEXTS = 1 << 16
_REMEMBERED_SETTINGS = 4

Booleans = Mapping[str, bool]


class Access(Struct, frozen=True):
    """What the policy says to one source, target and class; sets of permission names.

    ``known`` is False for a class that the policy does not define; then, and for permissions
    that it does not define, ``unknown_allowed`` decides.
    """

    allowed: frozenset[str]
    auditallow: frozenset[str]
    dontaudit: frozenset[str]
    permissive: bool
    known: bool = True
    unknown_allowed: bool = False


class Decision(Struct, frozen=True):
    """The answer about one permission, with its grounds in the policy language.

    ``allowed`` is what the policy says; a denial in a ``permissive`` domain is only logged.
    ``audited`` says whether the attempt leaves an audit record (rules about the log of single
    ioctl commands are not weighed in it).
    """

    allowed: bool
    audited: bool
    permissive: bool
    because: tuple[str, ...]


class Transition(Struct, frozen=True):
    """The context of something new.

    ``valid`` is False where the policy does not authorise the combination, which lets the
    operation fail; ``rule`` names the kind of rule that gave the type, "" for the default.
    """

    context: str
    valid: bool
    rule: str


class Policy:
    """One kernel policy with one setting of its booleans.

    ``booleans`` has the state of each boolean by name: as the file has them, or as
    `with_booleans` was told. All questions take ``booleans`` of their own, laid over that
    setting, to ask what would be.
    """

    def __init__(self, policydb: PolicyDb) -> None:
        self.policydb = policydb
        self.names = Names(policydb)
        self.labels = Labels(policydb, self.names)
        self.types = TypeSets(policydb, self.names)
        self.typical = TypicalContexts(policydb, self.labels, self.types)
        self.lookups = Lookups(policydb, self.names)
        self.decider = Decider(policydb, self.names)
        self._laid_out = LaidOut(policydb)
        self.rules = RuleIndex(policydb, self._laid_out)
        self.statements = Statements(self.names)
        self.booleans: Booleans = {record.name: record.state for record in policydb.booleans.records}
        self.labelling = Labelling(policydb, self.names)
        self._own: EnabledRules | None = None  # rules in force with the policy's own setting
        self._enabled: dict[frozenset[str], EnabledRules] = {}
        self._contexts: dict[str, SecurityContext] = {}

    @classmethod
    def read(cls, path: str | Path) -> Policy:
        """Read a policy file, such as ``/etc/selinux/TYPE/policy/policy.33`` or ``/sys/fs/selinux/policy``.

        Raises:
            PolicyError: the file cannot be read, or is no policy; its name stands in ``where``.
        """
        try:
            with Path(path).open("rb") as file:
                data = file.read(MAX_BYTES + 1)
        except OSError as error:
            raise PolicyError(str(path), "a readable policy", error.strerror or str(error)) from error
        try:
            return cls.from_bytes(data)
        except PolicyError as error:
            raise PolicyError(f"{path}: {error.where}", error.expected, error.found) from error

    @classmethod
    def from_bytes(cls, data: bytes) -> Policy:
        """Read a policy from its bytes.

        Raises:
            PolicyError: damaged, cut, of an unknown version, a module, for Xen, or above `MAX_BYTES`.
        """
        if len(data) > MAX_BYTES:
            raise PolicyError("offset 0x0", f"a policy of at most {MAX_BYTES} bytes", "a larger file")
        return cls(read_policydb(data))

    def with_booleans(self, booleans: Booleans) -> Policy:
        """Return the same policy with other states of some booleans (a host's live ones).

        Raises:
            PolicyError: a boolean that the policy does not define.
        """
        other = copy.copy(self)
        other.booleans = self._setting(booleans)
        other._own = None
        return other

    @property
    def version(self) -> int:
        """Version of the policy's format."""
        return self.policydb.header.version

    @property
    def mls(self) -> bool:
        """Whether contexts have ranges."""
        return self.policydb.header.mls

    @property
    def handle_unknown(self) -> HandleUnknown:
        """What happens with classes and permissions that the policy does not define."""
        return self.policydb.header.handle_unknown

    @cached_property
    def capabilities(self) -> tuple[str, ...]:
        """Names of the policy capabilities in force."""
        return capability_names(self.policydb.capabilities)

    def _setting(self, booleans: Booleans | None) -> Booleans:
        if not booleans:
            return self.booleans
        unknown = sorted(set(booleans) - set(self.booleans))
        if unknown:
            raise PolicyError("booleans", "booleans that the policy defines", ", ".join(unknown)[:200])
        return {**self.booleans, **booleans}

    def states(self, booleans: Booleans | None = None) -> Mapping[int, bool]:
        """Return the states of the booleans by value; not to be changed."""
        return self.enabled().states if not booleans else self._states(booleans)

    def _states(self, booleans: Booleans | None) -> dict[int, bool]:
        return {self.names.booleans[name]: state for name, state in self._setting(booleans).items()}

    def enabled(self, booleans: Booleans | None = None) -> EnabledRules:
        """Return the rules in force, laid out for questions; remembered for a few settings."""
        if not booleans and self._own is not None:
            return self._own
        on = frozenset(name for name, state in self._setting(booleans).items() if state)
        known = self._enabled.get(on)
        if known is None:
            while len(self._enabled) >= _REMEMBERED_SETTINGS:
                del self._enabled[next(iter(self._enabled))]
            known = EnabledRules(self.policydb, self._laid_out, self._states(booleans))
            self._enabled[on] = known
        if not booleans:
            self._own = known
        return known

    def context(self, text: str) -> SecurityContext:
        """Return the values of a context.

        Raises:
            PolicyError: a part that the policy does not define.
        """
        known = self._contexts.get(text)
        if known is None:
            known = self.labels.parse(text)
            if len(self._contexts) >= _REMEMBERED_CONTEXTS:
                self._contexts.clear()
            self._contexts[text] = known
        return known

    def access(self, scontext: str, tcontext: str, tclass: str, booleans: Booleans | None = None) -> Access:
        """Return what a source may do to a target, as the kernel computes it.

        Args:
            scontext: context of the process, ``user:role:type[:range]``.
            tcontext: context of the object.
            tclass: name of the object's class.
            booleans: states that differ from the policy's setting.

        Raises:
            PolicyError: a context or boolean that the policy does not define. An unknown class
                is an answer (``known`` False).
        """
        source, target = self.context(scontext), self.context(tcontext)
        permissive = bool(self.policydb.permissive_types >> source.type & 1)
        unknown_allowed = self.handle_unknown is HandleUnknown.ALLOW
        class_ = self.names.classes.get(tclass)
        if class_ is None:
            nothing: frozenset[str] = frozenset()
            return Access(nothing, nothing, nothing, permissive, False, unknown_allowed)
        vectors = self.decider.vectors(self.enabled(booleans), source, target, class_.value)
        named = class_.permissions
        return Access(
            named(vectors.allowed),
            named(vectors.auditallow),
            named(vectors.dontaudit),
            permissive,
            True,
            unknown_allowed,
        )

    def decide(
        self,
        scontext: str,
        tcontext: str,
        tclass: str,
        permission: str,
        booleans: Booleans | None = None,
        command: int | None = None,
    ) -> Decision:
        """Return whether one permission is given, and why.

        Args:
            scontext: context of the process.
            tcontext: context of the object.
            tclass: name of the object's class.
            permission: name of the permission.
            booleans: states that differ from the policy's setting.
            command: with ``ioctl`` the request's number, of which the low 16 bits count; with
                ``nlmsg`` the netlink message type.

        Raises:
            PolicyError: a context or boolean that the policy does not define.
        """
        source, target = self.context(scontext), self.context(tcontext)
        permissive = bool(self.policydb.permissive_types >> source.type & 1)
        class_ = self.names.classes.get(tclass)
        if class_ is None or permission not in class_.masks:
            what = f"{tclass} {permission}" if class_ else tclass
            allowed = self.handle_unknown is HandleUnknown.ALLOW
            ground = f"the policy does not define {what}; handle_unknown is {self.handle_unknown}"
            return Decision(allowed, not allowed, permissive, (ground,))
        mask = class_.masks[permission]
        rules = self.enabled(booleans)
        vectors, refusals = self.decider.explained(rules, source, target, class_.value)
        reasons = Reasons(self.names, self.rules, self.statements, self.decider)
        because = reasons.grounds(source, target, class_, mask, refusals, rules.states)
        allowed = bool(vectors.allowed & mask)
        if command is not None and allowed:
            allowed, about_command = self._command(rules, source, target, class_, permission, command)
            because = (*because, *about_command)
        audited = bool((vectors.auditallow if allowed else ~vectors.dontaudit) & mask)
        if self.policydb.neveraudit_types >> source.type & 1:
            audited = False
        return Decision(allowed, audited, permissive, because)

    def _command(
        self,
        rules: EnabledRules,
        source: SecurityContext,
        target: SecurityContext,
        class_: ClassNames,
        permission: str,
        command: int,
    ) -> tuple[bool, tuple[str, ...]]:
        """Return whether extended rules let a command through, and those that speak of it."""
        netlink = permission.startswith("nlmsg")
        number = command & 0xFFFF
        found = self.decider.extended_rules(rules, source, target, class_.value, netlink=netlink)
        if not found:
            return True, ()
        texts = tuple(self.statements.extended(rule) for rule in found if rule.covers(number))
        if command_allowed(found, number):
            return True, texts
        return False, (*texts, f"extended rules exist and none allows {permission} 0x{number:04x}")

    def transition(
        self,
        scontext: str,
        tcontext: str,
        tclass: str,
        name: str | None = None,
        booleans: Booleans | None = None,
        operation: Operation = Operation.TRANSITION,
    ) -> Transition:
        """Return the context of a new process or object, as the kernel computes it.

        Args:
            scontext: context of the process that creates or executes.
            tcontext: context of the parent folder, or of the executed file.
            tclass: class of what is new; ``process`` for an execution.
            name: last component of the new object's path, for filename transitions.
            booleans: states that differ from the policy's setting.
            operation: new object (default), polyinstantiated member or relabelling.

        Raises:
            PolicyError: a context, class or boolean that the policy does not define, or source
                and target without a common range where the class asks for one.
        """
        class_ = self.names.classes.get(tclass)
        if class_ is None:
            raise PolicyError("class", "a class that the policy defines", repr(tclass[:200]))
        source, target = self.context(scontext), self.context(tcontext)
        new = self.labelling.new_context(self.enabled(booleans), source, target, class_, operation, name)
        if new is None:
            raise PolicyError(
                "range", "source and target with a common sensitivity", f"{scontext}, {tcontext}"
            )
        return Transition(self.labels.show(new.context), self.labels.is_valid(new.context), new.rule)

    def validate_transition(self, old: str, new: str, process: str, tclass: str) -> tuple[str, ...]:
        """Return the validatetrans rules that forbid relabelling ``old`` to ``new``; () if none does.

        Raises:
            PolicyError: a context or class that the policy does not define.
        """
        class_ = self.names.classes.get(tclass)
        if class_ is None:
            raise PolicyError("class", "a class that the policy defines", repr(tclass[:200]))
        contexts = (self.context(old), self.context(new), self.context(process))
        return tuple(
            self.statements.constraint(class_, rule, third=True)
            for rule in class_.record.validatetrans
            if not compile_constraint(rule, self.decider.dominated)(*contexts)
        )
