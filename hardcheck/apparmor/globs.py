"""Patterns (AARE) as sequences of elements, with the meaning that apparmor_parser gives them.

===========  ======================================================================
``*``        any run without ``/``; ``**`` any run; ``?`` one byte, not ``/``
``[a-c]``    one of these bytes, ``[^a-c]`` any other one (``/`` included)
``{a,b}``    one of these, nestable; one alternative alone is a fault
===========  ======================================================================

``*`` and ``**`` right behind a ``/`` and before a ``/`` or the end must match at least one byte that is
no ``/``. Patterns are matched byte by byte, as the kernel does; ``?`` takes one byte of a long character.
Source: apparmor_parser ``convert_aaregex_to_pcre`` and the grammar of its regular expressions; each
quirk named here was seen in the output of ``apparmor_parser -D rule-exprs``.
"""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec

MAX_ALTERNATION_DEPTH = 50
MAX_PATTERN_BYTES = 1 << 20

ANY_BYTE = (1 << 256) - 1 - 1  # every byte but NUL, which no path holds
NO_SLASH = ANY_BYTE & ~(1 << 0x2F)
_SLASH = 0x2F
_PLAIN = re.compile(rb"[^\\*?\[\]{},]+")


class GlobFault(Exception):
    """A pattern that has no meaning."""


class OneOf(msgspec.Struct, frozen=True, cache_hash=True):
    """One byte of the set ``mask`` (bit N is byte N)."""

    mask: int


class Many(msgspec.Struct, frozen=True, cache_hash=True):
    """Any number of bytes of the set ``mask``."""

    mask: int


class Either(msgspec.Struct, frozen=True, cache_hash=True):
    """One of several sequences."""

    branches: tuple[tuple[Element, ...], ...]


Element = int | OneOf | Many | Either  # an int is that byte


class Glob(msgspec.Struct, frozen=True):
    """A pattern read: its elements, the bytes it must begin with, and whether it has no wildcard.

    ``exact`` is what the parser takes for an exact match: no ``*``, ``?`` and ``[^...]``; alternatives
    and plain classes are exact. Parsers before 4.1 took classes for wildcards, too: ``has_class``.
    """

    text: str
    elements: tuple[Element, ...]
    literal_prefix: bytes
    exact: bool
    has_class: bool

    @property
    def is_literal(self) -> bool:
        """Whether the pattern is one string."""
        return len(self.literal_prefix) == len(self.elements)


@lru_cache(maxsize=1 << 16)
def parse_glob(text: str) -> Glob:
    """Read a pattern without variables.

    Raises:
        GlobFault: an open or empty group or class, a lone alternative, a trailing backslash.
    """
    data = text.encode("utf-8", "surrogateescape")
    if len(data) > MAX_PATTERN_BYTES:
        raise GlobFault(f"a pattern of more than {MAX_PATTERN_BYTES} bytes")
    reader = _GlobReader(data)
    elements = reader.read()
    prefix = bytearray()
    for element in elements:
        if not isinstance(element, int):
            break
        prefix.append(element)
    return Glob(text, elements, bytes(prefix), not reader.wild, reader.has_class)


def encode_text(text: str) -> bytes:
    """Return the bytes of a path or name; a lone surrogate is taken as it comes."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


class _GlobReader:
    """Reads one pattern from left to right, with a stack of open groups."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.wild = False
        self.has_class = False

    def read(self) -> tuple[Element, ...]:
        data, end, position = self.data, len(self.data), 0
        stack: list[tuple[list[Element], list[tuple[Element, ...]]]] = []
        now: list[Element] = []
        after_slash = False  # the last thing written is a plain slash: decides what * means
        while position < end:
            plain = _PLAIN.match(data, position)
            if plain is not None:
                now.extend(plain[0])
                position = plain.end()
                after_slash = data[position - 1] == _SLASH
                continue
            mark = data[position]
            if mark == 0x5C:  # backslash
                byte, position = self._escaped(position)
                now.append(byte)
                after_slash = byte == _SLASH
                continue
            if mark == 0x2C and not stack:  # a comma outside of groups
                now.append(mark)
                after_slash = False
                position += 1
                continue
            if mark == 0x2A:  # star
                position = self._star(now, position, after_slash)
            elif mark == 0x3F:
                self.wild = True
                now.append(OneOf(NO_SLASH))
                position += 1
            elif mark == 0x5B:
                position = self._class(now, position)
            elif mark == 0x5D:
                raise GlobFault("']' without an open '['")
            elif mark == 0x7B:
                if len(stack) + 1 >= MAX_ALTERNATION_DEPTH:
                    raise GlobFault(f"alternatives nested {MAX_ALTERNATION_DEPTH} deep")
                stack.append((now, []))
                now = []
                position += 1
            elif mark == 0x2C:
                stack[-1][1].append(tuple(now))
                now = []
                position += 1
            else:
                now = self._close(stack, now)
                position += 1
            after_slash = False
        if stack:
            raise GlobFault("'{' that is never closed")
        return tuple(now)

    def _close(
        self, stack: list[tuple[list[Element], list[tuple[Element, ...]]]], now: list[Element]
    ) -> list[Element]:
        if not stack:
            raise GlobFault("'}' without an open '{'")
        outer, branches = stack.pop()
        if not branches:
            raise GlobFault("one alternative alone between braces")
        branches.append(tuple(now))
        outer.append(Either(tuple(dict.fromkeys(branches))))
        return outer

    def _star(self, now: list[Element], position: int, after_slash: bool) -> int:
        """``*`` and ``**``; three stars are ``**`` and ``*``."""
        data, self.wild = self.data, True
        last = position
        while last < len(data) and data[last] == 0x2A:
            last += 1
        if after_slash and (last == len(data) or data[last] == _SLASH):
            now.append(OneOf(NO_SLASH))
        while position < last:
            double = position + 1 < last
            now.append(Many(ANY_BYTE if double else NO_SLASH))
            position += 2 if double else 1
        return position

    def _escaped(self, position: int) -> tuple[int, int]:
        if position + 1 >= len(self.data):
            raise GlobFault("a backslash at the end")
        byte = self.data[position + 1]
        if byte == 0x30:  # only an escaped NUL is left by the tokenizer: no path holds it
            digits = re.compile(rb"0{1,3}").match(self.data, position + 1)
            assert digits is not None
            return 0, digits.end()
        return byte, position + 2

    def _class(self, now: list[Element], position: int) -> int:
        """``[...]``: a minus is itself at the start only, else a range."""
        data, start = self.data, position
        self.has_class = True
        position += 1
        negated = data[position : position + 1] == b"^" or data[position : position + 2] == b"\\^"
        if negated:
            position += 2 if data[position] == 0x5C else 1
        members: list[tuple[int, bool]] = []  # byte, whether it may be the minus of a range
        while position < len(data) and data[position] != 0x5D:
            byte = data[position]
            if byte in b"*?":
                raise GlobFault(f"'{chr(byte)}' in a character class must be escaped")
            if byte == 0x5C:
                if position + 1 >= len(data):
                    raise GlobFault("a backslash at the end")
                position += 1
                byte = data[position]
                if byte == 0x2C:
                    members.append((0x5C, False))
                members.append((byte, byte == 0x2D))
            else:
                members.append((byte, byte == 0x2D))
            position += 1
        if position >= len(data):
            raise GlobFault("'[' that is never closed")
        mask = _class_mask(members)
        if not mask:
            raise GlobFault(f"an empty character class at byte {start}")
        if negated:
            self.wild = True
            mask = ANY_BYTE & ~mask
        now.append(OneOf(mask))
        return position + 1


def _class_mask(members: list[tuple[int, bool]]) -> int:
    mask, position = 0, 0
    while position < len(members):
        byte, minus = members[position]
        if minus and position:
            raise GlobFault("a '-' in a character class that is neither first nor in a range")
        if position + 1 < len(members) and members[position + 1][1]:
            if position + 2 >= len(members):
                raise GlobFault("a range in a character class without an end")
            low, high = sorted((byte, members[position + 2][0]))
            for member in range(low, high + 1):
                mask |= 1 << member
            position += 3
            continue
        mask |= 1 << byte
        position += 1
    return mask
