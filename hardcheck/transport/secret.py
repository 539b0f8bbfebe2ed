"""A password that cannot be printed by accident."""

from __future__ import annotations


class Secret:
    """Holds a password. ``repr`` and ``str`` give ``***``, so no log line, error or dump can hold it.

    Equal secrets are equal; a Secret is not hashable and not serialisable.
    """

    __slots__ = ("_value",)
    __hash__ = None  # type: ignore[assignment] # a secret is not a key of anything

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the password itself, to be handed on and not kept."""
        return self._value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __repr__(self) -> str:
        return "***"

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a secret is not to be stored")
