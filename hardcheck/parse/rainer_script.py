"""The statements of an rsyslog configuration: objects ``NAME(KEY="VALUE" ...)`` and lines of the old form.

Comments run from ``#`` to the end of the line, or from ``/*`` to ``*/``; a text is in double or single
quotes, with a backslash before a quote that belongs to it. An object may go over several lines. A line of
the old form ends at the end of the line, or goes on after a backslash there. Braces and words such as
``then`` and ``else`` between objects are passed over. Source: rsyslog grammar/lexer.l.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from hardcheck.errors import ParseError
from hardcheck.evidence import Evidence

_OBJECTS = frozenset(
    {"action", "dyn_stats", "global", "include", "input", "lookup_table", "main_queue", "module"}
    | {"parser", "property", "ruleset", "template", "timezone", "constant", "perctile_stats", "ratelimit"}
)
_MAX_TEXT = 2000
_LONGEST_NAME = 40


class Statement(msgspec.Struct, frozen=True):
    """An object with its ``name`` (small letters) and ``values`` (keys in small letters), ``text`` being
    the selector that stands before it; or, with an empty name, a line of the old form as ``text``.
    ``place`` is FILE:LINE."""

    name: str
    text: str
    values: Mapping[str, str]
    place: str


def statements(evidence: Evidence, path: str) -> Iterator[Statement]:
    """Every statement in the file's order.

    Raises:
        ParseError: a text, a comment or a bracket that is never closed.
    """
    text = evidence.text()
    at, line = 0, 1
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        while end < len(text) and text[end - 1 : end] == "\\":
            end = text.find("\n", end + 1)
            end = len(text) if end < 0 else end
        head = _object_head(text, at, end)
        place = f"{path}:{line}"
        if head is not None:
            name, before, inside = head
            values, after = _values(text, inside, place)
            yield Statement(name, before, values, place)
        elif text.startswith("/*", at + len(text[at:end]) - len(text[at:end].lstrip())):
            after = text.find("*/", at)
            if after < 0:
                raise ParseError(place, "'*/'", "the end of the file")
            after += 2
        else:
            words = " ".join(text[at:end].replace("\\\n", " ").split())
            words = words.strip("{} ")
            if words and not words.startswith("#"):
                yield Statement("", words[:_MAX_TEXT], {}, place)
            after = end + 1
        line += text.count("\n", at, after)
        at = after


def _object_head(text: str, at: int, end: int) -> tuple[str, str, int] | None:
    """Name, the selector before it, and where its values begin; None for a line without an object."""
    if text[at:end].lstrip().startswith("$"):
        return None
    quote, word, word_at = "", "", at
    for place in range(at, end):
        character = text[place]
        if quote:
            quote = "" if character == quote and text[place - 1] != "\\" else quote
        elif character in "\"'":
            quote, word = character, ""
        elif character == "#":
            return None
        elif character == "(" and word.lower() in _OBJECTS:
            before = text[at:word_at].split()
            selector = before[0] if len(before) == 1 and "." in before[0] else ""
            return word.lower(), selector, place + 1
        elif character.isalpha() or character == "_":
            word_at = word_at if word else place
            word = (word + character)[:_LONGEST_NAME]
        elif not (character in " \t" and text[place + 1 : place + 2] in ("(", " ", "\t")):
            word = ""
    return None


def _values(text: str, at: int, place: str) -> tuple[dict[str, str], int]:
    """The pairs up to the closing bracket, and the place behind it."""
    values: dict[str, str] = {}
    key: list[str] = []
    while at < len(text):
        character = text[at]
        if character == ")":
            return values, at + 1
        if character == "#":
            end = text.find("\n", at)
            at = len(text) if end < 0 else end
        elif character in "\"'":
            value, at = _quoted(text, at, place)
            name = "".join(key).strip().rstrip("=").strip().lower()
            if name:
                values.setdefault(name, value)
            key = []
        elif character in "[]," or character.isspace():
            at += 1
        else:
            key.append(character)
            at += 1
    raise ParseError(place, "')'", "the end of the file")


def _quoted(text: str, at: int, place: str) -> tuple[str, int]:
    """A text in quotes, and the place behind it."""
    quote = text[at]
    begun = at = at + 1
    while at < len(text):
        if text[at] == "\\":
            at += 2
            continue
        if text[at] == quote:
            return text[begun : min(at, begun + _MAX_TEXT)], at + 1
        at += 1
    raise ParseError(place, f"a closing {quote}", "the end of the file")
