"""``~/.ssh/config`` and ``/etc/ssh/ssh_config``, as far as reaching a host needs them: ssh_config(5).

Covered: Host with patterns and ``!``, Match (all, host, originalhost, user, localuser, exec, final),
Include, both quotings, ``KEY VALUE`` and ``KEY=VALUE``, first value wins. Not covered: canonicalisation
of names; the Match criteria canonical, tagged, localnetwork, version and command never match.
"""

from __future__ import annotations

import re
import shlex
import stat
from collections.abc import Iterator
from pathlib import Path

import msgspec

from hardcheck.errors import ConfigError

_MAX_DEPTH = 16
_MAX_BYTES = 4 * 1024 * 1024
_LINE = re.compile(r"(?P<key>[A-Za-z]+)(?:\s*=\s*|\s+)(?P<rest>\S.*)")
_WITH_ARGUMENT = frozenset({"host", "originalhost", "user", "localuser", "exec"})
_FLAGS = frozenset({"all", "final", "canonical"})
_NEVER = frozenset({"tagged", "localnetwork", "version", "command", "sessiontype"})


class Criterion(msgspec.Struct, frozen=True):
    """One condition of a Host or Match line: ``kind`` in lower case, its pattern list, ``!`` before it."""

    kind: str
    patterns: str = ""
    negated: bool = False


class Block(msgspec.Struct, frozen=True):
    """The conditions that must all hold for a setting, also those of the line that included its file."""

    criteria: tuple[Criterion, ...] = ()


class Setting(msgspec.Struct, frozen=True):
    """One ``KEY VALUE``: key in lower case, words unquoted, ``raw`` as written, ``where`` FILE:LINE."""

    block: Block
    key: str
    words: tuple[str, ...]
    raw: str
    where: str


def read_ssh_config(path: Path, home: Path) -> tuple[Setting, ...]:
    """Read a configuration file with all it includes; empty when there is no such file.

    Raises:
        ConfigError: a line of another form, a file that others may write to, includes too deep.
    """
    return tuple(_read(path, home, Block(), 0))


def split_patterns(patterns: str) -> list[str]:
    """The single patterns of a list as Host and Match have it."""
    return [part for part in re.split(r"[\s,]+", patterns) if part]


def pattern_list_fits(patterns: str, value: str) -> bool:
    """Match a pattern list against a value; a fitting pattern with ``!`` decides against."""
    fits = False
    for pattern in split_patterns(patterns):
        excluded = pattern.startswith("!")
        regex = _pattern_regex(pattern[1:] if excluded else pattern)
        if regex.fullmatch(value):
            if excluded:
                return False
            fits = True
    return fits


def _pattern_regex(pattern: str) -> re.Pattern[str]:
    parts = (".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern)
    return re.compile("".join(parts), re.IGNORECASE | re.DOTALL)  # re keeps the last few hundred compiled


def _read(path: Path, home: Path, outer: Block, depth: int) -> Iterator[Setting]:
    if depth > _MAX_DEPTH:
        raise ConfigError(str(path), f"at most {_MAX_DEPTH} nested Include lines")
    try:
        mode = path.stat()
        if mode.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and path.is_relative_to(home):
            raise ConfigError(str(path), "a file that only its owner may write to (chmod go-w)")
        with path.open("rb") as file:
            text = file.read(_MAX_BYTES).decode("utf-8", "replace")
    except FileNotFoundError:
        return
    except OSError as error:
        raise ConfigError(str(path), "a readable file", error.strerror or str(error)) from None
    block = outer
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        where = f"{path}:{number}"
        key, words, raw = _split(line, where)
        if key == "host":
            block = Block((*outer.criteria, Criterion("originalhost", " ".join(words))))
        elif key == "match":
            block = Block((*outer.criteria, *_match_criteria(words, where)))
        elif key == "include":
            for word in words:
                for included in _included(word, path, home):
                    yield from _read(included, home, block, depth + 1)
        else:
            yield Setting(block, key, words, raw, where)


def _split(line: str, where: str) -> tuple[str, tuple[str, ...], str]:
    match = _LINE.fullmatch(line)
    if match is None:
        raise ConfigError(where, "a keyword and its argument", repr(line[:60]))
    try:
        lexer = shlex.shlex(match["rest"], posix=True, punctuation_chars=False)
        lexer.whitespace_split = True
        lexer.commenters = "#"
        lexer.escape = ""
        words = tuple(lexer)
    except ValueError:
        raise ConfigError(where, "a closing quote", repr(line[:60])) from None
    if not words:
        raise ConfigError(where, "a keyword and its argument", repr(line[:60]))
    return match["key"].lower(), words, match["rest"]


def _match_criteria(words: tuple[str, ...], where: str) -> Iterator[Criterion]:
    rest = list(words)
    while rest:
        word = rest.pop(0)
        negated = word.startswith("!")
        kind, equals, value = word.removeprefix("!").partition("=")
        kind = kind.lower()
        if kind in _FLAGS:
            yield Criterion(kind, negated=negated)
            continue
        if kind not in _WITH_ARGUMENT and kind not in _NEVER:
            raise ConfigError(where, "a Match criterion of ssh_config(5)", repr(word))
        if not equals:
            if not rest:
                raise ConfigError(where, f"an argument after '{kind}'")
            value = rest.pop(0)
        yield Criterion(kind, value, negated)


def _included(word: str, path: Path, home: Path) -> list[Path]:
    """The files an Include names, in order: relative to ~/.ssh, or to /etc/ssh from a file there."""
    if word.startswith("~/"):
        target = home / word[2:]
    elif word.startswith("/"):
        target = Path(word)
    else:
        base = Path("/etc/ssh") if path.is_relative_to("/etc/ssh") else home / ".ssh"
        target = base / word
    return sorted(Path(target.anchor).glob(str(target.relative_to(target.anchor))))
