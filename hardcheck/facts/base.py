"""The typed absence, and the table of facts of one host."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any

import msgspec

from hardcheck.reasons import Reason


class Absent(msgspec.Struct, frozen=True, tag="absent", gc=False):
    """A fact that could not be had. Never a default, never an empty value.

    ``evidence`` are the keys of the evidence that would have told; ``detail`` is the host's or the
    parser's own words, on one line.
    """

    reason: Reason
    evidence: tuple[str, ...] = ()
    detail: str = ""


class FactSpec(msgspec.Struct, frozen=True):
    """One fact that hardcheck knows: ``name`` (``selinux.config``), the type of its value when it is
    not Absent, one line on what it is, and the evidence keys it rests on (all of them, also those a
    derived fact reaches through other facts)."""

    name: str
    type: Any
    about: str
    evidence: tuple[str, ...]


class Facts(dict[str, Any]):
    """The facts of one host, each a value of its spec's type or `Absent`.

    Values are made when first asked for; `assemble` of ``derive`` builds the table. A KeyError is for a name
    that no fact has.
    """

    def __init__(self, specs: Mapping[str, FactSpec], make: Mapping[str, Any]) -> None:
        super().__init__()
        self._specs = specs
        self._make = make  # name -> callable(Facts) -> value | Absent
        self._shared: dict[Hashable, Any] = {}

    def __missing__(self, name: str) -> Any:
        value = self[name] = self._make[name](self)
        return value

    def shared(self, key: Hashable, make: Callable[..., Any], *arguments: Any) -> Any:
        """What several checks make of these facts alike, which is never None: made when first asked for, kept
        as long as the facts. One key stands for one result."""
        value = self._shared.get(key)
        if value is None:
            value = self._shared[key] = make(*arguments)
        return value

    def __contains__(self, name: object) -> bool:
        return name in self._make

    def names(self) -> Iterable[str]:
        """Every fact name, sorted."""
        return sorted(self._make)

    def spec(self, name: str) -> FactSpec:
        """What is known of a fact beside its value."""
        return self._specs[name]


def fixed_facts(specs: Mapping[str, FactSpec], values: Mapping[str, Any]) -> Facts:
    """A table of given values, as rule cases use it; what is not given is Absent(NOT_COLLECTED)."""

    def maker(name: str) -> Any:
        if name in values:
            return lambda _: values[name]
        return lambda _: Absent(Reason.NOT_COLLECTED, specs[name].evidence, "not in this case")

    return Facts(specs, {name: maker(name) for name in specs})
