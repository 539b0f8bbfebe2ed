"""Which profile an executable gets by its path (kernel ``find_attach``, security/apparmor/domain.c).

A profile whose name is the path wins. Of the patterns that match, the one with the longest left match
wins: the number of bytes before its automaton first comes back to a state it was in. Of equals, the one
with more matching extended attributes wins; what is still equal is a conflict, and no profile attaches.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from hardcheck.apparmor.automaton import Automaton, State
from hardcheck.apparmor.file_access import pattern_forms
from hardcheck.apparmor.globs import GlobFault, encode_text, parse_glob
from hardcheck.apparmor.matching import matcher_for
from hardcheck.apparmor.profile import Profile
from hardcheck.apparmor.variables import VariableFault
from hardcheck.apparmor.walks import representatives

_HISTORY = 24  # states that the kernel remembers while it looks for a loop
_MAX_STATES = 3_000


class Attachment(msgspec.Struct, frozen=True):
    """The profile that attaches, None when none does; ``conflict`` holds the equals that forbid it.

    ``because`` are the heads of the profiles that matched, ``unknown`` why no answer could be had.
    """

    profile: Profile | None = None
    conflict: tuple[Profile, ...] = ()
    because: tuple[str, ...] = ()
    unknown: str = ""

    @property
    def name(self) -> str:
        """The name of the profile that attaches, empty when none does."""
        return self.profile.full_name if self.profile is not None else ""


class Attachable:
    """One profile's attachment, compiled."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.exact_name = False
        self.fault = ""
        self.prefix = b""
        self._automaton: Automaton | None = None
        self._numbers: dict[State, int] | None = None
        pattern = profile.attachment
        if not pattern:
            return
        try:
            globs = [parse_glob(form) for form in pattern_forms(profile, pattern)]
        except (GlobFault, VariableFault) as error:
            self.fault = str(error)
            return
        written_name = pattern == profile.local_name
        self.exact_name = written_name and len(globs) == 1 and globs[0].is_literal and not profile.xattrs
        self.prefix = _common_beginning([glob.literal_prefix for glob in globs])
        self._automaton = Automaton()
        for glob in globs:
            self._automaton.add(glob.elements, 0)

    def matches(self, path: bytes) -> bool:
        """Whether the pattern matches all of ``path``."""
        return (
            self._automaton is not None
            and path.startswith(self.prefix)
            and bool(self._automaton.match(path).accepted)
        )

    def left_match(self, path: bytes) -> int:
        """Return how many bytes of ``path`` were read before the automaton came back to a state."""
        if self._automaton is None:
            return 0
        if self._numbers is None:
            self._numbers = _minimal_states(self._automaton)
        history: list[int] = []
        state = self._automaton.start
        for count, byte in enumerate(path):
            history.append(self._number(state))
            state = state[byte]
            number = self._number(state)
            recent = history[-_HISTORY:]
            if number in recent:
                return count - recent[::-1].index(number)
        return len(path)

    def _number(self, state: State) -> int:
        assert self._numbers is not None
        return self._numbers.get(state, id(state))


def attached(
    candidates: Iterable[Attachable], executable: str, xattrs: Mapping[str, str] | None = None
) -> Attachment:
    """Return which of the profiles attaches to ``executable``.

    ``xattrs`` are the extended attributes of the file; None when they are not known, and then a
    matching profile that asks for some makes the answer unknown.
    """
    path = encode_text(executable)
    matching = [candidate for candidate in candidates if candidate.matches(path)]
    for candidate in matching:
        if candidate.exact_name:
            return Attachment(candidate.profile, because=(candidate.profile.where,))
    asking = [candidate for candidate in matching if candidate.profile.xattrs]
    if asking and xattrs is None:
        return Attachment(
            because=tuple(candidate.profile.where for candidate in matching),
            unknown=f"{asking[0].profile.full_name} attaches by extended attributes, which are not known",
        )
    ranked: list[tuple[int, int, Attachable]] = []
    for candidate in matching:
        attributes = _matching_xattrs(candidate.profile, xattrs or {})
        if attributes >= 0:
            length = candidate.left_match(path) if len(matching) > 1 else 0
            ranked.append((length, attributes, candidate))
    if not ranked:
        return Attachment()
    best = max((length, attributes) for length, attributes, _ in ranked)
    equals = tuple(c.profile for length, attributes, c in ranked if (length, attributes) == best)
    because = tuple(profile.where for profile in equals)
    if len(equals) > 1:
        return Attachment(conflict=equals, because=because)
    return Attachment(equals[0], because=because)


def _common_beginning(texts: list[bytes]) -> bytes:
    first, last = min(texts), max(texts)
    same = next(
        (n for n, pair in enumerate(zip(first, last, strict=False)) if pair[0] != pair[1]), len(first)
    )
    return first[: min(same, len(last))]


def _matching_xattrs(profile: Profile, xattrs: Mapping[str, str]) -> int:
    """Return how many extended attributes match, -1 when one that is asked for does not."""
    for name, pattern in profile.xattrs:
        value = xattrs.get(name)
        if value is None:
            return -1
        if pattern and not matcher_for(profile.scope.expand(pattern)).matches_text(value):
            return -1
    return len(profile.xattrs)


def _minimal_states(automaton: Automaton) -> dict[State, int]:
    """Number the reachable states so that states no text can tell apart have one number."""
    found: dict[State, dict[int, State]] = {}
    waiting = [automaton.start]
    alphabet: set[int] = set()
    while waiting and len(found) < _MAX_STATES:
        state = waiting.pop()
        if state in found:
            continue
        found[state] = {}
        alphabet.update(representatives((state,)))
        waiting += [state[byte] for byte in representatives((state,))]
    numbers = {state: int(bool(state.accepted)) for state in found}
    while True:
        keys = {
            state: (numbers[state], *(numbers.get(state[byte], -1) for byte in sorted(alphabet)))
            for state in found
        }
        order = {key: number for number, key in enumerate(dict.fromkeys(keys.values()))}
        refined = {state: order[key] for state, key in keys.items()}
        if len(set(refined.values())) == len(set(numbers.values())):
            return refined
        numbers = refined
