"""Fact values from a case file: plain YAML made into the declared type, with file and line in faults.

The form is msgspec's: structs as mappings (a tagged one with its tag field), times and words as
text. An absence is ``{absent: REASON}``, with ``detail`` where the words matter.
"""

from __future__ import annotations

import typing
from collections.abc import Mapping
from typing import Any

import msgspec

from hardcheck.access import AccessPolicy
from hardcheck.access.scripted import ScriptedPolicy
from hardcheck.engine import fact_types
from hardcheck.engine.yaml_source import Value
from hardcheck.errors import ConfigError
from hardcheck.facts import Absent, FactSpec, Reason


def read_facts(at: Value, specs: Mapping[str, FactSpec]) -> dict[str, Any]:
    """The facts that a mapping of fact names to values gives. Raises ConfigError."""
    entries = at.fields(specs)
    values = {}
    for name, value in entries.items():
        spec = specs[name]
        values[name] = _absent(value, spec.evidence) or _value(value, spec.type, spec.evidence)
    return values


def _absent(at: Value, evidence: tuple[str, ...]) -> Absent | None:
    if not isinstance(at.data, dict) or "absent" not in at.data:
        return None
    entries = at.fields(("absent", "detail"))
    reason = Reason(entries["absent"].word([reason.value for reason in Reason]))
    return Absent(reason, evidence, entries["detail"].text() if "detail" in entries else "")


def _value(at: Value, type_: Any, evidence: tuple[str, ...]) -> Any:
    parts = fact_types.alternatives(type_)
    if at.data is None and _optional(type_):
        return None
    faults: list[ConfigError] = []
    for part in parts:
        if _shape_differs(at, part):
            continue
        try:
            return _of(at, part, evidence)
        except ConfigError as error:
            faults.append(error)
    if faults:
        raise faults[0]
    raise at.fault(fact_types.name_of(type_))


def _of(at: Value, type_: Any, evidence: tuple[str, ...]) -> Any:
    if type_ is Any:
        return at.plain()
    if type_ is AccessPolicy:
        return _struct(at, ScriptedPolicy, evidence)
    if isinstance(type_, type) and issubclass(type_, msgspec.Struct):
        return _struct(at, type_, evidence)
    pair = fact_types.mapping_of(type_)
    if pair is not None:
        return {
            _key(value, name, pair[0]): _member(value, pair[1], evidence)
            for name, value in at.mapping().items()
        }
    element = fact_types.element_of(type_)
    if element is not None:
        return _sequence(at, type_, element, evidence)
    if not fact_types.is_scalar(type_):
        return _other(at, type_)
    if not fact_types.takes(type_, at.data):
        raise at.fault(fact_types.name_of(type_))
    return type_(at.data) if isinstance(type_, type) else at.data


def _other(at: Value, type_: Any) -> Any:
    """A type that has a text form of its own, such as a time."""
    try:
        return msgspec.convert(at.plain(), type_)
    except (msgspec.ValidationError, TypeError, ValueError) as error:
        raise at.fault(fact_types.name_of(type_), " ".join(str(error).split())[:120]) from error


def _member(at: Value, type_: Any, evidence: tuple[str, ...]) -> Any:
    """A value inside of another: it may be Absent where the type says so."""
    if _may_be_absent(type_):
        absent = _absent(at, evidence)
        if absent is not None:
            return absent
    return _value(at, type_, evidence)


def _struct(at: Value, type_: type[msgspec.Struct], evidence: tuple[str, ...]) -> Any:
    hints = typing.get_type_hints(type_)
    config = type_.__struct_config__
    allowed = [*type_.__struct_fields__, *([config.tag_field] if config.tag_field else [])]
    entries = at.fields(allowed)
    given = {name: _member(value, hints[name], evidence) for name, value in entries.items() if name in hints}
    try:
        return type_(**given)
    except TypeError as error:
        raise at.fault(f"all fields of {type_.__name__}", " ".join(str(error).split())[:120]) from error


def _sequence(at: Value, type_: Any, element: Any, evidence: tuple[str, ...]) -> Any:
    arguments = typing.get_args(type_)
    origin = typing.get_origin(type_) or type_
    items = at.items(fact_types.name_of(type_))
    if origin is tuple and arguments and Ellipsis not in arguments:  # tuple[A, B]: one type a place
        if len(items) != len(arguments):
            raise at.fault(f"a list of {len(arguments)}")
        return tuple(_member(part, each, evidence) for part, each in zip(items, arguments, strict=True))
    members = [_member(part, element, evidence) for part in items]
    return {tuple: tuple, frozenset: frozenset, set: set, list: list}.get(origin, tuple)(members)


def _key(at: Value, name: str, type_: Any) -> Any:
    for part in fact_types.alternatives(type_):
        if part is int and name.lstrip("-").isdecimal():
            return int(name)
        if part is Any or fact_types.takes(part, name):
            return part(name) if isinstance(part, type) else name
    raise at.fault(f"a key that is {fact_types.name_of(type_)}", repr(name))


def _shape_differs(at: Value, type_: Any) -> bool:
    """Whether a tagged struct cannot be meant, because another tag is given."""
    if not (isinstance(type_, type) and issubclass(type_, msgspec.Struct)):
        return False
    config = type_.__struct_config__
    if not isinstance(at.data, dict) or config.tag_field is None or config.tag_field not in at.data:
        return False
    return bool(at.data[config.tag_field].data != config.tag)


def _optional(type_: Any) -> bool:
    return type_ is type(None) or type(None) in typing.get_args(type_)


def _may_be_absent(type_: Any) -> bool:
    return type_ is Any or Absent in typing.get_args(type_)
