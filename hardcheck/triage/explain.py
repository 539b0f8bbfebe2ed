"""Explain groups of denials by the evidence of the host that they came from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from hardcheck.denials.model import Group, Outcome
from hardcheck.facts import Absent
from hardcheck.selinux.file_contexts import FileContexts
from hardcheck.triage.danger import Faces, Hit, named_service, warning
from hardcheck.triage.history import Histories
from hardcheck.triage.model import Cause, DangerHit, Explanation, Found
from hardcheck.triage.not_mac import although_refused, effect_of
from hardcheck.triage.openings import Openings
from hardcheck.triage.request import Request, learning_parent
from hardcheck.triage.selinux_causes import danger_of as selinux_danger
from hardcheck.triage.selinux_causes import explain_selinux
from hardcheck.triage.services import service_of
from hardcheck.triage.world import World, without_host

if TYPE_CHECKING:
    from hardcheck.triage.apparmor_place import Abstractions


def explain(groups: Iterable[Group], world: World | None = None) -> tuple[Explanation, ...]:
    """Every group with its cause, in the order given. Without a world, what the log alone can tell."""
    known = world or without_host()
    listed = tuple(groups)
    explainer = Explainer(known, listed)
    return tuple(explainer.explain(group) for group in listed)


class Explainer:
    """Explains groups against one world; what several groups need is computed once."""

    def __init__(self, world: World, groups: tuple[Group, ...] = ()) -> None:
        self._world = world
        self._faces = _faces(world)
        self._openings: dict[int, Openings] = {}
        self._abstractions: dict[int, Abstractions] = {}
        self._histories = Histories(groups)

    def explain(self, group: Group) -> Explanation:
        """One group."""
        world, elsewhere = self._world, ""
        if not world.is_of(group.hosts.values):
            names = ", ".join(list(group.hosts.values)[:3])
            elsewhere = f"the evidence of {names}: the policy of {world.name} says nothing of another host"
            world = without_host()
        found, hits = self._found(group, world)
        if found.cause is Cause.NOT_MAC and group.outcome is Outcome.DENIED:
            hits = ()
        danger = tuple(DangerHit(hit.danger.id, hit.danger.title, hit.danger.why, hit.what) for hit in hits)
        remark = although_refused(group, found.cause)
        return Explanation(
            group=group,
            cause=found.cause,
            effect=effect_of(group),
            says=f"{found.says} {remark}".strip(),
            proof=found.proof,
            cure=found.cure,
            danger=danger,
            missing=(*found.missing, *((elsewhere,) if elsewhere else ())),
            history=self._histories.of(group) if danger else (),
            service=service_of(group, world),
        )

    def _found(self, group: Group, world: World) -> tuple[Found, tuple[Hit, ...]]:
        if group.framework == "apparmor":
            from hardcheck.triage.apparmor_causes import case_of, explain_apparmor
            from hardcheck.triage.apparmor_causes import danger_of as apparmor_danger

            case = case_of(group, world, self._abstractions_of(world))
            hits = apparmor_danger(case, self._faces)
            return explain_apparmor(case, hits), hits
        hits = selinux_danger(group, self._faces)
        policy = world.selinux
        if isinstance(policy, Absent):
            found = explain_selinux(group, world, hits, None)
        else:
            contexts = world.file_contexts if isinstance(world.file_contexts, FileContexts) else None
            openings = self._openings.setdefault(id(policy), Openings(policy, contexts))
            found = explain_selinux(group, world, hits, openings)
        if hits and found.cause is Cause.UNDECIDED:
            hit = hits[0]
            says = warning(hit.danger)
            found = Found(Cause.DANGER, says, found.proof, None, found.missing)
        return found, hits

    def _abstractions_of(self, world: World) -> Abstractions | None:
        profiles = world.profiles
        if isinstance(profiles, Absent):
            return None
        from hardcheck.triage.apparmor_place import Abstractions

        return self._abstractions.setdefault(id(profiles), Abstractions(profiles))


def _faces(world: World) -> Faces:
    """Whether the network reaches the one who asks: by the host's own listeners, and by name."""
    listeners = world.listeners
    if isinstance(listeners, Absent):
        return named_service
    subjects = {one.subject for one in listeners if not one.local}

    def faces(request: Request) -> bool:
        parts = {learning_parent(part)[0] for part in request.source.split("//&")}
        return bool(parts & subjects) or named_service(request)

    return faces
