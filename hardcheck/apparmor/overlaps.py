"""Attachments that contend for one executable: the kernel then attaches none of them."""

from __future__ import annotations

from collections.abc import Iterator

from hardcheck.apparmor.automaton import Automaton, State
from hardcheck.apparmor.file_access import pattern_forms
from hardcheck.apparmor.globs import GlobFault, parse_glob
from hardcheck.apparmor.profile import Profile
from hardcheck.apparmor.profileset import ProfileSet
from hardcheck.apparmor.variables import VariableFault
from hardcheck.apparmor.walks import text_to, walk


def overlapping_attachments(policy: ProfileSet) -> Iterator[tuple[str, Profile, Profile]]:
    """Yield a path and two profiles that would attach to it with equal right, each pair once.

    Raises:
        Undecided: the search was given up; what was yielded so far holds.
        AutomatonFault: the patterns are too large together.
    """
    automaton = Automaton()
    for number, profile in enumerate(
        p for p in policy.profiles.values() if p.parent is None and p.attachment
    ):
        try:
            globs = [parse_glob(form) for form in pattern_forms(profile, profile.attachment)]
        except (GlobFault, VariableFault):
            continue  # no attachment, and a fault of its own
        for glob in globs:
            automaton.add(glob.elements, number)

    def worthwhile(states: tuple[State, ...]) -> bool:
        return states[0].reachable.bit_count() > 1

    looked_at: set[tuple[int, ...]] = set()
    told: set[tuple[str, str]] = set()
    for states, seen in walk((automaton.start,), worthwhile):
        accepted = states[0].accepted
        if len(accepted) < 2 or accepted in looked_at:
            continue
        looked_at.add(accepted)
        path = text_to(seen, states).decode("utf-8", "surrogateescape")
        first, *others = policy.attached(path).conflict or (None,)
        for other in others:
            if first is not None and (first.full_name, other.full_name) not in told:
                told.add((first.full_name, other.full_name))
                yield path, first, other
