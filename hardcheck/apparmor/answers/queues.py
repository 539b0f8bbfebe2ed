"""Message queues, io_uring, user namespaces and change_profile."""

from __future__ import annotations

from hardcheck.apparmor.answers.peers import matches_label
from hardcheck.apparmor.matching import matcher_for
from hardcheck.apparmor.outcome import UNMEDIATED, Outcome, file_outcome, judge
from hardcheck.apparmor.permissions import READ, WRITE
from hardcheck.apparmor.profile import Profile
from hardcheck.apparmor.profileset import ProfileSet
from hardcheck.apparmor.rules.change_profile import ChangeProfileRule
from hardcheck.apparmor.rules.io_uring import ALL_IO_URING
from hardcheck.apparmor.rules.mqueue import ALL_MQUEUE
from hardcheck.apparmor.syntax import Mode, Rule


def answer_mqueue(profile: Profile, access: int, name: str, label: str = "") -> Outcome:
    """May the profile do ``access`` on the queue ``name`` (``/name`` posix, a number sysv)?"""
    type_ = "posix" if name.startswith("/") else "sysv"
    rules: list[tuple[Rule, int]] = []
    for rule in profile.mqueue_rules:
        if rule.type_ not in ("", type_):
            continue
        if rule.name is not None and not matcher_for(profile.variables.expand(rule.name)).matches_text(name):
            continue
        create = rule.access & 0x16 if rule.access & 0x10 else 0  # a queue has no label before it is made
        rules.append((rule, rule.access if matches_label(profile, rule.label, label) else create))
    rules += [(rule, ALL_MQUEUE) for rule in profile.all_rules]
    return judge(rules, access)


def answer_queue_as_file(policy: ProfileSet, profile: Profile, access: int, name: str) -> Outcome:
    """The same for a posix queue on a kernel that knows no mqueue rules: it is a file there.

    It lies in a file system that is mounted nowhere, so its path is disconnected and its open refused
    whatever the mode, unless the profile has ``attach_disconnected``; then file rules decide about the
    name. Deleting and attributes pass unseen (kernel ``aa_path_perm``, ``mq_open``; seen in 6.1).
    """
    bits = (WRITE if access & 0x12 else 0) | (READ if access & 0x4 else 0)
    if not profile.flags.has("attach_disconnected"):
        opens = access & 0x56
        note = "a message queue is a disconnected path to this kernel: attach_disconnected is not set"
        return Outcome(False, always=True, note=note) if opens else UNMEDIATED
    return file_outcome(policy.file(profile, name, owner=True), bits) if bits else UNMEDIATED


def answer_io_uring(profile: Profile, access: int, label: str = "") -> Outcome:
    """May the profile take other credentials (8) or poll in the kernel (0x10)?"""
    rules: list[tuple[Rule, int]] = [
        (rule, rule.access) for rule in profile.io_uring_rules if matches_label(profile, rule.label, label)
    ]
    rules += [(rule, ALL_IO_URING) for rule in profile.all_rules]
    return judge(rules, access)


def answer_userns(profile: Profile) -> Outcome:
    """May the profile create user namespaces?"""
    rules: list[tuple[Rule, int]] = [(rule, 1) for rule in profile.userns_rules]
    rules += [(rule, 1) for rule in profile.all_rules]
    return judge(rules, 1)


def answer_change_profile(profile: Profile, target: str, executable: str = "") -> Outcome:
    """May the profile change to the label ``target``, at once or (``executable``) at its next exec?

    A deny rule takes no part here but to refuse what it matches (as for other rules).
    """
    rules: list[tuple[Rule, int]] = [
        (rule, 1) for rule in profile.change_profile_rules if _speaks_of(profile, rule, target, executable)
    ]
    return judge(rules, 1)


def may_change_hat(profile: Profile, hat: str) -> Outcome:
    """May the profile change into its hat ``hat``? Any hat that is loaded; no rule is needed."""
    child = profile.children.get(hat) or (profile.parent.children.get(hat) if profile.parent else None)
    if child is None or not child.is_hat:
        return Outcome(False, note=f"the profile has no hat '{hat}'")
    return Outcome(True, leads_to=child.name, note=f"{child.where}: hat '{hat}'")


def _speaks_of(profile: Profile, rule: ChangeProfileRule, target: str, executable: str) -> bool:
    if rule.executable is not None:
        if not executable:
            # The compiler adds the label without the executable as well, so that the change can be
            # asked for before the exec is known.
            return rule.prefix.mode is not Mode.DENY and matches_label(profile, rule.target, target)
        if not matcher_for(profile.variables.expand(rule.executable)).matches_text(executable):
            return False
    return matches_label(profile, rule.target, target)
