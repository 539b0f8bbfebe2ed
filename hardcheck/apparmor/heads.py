"""What stands before the brace of a profile: name, attachment, xattrs, flags."""

from __future__ import annotations

import re

from hardcheck.apparmor.rules.conditions import parse_group_body
from hardcheck.apparmor.syntax import ProfileHead
from hardcheck.apparmor.tokenizer import LABEL, LIST_VALUE, NAME, SET_VARIABLE, WORD, Cursor

_FLAGS = re.compile(r"(?:flags[ \t]*=[ \t]*)?\(")
_XATTRS = re.compile(r"xattrs[ \t]*=[ \t]*\(")
_IDENTITIES = re.compile(r"\+[ \t]*identities[ \t]*=[ \t]*\(")
_GAP = re.compile(r"[ \t\r\n,]*")


def profile_name(cursor: Cursor) -> str:
    """The name behind the word ``profile`` or ``hat``."""
    while cursor.text[cursor.pos : cursor.pos + 1] in (" ", "\t"):
        cursor.pos += 1
    name = cursor.word("the name of a profile", WORD)
    if not name:
        cursor.fail("an empty name of a profile")
    return name


def hat_name(cursor: Cursor) -> str:
    """The name right behind ``^``."""
    return cursor.word("the name of a hat", WORD)


def profile_head(cursor: Cursor, keyword: str, name: str = "") -> ProfileHead | None:
    """``[NAME] [ATTACHMENT] [xattrs=(...)] [flags=(...)] {``; the brace is taken.

    Without ``keyword`` the name is read here, and None means that this is no profile at all (the
    cursor is back where it was).
    """
    start = cursor.pos
    if not keyword:
        name = cursor.word("the name of a profile", LABEL)
    cursor.skip()
    here = cursor.pos
    attachment = ""
    if not any(pattern.match(cursor.text, here) for pattern in (_FLAGS, _XATTRS, _IDENTITIES)):
        attachment = cursor.word_or_none(LABEL, SET_VARIABLE, NAME) or ""
    cursor.skip()
    if not keyword and cursor.text[cursor.pos : cursor.pos + 1] not in ("{", "(", "x", "f", "+"):
        cursor.pos = start
        return None
    if attachment and not attachment.startswith(("/", "@{")):
        cursor.fail("an attachment begins with '/' or a variable", here)
    xattrs: tuple[tuple[str, str], ...] = ()
    at_xattrs = cursor.pos
    if cursor.take(_XATTRS):
        xattrs = _read_xattrs(cursor)
        if keyword == "hat":
            cursor.fail("hats take no xattrs", at_xattrs)
    cursor.skip()
    while cursor.take(_IDENTITIES):
        identities = cursor.value_list()
        if not identities:
            cursor.fail("an empty list of identities")
        for identity in identities:
            if " " in identity and not identity.startswith("/"):
                cursor.fail(f"a blank in the identity '{identity}'")
        cursor.skip()
    flags: tuple[tuple[str, int], ...] = ()
    if cursor.take(_FLAGS):
        flags = _read_flags(cursor)
    cursor.expect("{", f"the head of profile '{name[:60]}'")
    return ProfileHead(name, attachment, flags, xattrs, keyword)


def _read_flags(cursor: Cursor) -> tuple[tuple[str, int], ...]:
    flags: list[tuple[str, int]] = []
    opened = cursor.pos - 1
    while True:
        cursor.take(_GAP)
        if cursor.take_text(")"):
            if not flags:
                cursor.fail("an empty list of flags", opened)
            return tuple(flags)
        here = cursor.pos
        flags.append((cursor.word("a flag or ')'", LIST_VALUE), here))


def _read_xattrs(cursor: Cursor) -> tuple[tuple[str, str], ...]:
    return tuple(
        (condition.name, condition.values[0] if condition.values else "")
        for condition in parse_group_body(cursor)
    )
