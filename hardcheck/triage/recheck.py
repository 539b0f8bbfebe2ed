"""Ask our readers again with all that is proposed: what was denied is allowed, and no danger newly is."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from hardcheck.facts import Absent
from hardcheck.selinux.policy import Policy
from hardcheck.triage.danger import hits_of
from hardcheck.triage.gap import allow_rules
from hardcheck.triage.model import Cause, Explanation
from hardcheck.triage.request import Request
from hardcheck.triage.selinux_case import SelinuxCase
from hardcheck.triage.world import World


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
    apparmor = Recheck()
    if not isinstance(world.profiles, Absent):
        from hardcheck.triage.apparmor_recheck import recheck_apparmor

        apparmor = Recheck(*recheck_apparmor(listed, world))
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
