"""One group of SELinux denials put to the policy of its host: what is refused, and what would be."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from hardcheck.denials.model import Group
from hardcheck.errors import PolicyError
from hardcheck.selinux.contexts import SecurityContext
from hardcheck.selinux.names import ClassNames
from hardcheck.selinux.policy import Policy
from hardcheck.selinux.reasons import Reasons
from hardcheck.selinux.sets import targets
from hardcheck.selinux.types import TypeSet
from hardcheck.triage.world import World

FILE_CLASSES = frozenset({"file", "dir", "lnk_file", "sock_file", "fifo_file", "chr_file", "blk_file"})
PORT_CLASSES = {"tcp_socket": "tcp", "udp_socket": "udp", "dccp_socket": "dccp", "sctp_socket": "sctp"}
_PROCESS_CLASSES = frozenset({"process", "process2"})


class SelinuxCase:
    """A group beside its host's policy.

    ``source`` and ``target`` are the contexts that most of its lines have. ``policy_target`` is the target
    as it would be after what was found so far (a label put right).
    """

    def __init__(self, group: Group, world: World, policy: Policy) -> None:
        self.group, self.world, self.policy = group, world, policy
        pair = max(group.pairs.values, key=lambda text: group.pairs.values[text], default="")
        source, _, target = pair.partition(" ")
        self.source = source or group.source
        self.target = target or group.target

    @property
    def proof_of_policy(self) -> str:
        """What names the policy that was asked."""
        return f"selinux.policy {self.world.digest}".strip()

    @cached_property
    def class_(self) -> ClassNames | None:
        """The object class as the policy has it."""
        return self.policy.names.classes.get(self.group.class_)

    @cached_property
    def unknown(self) -> tuple[str, ...]:
        """Names of the record that the policy does not define: types, roles, users, the class."""
        found = []
        for text in (self.source, self.target):
            try:
                self.policy.context(text)
            except PolicyError as error:
                found.append(f"{text[:200]}: {error.expected}, found {error.found}")
        if self.class_ is None:
            found.append(f"class {self.group.class_}")
        return tuple(found)

    @cached_property
    def source_context(self) -> SecurityContext:
        """The source's values; ask `unknown` first."""
        return self.policy.context(self.source)

    @cached_property
    def wanted(self) -> tuple[str, ...]:
        """The permissions that the class defines, as asked for."""
        known = self.class_.masks if self.class_ else {}
        return tuple(name for name in self.group.wanted if name in known)

    def refused(self, target: str = "", booleans: Mapping[str, bool] | None = None) -> tuple[str, ...]:
        """The permissions asked for that the policy does not give, for another target or other booleans."""
        class_, policy = self.class_, self.policy
        if class_ is None:
            return self.group.wanted
        context = policy.context(target or self.target)
        rules = policy.enabled(booleans)
        allowed = policy.decider.vectors(rules, policy.context(self.source), context, class_.value).allowed
        return tuple(name for name in self.wanted if not allowed & class_.masks[name])

    def grounds(self, permission: str, target: str = "") -> tuple[str, ...]:
        """Why the policy refuses one permission, in its own language."""
        return self.policy.decide(self.source, target or self.target, self.group.class_, permission).because

    def refused_with(self, permissions: tuple[str, ...], target: str = "") -> dict[str, tuple[str, ...]]:
        """What would still be refused if a rule allowed these permissions on the target, each with what
        takes it away again: constraints, roles, bounds."""
        class_, policy = self.class_, self.policy
        if class_ is None:
            return {}
        context = policy.context(target or self.target)
        granted = sum(class_.masks.get(name, 0) for name in permissions)
        rules = policy.enabled()
        found = policy.decider.explained(rules, self.source_context, context, class_.value, granted)
        left = [name for name in self.wanted if not found[0].allowed & class_.masks[name]]
        reasons = Reasons(policy.names, policy.rules, policy.statements, policy.decider)
        return {
            name: reasons.refused(self.source_context, context, class_, class_.masks[name], found[1])
            for name in left
        }

    def usable_types(self, permissions: tuple[str, ...] = ()) -> TypeSet:
        """The types on which the source has all of the permissions (default: those asked for)."""
        class_ = self.class_
        names = permissions or self.wanted
        if class_ is None or not names:
            return 0
        mask = sum(class_.masks[name] for name in set(names) if name in class_.masks)
        return targets(self.policy, self.source_context, class_, mask) if mask else 0

    def with_type(self, type_: str) -> str:
        """The target's context with another type."""
        parts = self.target.split(":", 3)
        return ":".join((*parts[:2], type_, *parts[3:])) if len(parts) >= 3 else type_

    @property
    def about_files(self) -> bool:
        """Whether the object is a file of any kind."""
        return self.group.class_ in FILE_CLASSES

    @property
    def about_processes(self) -> bool:
        """Whether the object is a process."""
        return self.group.class_ in _PROCESS_CLASSES
