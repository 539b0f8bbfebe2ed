"""Statements outside of rules: include, abi, alias, assignments of variables, conditions."""

from __future__ import annotations

import re

from hardcheck.apparmor.syntax import Abi, Alias, Assignment, BoolAssignment, Expression, Include
from hardcheck.apparmor.tokenizer import (
    BLANKS,
    BOOL_VARIABLE,
    LABEL,
    NO_EQUALS,
    QUOTED,
    SET_VARIABLE,
    WORD,
    Cursor,
    unescape,
)

_IF_EXISTS = re.compile(r"[ \t]+if[ \t]+exists(?=[ \t])")
_MAGIC = re.compile(r'<(?:([^">\t\r\n]+)|[ \t]*("[^"\0\n]*")[ \t]*)>')
_BARE_PATH = re.compile(r'(?:\\[ \t"!,]|,?[^ \t\r\n"!,<>])+')
_ASSIGN = re.compile(r"[ \t]*(=|\+=|\?=|:=)")
_LINE_END = re.compile(r"[ \t]*(?:#[^\n]*)?(?:\r?\n|\Z)")
_COMPARE = re.compile(r"==|!=|<=|>=|<|>|in(?![A-Za-z0-9_])")
_LOGIC = re.compile(r"(?:and|or|not|defined)(?![A-Za-z0-9_])")
_MAX_NESTING = 50


def parse_include(cursor: Cursor, at: int) -> Include:
    """``include [if exists] <PATH>``, ``"PATH"`` or ``PATH``; also spelled ``#include``."""
    cursor.pos = at + (8 if cursor.text[at] == "#" else 7)
    if_exists = cursor.take(_IF_EXISTS) is not None
    cursor.take(BLANKS)
    path, magic = _path(cursor, "include")
    return Include(path, magic, if_exists, at)


def parse_abi(cursor: Cursor, at: int) -> Abi:
    """``abi <PATH>,``; the keyword is taken."""
    cursor.skip()
    path, magic = _path(cursor, "abi")
    cursor.end_of_rule("abi")
    return Abi(path, magic, at)


def _path(cursor: Cursor, what: str) -> tuple[str, bool]:
    match = _MAGIC.match(cursor.text, cursor.pos)
    if match is not None:
        cursor.pos = match.end()
        path = match[1] if match[1] is not None else match[2].strip()[1:-1]
        path = unescape(path.strip())
        if not path:
            cursor.fail(f"an empty path in '{what}'", match.start())
        return path, True
    if cursor.text.startswith('"', cursor.pos):
        here = cursor.pos
        match = QUOTED.match(cursor.text, cursor.pos)
        if match is None:
            cursor.fail("a quotation that is never closed")
        cursor.pos = match.end()
        path = unescape(match[0][1:-1])
        if not path:
            cursor.fail(f"an empty path in '{what}'", here)
        return path, False
    return cursor.word(f"a path after '{what}'", _BARE_PATH), False


def parse_alias(cursor: Cursor, at: int) -> Alias:
    """``alias OLD -> NEW,``; the keyword is taken."""
    cursor.skip()
    old = cursor.word("a path to alias", LABEL)
    cursor.expect("->", "the path to alias")
    cursor.skip()
    new = cursor.word("a path after '->'", WORD)
    cursor.end_of_rule("alias")
    return Alias(old, new, at)


def parse_set_assignment(cursor: Cursor, match: re.Match[str], at: int) -> Assignment | None:
    """``@{NAME} OP VALUE ...`` to the end of the line; None when it is no assignment."""
    operator = _ASSIGN.match(cursor.text, match.end())
    if operator is None:
        return None
    cursor.pos = operator.end()
    values: list[str] = []
    while True:
        cursor.take(BLANKS)
        end = _LINE_END.match(cursor.text, cursor.pos)
        if end is not None:
            cursor.pos = end.end()
            break
        here = cursor.pos
        value = cursor.word_or_none(WORD)
        if value is None:
            if cursor.text.startswith(",", here):
                cursor.fail("the values of a variable end without a comma")
            cursor.fail(f"expected a value, found {cursor.peek()}")
        values.append(value)
    if not values:
        cursor.fail(f"no value for {match[0]}", at)
    return Assignment(variable_name(match[0]), operator[1], tuple(values), at)


def parse_bool_assignment(cursor: Cursor, at: int) -> BoolAssignment:
    """``$NAME OP EXPRESSION`` to the end of the line."""
    name = cursor.take(BOOL_VARIABLE)
    if name is None:
        cursor.fail(f"expected a boolean variable, found {cursor.peek()}")
    operator = _ASSIGN.match(cursor.text, cursor.pos)
    if operator is None:
        cursor.fail(f"expected an assignment to {name}, found {cursor.peek()}")
    if operator[1] == "+=":
        cursor.fail("'+=' is not for boolean variables")
    cursor.pos = operator.end()
    value = _Expressions(cursor, one_line=True).either(0)
    end = _LINE_END.match(cursor.text, cursor.pos)
    if end is None:
        cursor.fail(f"expected the end of the line, found {cursor.peek()}")
    cursor.pos = end.end()
    return BoolAssignment(variable_name(name), operator[1], value, at)


def parse_expression(cursor: Cursor) -> Expression:
    """The condition of an ``if``, up to its opening brace."""
    return _Expressions(cursor, one_line=False).either(0)


def variable_name(written: str) -> str:
    """Return NAME of ``@{NAME}``, ``@NAME``, ``${NAME}`` or ``$NAME``."""
    return written[1:].removeprefix("{").removesuffix("}")


class _Expressions:
    """``or`` binds least, then ``and``, then ``not``."""

    def __init__(self, cursor: Cursor, one_line: bool) -> None:
        self.cursor = cursor
        self.one_line = one_line

    def _skip(self) -> None:
        if self.one_line:
            self.cursor.take(BLANKS)
        else:
            self.cursor.skip()

    def _word(self, word: str) -> bool:
        self._skip()
        match = _LOGIC.match(self.cursor.text, self.cursor.pos)
        if match is None or match[0] != word:
            return False
        self.cursor.pos = match.end()
        return True

    def either(self, depth: int) -> Expression:
        """``either: both { "or" both }``"""
        found = self._both(depth)
        while self._word("or"):
            found = Expression("or", (found, self._both(depth)), found.at)
        return found

    def _both(self, depth: int) -> Expression:
        """``both: negated { "and" negated }``"""
        found = self._negated(depth)
        while self._word("and"):
            found = Expression("and", (found, self._negated(depth)), found.at)
        return found

    def _negated(self, depth: int) -> Expression:
        """``negated: "not" negated | factor``"""
        if depth > _MAX_NESTING:
            self.cursor.fail(f"a condition nested more than {_MAX_NESTING} deep")
        self._skip()
        at = self.cursor.pos
        if self._word("not"):
            return Expression("not", (self._negated(depth + 1),), at)
        return self._factor(depth)

    def _factor(self, depth: int) -> Expression:
        """``factor: "(" either ")" | "defined" VARIABLE | $BOOL | WORD [COMPARE WORD]``"""
        cursor = self.cursor
        at = cursor.pos
        if cursor.take_text("("):
            inside = self.either(depth + 1)
            self._skip()
            if not cursor.take_text(")"):
                cursor.fail(f"expected ')' in a condition, found {cursor.peek()}")
            return inside
        if self._word("defined"):
            self._skip()
            name = cursor.take(SET_VARIABLE) or cursor.take(BOOL_VARIABLE)
            if name is None:
                cursor.fail(f"expected a variable after 'defined', found {cursor.peek()}")
            return Expression("defined", (name,), at)
        name = cursor.take(BOOL_VARIABLE)
        if name is not None:
            return Expression("bool", (name,), at)
        left = self._operand()
        self._skip()
        operator = cursor.take(_COMPARE)
        if operator is None:
            return Expression("word", (left,), at)
        self._skip()
        return Expression(operator, (left, self._operand()), at)

    def _operand(self) -> str:
        if self.cursor.text.startswith("{", self.cursor.pos):
            self.cursor.fail("expected a condition before '{'")
        variable = self.cursor.take(SET_VARIABLE)
        return variable or self.cursor.word("a variable or value", NO_EQUALS, LABEL)
