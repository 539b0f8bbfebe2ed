"""Values and verdicts in one readable line of bounded length."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from enum import Enum
from functools import cache
from operator import attrgetter
from typing import Any

import msgspec

from hardcheck.facts import Absent

MAX_LINE = 400
MAX_VALUE = 120
MAX_LISTED = 5
MAX_ITEMS = 500
"""Items of one finding; what is beyond is counted in ``observed`` and left out of the list."""


def one_line(text: str, limit: int = MAX_LINE) -> str:
    """The text with what is not printable as escapes, cut to ``limit`` characters."""
    if not text.isprintable():
        text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text[:limit])
    return cut(text, limit)


def cut(text: str, limit: int = MAX_LINE) -> str:
    """`one_line` for text put together of such lines and of a rule's own words."""
    return text if len(text) <= limit else text[: limit - 3] + "..."


def value_text(value: Any, limit: int = MAX_VALUE) -> str:
    """A fact's value in a few words; a long list is cut with its count."""
    class_ = value.__class__
    if class_ is str:  # most are, and most of those stand as they are
        if len(value) <= limit and value.isprintable():
            return value or "(empty)"
        return one_line(value, limit)
    tell = _TOLD.get(class_) or _teller_of(class_)
    return tell(value, limit)


def _text(value: Any, limit: int) -> str:
    return one_line(str(value), limit) or "(empty)"


def _flag(value: Any, _: int) -> str:
    return "true" if value else "false"


def _absence(value: Any, _: int) -> str:
    return absence_text(value)


def _enumerated(value: Any, limit: int) -> str:
    return value_text(value.value, limit)


def _entries(value: Any, limit: int) -> str:
    return listed((f"{value_text(k, 40)}={value_text(v, 40)}" for k, v in value.items()), len(value), limit)


def _members(value: Any, limit: int) -> str:
    return listed(sorted([value_text(part, 60) for part in value]), len(value), limit)


def _elements(value: Any, limit: int) -> str:
    if len(value) == 1:
        return value_text(value[0], 60)
    return listed((value_text(part, 60) for part in value), len(value), limit)


def _other(value: Any, limit: int) -> str:
    return one_line(str(value), limit)


def _struct(value: Any, limit: int) -> str:
    return item_text(value, limit)


_Tell = Callable[[Any, int], str]
_TOLD: Mapping[type, _Tell] = {
    bool: _flag,
    int: _other,
    Absent: _absence,
    tuple: _elements,
    list: _elements,
    dict: _entries,
    frozenset: _members,
}
_KINDS: tuple[tuple[type, _Tell], ...] = (
    (Enum, _enumerated),
    (str, _text),
    (Mapping, _entries),
    (Set, _members),
    (list, _elements),
    (tuple, _elements),
    (msgspec.Struct, _struct),
)
"""How values of other classes are told, by the first kind that they are."""


@cache
def _teller_of(class_: type) -> _Tell:
    return next((tell for kind, tell in _KINDS if issubclass(class_, kind)), _other)


def default_name(item: Any) -> Any:
    """What an item is called when a rule does not say: its name, path, key or first field."""
    return _name_of(item.__class__)(item) if isinstance(item, msgspec.Struct) else item


@cache
def _name_of(class_: type[msgspec.Struct]) -> Callable[[Any], Any]:
    names = class_.__struct_fields__
    return attrgetter(next((name for name in ("name", "path", "key", "id") if name in names), names[0]))


def item_text(item: Any, limit: int = MAX_VALUE) -> str:
    """How an item reads when a rule does not say: its own ``shown`` text, or its name."""
    if isinstance(item, msgspec.Struct) and not isinstance(item, Absent):
        item = item.shown if hasattr(item, "shown") else default_name(item)
        return one_line(str(item), limit)
    return value_text(item, limit)


def listed(texts: Iterable[str], count: int, limit: int = MAX_LINE) -> str:
    """The first few texts with commas, and how many there are in all where some are left out."""
    if count == 0:
        return "none"
    shown: list[str] = []
    length = 0
    for text in texts:
        if shown and (len(shown) == MAX_LISTED or length + len(text) > limit - 30):
            break
        shown.append(text)
        length += len(text) + 2
    left = count - len(shown)
    return ", ".join(shown) + (f" and {left} more ({count} in all)" if left else "")


def absence_text(absent: Absent) -> str:
    """Why there is no value, in words."""
    reason = absent.reason.replace("_", " ")
    return f"{reason} ({one_line(absent.detail, MAX_VALUE)})" if absent.detail else reason
