"""What a fact's declared type allows: which fields, keys and elements it has, which values it takes."""

from __future__ import annotations

import functools
import types
import typing
from collections.abc import Iterable, Mapping, Sequence, Set
from enum import Enum
from typing import Any, Literal, get_args, get_origin

import msgspec

from hardcheck.facts import Absent

_SCALARS = (str, int, float, bool, bytes)


def alternatives(type_: Any) -> tuple[Any, ...]:
    """The members of a union without Absent and None; a type that is no union alone."""
    if isinstance(type_, typing.TypeAliasType if hasattr(typing, "TypeAliasType") else ()):
        type_ = type_.__value__
    if get_origin(type_) is typing.Annotated:
        type_ = get_args(type_)[0]
    if get_origin(type_) in (typing.Union, types.UnionType):
        return tuple(part for member in get_args(type_) for part in alternatives(member))
    return () if type_ is Absent or type_ is type(None) else (type_,)


def may_lack(type_: Any) -> bool:
    """Whether a value of this type may be Absent or None."""
    if type_ is Any:
        return True
    if get_origin(type_) in (typing.Union, types.UnionType):
        return any(may_lack(member) for member in get_args(type_))
    return type_ is Absent or type_ is type(None) or alternatives(type_) != (type_,)


def union(parts: Iterable[Any]) -> Any:
    """The union of types; Any where there is none."""
    known = tuple(dict.fromkeys(parts))
    if not known:
        return Any
    return typing.Union[known]  # noqa: UP007 - the members are only known at run time


@functools.cache
def fields(type_: Any) -> Mapping[str, Any]:
    """The fields and properties of a struct with their types; empty for any other type."""
    if not (isinstance(type_, type) and issubclass(type_, msgspec.Struct)):
        return {}
    hints = typing.get_type_hints(type_)
    found = {name: hints[name] for name in type_.__struct_fields__}
    for class_ in reversed(type_.__mro__):
        for name, member in vars(class_).items():
            if isinstance(member, property) and member.fget is not None and not name.startswith("_"):
                found[name] = typing.get_type_hints(member.fget).get("return", Any)
    return found


def mapping_of(type_: Any) -> tuple[Any, Any] | None:
    """Key and value type of a mapping, or None."""
    origin = get_origin(type_) or type_
    if isinstance(origin, type) and issubclass(origin, Mapping):
        arguments = get_args(type_)
        return (arguments[0], arguments[1]) if len(arguments) == 2 else (Any, Any)
    return None


def element_of(type_: Any) -> Any | None:
    """Element type of a tuple, list or set of one element type, or None."""
    origin = get_origin(type_) or type_
    if not isinstance(origin, type) or issubclass(origin, (str, bytes, Mapping)):
        return None
    if issubclass(origin, (Sequence, Set)):
        arguments = [part for part in get_args(type_) if part is not Ellipsis]
        return union(arguments)
    return None


def words_of(type_: Any) -> tuple[Any, ...] | None:
    """The closed set of values of an enumeration or Literal, or None."""
    if get_origin(type_) is Literal:
        return get_args(type_)
    if isinstance(type_, type) and issubclass(type_, Enum):
        return tuple(member.value for member in type_)
    return None


def is_scalar(type_: Any) -> bool:
    """Whether values of this type are single words or numbers."""
    return words_of(type_) is not None or (isinstance(type_, type) and issubclass(type_, _SCALARS))


def takes(type_: Any, literal: Any) -> bool:
    """Whether a scalar from a rule file can be a value of this scalar type."""
    if type_ is Any:
        return True
    words = words_of(type_)
    if words is not None:
        return any(literal == word and type(literal) is type(word) for word in words)
    if not isinstance(type_, type) or not issubclass(type_, _SCALARS):
        return False
    if isinstance(literal, bool) or issubclass(type_, bool):
        return isinstance(literal, bool) and issubclass(type_, bool)
    if issubclass(type_, float):
        return isinstance(literal, int | float)
    return isinstance(literal, str if issubclass(type_, str) else int if issubclass(type_, int) else bytes)


def name_of(type_: Any) -> str:
    """The type in words for an error message."""
    parts = alternatives(type_)
    return " or ".join(_name(part) for part in parts) or "nothing"


def _name(type_: Any) -> str:
    if type_ is Any:
        return "any value"
    words = words_of(type_)
    if words is not None:
        return "one of " + ", ".join(str(word) for word in words[:30])
    pair = mapping_of(type_)
    if pair is not None:
        return f"a mapping to {name_of(pair[1])}"
    element = element_of(type_)
    if element is not None:
        return f"a list of {name_of(element)}"
    simple = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}
    return simple.get(type_) or str(getattr(type_, "__name__", type_))
