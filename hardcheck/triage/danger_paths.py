"""Whether a path is one of some AppArmor patterns, asked of many paths that mostly are none.

A pattern is looked at only where the path begins as all its matches do, or holds the longest text that
all of them hold: most of the danger list is then decided without an automaton being built for it.
"""

from __future__ import annotations

from functools import cache

import msgspec

from hardcheck.apparmor.globs import encode_text, parse_glob
from hardcheck.apparmor.matching import Matcher, matcher_for

_LONGEST = 4096
_SLASH = 0x2F
_TELLING = 4
"""Bytes from which on a text is rare enough to be looked for first; shorter ones are in every path."""


class _Parted(msgspec.Struct, frozen=True):
    """Patterns by what tells them: how they begin, a text that they hold, nothing."""

    beginnings: tuple[bytes, ...]
    by_beginning: dict[bytes, tuple[str, ...]]
    by_text: dict[bytes, tuple[str, ...]]
    others: tuple[str, ...]


def path_fits(path: str, patterns: tuple[str, ...]) -> bool:
    """Whether a path, as it is or as a folder, is one of some AppArmor patterns."""
    if len(path) > _LONGEST:
        return False
    text = encode_text(path)
    as_folder = len(path) < _LONGEST and not text.endswith(b"/")
    folder = text + b"/" if as_folder else text
    parted = _parted(patterns)
    chosen = [*parted.others]
    for held, forms in parted.by_text.items():
        if held in folder:
            chosen += forms
    if folder.startswith(parted.beginnings):
        for start, forms in parted.by_beginning.items():
            if folder.startswith(start):
                chosen += forms
    # One by one, since the same pattern is asked for alone and among all others.
    return any(_fits(matcher_for((form,)), text, as_folder=as_folder) for form in chosen)


def _fits(matcher: Matcher, text: bytes, *, as_folder: bool) -> bool:
    state = matcher.start
    for byte in text:
        state = state[byte]
        if not state.nodes:
            return False
    return bool(state.accepted) or (as_folder and bool(state[_SLASH].accepted))


@cache
def _parted(patterns: tuple[str, ...]) -> _Parted:
    by_beginning: dict[bytes, list[str]] = {}
    by_text: dict[bytes, list[str]] = {}
    others: list[str] = []
    for pattern in dict.fromkeys(patterns):
        glob = parse_glob(pattern)
        held = required_text(pattern)
        if len(glob.literal_prefix) >= _TELLING:
            by_beginning.setdefault(glob.literal_prefix, []).append(pattern)
        elif len(held) >= _TELLING:
            by_text.setdefault(held, []).append(pattern)
        else:
            others.append(pattern)
    return _Parted(
        tuple(by_beginning),
        {start: tuple(forms) for start, forms in by_beginning.items()},
        {held: tuple(forms) for held, forms in by_text.items()},
        tuple(others),
    )


def required_text(pattern: str) -> bytes:
    """The longest run of bytes that stands in every match of a pattern; empty where there is none."""
    runs = [bytearray()]
    for element in parse_glob(pattern).elements:
        if isinstance(element, int):
            runs[-1].append(element)
        else:
            runs.append(bytearray())
    return bytes(max(runs, key=len))
