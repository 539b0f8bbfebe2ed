"""The words of the profile language, and a cursor that walks over them.

The language has no single set of tokens: what a character means depends on the rule it stands in,
so each rule asks for the word it expects. Three habits hold everywhere (apparmor.d(5)):

* a word runs to white space; a comma belongs to it when a non-blank follows, so ``/a{b,c}`` is
  one word, and the comma that ends a rule is the one before white space;
* ``#`` opens a comment only where a word could begin, and ``#include`` is an include;
* ``"..."`` holds blanks, with ``\\"`` for the quotation mark.
"""

from __future__ import annotations

import re
from typing import NoReturn

from hardcheck.apparmor.faults import FaultFound, SourceText

SPACE = re.compile(r"(?:[ \t\r\n]+|#(?!include\b)[^\n]*)*")
BLANKS = re.compile(r"(?:[ \t]+|\\\r?\n)*")
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
# The parts of a word: an escaped blank, quote, mark or comma; a comma with something behind it;
# anything that is no blank, quote or exclamation mark.
_PART = r'(?:\\[ \t"!,]|,?[^ \t\r\n"!,])'
WORD = re.compile(rf"{_PART}+")
QUOTED = re.compile(r'"(?:\\"|[^\0"])*"')
# A path, a label or a variable, as a file rule begins.
LABEL = re.compile(rf"(?:/|@\{{?[A-Za-z]|:[^ =]|&){_PART}*")
# A word that cannot be the name of a condition: no ``=``, no closing bracket.
NO_EQUALS = re.compile(r'[^ \t\r\n"!,=()+&](?:,?[^ \t\r\n"!,=)])*')
LIST_VALUE = re.compile(r'(?:\\[ \t"!,()]|[^ \t\r\n"!,()])+')
CONDITION_NAME = re.compile(r'[^ \t\r\n"!,=)]+')
SET_VARIABLE = re.compile(r"@(?:\{[A-Za-z][A-Za-z0-9_]*\}|[A-Za-z][A-Za-z0-9_]*)")
BOOL_VARIABLE = re.compile(r"\$(?:\{[A-Za-z][A-Za-z0-9_]*\}|[A-Za-z][A-Za-z0-9_]*)")
_LIST_GAP = re.compile(r"(?:[ \t\r\n,]+)?")
_ESCAPE = re.compile(r'\\(?:([0-7]{1,3})|d([0-9]{1,3})|x([0-9A-Fa-f]{1,2})|([\\"aefnrt]))')
_NAMED_ESCAPES = {"\\": 92, '"': 34, "a": 7, "e": 27, "f": 12, "n": 10, "r": 13, "t": 9}
_PATTERN_MARKS = frozenset(map(ord, "*?[]{}^,\\"))


class Cursor:
    """A place in the text of one file; ``pos`` moves forward only."""

    __slots__ = ("pos", "source", "text")

    def __init__(self, source: SourceText) -> None:
        self.source = source
        self.text = source.text
        self.pos = 0

    def fail(self, message: str, at: int | None = None) -> NoReturn:
        """Give up the statement being read: FaultFound at ``at`` (default: here)."""
        raise FaultFound(self.pos if at is None else at, message)

    def skip(self) -> str:
        """Pass white space, line ends and comments; return the next character, empty at the end."""
        match = SPACE.match(self.text, self.pos)
        assert match is not None
        self.pos = match.end()
        return self.text[self.pos : self.pos + 1]

    def peek(self) -> str:
        """Return what stands here, for a message."""
        match = WORD.match(self.text, self.pos)
        if match is not None:
            return f"'{match[0][:60]}'"
        here = self.text[self.pos : self.pos + 1]
        return "the end of the file" if not here else repr(here)

    def take(self, pattern: re.Pattern[str]) -> str | None:
        """Take what matches here, or leave the cursor and return None."""
        match = pattern.match(self.text, self.pos)
        if match is None:
            return None
        self.pos = match.end()
        return match[0]

    def take_text(self, text: str) -> bool:
        """Take exactly this text if it stands here."""
        if not self.text.startswith(text, self.pos):
            return False
        self.pos += len(text)
        return True

    def expect(self, text: str, after: str) -> None:
        """Take ``text``, with space before it, or fail: ``expected 'text' after ...``."""
        self.skip()
        if not self.take_text(text):
            self.fail(f"expected '{text}' after {after}, found {self.peek()}")

    def end_of_rule(self, kind: str) -> None:
        """Take the comma that ends a rule."""
        if self.skip() != ",":
            self.fail(f"expected ',' at the end of the {kind} rule, found {self.peek()}")
        self.pos += 1

    def word(self, what: str, *patterns: re.Pattern[str]) -> str:
        """Take a quoted word, or the longest match of ``patterns``; fail naming ``what``."""
        taken = self.word_or_none(*patterns)
        if taken is None:
            self.fail(f"expected {what}, found {self.peek()}")
        return taken

    def word_or_none(self, *patterns: re.Pattern[str]) -> str | None:
        """As `word`, but None where no word stands."""
        if self.text.startswith('"', self.pos):
            match = QUOTED.match(self.text, self.pos)
            if match is None:
                self.fail("a quotation that is never closed")
            self.pos = match.end()
            return unescape(match[0][1:-1])
        longest = max((m.end() for m in (p.match(self.text, self.pos) for p in patterns) if m), default=0)
        if not longest:
            return None
        taken = self.text[self.pos : longest]
        self.pos = longest
        return unescape(taken)

    def value_list(self) -> tuple[str, ...]:
        """Take ``v1 v2, v3)`` behind an opening bracket: values with blanks or commas between."""
        values: list[str] = []
        while True:
            gap = _LIST_GAP.match(self.text, self.pos)
            assert gap is not None
            self.pos = gap.end()
            if self.take_text(")"):
                return tuple(values)
            values.append(self.word("a value or ')'", LIST_VALUE))


def unescape(text: str) -> str:
    r"""Put characters for escapes: ``\141`` ``\d97`` ``\x61`` ``\n``; pattern marks stay escaped.

    An escape that names no character (``\ ``, ``\,``, ``\o``) stays as it is: whoever reads the
    pattern takes the character behind it literally.
    """
    if "\\" not in text:
        return text
    return _ESCAPE.sub(_escaped_character, text)


def _escaped_character(match: re.Match[str]) -> str:
    octal, decimal, hexadecimal, named = match.groups()
    if octal is not None:
        while int(octal, 8) > 255:  # \623 is \62 and a 3
            octal = octal[:-1]
        code, used = int(octal, 8), 1 + len(octal)
    elif decimal is not None:
        while int(decimal) > 255:
            decimal = decimal[:-1]
        code, used = int(decimal), 2 + len(decimal)
    elif hexadecimal is not None:
        code, used = int(hexadecimal, 16), len(match[0])
    else:
        code, used = _NAMED_ESCAPES[named], 2
    rest = match[0][used:]
    if code == 0:
        return match[0]
    shown = bytes((code,)).decode("utf-8", "surrogateescape")
    return ("\\" + shown if code in _PATTERN_MARKS else shown) + rest
