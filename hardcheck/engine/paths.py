"""Fact paths: ``a.b.c``, where a registered fact name leads and struct fields follow.

A mapping is indexed by ``[key]``, whose key may hold dots: ``sysctl.values[net.ipv4.ip_forward].now``.
Every step is checked against the declared types when a rule is loaded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from operator import attrgetter
from typing import Any

import msgspec

from hardcheck.engine import fact_types
from hardcheck.engine.yaml_source import Value, near
from hardcheck.facts import Absent, FactSpec, Reason
from hardcheck.facts.words import FACT_WORDS, field_words, shown_path

_STEP = re.compile(r"\[(?P<key>[^\]\n]+)\]|(?P<dot>\.)?(?P<name>[A-Za-z0-9_-]+)")

Read = Callable[[Any], Any]  # root -> value | Absent


class Path(msgspec.Struct, frozen=True):
    """A checked path: how to ``read`` it from its root (the `Facts`, or an item of a list), the
    ``type`` of what it gives when that is not Absent, the name that people see, and the ``fact``
    it begins with (empty for a path inside an item)."""

    shown: str
    type: Any
    read: Read
    fact: str = ""


class FactsRoot:
    """Paths that begin with a fact name."""

    def __init__(self, specs: Mapping[str, FactSpec]) -> None:
        self.specs = specs

    def resolve(self, at: Value) -> Path:
        """The path that a rule file names. Raises ConfigError with the nearest right name."""
        text = at.text("a fact path")
        steps = _split(at, text)
        names = [step for is_key, step in steps if not is_key]
        lead = next((n for n, (is_key, _) in enumerate(steps) if is_key), len(steps))
        for length in range(lead, 0, -1):
            fact = ".".join(names[:length])
            spec = self.specs.get(fact)
            if spec is not None:
                return self._of(at, spec, steps[length:])
        raise at.fault("a known fact", near(text.split("[")[0], self.specs))

    def _of(self, at: Value, spec: FactSpec, steps: list[tuple[bool, str]]) -> Path:
        name, evidence = spec.name, spec.evidence
        type_, walk = _walk(at, name, spec.type, steps, evidence)

        def read_fact(facts: Any) -> Any:
            value = facts[name]
            return (
                value if value is not None else Absent(Reason.NOT_PRESENT, evidence, f"{name} has no value")
            )

        if name not in FACT_WORDS:
            shown = at.text() if steps else name
        else:
            shown = shown_path(name, tuple(step for _, step in steps))
        if not steps:
            return Path(shown, type_, read_fact, name)
        return Path(shown, type_, lambda facts: walk(facts[name]), name)


class ItemRoot:
    """Paths inside an item of a list: ``item`` is the item itself."""

    def __init__(self, type_: Any, evidence: tuple[str, ...]) -> None:
        self.type, self.evidence = type_, evidence

    def resolve(self, at: Value) -> Path:
        """The path that ``at`` names inside an item."""
        return self.field(at, at.text("a field"))

    def field(self, at: Value, text: str) -> Path:
        """The path ``text`` inside an item; faults are reported at ``at``."""
        steps = _split(at, text)
        if steps[0] == (False, "item"):
            del steps[0]
        type_, walk = _walk(at, "item", self.type, steps, self.evidence)
        if len(steps) == 1 and not _may_lack(self.type, steps[0][1]):
            walk = attrgetter(steps[0][1])
        return Path(field_words(text), type_, walk)


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One entry of a mapping that a rule walks as a list."""

    key: Any
    value: Any


def items_of(value: Any) -> Sequence[Any]:
    """The items of a sequence in its order, of a set by their text, of a mapping as entries."""
    if isinstance(value, Mapping):
        return [Entry(key, part) for key, part in value.items()]
    if isinstance(value, set | frozenset):
        return sorted(value, key=str)
    return value if isinstance(value, list | tuple) else list(value)


Root = FactsRoot | ItemRoot


def _split(at: Value, text: str) -> list[tuple[bool, str]]:
    steps: list[tuple[bool, str]] = []
    position = 0
    while position < len(text):
        match = _STEP.match(text, position)
        if match is None or (match["name"] and bool(match["dot"]) != bool(steps)):
            raise at.fault("a path like fact.name.field or fact.name[key].field")
        steps.append((True, match["key"]) if match["key"] else (False, match["name"]))
        position = match.end()
    if not steps or steps[0][0]:
        raise at.fault("a path that begins with a name")
    return steps


def _walk(
    at: Value, start: str, type_: Any, steps: list[tuple[bool, str]], evidence: tuple[str, ...]
) -> tuple[Any, Read]:
    """The type at the end of the steps, and the function that takes them."""
    moves: list[Callable[[Any], Any]] = []
    here = start
    for is_key, step in steps:
        if is_key:
            type_, move = _keyed(at, here, type_, step, evidence)
            here = f"{here}[{step}]"
        else:
            type_, move = _fielded(at, here, type_, step)
            here = f"{here}.{step}"
        moves.append(move)
    return type_, _along(tuple(moves), Absent(Reason.NOT_PRESENT, evidence, f"{here} has no value"))


def _may_lack(type_: Any, field: str) -> bool:
    """Whether an item of this type or its field may be Absent or None."""
    return fact_types.may_lack(type_) or any(
        fact_types.may_lack(entry_fields(part)[field]) for part in fact_types.alternatives(type_)
    )


def _along(moves: tuple[Callable[[Any], Any], ...], nothing: Absent) -> Read:
    """One function that takes every move; None on the way or at the end is ``nothing``."""

    def walk(value: Any) -> Any:
        for move in moves:
            if value.__class__ is Absent:
                return value
            if value is None:
                return nothing
            value = move(value)
        return nothing if value is None else value

    def step(value: Any) -> Any:
        if value.__class__ is Absent:
            return value
        found = None if value is None else moves[0](value)
        return nothing if found is None else found

    return step if len(moves) == 1 else walk


def _fielded(at: Value, here: str, type_: Any, name: str) -> tuple[Any, Callable[[Any], Any]]:
    found = []
    for part in fact_types.alternatives(type_):
        if part is Any:
            found.append(Any)
            continue
        known = entry_fields(part)
        if not known:
            raise at.fault(f"no field after {here} ({fact_types.name_of(part)})", repr(name))
        if name not in known:
            raise at.fault(f"a field of {here}: {', '.join(sorted(known))}", near(name, known))
        found.append(known[name])
    return fact_types.union(found), attrgetter(name)


def entry_fields(type_: Any) -> Mapping[str, Any]:
    """The fields of a struct type, or of an `Entry` whose types are known."""
    return type_.fields if isinstance(type_, EntryType) else fact_types.fields(type_)


class EntryType:
    """The type of an `Entry`: a pair of key and value types."""

    def __init__(self, key: Any, value: Any) -> None:
        self.fields = {"key": key, "value": value}


def _keyed(
    at: Value, here: str, type_: Any, key: str, evidence: tuple[str, ...]
) -> tuple[Any, Callable[[Any], Any]]:
    found = []
    typed: Any = key
    for part in fact_types.alternatives(type_):
        pair = (Any, Any) if part is Any else fact_types.mapping_of(part)
        if pair is None:
            raise at.fault(f"no [key] after {here} ({fact_types.name_of(part)})", f"[{key}]")
        typed = _key(at, here, pair[0], key)
        found.append(pair[1])
    missing = Absent(Reason.NOT_PRESENT, evidence, f"{key} is not in {here}")
    return fact_types.union(found), lambda value: value.get(typed, missing)


def _key(at: Value, here: str, type_: Any, key: str) -> Any:
    for part in fact_types.alternatives(type_):
        if part is Any or fact_types.takes(part, key):
            return part(key) if isinstance(part, type) and issubclass(part, Enum) else key
        if part is int and key.isdecimal():
            return int(key)
    raise at.fault(f"a key of {here}: {fact_types.name_of(type_)}", repr(key))
