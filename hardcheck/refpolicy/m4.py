"""The part of m4 that interface files are written in: quoted text, calls of macros, comments.

::

    interface(`own_read_conf',`
        gen_require(`
            type own_conf_t;
        ')
        allow $1 own_conf_t:file read_file_perms;
    ')

Quoted text is taken as it is, quotes in it nest; a name right before a bracket is a call, whose arguments are
parted by commas outside of brackets and quotes; ``#`` outside of quotes begins a comment, and ``dnl`` drops
the rest of its line. Nothing is expanded here, and nothing else of m4 is known. Each function takes time
linear in its text.
Source: m4(1), GNU m4 manual, chapters on quoting, comments and arguments.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

MAX_ARGUMENTS = 64
_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_QUOTE = re.compile("[`']")
_COMMENT = re.compile(r"#[^\n]*|\bdnl\b[^\n]*")
_PLAIN = re.compile(r"[^`'#(),]+")
_BLANK = re.compile(r"\s*")
# At the top of a file: what is skipped, what is a call, and a quote that hides what stands in it.
_TOP = re.compile(rf"#[^\n]*|\bdnl\b[^\n]*|(?P<quote>`)|(?P<name>{_NAME})(?P<call>\()?|[^A-Za-z_#`]+")
_STEP = re.compile(rf"#[^\n]*|\bdnl\b[^\n]*|[\s;]+|(?P<name>{_NAME})\(")
_STATEMENT = re.compile(r"[^;`'#]*")


class M4Error(Exception):
    """Text that this part of m4 does not cover; caught inside this package."""


class Call(msgspec.Struct, frozen=True):
    """``NAME(ARGUMENT, ...)``; arguments are without their outer quotes, ``line`` counts from 1."""

    name: str
    arguments: tuple[str, ...]
    line: int = 0


class Statement(msgspec.Struct, frozen=True):
    """Text up to a semicolon, which is left out, without comments."""

    text: str


def read_calls(text: str) -> Iterator[Call]:
    """Yield the calls at the top of a file; other words there are passed over.

    Raises:
        M4Error: a quote or bracket that is never closed, or one call with too many arguments.
    """
    position, line, counted = 0, 1, 0
    while position < len(text):
        match = _TOP.match(text, position)
        assert match is not None  # every character is in one of the branches
        position = match.end()
        if match["quote"]:
            position = _end_of_quote(text, position) + 1
        elif match["call"]:
            line += text.count("\n", counted, match.start())
            counted = match.start()
            arguments, position = _read_arguments(text, position)
            yield Call(match["name"], arguments, line)


def read_body(text: str) -> Iterator[Call | Statement]:
    """Yield the calls and statements of a macro's body, in order.

    Raises:
        M4Error: a quote or bracket that is never closed, or text behind the last semicolon.
    """
    position = 0
    while position < len(text):
        match = _STEP.match(text, position)
        if match is None:
            statement, position = _read_statement(text, position)
            yield Statement(statement)
        elif match["name"]:
            arguments, position = _read_arguments(text, match.end())
            yield Call(match["name"], arguments)
        else:
            position = match.end()


def _read_statement(text: str, position: int) -> tuple[str, int]:
    parts: list[str] = []
    while True:
        match = _STATEMENT.match(text, position)
        assert match is not None
        parts.append(match.group())
        position = match.end()
        if text[position : position + 1] != "#":
            break
        end = text.find("\n", position)
        position = len(text) if end < 0 else end
    if text[position : position + 1] != ";":
        raise M4Error(f"text without a semicolon: {' '.join(''.join(parts).split())[:60]}")
    return " ".join("".join(parts).split()), position + 1


def _end_of_quote(text: str, position: int) -> int:
    """Where the quote ends whose text begins here."""
    depth = 1
    for match in _QUOTE.finditer(text, position):
        depth += 1 if match.group() == "`" else -1
        if not depth:
            return match.start()
    raise M4Error("a quote that is never closed")


def _read_arguments(text: str, position: int) -> tuple[tuple[str, ...], int]:
    """The arguments behind an open bracket, and where the text goes on."""
    found: list[str] = []
    parts: list[str] = []
    depth = 0
    position = _after_blanks(text, position)
    while position < len(text):
        plain = _PLAIN.match(text, position)
        if plain is not None:
            parts.append(plain.group())
            position = plain.end()
            continue
        mark = text[position]
        if mark == "`":
            end = _end_of_quote(text, position + 1)
            parts.append(text[position + 1 : end])
            position = end + 1
        elif mark == "#":
            end = text.find("\n", position)
            position = len(text) if end < 0 else end
        elif mark == ")" and not depth:
            found.append("".join(parts))
            return tuple(found), position + 1
        elif mark == "," and not depth:
            if len(found) >= MAX_ARGUMENTS:
                raise M4Error(f"more than {MAX_ARGUMENTS} arguments")
            found.append("".join(parts))
            parts = []
            position = _after_blanks(text, position + 1)
        else:
            depth += {"(": 1, ")": -1}.get(mark, 0)
            parts.append(mark)
            position += 1
    raise M4Error("a bracket that is never closed")


def _after_blanks(text: str, position: int) -> int:
    match = _BLANK.match(text, position)
    return position if match is None else match.end()
