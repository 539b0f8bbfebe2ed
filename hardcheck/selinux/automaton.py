"""Matches a parsed expression in time linear in the text, whatever the expression.

The positions of an expression are its sets of characters, numbered from left to right. Matching
keeps the set of positions that the text so far may have ended at, as an integer; from it follow
the positions that may come next (Glushkov's automaton). Sets that were met are remembered with
the set each character led to, so that common paths cost one look-up a character.
"""

from __future__ import annotations

from hardcheck.selinux.pattern import Chars, Choice, Pattern, PatternError, Repeat, Sequence

# Counted repetitions are written out; more parts than this is no file_contexts any more.
MAX_PARTS = 5000
_REMEMBERED_STATES = 400


class _State:
    """A set of positions, with what each character leads to as far as it was asked."""

    __slots__ = ("accepts", "after", "following")

    def __init__(self, following: int, accepts: bool) -> None:
        self.following = following
        self.accepts = accepts
        self.after: dict[str, _State] = {}


class Automaton:
    """The matcher of one expression."""

    def __init__(self, pattern: Pattern) -> None:
        """Number the positions of the pattern.

        Raises:
            PatternError: too many parts.
        """
        self._members: list[int] = []  # characters of each position
        self._follow: list[int] = []  # positions that may come after each
        self._built = 0
        nullable, first, self._last = self._build(pattern)
        self._start = _State(first, nullable)
        self._states: dict[int, _State] = {}
        self._fitting: dict[str, int] = {}  # positions that take a character
        self._dead = _State(0, False)

    def matches(self, text: str) -> bool:
        """Whether the whole text (characters up to U+00FF) is described by the expression."""
        state = self._start
        for character in text:
            following = state.after.get(character)
            if following is None:
                following = self._step(state, character)
            if following is self._dead:
                return False
            state = following
        return state.accepts

    def _step(self, state: _State, character: str) -> _State:
        fitting = self._fitting.get(character)
        if fitting is None:
            byte = ord(character)
            fitting = 0
            for position, members in enumerate(self._members):
                fitting |= (members >> byte & 1) << position
            self._fitting[character] = fitting
        reached = state.following & fitting
        following = self._states.get(reached) if reached else self._dead
        if following is None:
            following = _State(self._after(reached), bool(reached & self._last))
            if len(self._states) < _REMEMBERED_STATES:
                self._states[reached] = following
        if len(state.after) < _REMEMBERED_STATES:
            state.after[character] = following
        return following

    def _after(self, reached: int) -> int:
        following = 0
        while reached:
            low = reached & -reached
            following |= self._follow[low.bit_length() - 1]
            reached ^= low
        return following

    def _build(self, pattern: Pattern) -> tuple[bool, int, int]:
        """Number a part; return whether it may be empty, its first and its last positions."""
        self._built += 1
        if self._built > MAX_PARTS:
            raise PatternError(f"expected at most {MAX_PARTS} parts, repetitions written out")
        if isinstance(pattern, Chars):
            self._members.append(pattern.members)
            self._follow.append(0)
            position = 1 << (len(self._members) - 1)
            return False, position, position
        if isinstance(pattern, Sequence):
            return self._build_sequence(pattern.parts)
        if isinstance(pattern, Choice):
            nullable, first, last = False, 0, 0
            for branch in pattern.branches:
                may_be_empty, its_first, its_last = self._build(branch)
                nullable, first, last = nullable or may_be_empty, first | its_first, last | its_last
            return nullable, first, last
        return self._build_repeat(pattern)

    def _build_repeat(self, repeat: Repeat) -> tuple[bool, int, int]:
        """Write ``x{2,4}`` as ``xx(x(x)?)?`` and ``x{2,}`` as ``xxx*``."""
        if repeat.most == 0:
            return True, 0, 0
        nullable, first, last = True, 0, 0
        for number in range(repeat.least if repeat.most is None else repeat.most):
            may_be_empty, its_first, its_last = self._build(repeat.part)
            may_be_empty = may_be_empty or number >= repeat.least
            self._join(last, its_first)
            first |= its_first if nullable else 0
            last = its_last | (last if may_be_empty else 0)
            nullable = nullable and may_be_empty
        if repeat.most is None:
            _, its_first, its_last = self._build(repeat.part)
            self._join(last | its_last, its_first)
            first |= its_first if nullable else 0
            last |= its_last
        return nullable, first, last

    def _build_sequence(self, parts: tuple[Pattern, ...]) -> tuple[bool, int, int]:
        nullable, first, last = True, 0, 0
        for part in parts:
            may_be_empty, its_first, its_last = self._build(part)
            self._join(last, its_first)
            first |= its_first if nullable else 0
            last = its_last | (last if may_be_empty else 0)
            nullable = nullable and may_be_empty
        return nullable, first, last

    def _join(self, last: int, first: int) -> None:
        """Let the positions ``first`` come after the positions ``last``."""
        while last:
            low = last & -last
            self._follow[low.bit_length() - 1] |= first
            last ^= low
