"""Facts with a piece of them withheld, and what else that piece could have been."""

from __future__ import annotations

import functools
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from hardcheck.apparmor.access import AppArmorPolicy
from hardcheck.engine.cases import Case, load_cases
from hardcheck.facts import Absent, Facts, fixed_facts
from tests.unit.engine import shipped

Put = Callable[[Any], Any]
"""The value with something else in one of its places."""

POOL = 24
"""Other values of a place that are tried, of all that any case has there."""


@functools.cache
def cases() -> dict[str, tuple[Case, ...]]:
    """The cases of every shipped rule, by its id."""
    found: dict[str, list[Case]] = {}
    for case in load_cases(shipped.CASES, shipped.setup().specs):
        found.setdefault(case.rule, []).append(case)
    return {name: tuple(members) for name, members in found.items()}


def with_fact(facts: Facts, name: str, value: Any) -> Facts:
    """The same facts with another value of one."""
    return fixed_facts(shipped.setup().specs, {each: facts[each] for each in facts.names()} | {name: value})


def places(value: Any) -> Iterator[tuple[tuple[type, str], Put]]:
    """Every place below a value that may be Absent and is not: which field it is, and how to fill it."""
    if isinstance(value, Absent):
        return
    if isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            inner = getattr(value, name)
            if Absent in typing.get_args(_hints(type(value))[name]) and not isinstance(inner, Absent):
                yield (type(value), name), functools.partial(_in_struct, value, name)
            for place, put in places(inner):
                yield place, _through(put, functools.partial(_in_struct, value, name))
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            for place, put in places(inner):
                yield place, _through(put, functools.partial(_in_list, value, index))
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            for place, put in places(inner):
                yield place, _through(put, functools.partial(_in_mapping, value, key))


@functools.cache
def _hints(type_: type) -> dict[str, Any]:
    return typing.get_type_hints(type_)


def _through(inner: Put, outer: Put) -> Put:
    return lambda new: outer(inner(new))


def _in_struct(value: msgspec.Struct, name: str, new: Any) -> Any:
    return msgspec.structs.replace(value, **{name: new})


def _in_list(value: list[Any] | tuple[Any, ...], index: int, new: Any) -> Any:
    return type(value)([*value[:index], new, *value[index + 1 :]])


def _in_mapping(value: Mapping[Any, Any], key: Any, new: Any) -> Any:
    return {**value, key: new}


@functools.cache
def known_values() -> tuple[dict[str, list[Any]], dict[tuple[type, str], list[Any]]]:
    """What facts, and places inside facts, are in any case of any rule."""
    facts: dict[str, list[Any]] = {}
    fields: dict[tuple[type, str], list[Any]] = {}
    for members in cases().values():
        for case in members:
            for name in case.facts.names():
                value = case.facts[name]
                if isinstance(value, Absent):
                    continue
                _keep(facts.setdefault(name, []), value)
                for (type_, field), owner in _fields_of(value):
                    _keep(fields.setdefault((type_, field), []), getattr(owner, field))
    for (type_, field), pool in fields.items():
        if bool in typing.get_args(_hints(type_)[field]):
            for truth in (True, False):
                _keep(pool, truth)
    return facts, fields


def _keep(pool: list[Any], value: Any) -> None:
    if not isinstance(value, Absent) and len(pool) < POOL and value not in pool:
        pool.append(value)


def _fields_of(value: Any) -> Iterator[tuple[tuple[type, str], Any]]:
    if isinstance(value, Absent):
        return
    if isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield (type(value), name), value
            yield from _fields_of(getattr(value, name))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _fields_of(inner)
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _fields_of(inner)


def quiet_changes(before: Any, after: Any, where: str) -> Iterator[str]:
    """Where a value is another one without being Absent: evidence is gone and the fact does not say so.

    A policy that can be asked is no data; what it answers is compared where rules ask it.
    """
    if before == after or isinstance(after, Absent) or isinstance(before, AppArmorPolicy):
        return
    if isinstance(before, msgspec.Struct) and type(before) is type(after):
        for name in before.__struct_fields__:
            yield from quiet_changes(getattr(before, name), getattr(after, name), f"{where}.{name}")
    elif isinstance(before, list | tuple) and isinstance(after, list | tuple) and len(before) == len(after):
        for one, other in zip(before, after, strict=True):
            yield from quiet_changes(one, other, where)
    elif isinstance(before, dict) and isinstance(after, dict) and before.keys() == after.keys():
        for key in before:
            yield from quiet_changes(before[key], after[key], where)
    else:
        yield where
