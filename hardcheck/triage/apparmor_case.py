"""One group of AppArmor denials put to the profiles of its host."""

from __future__ import annotations

import re
from functools import cached_property

import msgspec

from hardcheck.access import AccessAnswer
from hardcheck.apparmor import ProfileSet
from hardcheck.apparmor.decision import decide
from hardcheck.apparmor.objects import (
    AaObject,
    CapabilityObject,
    FileObject,
    PeerObject,
    SignalObject,
    SocketObject,
)
from hardcheck.apparmor.profile import Profile
from hardcheck.denials.model import ApparmorDenial, Group
from hardcheck.errors import UsageError
from hardcheck.triage.apparmor_place import Abstractions
from hardcheck.triage.request import MANY, kind_of, learning_parent
from hardcheck.triage.world import World

_ACTIONS = {
    "r": "read",
    "w": "write",
    "a": "append",
    "c": "create",
    "d": "delete",
    "m": "mmap-execute",
    "k": "lock",
    "x": "execute",
}
_DENY = re.compile(r":\d+: (?:priority=-?\d+ )?(?:audit )?deny\b")
_NOTHING = ApparmorDenial("", "", "")


class ApparmorCase:
    """A group beside its host's profiles. ``profile`` is the one that refused: of a stack the part that
    does not allow it, of a learning child the one that ran the program."""

    def __init__(
        self,
        group: Group,
        world: World,
        policy: ProfileSet | None,
        abstractions: Abstractions | None = None,
    ) -> None:
        self.group, self.world, self.policy = group, world, policy
        self.abstractions = abstractions
        self.example = next((one.apparmor for one in group.examples if one.apparmor is not None), _NOTHING)
        self.kind = kind_of(group.examples[0]) if group.examples else "file"
        parts = tuple(dict.fromkeys(part for part in group.source.split("//&")))
        self.parts = tuple(learning_parent(part)[0] for part in parts)
        self.program = next((found for part in parts if (found := learning_parent(part)[1])), "")

    @cached_property
    def name(self) -> str:
        """The full name of the profile that refused."""
        known = [part for part in self.parts if self.policy is not None and part in self.policy.profiles]
        refusing = [part for part in known if self.refused_by(part)]
        return next(iter(refusing or known or self.parts), "")

    @property
    def profile(self) -> Profile | None:
        """Its text, None where no file has it."""
        return None if self.policy is None else self.policy.profiles.get(self.name)

    @cached_property
    def letters(self) -> str:
        """The letters of the denied masks."""
        return "".join(
            dict.fromkeys(letter for word in self.group.wanted for letter in word if len(word) < 12)
        )

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """The paths of the group."""
        named = tuple(path for path in list(self.group.paths.values)[:MANY] if path.startswith("/"))
        return named or ((self.group.object,) if self.group.object.startswith("/") else ())

    def answers(self, name: str, policy: ProfileSet | None = None) -> tuple[AccessAnswer, ...]:
        """The answers of a profile to all that was asked; () for kinds that it cannot be asked about."""
        asked = policy or self.policy
        if asked is None:
            return ()
        try:
            return tuple(decide(asked, name, action, object_) for action, object_ in self._questions())
        except UsageError:
            return ()

    def refused_by(self, name: str) -> bool:
        """Whether a profile's rules do not allow all of it."""
        return any(not answer.allowed or answer.unknown for answer in self.answers(name))

    def allowed_in(self, policy: ProfileSet, name: str) -> bool:
        """Whether a policy allows all that was asked for."""
        answers = self.answers(name, policy)
        return bool(answers) and all(answer.allowed and not answer.unknown for answer in answers)

    def may_be_allowed_by(self, include: str) -> bool:
        """Whether an abstraction of the host allows what the profile does not: it alone, asked beforehand."""
        alone = self.abstractions.alone(include) if self.abstractions is not None else None
        if alone is None or self.abstractions is None:
            return False
        answers = self.answers(self.abstractions.ALONE, alone)
        pairs = zip(self.answers(self.name), answers, strict=True)
        return bool(answers) and all(
            before.allowed or after.allowed or bool(after.unknown) for before, after in pairs
        )

    def deny_rules(self) -> tuple[str, ...]:
        """The deny rules that decided, as FILE:LINE: text."""
        lines = (line for answer in self.answers(self.name) for line in answer.because if not answer.allowed)
        return tuple(dict.fromkeys(line for line in lines if _DENY.search(line)))

    def _questions(self) -> list[tuple[str, AaObject]]:
        one = self.example
        if self.kind == "capability":
            return [("use", CapabilityObject(name)) for name in self.capabilities]
        if self.kind == "network":
            return [("create", SocketObject(one.family, one.sock_type))] if one.family else []
        if self.kind == "ptrace":
            traces = ("read", "trace", "readby", "tracedby")
            return [(word, PeerObject(one.peer)) for word in traces if word in one.denied.split()]
        if self.kind == "signal":
            ends = ("send", "receive")
            return [(word, SignalObject(one.signal, one.peer)) for word in ends if word in one.denied.split()]
        owner = one.fsuid is not None and one.fsuid == one.ouid
        if self.kind == "exec":
            return [("execute", FileObject(path, owner)) for path in self.paths]
        if self.kind != "file":
            return []
        actions = [_ACTIONS[letter] for letter in self.letters if letter in _ACTIONS]
        return [(action, FileObject(path, owner)) for path in self.paths for action in actions]

    @property
    def capabilities(self) -> tuple[str, ...]:
        """The names of the capabilities asked for."""
        ones = [example.apparmor for example in self.group.examples if example.apparmor is not None]
        names = [one.capability for one in ones if one.capability] or list(self.group.wanted)
        return tuple(dict.fromkeys(names))


class Tenancy(msgspec.Struct, frozen=True):
    """That a path is another site's: whose it is, and whose the profile's own are."""

    path: str
    owner: str
    own: tuple[str, ...]


def tenancy_of(case: ApparmorCase) -> Tenancy | None:
    """Whether the group is about files of a site, while the profile's rules are for those of another."""
    sites = case.world.sites
    policy, profile = case.policy, case.profile
    if not isinstance(sites, tuple) or policy is None or profile is None or case.kind != "file":
        return None
    roots = {root.rstrip("/"): site for site in sites for root in site.docroots if root.count("/") > 1}
    for path in case.paths:
        owner = next((root for root in roots if path == root or path.startswith(f"{root}/")), "")
        if not owner:
            continue
        own = [root for root in roots if root != owner and _may_read(case, f"{root}/index.php")]
        if own and not _may_read(case, f"{owner}/index.php"):
            return Tenancy(path, owner, tuple(own))
    return None


def _may_read(case: ApparmorCase, path: str) -> bool:
    assert case.policy is not None
    answer = decide(case.policy, case.name, "read", FileObject(path, False))
    return answer.allowed and not answer.unknown
