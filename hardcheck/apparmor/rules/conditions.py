"""What many rules share: access lists ``(send, receive)`` and conditions ``name=value``."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from hardcheck.apparmor.tokenizer import BLANKS, CONDITION_NAME, LIST_VALUE, NAME, WORD, Cursor

_CONDITION = re.compile(r"([A-Za-z][A-Za-z0-9_]*)(?:[ \t]*(?==)|[ \t]+in(?=[ \t]*\())")
_GROUP = re.compile(r"(peer|xattrs)[ \t]*=[ \t]*\(")
_SHORT = re.compile(r"(?:rw|wr|r|w)(?=[\s,])")
_LIST_GAP = re.compile(r"[ \t\r\n,]*")


class Condition(msgspec.Struct, frozen=True):
    """``NAME=VALUES`` (``equals``) or ``NAME in (VALUES)``; no values: the name stood alone."""

    name: str
    equals: bool
    values: tuple[str, ...]
    at: int


def parse_access(cursor: Cursor, words: Mapping[str, int], kind: str) -> int:
    """Read an optional access word or list; 0 when there is none.

    ``words`` maps each access word to its bits, with ``r`` and ``w`` for the short forms.
    """
    cursor.skip()
    if cursor.take_text("("):
        bits = 0
        at = cursor.pos
        for word in cursor.value_list():
            bits |= _access_bits(word, words, kind, cursor, at)
        return bits
    match = _SHORT.match(cursor.text, cursor.pos)
    if match is not None and "r" in words:
        cursor.pos = match.end()
        return _access_bits(match[0], words, kind, cursor, match.start())
    match = NAME.match(cursor.text, cursor.pos)
    if (
        match is None
        or match[0] not in words
        or len(match[0]) < 3
        or _CONDITION.match(cursor.text, cursor.pos)
    ):
        return 0
    after = cursor.text[match.end() : match.end() + 1]
    if after and after not in " \t\r\n,(":
        return 0
    cursor.pos = match.end()
    return words[match[0]]


def _access_bits(word: str, words: Mapping[str, int], kind: str, cursor: Cursor, at: int) -> int:
    if len(word) > 2 or word not in words:
        if word in words:
            return words[word]
        if "r" not in words or set(word.lower()) - {"r", "w"}:
            cursor.fail(f"'{word}' is no access of {kind} rules", at)
    bits = 0
    for letter in word.lower():
        bits |= words[letter]
    return bits


def parse_conditions(cursor: Cursor) -> tuple[Condition, ...]:
    """Read ``name=value``, ``name=(v1 v2)`` and ``name in (v1 v2)`` as long as they come."""
    found: list[Condition] = []
    while True:
        cursor.skip()
        if _GROUP.match(cursor.text, cursor.pos):
            return tuple(found)
        match = _CONDITION.match(cursor.text, cursor.pos)
        if match is None:
            return tuple(found)
        at, cursor.pos = cursor.pos, match.end()
        cursor.take(BLANKS)
        equals = cursor.take_text("=")
        cursor.take(BLANKS)
        if cursor.take_text("("):
            values = cursor.value_list()
            if not values:
                cursor.fail(f"an empty list for {match[1]}", at)
        elif equals:
            values = (cursor.word(f"a value for {match[1]}", WORD),)
        else:
            cursor.fail(f"expected '(' after '{match[1]} in'")
        found.append(Condition(match[1], equals, values, at))


def parse_group(cursor: Cursor, kind: str) -> tuple[Condition, ...]:
    """Read an optional ``peer=(name=value, ...)``; empty when there is none."""
    cursor.skip()
    match = _GROUP.match(cursor.text, cursor.pos)
    if match is None:
        return ()
    if match[1] != "peer":
        cursor.fail(f"{kind} rules have no group '{match[1]}=()'")
    cursor.pos = match.end()
    return parse_group_body(cursor)


def parse_group_body(cursor: Cursor) -> tuple[Condition, ...]:
    """Read ``name=value name=(value) name)`` behind the opening bracket of a group."""
    found: list[Condition] = []
    while True:
        gap = _LIST_GAP.match(cursor.text, cursor.pos)
        assert gap is not None
        at = cursor.pos = gap.end()
        if cursor.take_text(")"):
            return tuple(found)
        name = cursor.take(CONDITION_NAME)
        if name is None:
            cursor.fail(f"expected a condition or ')', found {cursor.peek()}")
        cursor.take(BLANKS)
        values: tuple[str, ...] = ()
        if cursor.take_text("="):
            cursor.take(BLANKS)
            if cursor.take_text("("):
                values = cursor.value_list()
            else:
                values = (cursor.word(f"a value for {name}", LIST_VALUE),)
        found.append(Condition(name, True, values, at))


def single(cursor: Cursor, condition: Condition, already: str | None, kind: str) -> str:
    """Return the one value of a condition that may stand once and have one value."""
    if already is not None:
        cursor.fail(f"'{condition.name}' stands twice in one {kind} rule", condition.at)
    if not condition.equals:
        cursor.fail(f"'in' is not allowed for '{condition.name}' in {kind} rules", condition.at)
    if len(condition.values) != 1:
        cursor.fail(f"'{condition.name}' takes one value in {kind} rules", condition.at)
    return condition.values[0]
