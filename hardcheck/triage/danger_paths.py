"""Whether a path is one of some AppArmor patterns, asked of many paths that mostly are none.

A pattern is looked at only where the longest text that every match of it has is in the path: most of the
danger list is then decided without an automaton being built for it.
"""

from __future__ import annotations

from functools import cache, lru_cache

from hardcheck.apparmor.globs import encode_text, parse_glob
from hardcheck.apparmor.matching import matcher_for

_LONGEST = 4096
_TELLING = 4
"""Bytes from which on a text is rare enough to be looked for first; shorter ones are in every path."""


def path_fits(path: str, patterns: tuple[str, ...]) -> bool:
    """Whether a path, as it is or as a folder, is one of some AppArmor patterns."""
    if len(path) > _LONGEST:
        return False
    text = encode_text(path)
    folder = text if text.endswith(b"/") or len(path) == _LONGEST else text + b"/"
    common, telling = _parted(patterns)
    chosen = [(pattern,) for required, pattern in telling if required in folder]
    if common:
        chosen.append(common)
    for forms in chosen:
        matches = matcher_for(forms).matches
        if matches(text) or (folder is not text and matches(folder)):
            return True
    return False


@cache
def _parted(patterns: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[tuple[bytes, str], ...]]:
    """The patterns without a telling text, and the others behind theirs."""
    required = {pattern: required_text(pattern) for pattern in patterns}
    common = tuple(pattern for pattern, text in required.items() if len(text) < _TELLING)
    return common, tuple((text, pattern) for pattern, text in required.items() if len(text) >= _TELLING)


@lru_cache(maxsize=1024)
def required_text(pattern: str) -> bytes:
    """The longest run of bytes that stands in every match of a pattern; empty where there is none."""
    best = run = bytearray()
    for element in parse_glob(pattern).elements:
        if isinstance(element, int):
            run.append(element)
        else:
            run = bytearray()
        if len(run) > len(best):
            best = run
    return bytes(best)
