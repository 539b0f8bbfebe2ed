"""The statements of an interface's body: allow rules for the caller, and what its require block names."""

from __future__ import annotations

import re
from collections.abc import Callable

from hardcheck.refpolicy.m4 import M4Error
from hardcheck.refpolicy.model import SELF, Grant

DOMAIN = "%domain"
"""Stands for the calling domain where an interface has ``$1``; no name of a policy looks so."""
_TOKEN = re.compile(r"\s*([{}:~*-]|%?[A-Za-z_][A-Za-z0-9_.]*)")
_NOT_PROPOSED = {
    "dontaudit": "it silences denials",
    "typeattribute": "it gives the domain an attribute, with all rules of that",
    "type_transition": "it changes the domain or the labels of new files",
    "range_transition": "it changes ranges",
    "role": "it changes what a role may be",
    "role_transition": "it changes roles",
}
_MOST_WORDS = 2_000

Words = Callable[[str], tuple[str, ...]]
"""The classes or permissions that a word stands for."""


def read_rule(text: str, words: Words, *, sure: bool) -> Grant | None:
    """The rule of a statement; None for one that gives nothing.

    Raises:
        M4Error: a statement that gives more than access of the domain, or one that is not understood.
    """
    keyword = text.partition(" ")[0]
    if keyword == "auditallow":
        return None
    if keyword != "allow":
        raise M4Error(_NOT_PROPOSED.get(keyword, f"a statement that is not read here: {keyword[:40]}"))
    reader = _Reader(text[len(keyword) :])
    sources, without_sources = reader.set()
    targets, without = reader.set()
    reader.expect(":")
    classes, without_classes = reader.set()
    permissions, without_permissions = reader.set()
    reader.end()
    if without_sources or without_classes or without_permissions:
        raise M4Error("a set with something taken out of it, other than types")
    if sources != [DOMAIN]:
        raise M4Error("it gives something to another domain than the one that calls it")
    return Grant(
        tuple(dict.fromkeys(SELF if name == DOMAIN else name for name in targets)),
        tuple(dict.fromkeys(without)),
        _expanded(classes, words),
        _expanded(permissions, words),
        sure,
    )


def read_require(text: str) -> tuple[str, ...]:
    """The types and attributes that one statement of a require block names.

    Raises:
        M4Error: a statement of another kind.
    """
    keyword, _, rest = text.partition(" ")
    names = [name.strip() for name in rest.split(",")]
    if keyword in ("type", "attribute"):
        if not all(re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.]*", name) for name in names):
            raise M4Error("a require block with names that are none")
        return tuple(names)
    if keyword in ("class", "role", "attribute_role", "bool", "tunable"):
        return ()
    raise M4Error(f"a require block with {keyword[:40]}")


def _expanded(names: list[str], words: Words) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for name in names:
        found.update(dict.fromkeys(words(name)))
    if not found:
        raise M4Error("an empty set")
    return tuple(found)


def tokens_of(text: str) -> list[str]:
    """The words and signs of a statement.

    Raises:
        M4Error: any other character, or too many of them.
    """
    found: list[str] = []
    position = 0
    text = text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or len(found) >= _MOST_WORDS:
            raise M4Error(f"a rule that is not read here: {text[position : position + 40]}")
        found.append(match[1])
        position = match.end()
    return found


class _Reader:
    """Reads sets of names one after the other."""

    def __init__(self, text: str) -> None:
        self._tokens = tokens_of(text)
        self._at = 0

    def set(self) -> tuple[list[str], list[str]]:
        """``name`` or ``{ name name -name { name } }``: what is in it, and what is taken out again."""
        names: list[str] = []
        without: list[str] = []
        depth = 0
        while True:
            part = self._next()
            if part == "{":
                depth += 1
            elif part == "}":
                depth -= 1
            elif part == "-" and depth:
                without.append(self._name())
            elif part in "~*:-":
                raise M4Error("a set of all but some")
            else:
                names.append(part)
            if depth < 0:
                raise M4Error("a bracket too many")
            if not depth:
                return names, without

    def expect(self, sign: str) -> None:
        """The next sign has to be this one."""
        if self._next() != sign:
            raise M4Error(f"a rule without {sign!r} in its place")

    def end(self) -> None:
        """Nothing may follow."""
        if self._at < len(self._tokens):
            raise M4Error("a rule with something behind it")

    def _name(self) -> str:
        part = self._next()
        if part in "{}~*:-":
            raise M4Error("a set that is not read here")
        return part

    def _next(self) -> str:
        if self._at >= len(self._tokens):
            raise M4Error("a rule that ends too early")
        self._at += 1
        return self._tokens[self._at - 1]
