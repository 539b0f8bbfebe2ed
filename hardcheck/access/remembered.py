"""A table of bounded size for answers that are asked for again."""

from __future__ import annotations

from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Remembered(dict[K, V]):
    """A dict that forgets its oldest entries when it holds ``most``."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def put(self, key: K, value: V) -> V:
        """Add an entry, forgetting the oldest where there is no room; the value again."""
        while len(self) >= self._most:
            del self[next(iter(self))]
        self[key] = value
        return value
