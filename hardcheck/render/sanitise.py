"""Text from hosts, made harmless to look at: the one function that every renderer uses.

A host chooses its profile names, paths, banners and error texts. In a terminal such text can move
the cursor or set the clipboard, in a page it can turn the reading direction round, and invisible
characters make two names look alike. Each such character is shown as its escape instead
(``\\x1b``, ``\\u202e``), so that what is printed is what was there.
"""

from __future__ import annotations

import re

FIELD_LIMIT = 2_000
"""Characters of one field that a document for people shows; the JSON report has all of them."""

_UNSEEN = (
    "\x00-\x1f\x7f-\x9f"  # C0, DEL, C1: terminal control
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"  # soft hyphen, joiners, fillers
    "\u200b-\u200f\u2028-\u202f\u205f-\u206f"  # zero width, line separators, bidi overrides and isolates
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff"  # fillers, selectors, byte order mark, noncharacters
    "\ud800-\udfff"  # lone surrogates: bytes that were no UTF-8
    "\U000e0000-\U000e0fff"  # tags and further selectors
)
_ONE_LINE = re.compile(f"[{_UNSEEN}]")
_MANY_LINES = re.compile(f"(?![\n\t])[{_UNSEEN}]")
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def visible(text: str, limit: int = FIELD_LIMIT) -> str:
    """Return ``text`` on one line with every unseen or controlling character as its escape.

    More than ``limit`` characters are cut, and the cut says how many there were.
    """
    return _ONE_LINE.sub(_escape, _cut(text, limit))


def visible_lines(text: str, limit: int = FIELD_LIMIT) -> str:
    """Return ``text`` as `visible` does, with line feeds and tabs kept."""
    return _MANY_LINES.sub(_escape, _cut(text, limit))


def has_unseen(text: str) -> bool:
    """Whether `visible` would change a character of ``text``."""
    return _ONE_LINE.search(text) is not None


def json_safe(document: str) -> str:
    """Return a JSON document with the unseen characters of its strings as JSON escapes.

    The document says the same; only ``\\n`` and ``\\t`` between its values are left as they are
    (inside a string JSON has them escaped already).
    """
    return _MANY_LINES.sub(_json_escape, document)


def _cut(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    return f"{text[:limit]} [cut here: {len(text):,} characters in all]"


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    if character in _SHORT:
        return _SHORT[character]
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _json_escape(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))
