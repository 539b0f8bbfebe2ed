"""The regular expressions of file_contexts, parsed into a tree.

They are PCRE, written by distributions but also by whoever administers the audited host, and are
matched against paths that anybody on that host may choose. So they are never handed to a
backtracking engine: this module parses the part of PCRE that describes regular languages, and
`automaton` matches it in time linear in the path.

Not covered, and refused by name: back references, assertions (``\\b``, ``(?=...)``, ``^`` and ``$``
inside), atomic groups and possessive quantifiers, inline options, Unicode properties.
Source: pcre2pattern(3). libselinux compiles with PCRE2_DOTALL and matches bytes, so ``.`` is any
byte; texts here are latin-1, one character a byte.
"""

from __future__ import annotations

import string
from typing import NoReturn

from msgspec import Struct

MAX_NESTING = 60
_ANY = (1 << 256) - 1


class PatternError(Exception):
    """The expression is wrong, or outside the covered part of PCRE; caught inside this package."""


class Chars(Struct, frozen=True):
    """One byte out of a set; bit = byte."""

    members: int


class Sequence(Struct, frozen=True):
    """One part after the other; none is the empty text."""

    parts: tuple[Pattern, ...]


class Choice(Struct, frozen=True):
    """One of several."""

    branches: tuple[Pattern, ...]


class Repeat(Struct, frozen=True):
    """A part several times; ``most`` None is without limit."""

    part: Pattern
    least: int
    most: int | None


Pattern = Chars | Sequence | Choice | Repeat

ANYTHING = Repeat(Chars(_ANY), 0, None)


def _set(characters: str) -> int:
    bits = 0
    for character in characters:
        bits |= 1 << ord(character)
    return bits


_DIGITS = _set(string.digits)
_WORD = _set(string.ascii_letters + string.digits + "_")
_SPACE = _set(" \t\n\r\f\v")
_HORIZONTAL = _set(" \t\xa0")
_VERTICAL = _set("\n\v\f\r\x85")
_ESCAPED_SETS = {
    "d": _DIGITS,
    "D": _ANY & ~_DIGITS,
    "w": _WORD,
    "W": _ANY & ~_WORD,
    "s": _SPACE,
    "S": _ANY & ~_SPACE,
    "h": _HORIZONTAL,
    "H": _ANY & ~_HORIZONTAL,
    "v": _VERTICAL,
    "V": _ANY & ~_VERTICAL,
    "N": _ANY & ~_set("\n"),
}
_ESCAPED_CHARACTERS = {"a": "\a", "e": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_CONTROLS = "".join(map(chr, [*range(32), 127]))
_GRAPHIC = string.ascii_letters + string.digits + string.punctuation
_POSIX_SETS = {
    "alnum": _set(string.ascii_letters + string.digits),
    "alpha": _set(string.ascii_letters),
    "ascii": (1 << 128) - 1,
    "blank": _set(" \t"),
    "cntrl": _set(_CONTROLS),
    "digit": _DIGITS,
    "graph": _set(_GRAPHIC),
    "lower": _set(string.ascii_lowercase),
    "print": _set(_GRAPHIC + " "),
    "punct": _set(string.punctuation),
    "space": _SPACE,
    "upper": _set(string.ascii_uppercase),
    "word": _WORD,
    "xdigit": _set(string.hexdigits),
}


def parse_pattern(text: str) -> Pattern:
    """Parse an expression as libselinux uses it: between ``^`` and ``$``.

    The anchors are put round the text without a group, so that in ``a|b`` the first branch is
    bound to the beginning only and the last to the end only. A ``^`` or ``$`` of the author at
    the very beginning or end changes nothing.

    Raises:
        PatternError: a fault, or a construct that this module does not cover.
    """
    parser = _Parser(text)
    branches = parser.branches(0)
    if parser.rest():
        parser.fail("an opening bracket before ')'")
    if len(branches) == 1:
        return branches[0]
    first, *middle, last = branches
    return Choice(
        (
            Sequence((first, ANYTHING)),
            *(Sequence((ANYTHING, branch, ANYTHING)) for branch in middle),
            Sequence((ANYTHING, last)),
        )
    )


class _Parser:
    """Recursive descent over the text, one method a production."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def fail(self, expected: str) -> NoReturn:
        raise PatternError(f"character {self._at + 1}: expected {expected}")

    def rest(self) -> str:
        return self._text[self._at :]

    def _next(self) -> str:
        return self._text[self._at : self._at + 1]

    def _accept(self, text: str) -> bool:
        if self._text.startswith(text, self._at):
            self._at += len(text)
            return True
        return False

    def branches(self, depth: int) -> list[Pattern]:
        """branches := sequence ('|' sequence)*"""
        if depth > MAX_NESTING:
            self.fail(f"at most {MAX_NESTING} nested groups")
        found = [self._sequence(depth)]
        while self._accept("|"):
            found.append(self._sequence(depth))
        return found

    def _sequence(self, depth: int) -> Pattern:
        """sequence := (atom quantifier?)*"""
        parts: list[Pattern] = []
        while self._at < len(self._text) and self._next() not in "|)":
            if self._accept("\\Q"):
                quoted, end, rest = self.rest().partition("\\E")
                self._at += len(quoted) + len(end)
                parts += [Chars(1 << ord(character)) for character in quoted]
                if quoted and rest:
                    parts.append(self._quantified(parts.pop()))
                continue
            if self._is_idle_anchor():
                self._at += 1
                continue
            parts.append(self._quantified(self._atom(depth)))
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def _is_idle_anchor(self) -> bool:
        at_start = self._next() == "^" and self._at == 0
        return at_start or (self._next() == "$" and self._at == len(self._text) - 1)

    def _atom(self, depth: int) -> Pattern:
        """atom := '(' branches ')' | '[' class ']' | '.' | escape | character"""
        character = self._next()
        if character == "(":
            return self._group(depth)
        self._at += 1
        if character == "[":
            return Chars(self._class())
        if character == ".":
            return Chars(_ANY)
        if character == "\\":
            return Chars(self._escape())
        if character in "^$":
            self.fail("no anchor inside the expression")
        if character in "*+?":
            self.fail("something to repeat")
        return Chars(_byte(character))

    def _group(self, depth: int) -> Pattern:
        """group := '(' ('?:' | '?<' name '>' | "?'" name "'" | '?P<' name '>')? branches ')'"""
        self._at += 1
        if self._next() == "*":
            self.fail("no verb")
        if self._accept("?"):
            self._group_head()
        branches = self.branches(depth + 1)
        if not self._accept(")"):
            self.fail("')'")
        return branches[0] if len(branches) == 1 else Choice(tuple(branches))

    def _group_head(self) -> None:
        if self._accept(":"):
            return
        for opening, closing in (("P<", ">"), ("<", ">"), ("'", "'")):
            if self._accept(opening):
                name, end, _ = self.rest().partition(closing)
                if not end or not name.isidentifier() or not name.isascii():
                    self.fail("the name of a group, no assertion")
                self._at += len(name) + 1
                return
        self.fail("a plain or a named group")

    def _quantified(self, part: Pattern) -> Pattern:
        """quantifier := ('*' | '+' | '?' | '{' least (',' most?)? '}') '?'?"""
        bounds = self._quantifier()
        if bounds is None:
            return part
        least, most = bounds
        if most is not None and most < least:
            self.fail("a repetition from few to many")
        if self._next() == "+":
            self.fail("no possessive quantifier")
        self._accept("?")  # a lazy one describes the same texts
        if self._quantifier() is not None:
            self.fail("one quantifier")
        return Repeat(part, least, most)

    def _quantifier(self) -> tuple[int, int | None] | None:
        if self._accept("*"):
            return 0, None
        if self._accept("+"):
            return 1, None
        if self._accept("?"):
            return 0, 1
        return self._counts()

    def _counts(self) -> tuple[int, int | None] | None:
        """Read ``{2}``, ``{2,}`` or ``{2,5}``; any other ``{`` stands for itself."""
        if self._next() != "{":
            return None
        inside, end, _ = self.rest()[1:].partition("}")
        least, comma, most = inside.partition(",")
        if not end or not _is_count(least) or not (most == "" or _is_count(most)):
            return None
        self._at += len(inside) + 2
        if not comma:
            return int(least), int(least)
        return int(least), int(most) if most else None

    def _escape(self, *, in_class: bool = False) -> int:
        r"""escape := '\' (set letter | control letter | 'x' hex hex | octal | punctuation)"""
        character = self._next()
        self._at += 1
        if character in _ESCAPED_SETS and not (in_class and character == "N"):
            return _ESCAPED_SETS[character]
        if character in _ESCAPED_CHARACTERS:
            return 1 << ord(_ESCAPED_CHARACTERS[character])
        if character == "x":
            return 1 << self._hexadecimal()
        if character == "0" or (in_class and character and character in "1234567"):
            return 1 << self._octal()
        if in_class and character == "b":
            return 1 << 8
        if not character or character.isalnum():
            self._at -= 1
            self.fail("an escape for one character or a set of them")
        return 1 << _byte_value(character)

    def _hexadecimal(self) -> int:
        digits = ""
        while len(digits) < 2 and self._next() and self._next() in string.hexdigits:
            digits += self._next()
            self._at += 1
        if self._next() == "{":
            self.fail("two hexadecimal digits")
        return int(digits or "0", 16)

    def _octal(self) -> int:
        self._at -= 1
        digits = ""
        while len(digits) < 3 and self._next() and self._next() in string.octdigits:
            digits += self._next()
            self._at += 1
        return int(digits, 8) & 0xFF

    def _class(self) -> int:
        """class := '^'? ']'? (set | item ('-' item)?)* ']'"""
        negated = self._accept("^")
        members = 0
        first = True
        while first or self._next() != "]":
            if self._at >= len(self._text):
                self.fail("']'")
            first = False
            item = self._class_item()
            if not item & (item - 1) and self._range_follows():
                self._at += 1
                end = self._class_item()
                if end & (end - 1) or end < item:
                    self.fail("a range of characters from low to high")
                item = (end << 1) - item
            members |= item
        self._at += 1
        return _ANY & ~members if negated else members

    def _range_follows(self) -> bool:
        following = self._text[self._at : self._at + 2]
        return len(following) == 2 and following[0] == "-" and following[1] != "]"

    def _class_item(self) -> int:
        if self._next() == "[" and self._text[self._at + 1 : self._at + 2] in (":", ".", "="):
            inside, end, _ = self.rest()[2:].partition(":]")
            name = inside.removeprefix("^")
            if self._text[self._at + 1] == ":" and end and name in _POSIX_SETS:
                self._at += len(inside) + 4
                return _ANY & ~_POSIX_SETS[name] if inside != name else _POSIX_SETS[name]
            if self._text[self._at + 1] != ":" or (end and name.isalpha()):
                self.fail("a known class of characters")
        character = self._next()
        self._at += 1
        if character == "\\":
            return self._escape(in_class=True)
        return _byte(character)


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 5


def _byte(character: str) -> int:
    return 1 << _byte_value(character)


def _byte_value(character: str) -> int:
    value = ord(character) if character else 256
    if value > 255:
        raise PatternError("expected single bytes")
    return value
