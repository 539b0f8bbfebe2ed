"""Change of profile: ``change_profile [safe|unsafe] [EXEC] [-> TARGET],``."""

from __future__ import annotations

import re
from typing import ClassVar

from hardcheck.apparmor.syntax import Owner, Prefix, Rule
from hardcheck.apparmor.tokenizer import WORD, Cursor

_SAFETY = re.compile(r"(?:unsafe|safe)(?=[\s,])")
ANY_LABEL = "**"


class ChangeProfileRule(Rule, frozen=True, kw_only=True, gc=False):
    """May change to a label that ``target`` matches, at the exec of ``executable`` (None: any time).

    ``scrub`` says whether the environment is cleaned at that exec; it is unless ``unsafe`` stands there.
    """

    target: str
    executable: str | None
    scrub: bool

    kind: ClassVar[str] = "change_profile"


def parse_change_profile(cursor: Cursor, at: int, prefix: Prefix) -> ChangeProfileRule:
    """A change_profile rule; the keyword is taken."""
    if prefix.owner is not Owner.ANY:
        cursor.fail(f"'{prefix.owner}' is not allowed on change_profile rules", at)
    cursor.skip()
    safety = cursor.take(_SAFETY)
    executable = target = None
    cursor.skip()
    here = cursor.pos
    if not cursor.text.startswith("->", here):
        executable = cursor.word_or_none(WORD)
        if executable is not None and not executable.startswith(("/", "@{")):
            cursor.fail(f"'{executable}' is no path of an executable", here)
    if safety and executable is None:
        cursor.fail(f"'{safety}' needs the path of an executable", at)
    cursor.skip()
    if cursor.take_text("->"):
        cursor.skip()
        target = cursor.word("a profile after '->'", WORD)
    cursor.end_of_rule("change_profile")
    return ChangeProfileRule(
        source=cursor.source,
        at=at,
        end=cursor.pos,
        prefix=prefix,
        target=ANY_LABEL if target is None else target,
        executable=executable,
        scrub=safety != "unsafe",
    )
