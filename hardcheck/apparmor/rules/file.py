"""File and link rules: ``PATTERN PERMS``, ``PERMS PATTERN``, ``file,`` and ``link A -> B``."""

from __future__ import annotations

import re
from typing import ClassVar

from hardcheck.apparmor.permissions import (
    ALL_FILE,
    EXEC,
    LINK,
    ExecMode,
    FilePermissions,
    parse_permissions,
)
from hardcheck.apparmor.syntax import Mode, Prefix, Rule
from hardcheck.apparmor.tokenizer import LABEL, SET_VARIABLE, SPACE, WORD, Cursor, unescape

PERMISSIONS = re.compile(r"(?:[RrWwaLlMmkXx]|[PpCc][Xx]|[PpCc]?[IiUu][Xx])+(?=[\s,])")
# Most rules of real policy: a path, blanks, permissions, a comma.
PLAIN = re.compile(
    r'((?:/|@\{[A-Za-z][A-Za-z0-9_]*\}(?![=+]))(?:\\[ \t"!,]|,?[^ \t\r\n"!,])*)[ \t]+'
    r"((?:[rwalmk]|[PpCc]x|[PpCc]?[iu]x|U[Xx])+)[ \t]*,"
)
EVERY_PATH = "/{**,}"
_permission_words: dict[str, FilePermissions | str] = {}


class FileRule(Rule, frozen=True, kw_only=True, gc=False):
    """Permissions on the paths that ``pattern`` matches (variables not yet expanded).

    ``target`` is the pattern behind ``->`` of a rule that grants ``l``, None when there is none;
    ``subset`` that a link must not have more permissions than what it points to.
    """

    pattern: str
    bits: int
    exec_mode: ExecMode | None = None
    target: str | None = None
    subset: bool = False

    kind: ClassVar[str] = "file"


def parse_file_keyword(cursor: Cursor, at: int, prefix: Prefix) -> FileRule:
    """``file,`` or ``file [safe|unsafe] RULE``; the keyword is taken."""
    if cursor.skip() == ",":
        cursor.pos += 1
        mode = ExecMode("") if prefix.mode is Mode.DENY else ExecMode("i")
        return FileRule(
            source=cursor.source,
            at=at,
            end=cursor.pos,
            prefix=prefix,
            pattern=EVERY_PATH,
            bits=ALL_FILE,
            exec_mode=mode,
        )
    for word in ("unsafe", "safe"):
        match = re.compile(rf"{word}(?=[ \t\r\n])").match(cursor.text, cursor.pos)
        if match is not None:
            cursor.pos = match.end()
            cursor.skip()
            return parse_file_rule(cursor, at, prefix, word)
    return parse_file_rule(cursor, at, prefix)


def parse_file_rule(cursor: Cursor, at: int, prefix: Prefix, safety: str = "") -> FileRule:
    """``PATTERN PERMS [-> TARGET],`` or ``PERMS [subset] PATTERN [-> TARGET],``.

    ``safety`` is ``safe`` or ``unsafe`` when that word stood before the rule.
    """
    match = PERMISSIONS.match(cursor.text, cursor.pos)
    subset = False
    if match is not None:
        leading = True
        permissions = _permissions(cursor, match[0], match.start())
        cursor.pos = match.end()
        cursor.skip()
        subset = _take_subset(cursor)
        if subset and permissions.bits & ~LINK:
            cursor.fail("'subset' is for link rules only")
        pattern = _pattern(cursor)
    else:
        leading = False
        pattern = _pattern(cursor)
        cursor.skip()
        match = PERMISSIONS.match(cursor.text, cursor.pos)
        if match is None:
            cursor.fail(f"expected permissions after '{pattern[:60]}', found {cursor.peek()}")
        permissions = _permissions(cursor, match[0], match.start())
        cursor.pos = match.end()
    target = _take_target(cursor)
    cursor.end_of_rule("file")
    exec_mode, link_target = permissions.exec_mode, None
    if target is not None:
        if leading and permissions.bits & LINK:
            if permissions.bits & EXEC:
                cursor.fail("'l' and an exec mode cannot share one '->'", at)
            if label_has_namespace(target):
                cursor.fail("'l' is not allowed on a named profile transition", at)
            link_target = target
        elif exec_mode is not None:
            _check_label(cursor, target, at)
            exec_mode = ExecMode(exec_mode.kind, exec_mode.fallback, exec_mode.scrub, target)
        # Else it says nothing: behind `PATTERN rwl` the parser takes it for a transition without exec.
    if safety:
        exec_mode = _with_safety(cursor, exec_mode, safety, at)
    _check_exec(cursor, exec_mode, prefix, at)
    return FileRule(
        source=cursor.source,
        at=at,
        end=cursor.pos,
        prefix=prefix,
        pattern=pattern,
        bits=permissions.bits,
        exec_mode=exec_mode,
        target=link_target,
        subset=subset,
    )


def parse_plain(match: re.Match[str], cursor: Cursor, at: int, prefix: Prefix) -> FileRule:
    """The rule that `PLAIN` matched; the cursor stands behind it, ``at`` is where its qualifiers begin."""
    permissions = _permissions(cursor, match[2], match.start(2))
    _check_exec(cursor, permissions.exec_mode, prefix, at)
    return FileRule(
        source=cursor.source,
        at=at,
        end=match.end(),
        prefix=prefix,
        pattern=unescape(match[1]),
        bits=permissions.bits,
        exec_mode=permissions.exec_mode,
    )


def parse_link(cursor: Cursor, at: int, prefix: Prefix) -> FileRule:
    """``link [subset] A -> B,``; the keyword is taken."""
    cursor.skip()
    subset = _take_subset(cursor)
    pattern = _pattern(cursor)
    target = _take_target(cursor)
    if target is None:
        cursor.fail(f"expected '->' in a link rule, found {cursor.peek()}")
    cursor.end_of_rule("link")
    return FileRule(
        source=cursor.source,
        at=at,
        end=cursor.pos,
        prefix=prefix,
        pattern=pattern,
        bits=LINK,
        target=target,
        subset=subset,
    )


def label_has_namespace(label: str) -> bool:
    """Whether ``&:ns:name`` or ``:ns://name`` names a policy namespace."""
    return label.removeprefix("&").startswith(":")


def _permissions(cursor: Cursor, word: str, at: int) -> FilePermissions:
    found = _permission_words.get(word)
    if found is None:
        found = parse_permissions(word)
        if len(_permission_words) < 10_000:
            _permission_words[word] = found
    if isinstance(found, str):
        cursor.fail(found, at)
    return found


def _take_subset(cursor: Cursor) -> bool:
    for word in ("subset", "<="):
        if cursor.text.startswith(word, cursor.pos) and SPACE.match(cursor.text, cursor.pos + len(word)):
            cursor.pos += len(word)
            cursor.skip()
            return True
    return False


def _pattern(cursor: Cursor) -> str:
    here = cursor.pos
    pattern = cursor.word("a path", LABEL)
    variable = SET_VARIABLE.match(cursor.text, here)
    if variable is not None and cursor.text[variable.end() : variable.end() + 1] in ("=", "+"):
        cursor.fail("a variable followed by '=' or '+' is an assignment; put the path in quotes", here)
    return pattern


def _take_target(cursor: Cursor) -> str | None:
    cursor.skip()
    if not cursor.take_text("->"):
        return None
    cursor.skip()
    return cursor.word("a name after '->'", WORD)


def _check_label(cursor: Cursor, label: str, at: int) -> None:
    """``[&][:ns:[//]]name``: the namespace must be closed and neither part empty."""
    name = label.removeprefix("&")
    if name.startswith(":"):
        namespace, colon, name = name[1:].partition(":")
        if not colon:
            cursor.fail(f"the namespace in '{label}' is never closed", at)
        if not namespace:
            cursor.fail(f"an empty namespace in '{label}'", at)
        name = name.removeprefix("//")
    if not name:
        cursor.fail(f"no profile name in '{label}'", at)


def _with_safety(cursor: Cursor, mode: ExecMode | None, safety: str, at: int) -> ExecMode:
    if mode is None:
        cursor.fail(f"'{safety}' needs an exec mode", at)
    return ExecMode(mode.kind, mode.fallback, safety == "safe", mode.target)


def _check_exec(cursor: Cursor, mode: ExecMode | None, prefix: Prefix, at: int) -> None:
    if mode is None:
        return
    if prefix.mode is Mode.DENY:
        if mode.kind:
            cursor.fail(f"a deny rule takes a bare 'x', not '{mode}'", at)
    elif not mode.kind and not mode.target:
        cursor.fail("'x' needs one of the exec modes (ix, px, cx, ux ...) in an allow rule", at)
