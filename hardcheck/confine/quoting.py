"""Text of a specification as each output needs it, so that it stands for itself there and nothing else.

Paths come without control characters (`spec`). Every function here is total over such text; the tests
read each form back with the reader of that format.
"""

from __future__ import annotations

import re
import shlex

_PLAIN_IN_REGEX = re.compile(r"[A-Za-z0-9/_-]")
_META = frozenset(".^$?*+|[({")
_PLAIN_IN_PATTERN = re.compile(r"[A-Za-z0-9/_.+-]+")
_SPECIAL_IN_PATTERN = re.compile(r'[*?\[\]{}^,\\"]')
_PLAIN_IN_UNIT = re.compile(r"[A-Za-z0-9/_.,:=@+-]+")


def file_context_regex(path: str) -> str:
    r"""A path as an expression of file_contexts: PCRE, printable ASCII, no space.

    A metacharacter of libselinux's list is escaped by a backslash. Every other odd byte becomes
    ``(\xHH)``: the bracket keeps libselinux from comparing a first folder with escapes in it as text
    (label_file.h ``get_stem_from_spec``), and no quote, comma or backtick is left for m4 or CIL.
    """
    return "".join(_regex_character(character) for character in path)


def _regex_character(character: str) -> str:
    if _PLAIN_IN_REGEX.fullmatch(character):
        return character
    if character in _META:
        return "\\" + character
    return "".join(f"(\\x{byte:02x})" for byte in character.encode("utf-8"))


def apparmor_path(path: str, ending: str = "") -> str:
    """A path as a pattern of a profile, in quotes where it holds more than plain characters.

    ``ending`` is a pattern that is put behind it (``**``).
    """
    if _PLAIN_IN_PATTERN.fullmatch(path):
        return path + ending
    pattern = _SPECIAL_IN_PATTERN.sub(r"\\\g<0>", path) + ending
    if pattern.endswith("\\"):  # a quote after it would be taken for an escaped one
        pattern = f"{pattern[:-2]}[\\\\]"
    return f'"{pattern}"'


def systemd_word(text: str) -> str:
    """One argument of ExecStart= (systemd.service(5), "Command lines"): quotes, ``%`` and ``$`` doubled."""
    text = text.replace("%", "%%").replace("$", "$$")
    if _PLAIN_IN_UNIT.fullmatch(text.replace("%%", "").replace("$$", "") or "-"):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def shell_word(text: str) -> str:
    """One word of a POSIX shell."""
    return shlex.quote(text)
