"""Ask the profiles again with all rules that are proposed laid over them."""

from __future__ import annotations

from hardcheck.apparmor import ProfileSet
from hardcheck.apparmor.decision import decide
from hardcheck.apparmor.objects import CapabilityObject, FileObject
from hardcheck.apparmor.questions import intersection
from hardcheck.apparmor.walks import Undecided
from hardcheck.triage.apparmor_case import ApparmorCase
from hardcheck.triage.apparmor_place import with_rules
from hardcheck.triage.danger import hits_of
from hardcheck.triage.danger_list import DANGERS
from hardcheck.triage.model import Explanation
from hardcheck.triage.request import Request
from hardcheck.triage.world import World

_CAPABILITIES = ("sys_module", "sys_rawio", "mac_admin", "mac_override", "sys_ptrace", "sys_admin", "bpf")
_LETTERS = {"read": "r", "write": "w", "execute": "x"}


def recheck_apparmor(
    explanations: list[Explanation], world: World
) -> tuple[int, tuple[str, ...], tuple[str, ...]]:
    """How many groups were asked for, which are still denied, and which dangers are newly allowed."""
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
    return asked, tuple(denied), tuple(dangers)


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
