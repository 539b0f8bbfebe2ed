"""What an interface gives to the domain that calls it, with all that it calls itself.

A call is expanded as m4 would, as far as this is understood for certain. Whatever is not (a macro that is not
known, a statement of another kind, rules for other domains) makes the whole interface unusable: nothing is
guessed, and nothing that it gives can be missed. Depth, steps and results of an expansion are bounded.
"""

from __future__ import annotations

import re

from hardcheck.refpolicy.library import Interface, Library
from hardcheck.refpolicy.m4 import Call, M4Error, read_body
from hardcheck.refpolicy.model import Given, Grant, Unusable
from hardcheck.refpolicy.rules import DOMAIN, read_require, read_rule, tokens_of

MAX_DEPTH = 24
MAX_STEPS = 20_000
MAX_GRANTS = 4_000
_MAX_ARGUMENT = 2_048
_PARAMETER = re.compile(r"\$(?:([1-9])(?![0-9])|[0-9*@#{])")
# From which argument on there are rules that may come into force; what stands before is the condition.
_BLOCKS = {"optional_policy": 0, "tunable_policy": 1, "ifdef": 1, "ifndef": 1}


class Expander:
    """Expands the interfaces of one library; what several call is expanded once."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._known: dict[str, Given | Unusable] = {}
        self._calls: dict[tuple[str, tuple[str, ...]], _Found | str] = {}
        self._words: dict[str, tuple[str, ...]] = {}
        self._steps = 0

    def expand(self, name: str) -> Given | Unusable:
        """What ``NAME(domain)`` gives, or why that is not told."""
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = self._expand(name)
        return known

    def _expand(self, name: str) -> Given | Unusable:
        interface = self._library.interfaces.get(name)
        if interface is None:
            return Unusable(name, "it is not defined, or twice")
        self._steps = MAX_STEPS
        try:
            found = self._call(interface, (DOMAIN,), 0)
        except M4Error as error:
            return Unusable(name, str(error))
        return Given(name, interface.where, tuple(found.grants), frozenset(found.needs))

    def _call(self, interface: Interface, arguments: tuple[str, ...], depth: int) -> _Found:
        """The rules of one call; the same call is looked through once."""
        if interface.template:
            raise M4Error(f"{interface.name} is a template, which makes types of its own")
        key = (interface.name, arguments)
        known = self._calls.get(key)
        if known is None:
            try:
                known = _Found()
                self._walk(interface.body, arguments, depth, known, sure=True)
            except M4Error as error:
                known = str(error)
            if self._steps > 0:  # else the rest of this interface's steps was too small for it
                self._calls[key] = known
        if isinstance(known, str):
            raise M4Error(known)
        return known

    def _walk(self, body: str, arguments: tuple[str, ...], depth: int, into: _Found, *, sure: bool) -> None:
        if depth >= MAX_DEPTH:
            raise M4Error(f"calls more than {MAX_DEPTH} deep")
        for node in read_body(body):
            self._steps -= 1
            if self._steps <= 0:
                raise M4Error(f"more than {MAX_STEPS} steps")
            if isinstance(node, Call):
                self._walk_call(node, arguments, depth, into, sure=sure)
                continue
            rule = read_rule(_filled(node.text, arguments), self._word, sure=sure)
            if rule is not None:
                into.add((rule,))

    def _walk_call(
        self, call: Call, arguments: tuple[str, ...], depth: int, into: _Found, *, sure: bool
    ) -> None:
        name = call.name
        if name in _BLOCKS:
            for text in call.arguments[_BLOCKS[name] :]:
                self._walk(text, arguments, depth + 1, into, sure=False)
        elif name == "gen_require":
            for node in read_body(call.arguments[0]):
                if isinstance(node, Call):
                    raise M4Error(f"a require block with a call of {node.name}")
                needs = read_require(_filled(node.text, arguments))
                if sure:
                    into.needs.update(dict.fromkeys(needs))
        elif name == "refpolicywarn":
            raise M4Error("it is deprecated")
        else:
            given = tuple(" ".join(_filled(text, arguments).split()) for text in call.arguments)
            found = _Found()
            if name in self._library.interfaces:
                found = self._call(self._library.interfaces[name], given, depth + 1)
            elif name in self._library.macros:
                self._walk(self._library.macros[name], given, depth + 1, found, sure=True)
            else:
                raise M4Error(f"it calls {name}, which is not known")
            self._steps -= len(found.grants) // 8
            into.add(found.grants if sure else (_unsure(grant) for grant in found.grants))
            if sure:
                into.needs.update(found.needs)

    def _word(self, word: str) -> tuple[str, ...]:
        """The classes or permissions that a word stands for: those of a set by name, else itself."""
        known = self._words.get(word)
        if known is None:
            found: dict[str, None] = {}
            self._gather(word, found, 0)
            known = self._words[word] = tuple(found)
        return known

    def _gather(self, word: str, into: dict[str, None], depth: int) -> None:
        self._steps -= 1
        if depth >= MAX_DEPTH or self._steps <= 0:
            raise M4Error("a set of sets without end")
        body = self._library.macros.get(word)
        if body is None:
            into[word] = None
            return
        for part in tokens_of(body):
            if part in ("{", "}"):
                continue
            if part in "~*:-":
                raise M4Error(f"{word} is no plain set")
            self._gather(part, into, depth + 1)


class _Found:
    """What was found so far, each rule once."""

    def __init__(self) -> None:
        self.grants: dict[Grant, None] = {}
        self.needs: dict[str, None] = {}

    def add(self, grants: object) -> None:
        """Add rules."""
        self.grants.update(dict.fromkeys(grants))  # type: ignore[call-overload]
        if len(self.grants) > MAX_GRANTS:
            raise M4Error(f"more than {MAX_GRANTS} rules")


def _unsure(grant: Grant) -> Grant:
    return Grant(grant.targets, grant.without, grant.classes, grant.permissions, sure=False)


def _filled(text: str, arguments: tuple[str, ...]) -> str:
    """A text with the arguments in the places of ``$1`` to ``$9``."""

    def argument(match: re.Match[str]) -> str:
        if match[1] is None or int(match[1]) > len(arguments):
            raise M4Error("it takes more than the domain")
        return arguments[int(match[1]) - 1]

    filled = _PARAMETER.sub(argument, text)
    if len(filled) > max(_MAX_ARGUMENT, len(text)):
        raise M4Error("an argument that grows without end")
    return filled
