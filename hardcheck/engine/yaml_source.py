"""YAML as rules, profiles and cases use it: plain data with line numbers, without YAML 1.1's surprises.

The C parser gives the events; words are resolved here, not by YAML 1.1: ``true`` and ``false``
are the only booleans, decimal numbers the only numbers, and a bare word that YAML 1.1 would turn
into something else (``no``, ``on``, ``1:30``, ``0644``, ``2024-01-01``) has to stand in quotes.
Duplicate keys, anchors with aliases, merge keys and tags are refused.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from hardcheck.errors import ConfigError

MAX_BYTES = 4 << 20
"""Of one file. The largest profile that hardcheck ships is a tenth of that."""

MAX_DEPTH = 60

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)\.[0-9]+")
_SURPRISE = re.compile(
    r"yes|no|on|off|true|false|null|~"  # booleans and null in any letter case
    r"|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?"  # base 60
    r"|[-+]?0[0-9_]+|[-+]?0x[0-9a-f_]+|[-+]?0b[01_]+|0o[0-7]+"  # octal, hexadecimal, binary
    r"|[-+]?[0-9][0-9_]*|[-+]?(?:[0-9][0-9_]*)?\.[0-9_]+(?:e[-+]?[0-9]+)?|[-+]?[0-9]+\.?e[-+]?[0-9]+"
    r"|[-+]?\.inf|\.nan|[-+]?[0-9][0-9_]*\."
    r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt \t].*)?"  # dates and times
    r"|<<|=",
    re.IGNORECASE,
)
Data = Any  # dict[str, Value] | list[Value] | str | int | float | bool | None


class Value:
    """One value of a file with its place: ``data`` is a dict or list of `Value`, or a scalar."""

    __slots__ = ("data", "file", "key", "line")

    def __init__(self, data: Data, file: str, line: int, key: str) -> None:
        self.data, self.file, self.line, self.key = data, file, line, key

    def fault(self, expected: str, found: str = "") -> ConfigError:
        """The error to raise about this value; ``found`` defaults to the value itself."""
        key = self.key if len(self.key) <= 120 else self.key[:117] + "..."
        where = f"{self.file}:{self.line}" + (f": {key}" if key else "")
        return ConfigError(where, expected, found or self.shown())

    def shown(self) -> str:
        """The value in a few words, for an error message."""
        if isinstance(self.data, dict):
            return "a mapping" if self.data else "an empty mapping"
        if isinstance(self.data, list):
            return f"a list of {len(self.data)}"
        if self.data is None:
            return "nothing"
        if isinstance(self.data, bool):
            return "true" if self.data else "false"
        text = repr(self.data)
        return text if len(text) <= 80 else text[:77] + "..."

    def mapping(self, what: str = "a mapping") -> dict[str, Value]:
        """The entries of a mapping."""
        if not isinstance(self.data, dict):
            raise self.fault(what)
        return self.data

    def fields(self, allowed: Iterable[str], required: Iterable[str] = ()) -> dict[str, Value]:
        """The entries of a mapping whose keys are known; a missing or unknown key is the fault."""
        entries = self.mapping()
        known = tuple(allowed)
        for name, value in entries.items():
            if name not in known:
                raise value.fault(f"one of the keys {', '.join(sorted(known))}", near(name, known))
        for name in required:
            if name not in entries:
                raise self.fault(f"the key '{name}'", f"only {', '.join(sorted(entries)) or 'nothing'}")
        return entries

    def items(self, what: str = "a list") -> list[Value]:
        """The elements of a list."""
        if not isinstance(self.data, list):
            raise self.fault(what)
        return self.data

    def text(self, what: str = "text") -> str:
        """Text that is not empty."""
        if not isinstance(self.data, str) or not self.data.strip():
            hint = " (put it in quotes)" if isinstance(self.data, int | float) else ""
            raise self.fault(what + hint)
        return self.data

    def texts(self, what: str = "a list of texts") -> tuple[str, ...]:
        """A list of texts."""
        return tuple(element.text() for element in self.items(what))

    def word(self, words: Iterable[str]) -> str:
        """One of a closed set of words."""
        known = tuple(words)
        if self.data not in known or not isinstance(self.data, str):
            found = near(self.data, known) if isinstance(self.data, str) else ""
            raise self.fault(f"one of {', '.join(known)}", found)
        return self.data

    def flag(self) -> bool:
        """``true`` or ``false``."""
        if not isinstance(self.data, bool):
            raise self.fault("true or false")
        return self.data

    def integer(self) -> int:
        """A whole number."""
        if isinstance(self.data, bool) or not isinstance(self.data, int):
            raise self.fault("a whole number")
        return self.data

    def plain(self) -> Any:
        """The value without its places: dicts, lists and scalars."""
        if isinstance(self.data, dict):
            return {name: value.plain() for name, value in self.data.items()}
        if isinstance(self.data, list):
            return [value.plain() for value in self.data]
        return self.data


def near(word: str, known: Iterable[str]) -> str:
    """The word in quotes, with the nearest right one where there is one."""
    shown = repr(word if len(word) <= 80 else word[:77] + "...")
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"{shown} (nearest: {close[0]})" if close else shown


def read_yaml(path: Path) -> Value:
    """Read one file. Raises ConfigError: not readable, too large, not UTF-8, not such YAML."""
    return parse_yaml(read_bytes(path), str(path))


def read_bytes(path: Path) -> bytes:
    """The bytes of a file, at most one more than `MAX_BYTES`. Raises ConfigError."""
    try:
        with path.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(str(path), "a readable file", error.strerror or type(error).__name__) from error


def parse_yaml(content: bytes | str, file: str) -> Value:
    """The one document in ``content``. Raises ConfigError with file, line and what was expected."""
    if len(content) > MAX_BYTES:
        raise ConfigError(file, f"at most {MAX_BYTES} bytes", "more")
    if isinstance(content, bytes):
        try:
            content = content.decode("utf-8")
        except UnicodeDecodeError as error:
            raise ConfigError(file, "UTF-8 text", f"byte {error.object[error.start]:#04x}") from error
    events = yaml.parse(content, Loader=_c_loader())
    try:
        return _Reader(events, file).document()
    except (yaml.YAMLError, UnicodeError) as error:
        raise _yaml_fault(error, file) from error


def _c_loader() -> Any:
    loader = getattr(yaml, "CSafeLoader", None)
    if loader is None:
        raise ConfigError("PyYAML", "a build with its C loader (libyaml)", "the pure Python one")
    return loader


def _yaml_fault(error: Exception, file: str) -> ConfigError:
    mark = getattr(error, "problem_mark", None)
    where = f"{file}:{mark.line + 1}" if mark is not None else file
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
    return ConfigError(where, "YAML", " ".join(str(problem).split())[:200])


class _Reader:
    """Builds values from the parser's events, so that depth is bounded here and not by the C stack."""

    def __init__(self, events: Iterator[Any], file: str) -> None:
        self.events, self.file = events, file

    def document(self) -> Value:
        """The first document; anything after it is refused."""
        for event in self.events:
            if isinstance(event, yaml.NodeEvent):
                root = self.value(event, "", 0)
                break
        else:
            raise ConfigError(self.file, "a mapping", "an empty file")
        for event in self.events:
            if isinstance(event, yaml.NodeEvent | yaml.DocumentStartEvent):
                raise Value(None, self.file, _line(event), "").fault("one document", "another")
        return root

    def value(self, event: Any, key: str, depth: int) -> Value:
        """The value that begins with this event."""
        place = Value(None, self.file, _line(event), key)
        if event.anchor is not None:
            raise place.fault("no anchors and aliases", f"{event.anchor[:40]!r}")
        if depth > MAX_DEPTH:
            raise place.fault(f"at most {MAX_DEPTH} levels of nesting", "more")
        if event.tag is not None and event.tag != "!":  # "!" is what a quoted scalar may carry
            raise place.fault("no tags", repr(event.tag[:80]))
        if isinstance(event, yaml.MappingStartEvent):
            place.data = self._entries(key, depth)
        elif isinstance(event, yaml.SequenceStartEvent):
            place.data = self._elements(key, depth)
        else:
            place.data = _scalar(event, place)
        return place

    def _elements(self, key: str, depth: int) -> list[Value]:
        elements: list[Value] = []
        for event in self.events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            elements.append(self.value(event, f"{key}[{len(elements)}]", depth + 1))
        return elements

    def _entries(self, key: str, depth: int) -> dict[str, Value]:
        entries: dict[str, Value] = {}
        for event in self.events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            name = self.value(event, key, depth + 1)
            if not isinstance(name.data, str):
                raise name.fault("a text as key (in quotes)")
            if name.data in entries:
                raise name.fault("each key once", f"'{name.data[:80]}' again")
            path = f"{key}.{name.data}" if key else name.data
            entries[name.data] = self.value(next(self.events), path, depth + 1)
        return entries


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _scalar(event: Any, place: Value) -> Any:
    text = event.value
    if event.style:  # quoted, or a block
        return text
    if text == "":
        return None
    if text in ("true", "false"):
        return text == "true"
    if _INTEGER.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text) and len(text) <= 30:
        return float(text)
    if _SURPRISE.fullmatch(text):
        raise place.fault("true, false, a decimal number, or text in quotes", repr(text[:80]))
    return text
