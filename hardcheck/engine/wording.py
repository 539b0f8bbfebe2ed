"""Values and verdicts in one readable line of bounded length."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from enum import Enum
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
    return text if len(text) <= limit else text[: limit - 3] + "..."


def value_text(value: Any, limit: int = MAX_VALUE) -> str:
    """A fact's value in a few words; a long list is cut with its count."""
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, str):
        return one_line(value, limit) if value else "(empty)"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Absent):
        return absence_text(value)
    if isinstance(value, Mapping):
        return listed(
            (f"{value_text(k, 40)}={value_text(v, 40)}" for k, v in value.items()), len(value), limit
        )
    if isinstance(value, Set):
        return listed(sorted(value_text(part, 60) for part in value), len(value), limit)
    if isinstance(value, list | tuple):
        return listed((value_text(part, 60) for part in value), len(value), limit)
    if isinstance(value, msgspec.Struct):
        return item_text(value, limit)
    return one_line(str(value), limit)


def default_name(item: Any) -> Any:
    """What an item is called when a rule does not say: its name, path, key or first field."""
    if not isinstance(item, msgspec.Struct):
        return item
    names = item.__struct_fields__
    chosen = next((name for name in ("name", "path", "key", "id") if name in names), names[0])
    return getattr(item, chosen)


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
