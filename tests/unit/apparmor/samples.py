"""Texts that a pattern matches, and texts close to them: what to ask a profile about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from hardcheck.apparmor.globs import Either, Element, Many, OneOf, parse_glob

_LIKED = b"xab0/-."


def texts_of(pattern: str, limit: int = 8) -> list[str]:
    """Return up to ``limit`` texts that the pattern matches, different where it has alternatives."""
    found: dict[bytes, None] = {}
    for variant in range(limit * 2):
        found[_text(parse_glob(pattern).elements, variant)] = None
        if len(found) >= limit:
            break
    return [text.decode("utf-8", "surrogateescape") for text in found]


def neighbours(text: str) -> Iterator[str]:
    """Yield texts that differ from ``text`` a little."""
    yield text + "x"
    yield text + "/x"
    if len(text) > 1:
        yield text[:-1]
    yield text + "/"
    yield text.replace("x", "y/z", 1)


def probes_of(patterns: Iterable[str], limit: int = 4) -> list[str]:
    """Return texts of and beside all patterns, each once."""
    found: dict[str, None] = {}
    for pattern in patterns:
        for text in texts_of(pattern, limit):
            found[text] = None
            found.update(dict.fromkeys(neighbours(text)))
    return list(found)


def _text(elements: Sequence[Element], variant: int) -> bytes:
    made = bytearray()
    for element in elements:
        if isinstance(element, int):
            made.append(element)
        elif isinstance(element, OneOf):
            made.append(_member(element.mask, variant))
        elif isinstance(element, Many):
            made += bytes(_member(element.mask, variant + step) for step in range(variant % 3))
        elif isinstance(element, Either):
            made += _text(element.branches[variant % len(element.branches)], variant // 2)
    return bytes(made)


def _member(mask: int, variant: int) -> int:
    liked = [byte for byte in _LIKED if mask >> byte & 1]
    if liked:
        return liked[variant % len(liked)]
    members = [byte for byte in range(1, 256) if mask >> byte & 1]
    return members[variant % len(members)]
