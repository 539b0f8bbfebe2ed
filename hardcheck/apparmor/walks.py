"""Walks over automata: the shortest text that leads to a state with some property.

Set questions ("is there a path that ...") are answered by going through the reachable states of one
or several automata at once, a byte class at a time, breadth first, so that the first text found is
one of the shortest. Every walk has a limit; reaching it is an answer of its own (`Undecided`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from hardcheck.apparmor.automaton import State
from hardcheck.apparmor.globs import ANY_BYTE

MAX_STEPS = 60_000  # states looked at by one walk
_LIKED = b"xabcdefghijklmnopqrstuvwyz0123456789_-.ABCDEFGHIJKLMNOPQRSTUVWXYZ/"


class Undecided(Exception):
    """A walk ended at its limit."""


def representatives(states: Sequence[State]) -> Iterator[int]:
    """Yield one byte of each class of bytes that these states do not tell apart."""
    own = 0
    sets: set[int] = set()
    for state in states:
        more, masks = state.byte_classes()
        own |= more
        sets |= masks
    classes = [ANY_BYTE & ~own]
    for mask in sets:
        split: list[int] = []
        for part in classes:
            inside = part & mask
            outside = part ^ inside
            split += [piece for piece in (inside, outside) if piece]
        classes = split
    for part in classes:
        yield next((byte for byte in _LIKED if part >> byte & 1), (part & -part).bit_length() - 1)
    while own:
        low = own & -own
        yield low.bit_length() - 1
        own ^= low


Seen = dict[tuple[State, ...], tuple[tuple[State, ...], int] | None]


def walk(
    start: tuple[State, ...],
    worthwhile: Callable[[tuple[State, ...]], bool],
    max_steps: int = MAX_STEPS,
) -> Iterator[tuple[tuple[State, ...], Seen]]:
    """Yield all states that can be reached, the nearest first, with what `text_to` needs.

    Only states that are ``worthwhile`` are gone on from.

    Raises:
        Undecided: ``max_steps`` states were looked at, and there are more.
    """
    if not worthwhile(start):
        return
    seen: Seen = {start: None}
    yield start, seen
    front = [start]
    while front:
        following: list[tuple[State, ...]] = []
        for states in front:
            for byte in representatives(states):
                behind = tuple(state[byte] for state in states)
                if behind in seen or not worthwhile(behind):
                    continue
                seen[behind] = (states, byte)
                yield behind, seen
                if len(seen) > max_steps:
                    raise Undecided
                following.append(behind)
        front = following


def shortest(
    start: tuple[State, ...],
    wanted: Callable[[tuple[State, ...]], bool],
    worthwhile: Callable[[tuple[State, ...]], bool],
    max_steps: int = MAX_STEPS,
) -> bytes | None:
    """Return the shortest text that leads from ``start`` to states that are ``wanted``; None: there is none.

    Raises:
        Undecided: ``max_steps`` states were looked at without an answer.
    """
    for states, seen in walk(start, worthwhile, max_steps):
        if wanted(states):
            return text_to(seen, states)
    return None


def text_to(seen: Seen, end: tuple[State, ...]) -> bytes:
    """Return the text of a walk from its start to ``end``."""
    text = bytearray()
    step = seen[end]
    while step is not None:
        text.append(step[1])
        step = seen[step[0]]
    text.reverse()
    return bytes(text)
