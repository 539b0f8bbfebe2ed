"""Whole numbers in evidence: bounded, and a ParseError where there is none."""

from __future__ import annotations

import re

from hardcheck.errors import ParseError

_WHOLE = re.compile(r"-?[0-9]{1,19}", re.ASCII)


def whole(where: str, text: str, what: str = "a whole number") -> int:
    """The number that ``text`` is.

    Raises:
        ParseError: it is none, or has more than 19 digits.
    """
    if not _WHOLE.fullmatch(text):
        raise ParseError(where, what, repr(text[:40]))
    return int(text)


def whole_or_none(where: str, text: str) -> int | None:
    """The same, and None for an empty text. Raises ParseError."""
    return None if text == "" else whole(where, text)
