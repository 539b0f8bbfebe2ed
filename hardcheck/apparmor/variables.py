"""Variables: ``@{NAME}`` with its values, ``$NAME`` with its truth, and patterns with both put in.

A pattern with variables means the union of the patterns that each combination of values gives, put
in as plain text, then with runs of ``/`` made one (a leading ``//`` stays). Combinations multiply,
so where it makes no difference the values are written as one alternation ``{v1,v2}``; it makes a
difference where a value meets ``/`` or ``*``, because there the text decides what ``*`` means. A
pattern that still has more than `MAX_PATTERNS` forms is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

MAX_PATTERNS = 2048  # forms of one pattern
MAX_TEXT = 1 << 20  # characters in all forms of one pattern
_MAX_NESTING = 40  # variables within variables

_REFERENCE = re.compile(r"(?:\\.)|@\{([^}]*)\}", re.DOTALL)
_VALID_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


class VariableFault(Exception):
    """A variable is undefined, refers to itself, or gives too many patterns."""


class Scope:
    """Variables by name; a scope may stand upon another one, whose values it sees and may replace.

    A scope is filled while a preamble is read and not changed afterwards; expansions are kept.
    """

    __slots__ = ("_closures", "_expansions", "_paths", "base", "booleans", "sets")

    def __init__(self, base: Scope | None = None) -> None:
        self.base = base
        self.sets: dict[str, tuple[str, ...]] = {}
        self.booleans: dict[str, bool] = {}
        self._expansions: dict[str, tuple[str, ...]] = {}
        self._closures: dict[str, frozenset[str]] = {}
        self._paths: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}

    def values(self, name: str) -> tuple[str, ...] | None:
        """Return the values of ``@{name}`` as written, None when it is not declared."""
        scope: Scope | None = self
        while scope is not None:
            found = scope.sets.get(name)
            if found is not None:
                return found
            scope = scope.base
        return None

    def truth(self, name: str) -> bool | None:
        """Return the value of ``$name``, None when it is not declared."""
        scope: Scope | None = self
        while scope is not None:
            found = scope.booleans.get(name)
            if found is not None:
                return found
            scope = scope.base
        return None

    def declared(self, name: str) -> bool:
        """Whether a variable of either kind has this name."""
        return self.values(name) is not None or self.truth(name) is not None

    def names(self) -> frozenset[str]:
        """Return the names of all set variables."""
        below = self.base.names() if self.base is not None else frozenset()
        return below | self.sets.keys()

    def child(self, values: Mapping[str, str]) -> Scope:
        """Return a scope upon this one where each name has one value."""
        scope = Scope(self)
        scope.sets = {name: (value,) for name, value in values.items()}
        return scope

    def expand(self, text: str) -> tuple[str, ...]:
        """Return every form of ``text`` with the variables put in, in order and without doubles.

        Raises:
            VariableFault: a variable is not declared or recursive, or there are too many forms.
        """
        if "@{" not in text:
            return (text,)
        kept = self._expansions.get(text)
        if kept is None:
            scope = self._lowest_for(text)
            kept = scope._expansions.get(text) if scope is not self else None
            if kept is None:
                kept = scope._expand(text, ())
                scope._expansions[text] = kept
            self._expansions[text] = kept
        return kept

    def members(self, name: str) -> frozenset[str]:
        """Return the values of ``@{name}``, with the variables in them put in.

        Raises:
            VariableFault: as `expand`.
        """
        return frozenset(self._values_of(name, ()))

    def expand_paths(self, text: str) -> tuple[str, ...]:
        """As `expand`, with runs of slashes made one."""
        if "@{" not in text:
            return (filter_slashes(text),)
        forms = self.expand(text)
        kept = self._paths.get(text)
        if kept is None or kept[0] is not forms:
            kept = self._paths[text] = forms, tuple(dict.fromkeys(map(filter_slashes, forms)))
        return kept[1]

    def references(self, text: str) -> frozenset[str]:
        """Return the names of the variables that ``text`` refers to, also through other variables."""
        found: set[str] = set()
        waiting = list(_names(text))
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += [inner for value in self.values(name) or () for inner in _names(value)]
        return frozenset(found)

    def _lowest_for(self, text: str) -> Scope:
        """The lowest scope that gives the same expansion, so that a thousand profiles share one."""
        scope = self
        while scope.base is not None:
            names = scope._closures.get(text)
            if names is None:
                names = scope._closures[text] = scope.references(text)
            if not names.isdisjoint(scope.sets):
                break
            scope = scope.base
        return scope

    def _expand(self, text: str, inside: tuple[str, ...]) -> tuple[str, ...]:
        pieces = list(_pieces(text))
        alternatives = [
            (piece,) if not is_name else self._values_of(piece, inside) for piece, is_name in pieces
        ]
        return combine(alternatives)

    def _values_of(self, name: str, inside: tuple[str, ...]) -> tuple[str, ...]:
        if name in inside:
            raise VariableFault(f"@{{{name}}} refers to itself")
        if len(inside) >= _MAX_NESTING:
            raise VariableFault(f"variables within variables, more than {_MAX_NESTING} deep")
        values = self.values(name)
        if values is None:
            kind = "a boolean" if self.truth(name) is not None else "not declared"
            raise VariableFault(f"@{{{name}}} is {kind}")
        found: dict[str, None] = {}
        for value in values:
            forms = self._expand(value, (*inside, name)) if "@{" in value else (value,)
            found.update(dict.fromkeys(forms))
            _check_size(found)
        return tuple(found)


def filter_slashes(text: str) -> str:
    """Make runs of ``/`` one; exactly two at the start stay (a namespace of its own)."""
    if "//" not in text:
        return text
    if text.startswith("//") and not text.startswith("///"):
        return "/" + re.sub("//+", "/", text[1:]) if text[2:3] else text
    return re.sub("//+", "/", text)


def combine(alternatives: list[tuple[str, ...]]) -> tuple[str, ...]:
    """Return the forms that one choice from each of ``alternatives`` in turn gives."""
    forms = [""]
    for position, choices in enumerate(alternatives):
        if len(choices) > 1 and _may_group(forms, choices, alternatives[position + 1 :]):
            choices = ("{" + ",".join(choices) + "}",)
        if len(choices) == 1:
            forms = [form + choices[0] for form in forms]
        else:
            if len(forms) * len(choices) > MAX_PATTERNS:
                raise VariableFault(f"a pattern with more than {MAX_PATTERNS} forms")
            forms = [form + choice for form in forms for choice in choices]
        _check_size(forms)
    return tuple(dict.fromkeys(forms))


def _check_size(forms: Iterable[str]) -> None:
    if sum(map(len, forms)) > MAX_TEXT:
        raise VariableFault(f"a pattern whose forms have more than {MAX_TEXT} characters")


def _may_group(before: list[str], choices: tuple[str, ...], behind: list[tuple[str, ...]]) -> bool:
    """Whether ``{c1,c2}`` means the same as each choice put in as text."""
    left = {form[-1:] for form in before}
    right: set[str] = set()
    for following in behind:
        right |= {choice[:1] for choice in following if choice}
        if all(following):
            break
    else:
        right.add("")
    meets_left = bool(left & {"/", "*", "\\"})
    meets_right = bool(right & {"/", "*", ""})
    for choice in choices:
        if not choice:
            if meets_left or meets_right:
                return False
            continue
        if meets_left and choice[0] in "/*":
            return False
        if meets_right and (choice[-1] == "*" or (choice[-1] == "/" and right & {"/", "*"})):
            return False
        if choice[-1] == "\\" or not _is_closed(choice):
            return False
    return True


def _is_closed(text: str) -> bool:
    """Whether ``text`` has no open or closing bracket without its partner, and no comma outside."""
    depth, in_class, position = 0, False, 0
    while position < len(text):
        character = text[position]
        if character == "\\":
            position += 2
            continue
        if in_class:
            in_class = character != "]"
        elif character == "[":
            in_class = True
        elif character == "{":
            depth += 1
        elif character == "}":
            depth -= 1
            if depth < 0:
                return False
        elif character == "]" or (character == "," and not depth):
            return False
        position += 1
    return not depth and not in_class


def _pieces(text: str) -> Iterable[tuple[str, bool]]:
    """Split into (text, False) and (NAME, True); ``\\@`` is no reference."""
    position = 0
    for match in _REFERENCE.finditer(text):
        name = match[1]
        if name is None or "," in name:  # an escape; @{a,b} is an alternation behind an @
            continue
        if not _VALID_NAME.fullmatch(name):
            raise VariableFault(f"'@{{{name}}}' is no name of a variable")
        if match.start() > position:
            yield text[position : match.start()], False
        yield name, True
        position = match.end()
    if position < len(text):
        yield text[position:], False


def _names(text: str) -> Iterable[str]:
    for match in _REFERENCE.finditer(text):
        if match[1] is not None and _VALID_NAME.fullmatch(match[1]):
            yield match[1]
