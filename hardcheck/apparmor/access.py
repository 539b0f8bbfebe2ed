"""AppArmor behind the question that both frameworks are asked (`hardcheck.access.AccessPolicy`).

A `Subject` is a profile by its full name, a stack ``a//&b``, or ``unconfined``; a mode behind it, as
/proc/PID/attr/current has it (``nginx (enforce)``), is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from hardcheck.access.model import (
    AccessAnswer,
    Action,
    Capability,
    Native,
    Object,
    Path,
    Port,
    Subject,
)
from hardcheck.access.remembered import Remembered
from hardcheck.apparmor.answers.capabilities import allowed_capabilities
from hardcheck.apparmor.answers.execs import UNCONFINED
from hardcheck.apparmor.answers.mounts import may_mount_at
from hardcheck.apparmor.decision import decide, finish
from hardcheck.apparmor.flags import ProfileMode
from hardcheck.apparmor.globs import GlobFault
from hardcheck.apparmor.native import native_object
from hardcheck.apparmor.objects import (
    ACTIONS,
    AaObject,
    CapabilityObject,
    FileObject,
    PeerObject,
    ProfileObject,
    SignalObject,
    SocketObject,
)
from hardcheck.apparmor.outcome import UNMEDIATED
from hardcheck.apparmor.profile import Profile
from hardcheck.apparmor.profileset import ProfileSet
from hardcheck.apparmor.questions import access_of, what_may
from hardcheck.apparmor.rules.network import FAMILIES, TYPES
from hardcheck.apparmor.variables import VariableFault
from hardcheck.errors import UsageError

_MODE = re.compile(r" \((?:enforce|complain|kill|unconfined|prompt|user|mixed)\)$")
_MOST_ANSWERS, _MOST_LISTS = 1 << 13, 1 << 8
_FILE_ACTIONS = frozenset(ACTIONS[FileObject][1])
_SOCKET_TYPES = {"tcp": "stream", "udp": "dgram", "sctp": "seqpacket", "dccp": "dccp", "udplite": "dgram"}
_SOCKET_ACTIONS = {Action.CONNECT: "connect", Action.BIND: "bind", Action.SEND: "send"}
# What stands for an action that AppArmor has no rule of its own for.
_BY_CAPABILITY = {Action.LOAD_MODULE: "sys_module", Action.SET_POLICY: "mac_admin"}


class AppArmorPolicy:
    """The policy of one host, to be asked. ``silent`` are profiles in the kernel that no text is known of."""

    framework = "apparmor"

    def __init__(self, policy: ProfileSet) -> None:
        self.policy = policy
        self.silent = tuple(sorted((policy.loaded or frozenset()) - policy.profiles.keys()))
        self._answers: Remembered[tuple[str, Action, Object], AccessAnswer] = Remembered(_MOST_ANSWERS)
        self._subjects: Remembered[tuple[Action, Object], tuple[Subject, ...]] = Remembered(_MOST_LISTS)

    def may(self, subject: Subject, action: Action, object_: Object) -> AccessAnswer:
        """Answer one question; what cannot be answered says so in ``unknown``. Questions that many hosts
        with one policy ask are answered once."""
        key = (subject.name, action, object_)
        known = self._answers.get(key)
        return known or self._answers.put(key, self._answer(_MODE.sub("", subject.name), action, object_))

    def _answer(self, label: str, action: Action, object_: Object) -> AccessAnswer:
        try:
            if action is Action.MOUNT and isinstance(object_, Path):
                return self._mount(label, object_.path)
            questions = self._questions(action, object_)
            answers = [decide(self.policy, label, word, asked) for word, asked in questions]
        except UsageError as error:
            return AccessAnswer(False, False, False, (), unknown=str(error))
        if not answers:
            why = f"AppArmor cannot be asked for '{action}' on {_kind(object_)}"
            return AccessAnswer(False, False, False, (), unknown=why)
        answer = _any_of(answers)
        if isinstance(object_, Subject) and not answer.unknown and answer.allowed:
            return self._other_end(label, action, object_, answer)
        return answer

    def who_may(self, action: Action, object_: Object) -> tuple[Subject, ...]:
        """Every loaded profile that may by its rules, sorted; ``unconfined`` stands for tasks without one.
        Remembered as the answers of `may` are."""
        known = self._subjects.get((action, object_))
        return self._subjects.put((action, object_), self._who(action, object_)) if known is None else known

    def _who(self, action: Action, object_: Object) -> tuple[Subject, ...]:
        found = [UNCONFINED]
        for name, profile in self.policy.profiles.items():
            if self.policy.exists(name) and self._may_by_rules(profile, action, object_):
                found.append(name)
        return tuple(Subject(name) for name in sorted(found))

    def what_may(self, subject: Subject, action: Action) -> tuple[str, ...]:
        """Patterns of paths, ``family type`` of sockets, or capabilities, sorted; ``**`` is everything.

        A pattern for the task's own files begins with ``owner ``. A subject that is not in the policy
        gives nothing: ask `may` to tell that from a profile that may nothing.
        """
        label = _MODE.sub("", subject.name)
        profile = self.policy.profiles.get(label)
        if label == UNCONFINED:
            return ("**",)
        if profile is None:
            return ()
        if action in _SOCKET_ACTIONS:
            return self._sockets(profile)
        if action is Action.USE:
            return tuple(sorted(allowed_capabilities(profile)))
        bits = ACTIONS[FileObject][1].get(str(action))
        if bits is None:
            return ()
        if not self.policy.mediates(profile, "file"):
            return ("**",)
        try:
            grants = what_may(profile, bits)
        except (VariableFault, GlobFault):
            return ()
        return tuple(sorted(f"{grant.owner} {grant.pattern}".strip() for grant in grants))

    def _questions(self, action: Action, object_: Object) -> list[tuple[str, AaObject]]:
        """Translate into questions of which one has to be answered with yes."""
        if isinstance(object_, Native):
            return [native_object(object_)]
        if isinstance(object_, Path):
            return self._path_questions(action, object_)
        if isinstance(object_, Port):
            return _port_questions(action, object_)
        if isinstance(object_, Capability):
            return [("use", CapabilityObject(object_.name))] if action is Action.USE else []
        if action is Action.SIGNAL:
            return [("send", SignalObject("kill", object_.name))]
        if action is Action.PTRACE:
            return [("trace", PeerObject(object_.name))]
        if action is Action.TRANSITION:
            return [("transition", ProfileObject(object_.name))]
        if action in _BY_CAPABILITY:
            return [("use", CapabilityObject(_BY_CAPABILITY[action]))]
        return []

    def _path_questions(self, action: Action, object_: Path) -> list[tuple[str, AaObject]]:
        path = object_.path
        if object_.kind == "dir" and not path.endswith("/"):
            path += "/"
        asked = FileObject(path, object_.owner)
        if str(action) in _FILE_ACTIONS:
            return [(str(action), asked)]
        if action is Action.TRANSITION:
            return [("execute", asked)]
        if action is Action.BIND:
            return [("create", asked)]
        if action in (Action.CONNECT, Action.SEND):
            return [("write", asked)]
        if action in _BY_CAPABILITY:
            return [("use", CapabilityObject(_BY_CAPABILITY[action]))]
        return []

    def _mount(self, label: str, point: str) -> AccessAnswer:
        """May anything be mounted there? The capability is needed as well."""
        capability = decide(self.policy, label, "use", CapabilityObject("sys_admin"))
        profile = self.policy.profiles.get(label)
        if profile is None or not capability.allowed or capability.unknown:
            return capability
        outcome = UNMEDIATED
        if self.policy.mediates(profile, "mount"):
            outcome = may_mount_at(profile, point if point.endswith("/") else point + "/")
        return finish(self.policy, profile, "mount", outcome, "mount")

    def _other_end(self, label: str, action: Action, peer: Subject, answer: AccessAnswer) -> AccessAnswer:
        """Signals and ptrace have two ends: the peer's profile must allow them as well."""
        name = _MODE.sub("", peer.name)
        if action not in (Action.SIGNAL, Action.PTRACE) or name == UNCONFINED:
            return answer
        if action is Action.SIGNAL:
            other = decide(self.policy, name, "receive", SignalObject("kill", label))
        elif label == UNCONFINED:  # the kernel does not ask who is traced by an unconfined task
            return answer
        else:
            other = decide(self.policy, name, "tracedby", PeerObject(label))
        if other.unknown or (not other.allowed and other.enforced):
            return other
        return answer

    def _may_by_rules(self, profile: Profile, action: Action, object_: Object) -> bool:
        bits = ACTIONS[FileObject][1].get(str(action))
        if isinstance(object_, Path) and bits is not None and action is not Action.EXECUTE:
            if not self.policy.mediates(profile, "file"):
                return True
            (question,) = self._path_questions(action, object_)
            asked = question[1]
            assert isinstance(asked, FileObject)
            try:
                allowed = access_of(profile, asked.path, asked.owner, bits).allowed
            except (VariableFault, GlobFault):
                return False
            default = self.policy.mode(profile) is ProfileMode.DEFAULT_ALLOW
            return not bits & ~allowed or (default and self._allowed(profile, action, object_))
        return self._allowed(profile, action, object_)

    def _allowed(self, profile: Profile, action: Action, object_: Object) -> bool:
        answer = self.may(Subject(profile.full_name), action, object_)
        return answer.allowed and not answer.unknown

    def _sockets(self, profile: Profile) -> tuple[str, ...]:
        if not self.policy.mediates(profile, "network"):
            return ("**",)
        pairs = ((family, type_) for family in FAMILIES for type_ in TYPES)
        return tuple(f"{f} {t}" for f, t in sorted(pairs) if self.policy.network(profile, f, t))


def _port_questions(action: Action, object_: Port) -> list[tuple[str, AaObject]]:
    word = _SOCKET_ACTIONS.get(action)
    type_ = _SOCKET_TYPES.get(object_.protocol)
    if word is None or type_ is None:
        return []
    end = (object_.address, object_.number)
    families = ["inet", "inet6"]
    if object_.address:
        families = ["inet6" if ":" in object_.address else "inet"]
    local, peer = (end, None) if action is Action.BIND else (None, end)
    return [(word, SocketObject(family, type_, local, peer)) for family in families]


def _any_of(answers: Iterable[AccessAnswer]) -> AccessAnswer:
    """One allowed answer suffices; else one that says why not."""
    ordered = list(answers)
    for answer in ordered:
        if answer.allowed and not answer.unknown:
            return answer
    return next((answer for answer in ordered if answer.unknown), ordered[0])


def _kind(object_: Object) -> str:
    return f"a {type(object_).__name__.lower()}"
