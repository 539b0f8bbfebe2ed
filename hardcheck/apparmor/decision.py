"""Decide one question: may this profile do this action to this object, and by which rules?"""

from __future__ import annotations

from hardcheck.access.model import AccessAnswer
from hardcheck.apparmor.answers.capabilities import answer_capability
from hardcheck.apparmor.answers.execs import UNCONFINED, answer_exec
from hardcheck.apparmor.answers.links import answer_link
from hardcheck.apparmor.answers.messages import Message, answer_dbus
from hardcheck.apparmor.answers.mounts import MountRequest, answer_mount, answer_pivot_root, answer_umount
from hardcheck.apparmor.answers.peers import STACK, answer_ptrace, answer_signal
from hardcheck.apparmor.answers.queues import (
    answer_change_profile,
    answer_io_uring,
    answer_mqueue,
    answer_queue_as_file,
    answer_userns,
    may_change_hat,
)
from hardcheck.apparmor.answers.sockets import answer_network, answer_unix
from hardcheck.apparmor.flags import ProfileMode
from hardcheck.apparmor.globs import GlobFault
from hardcheck.apparmor.objects import (
    ACTIONS,
    OUTSIDE,
    AaObject,
    CapabilityObject,
    FileObject,
    HatObject,
    IoUringObject,
    LinkObject,
    PeerObject,
    PivotObject,
    ProfileObject,
    QueueObject,
    SignalObject,
    SocketObject,
    UmountObject,
    UnixObject,
)
from hardcheck.apparmor.outcome import UNMEDIATED, Outcome, file_outcome
from hardcheck.apparmor.permissions import EXEC
from hardcheck.apparmor.profile import Profile
from hardcheck.apparmor.profileset import ProfileSet
from hardcheck.apparmor.variables import VariableFault
from hardcheck.errors import ProfileError, UsageError


def decide(policy: ProfileSet, profile: str | Profile, action: str, object_: AaObject) -> AccessAnswer:
    """Answer for one profile; a stack ``a//&b`` may do what all of its parts may.

    ``because`` are the deciding rules as ``FILE:LINE: text``, with the include they came through, or
    the head of the profile where no rule matches. A profile that is not there, or cannot be compiled,
    gives an answer with ``unknown``.

    Raises:
        UsageError: the action is none for this kind of object.
    """
    class_, actions = ACTIONS[type(object_)]
    if action not in actions:
        raise UsageError(f"'{action}' is no action on {type(object_).__name__}: {', '.join(actions)}")
    if isinstance(profile, str):
        if profile == UNCONFINED:
            return _unconfined(policy, action, class_, object_)
        if STACK in profile:
            return _stack([decide(policy, part, action, object_) for part in profile.split(STACK)])
        if profile not in policy.profiles:
            return _unknown(policy.why_missing(profile))
        profile = policy.profiles[profile]
    try:
        outcome = _outcome(policy, profile, class_, actions[action], object_)
    except ProfileError as error:
        return _unknown(f"profile '{profile.full_name}' cannot be compiled: {error.faults[0]}")
    except (VariableFault, GlobFault) as error:
        return _unknown(f"profile '{profile.full_name}' cannot be compiled: {error}")
    return finish(policy, profile, class_, outcome, action)


def _unconfined(policy: ProfileSet, action: str, class_: str, object_: AaObject) -> AccessAnswer:
    """An unconfined task may anything; what it executes gets the profile that attaches to the file, and
    stays unconfined where none does or several contend (kernel ``profile_transition``)."""
    why: tuple[str, ...] = ("the task is unconfined",)
    leads_to = ""
    if action == "execute" and isinstance(object_, FileObject):
        found = policy.attached(object_.path)
        leads_to = "" if found.unknown else found.name or UNCONFINED
        why += (*found.because, found.unknown) if found.unknown else found.because
    return AccessAnswer(True, False, False, why, outside=OUTSIDE[class_], leads_to=leads_to)


def finish(policy: ProfileSet, profile: Profile, class_: str, outcome: Outcome, action: str) -> AccessAnswer:
    """Add what the mode of the profile makes of an outcome of its rules."""
    mode = policy.mode(profile)
    if not outcome.mediated:
        why = "the profile is in mode unconfined"
        if profile.flags.mode is not ProfileMode.UNCONFINED:
            abi = profile.features.name
            why = f"{class_} rules do not hold here: abi '{abi}' or the kernel does not know them"
        return AccessAnswer(True, False, False, (f"{profile.where}: {why}",), outside=OUTSIDE[class_])
    because = tuple(profile.cite(rule) for rule in outcome.rules)
    if outcome.note:
        because += (outcome.note,)
    if not because:
        because = (f"{profile.where}: profile {profile.full_name} has no rule that allows '{action}' here",)
    allowed = outcome.allowed
    if mode is ProfileMode.DEFAULT_ALLOW and not (allowed or outcome.by_deny or outcome.always):
        allowed, because = True, (f"{profile.where}: mode default_allow, and no rule denies it",)
    audits_all = profile.flags.audit
    audited = (outcome.audited or audits_all) if allowed else (audits_all or not outcome.quiet)
    # A deny rule without `audit` is refused without a word in complain mode, too (kernel aa_audit_file).
    enforced = mode.stops or outcome.always or (outcome.by_deny and outcome.quiet)
    leads_to = outcome.leads_to
    if not allowed and not enforced and action == "execute":
        leads_to = f"{profile.full_name}//null-..."
    outside = OUTSIDE[class_] if allowed else ()
    return AccessAnswer(allowed, enforced, audited, because, outside=outside, leads_to=leads_to)


def _unknown(why: str) -> AccessAnswer:
    return AccessAnswer(False, False, False, (), unknown=why)


def _stack(answers: list[AccessAnswer]) -> AccessAnswer:
    """All parts of a stack must allow; an unknown part makes the whole unknown unless one refuses."""
    refused = [answer for answer in answers if not answer.unknown and not answer.allowed and answer.enforced]
    if refused:
        return refused[0]
    unknown = [answer for answer in answers if answer.unknown]
    if unknown:
        return unknown[0]
    logged = [answer for answer in answers if not answer.allowed]
    return logged[0] if logged else answers[0]


def _outcome(policy: ProfileSet, profile: Profile, class_: str, bits: int, object_: AaObject) -> Outcome:
    """Ask the rules of the object's kind."""
    if class_ == "unix" and not policy.mediates(profile, "unix"):
        if not policy.mediates(profile, "network") or not isinstance(object_, UnixObject):
            return UNMEDIATED
        return answer_network(profile, "unix", object_.type_)
    if not policy.mediates(profile, class_):
        if isinstance(object_, QueueObject) and _is_file_queue(policy, profile, object_):
            return answer_queue_as_file(policy, profile, bits, object_.name)
        return UNMEDIATED
    if isinstance(object_, (FileObject, LinkObject)):
        return _file(policy, profile, bits, object_)
    if isinstance(object_, CapabilityObject):
        return answer_capability(profile, object_.name)
    if isinstance(object_, SocketObject):
        fine = policy.mediates(profile, "inet")
        return answer_network(
            profile, object_.family, object_.type_, bits, object_.local, object_.peer, fine=fine
        )
    if isinstance(object_, UnixObject):
        return answer_unix(profile, bits, object_.type_, object_.address, object_.peer, object_.label)
    if isinstance(object_, SignalObject):
        return answer_signal(profile, bits, object_.signal, object_.peer)
    if isinstance(object_, PeerObject):
        return answer_ptrace(profile, bits, object_.label)
    if isinstance(object_, Message):
        return answer_dbus(profile, bits, object_)
    return _rarer(profile, bits, object_)


def _is_file_queue(policy: ProfileSet, profile: Profile, queue: QueueObject) -> bool:
    """Whether the kernel is known to take this queue for a file."""
    older = policy.kernel is not None and not policy.kernel.has("mqueue")
    return older and queue.name.startswith("/") and policy.mediates(profile, "file")


def _rarer(profile: Profile, bits: int, object_: AaObject) -> Outcome:
    if isinstance(object_, MountRequest):
        return answer_mount(profile, object_)
    if isinstance(object_, UmountObject):
        return answer_umount(profile, object_.point)
    if isinstance(object_, PivotObject):
        return answer_pivot_root(profile, object_.new_root, object_.old_root)
    if isinstance(object_, ProfileObject):
        return answer_change_profile(profile, object_.label, object_.executable)
    if isinstance(object_, HatObject):
        return may_change_hat(profile, object_.name)
    if isinstance(object_, QueueObject):
        return answer_mqueue(profile, bits, object_.name, object_.label)
    if isinstance(object_, IoUringObject):
        return answer_io_uring(profile, bits, object_.label)
    return answer_userns(profile)


def _file(policy: ProfileSet, profile: Profile, bits: int, object_: FileObject | LinkObject) -> Outcome:
    if isinstance(object_, LinkObject):
        return answer_link(policy.table(profile), object_.name, object_.target, object_.owner)
    access = policy.file(profile, object_.path, object_.owner)
    if bits == EXEC:
        return answer_exec(policy, profile, object_.path, access)
    return file_outcome(access, bits)
