"""Ask our readers again with all that is proposed: what was denied is allowed, and no danger newly is."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from hardcheck.apparmor import ProfileSet
from hardcheck.apparmor.decision import decide
from hardcheck.apparmor.objects import CapabilityObject, FileObject
from hardcheck.apparmor.questions import intersection
from hardcheck.apparmor.walks import Undecided
from hardcheck.facts import Absent
from hardcheck.selinux.policy import Policy
from hardcheck.triage.apparmor_case import ApparmorCase
from hardcheck.triage.apparmor_place import with_rules
from hardcheck.triage.danger import hits_of
from hardcheck.triage.danger_list import DANGERS
from hardcheck.triage.gap import allow_rules
from hardcheck.triage.model import Cause, Explanation
from hardcheck.triage.request import Request
from hardcheck.triage.selinux_case import SelinuxCase
from hardcheck.triage.world import World

_CAPABILITIES = ("sys_module", "sys_rawio", "mac_admin", "mac_override", "sys_ptrace", "sys_admin", "bpf")
_LETTERS = {"read": "r", "write": "w", "execute": "x"}


class Recheck(msgspec.Struct, frozen=True):
    """What came of asking again. ``asked`` counts the groups that could be; ``still_denied`` and
    ``dangers`` are in words and both empty where all is well."""

    asked: int = 0
    still_denied: tuple[str, ...] = ()
    dangers: tuple[str, ...] = ()

    @property
    def well(self) -> bool:
        """Whether something was asked, everything is allowed, and nothing dangerous newly is."""
        return bool(self.asked) and not self.still_denied and not self.dangers


def recheck(explanations: Iterable[Explanation], world: World) -> Recheck:
    """Lay all proposed rules over the policy at once and ask for every group that has one."""
    listed = [one for one in explanations if one.cure is not None]
    selinux = _selinux(listed, world) if not isinstance(world.selinux, Absent) else Recheck()
    apparmor = _apparmor(listed, world) if not isinstance(world.profiles, Absent) else Recheck()
    return Recheck(
        selinux.asked + apparmor.asked,
        selinux.still_denied + apparmor.still_denied,
        selinux.dangers + apparmor.dangers,
    )


def _selinux(explanations: list[Explanation], world: World) -> Recheck:
    assert isinstance(world.selinux, Policy)
    gaps = [one for one in explanations if one.cause is Cause.GAP and one.group.framework == "selinux"]
    dangers: list[str] = []
    granted: dict[tuple[str, str, str], dict[str, None]] = {}
    for one in gaps:
        for source, target, class_, wanted in allow_rules(one.cure.steps if one.cure is not None else ()):
            granted.setdefault((source, target, class_), {}).update(dict.fromkeys(wanted))
            hits = hits_of(Request("selinux", source, target, class_, wanted))
            dangers += [f"{hit.danger.id}: {hit.what}" for hit in hits if not hit.danger.relabel]
    denied = []
    for one in gaps:
        group = one.group
        given = tuple(granted.get((group.source, group.target, group.class_), ()))
        left = SelinuxCase(group, world, world.selinux).refused_with(given)
        denied += [f"{group.source} {group.target}:{group.class_} {' '.join(left)}"] if left else []
    return Recheck(len(gaps), tuple(denied), tuple(dict.fromkeys(dangers)))


def _apparmor(explanations: list[Explanation], world: World) -> Recheck:
    assert isinstance(world.profiles, ProfileSet)
    before = world.profiles
    by_profile: dict[str, list[ApparmorCase]] = {}
    rules: dict[str, dict[str, None]] = {}
    for one in explanations:
        steps = one.cure.steps if one.cure is not None and one.group.framework == "apparmor" else ()
        found = [step.text for step in steps if step.kind == "apparmor"]
        case = ApparmorCase(one.group, world, before)
        if found and case.profile is not None:
            by_profile.setdefault(case.name, []).append(case)
            rules.setdefault(case.name, {}).update(dict.fromkeys(found))
    asked, denied, dangers = 0, [], []
    for name, cases in by_profile.items():
        after = with_rules(before, name, rules[name])
        if after is None:
            denied.append(f"{name}: its text with the rules could not be read")
            continue
        asked += len(cases)
        denied += [f"{name}: {case.group.object}" for case in cases if not case.allowed_in(after, name)]
        dangers += _new_dangers(before, after, name)
    return Recheck(asked, tuple(denied), tuple(dangers))


def _new_dangers(before: ProfileSet, after: ProfileSet, name: str) -> list[str]:
    """Dangers of which a witness is allowed now and was not before."""
    found = [
        f"capability {capability}"
        for capability in _CAPABILITIES
        if _may(after, name, "use", CapabilityObject(capability))
        and not _may(before, name, "use", CapabilityObject(capability))
    ]
    for id_, path, action in witnesses():
        object_ = FileObject(path, False)
        if _may(after, name, action, object_) and not _may(before, name, action, object_):
            found.append(f"{id_}: {action} {path}")
    return found


def _may(policy: ProfileSet, name: str, action: str, object_: FileObject | CapabilityObject) -> bool:
    answer = decide(policy, name, action, object_)
    return answer.allowed and not answer.unknown


def witnesses() -> tuple[tuple[str, str, str], ...]:
    """A path of every pattern of the danger list with an action that it names."""
    found = []
    for danger in DANGERS:
        for clause in danger.paths:
            for pattern in clause.paths:
                try:
                    path = intersection(pattern, "/**")
                except Undecided:
                    path = None
                if path is None:
                    continue
                for action, letter in _LETTERS.items():
                    request = Request("apparmor", "nginx", "", "file", (letter,), path)
                    if any(hit.danger is danger for hit in hits_of(request)):
                        found.append((danger.id, path, action))
    return tuple(found)
