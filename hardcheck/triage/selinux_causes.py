"""The causes of one group of SELinux denials, asked in the order of preference."""

from __future__ import annotations

import msgspec

from hardcheck.denials.model import Group
from hardcheck.facts import Absent
from hardcheck.facts.selinux import context_type
from hardcheck.triage.booleans import Setting, settings_for
from hardcheck.triage.constraint import constraint, selinux_error
from hardcheck.triage.danger import Faces, Hit, hits_of_any, warning
from hardcheck.triage.gap import gap
from hardcheck.triage.labels import LabelOfPath, effective_target, labels_of, wrong_label
from hardcheck.triage.model import Cause, Cure, Found, Proof, Step
from hardcheck.triage.module import raw_label, unknown_names
from hardcheck.triage.not_mac import allowed_by_now, done_without, granted, ordinary_permissions
from hardcheck.triage.openings import Openings
from hardcheck.triage.own_path import own_path, shared_content
from hardcheck.triage.ports import wrong_port
from hardcheck.triage.request import requests_of
from hardcheck.triage.selinux_case import SelinuxCase
from hardcheck.triage.transition import wrong_domain
from hardcheck.triage.way_to_docroot import way_to_docroot
from hardcheck.triage.world import World

_CAPABILITY_CLASSES = ("capability", "cap_userns")
_ALL_CAPABILITY_CLASSES = (*_CAPABILITY_CLASSES, "capability2", "cap2_userns")
_HOMES = frozenset({"home_root_t", "user_home_dir_t", "user_home_t"})


def danger_of(group: Group, faces: Faces | None) -> tuple[Hit, ...]:
    """Every entry of the danger list that one of the group's requests is on, each entry once."""
    return hits_of_any(requests_of(group), faces)


def explain_selinux(group: Group, world: World, dangers: tuple[Hit, ...], openings: Openings | None) -> Found:
    """The cause of a group by the evidence of its host, or what can be said by the log alone."""
    capabilities = group.wanted if group.class_ in _CAPABILITY_CLASSES else ()
    tried = group.wanted if group.class_ in _ALL_CAPABILITY_CLASSES else ()
    before = (
        granted(group)
        or done_without(group, tried, danger=bool(dangers))
        or ordinary_permissions(group, capabilities)
    )
    if before is not None:
        return before
    policy = world.selinux
    case = None if isinstance(policy, Absent) else SelinuxCase(group, world, policy)
    found = selinux_error(group, case) or raw_label(group)
    if found is not None:
        return found
    if isinstance(policy, Absent):
        return _by_log(group, world, policy)
    if case is None or openings is None:
        raise TypeError("a policy without its openings")
    return _by_policy(case, dangers, openings)


def _by_policy(case: SelinuxCase, dangers: tuple[Hit, ...], openings: Openings) -> Found:
    labels = labels_of(case)
    fixed = wrong_label(case, labels) if _may_relabel(case, dangers) and not _unknown_source(case) else None
    if fixed is not None:
        return fixed
    unknown = _label_all_the_same(case, labels) or unknown_names(case)
    if unknown is not None:
        return unknown
    now = allowed_by_now(case)
    if now is not None:
        return _with_next_steps(case, now, openings)
    target = effective_target(case, labels) if _may_relabel(case, dangers) else case.target
    if dangers and not all(hit.danger.relabel for hit in dangers):
        return constraint(case, target) or _danger(case, dangers)
    found = constraint(case, target) or (
        own_path(case, labels) or way_to_docroot(case) or shared_content(case) or wrong_port(case)
    )
    if found is None:
        settings = settings_for(case, openings, target)
        found = _boolean(case, settings) if settings else wrong_domain(case)
    if found is None and dangers:
        found = _danger(case, dangers)
    if found is None:
        found = gap(case, openings, context_type(target))
    if found is None:
        return Found(Cause.UNDECIDED, "The record has a name that is none of the policy language.")
    return _after_relabel(case, found, target, labels)


def _may_relabel(case: SelinuxCase, dangers: tuple[Hit, ...]) -> bool:
    """Whether putting the label right may be told: not where the path or the label is of a secret."""
    return all(hit.danger.relabel for hit in dangers)


def _unknown_source(case: SelinuxCase) -> bool:
    return any(text.startswith(case.source[:200]) for text in case.unknown)


def _label_all_the_same(case: SelinuxCase, labels: tuple[LabelOfPath, ...]) -> Found | None:
    """The domain is none that this policy knows; its file's label is wrong whoever asks."""
    wrong = [one for one in labels if one.differs]
    if not case.unknown or not wrong:
        return None
    one = wrong[0]
    where = one.rule.where if one.rule is not None else ""
    proof = (
        Proof(
            f"{one.path}: had {one.recorded}, file_contexts has {one.expected} ({where})",
            "selinux.file_contexts",
        ),
        *(Proof(text, case.proof_of_policy) for text in case.unknown),
    )
    says = (
        f"{one.path} has the label {one.recorded}; its place is labelled {one.expected}. Whether that is "
        "enough cannot be said: this policy does not know all names of the record."
    )
    step = Step("command", ("restorecon", "-v", "--", one.path))
    return Found(Cause.LABEL, says, proof, Cure("Restore the label", (step,)))


def _danger(case: SelinuxCase, dangers: tuple[Hit, ...]) -> Found:
    hit = dangers[0]
    proof = [
        Proof(line, case.proof_of_policy) for name in case.refused()[:2] for line in case.grounds(name)[:2]
    ]
    says = warning(hit.danger)
    cure = None
    own: tuple[str, ...] = ()
    if hit.danger.id == "raw-devices" and case.group.class_ == "blk_file":
        own = tuple(name for name in case.policy.types.names(case.usable_types()) if "image" in name)
    if own:
        note = Step(
            "note",
            text="Only if this one device was given to it on purpose: label that device alone with a type "
            f"that it may use ({', '.join(own[:4])}), and never the type of all disks.",
        )
        cure = Cure("Label one device", (note,))
    return Found(Cause.DANGER, says, tuple(dict.fromkeys(proof)), cure)


def _boolean(case: SelinuxCase, settings: tuple[Setting, ...]) -> Found:
    best = settings[0]
    proof = tuple(Proof(rule, case.proof_of_policy) for rule in best.rules)
    others = tuple(f"{one.shown} opens {one.opens.rights} rights" for one in settings[1:5])
    if best.opens.dangers:
        says = (
            f"The policy has a switch for it, {best.shown}, which opens what must not be open as well: "
            f"{'; '.join(best.opens.dangers[:3])}. It is not proposed."
        )
        return Found(Cause.BOOLEAN, says, proof, Cure("Decide by hand", (), False, (), best.opens, others))
    pairs = [f"{name}={'on' if state else 'off'}" for name, state in sorted(best.states.items())]
    undo = [f"{name}={'off' if state else 'on'}" for name, state in sorted(best.states.items())]
    step = Step("command", ("setsebool", "-P", *pairs), undo=("setsebool", "-P", *undo))
    says = f"The policy allows this under a switch that is not set: {best.shown}. Read what else it opens."
    cure = Cure(f"Set {best.shown}", (step,), True, (), best.opens, others)
    return Found(Cause.BOOLEAN, says, proof, cure)


def _with_next_steps(case: SelinuxCase, found: Found, openings: Openings) -> Found:
    """A step into a home folder is allowed by now: name the switch for the files in it."""
    if case.group.target not in _HOMES or case.group.class_ != "dir":
        return found
    names = [name for name in ("user_home_t", "user_home_dir_t") if name in case.policy.names.types]
    inside = msgspec.structs.replace(
        case.group, class_="file", wanted=("open", "read"), paths=type(case.group.paths)()
    )
    settings = [
        one
        for name in names[:1]
        for one in settings_for(SelinuxCase(inside, case.world, case.policy), openings, case.with_type(name))
    ]
    if not settings:
        return found
    cure = Cure(
        "Nothing for this access",
        (),
        True,
        alternatives=tuple(
            f"for the files in homes: {one.shown}, which opens {one.opens.rights} rights"
            for one in settings[:3]
        ),
    )
    return msgspec.structs.replace(found, cure=cure)


def _after_relabel(case: SelinuxCase, found: Found, target: str, labels: tuple[LabelOfPath, ...]) -> Found:
    """Where the label is wrong besides, putting it right is the first step of the cure."""
    if target == case.target or found.cure is None or found.cause is Cause.OWN_PATH:
        return found
    wrong = [one for one in labels if one.differs]
    step = Step("command", ("restorecon", "-v", "--", *(one.path for one in wrong)))
    cure = msgspec.structs.replace(found.cure, steps=(step, *found.cure.steps))
    says = f"{found.says} Besides, the label of {wrong[0].path} is wrong; that alone does not help."
    return msgspec.structs.replace(found, cure=cure, says=says)


def _by_log(group: Group, world: World, why: Absent) -> Found:
    """What a log alone tells: the wish, and what would be needed to say more."""
    missing = [f"the policy of the host ({why.detail or why.reason})"]
    if group.paths.values and isinstance(world.file_contexts, Absent):
        missing.append("its file_contexts, to tell a wrong label from a gap")
    if not group.paths.values and group.class_ in ("file", "dir", "lnk_file"):
        missing.append(
            "the path: without an audit rule the kernel writes only its last part (auditctl -w /etc/shadow)"
        )
    if group.class_.endswith("_socket"):
        missing.append("the labels of its ports and the state of its booleans (semanage export)")
    says = (
        f"{group.source} was refused {' '.join(group.wanted)} on {group.target}:{group.class_}. Whether a "
        "label, a boolean or a rule is missing is not in the log."
    )
    return Found(Cause.UNDECIDED, says, (Proof("the record alone", "log"),), None, tuple(missing))
