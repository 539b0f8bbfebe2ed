"""The interface files of a folder: their interfaces by name, and the macros of ``support``.

Debian and Ubuntu (selinux-policy-dev), Fedora, RHEL and SUSE (selinux-policy-devel) install the same tree::

    include/kernel/files.if  include/services/apache.if  ...  include/support/obj_perm_sets.spt  ...
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from hardcheck.errors import PolicyError
from hardcheck.refpolicy.m4 import M4Error, read_calls

MAX_FILES = 5_000
MAX_BYTES = 4 << 20
MAX_TOTAL = 64 << 20
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Interface(msgspec.Struct, frozen=True):
    """One definition; ``template`` also makes types of its own for each caller."""

    name: str
    body: str
    where: str
    template: bool = False


class Library:
    """What the files define. ``faults`` names the files that could not be read to their end."""

    def __init__(
        self, interfaces: Iterable[Interface], macros: Mapping[str, str], faults: tuple[str, ...] = ()
    ) -> None:
        self.macros, self.faults = dict(macros), faults
        self.interfaces: dict[str, Interface] = {}
        twice = set()
        for one in interfaces:
            if one.name in self.interfaces:
                twice.add(one.name)
            self.interfaces[one.name] = one
        for name in twice:  # which of the two m4 would take is not known here
            del self.interfaces[name]
        self._by_word: dict[str, list[str]] | None = None

    def naming(self, words: Iterable[str]) -> tuple[str, ...]:
        """The interfaces whose text has one of some words, in the order of the files."""
        if self._by_word is None:
            self._by_word = {}
            for one in self.interfaces.values():
                for word in set(_WORD.findall(one.body)):
                    self._by_word.setdefault(word, []).append(one.name)
        found = {name for word in set(words) for name in self._by_word.get(word, ())}
        return tuple(name for name in self.interfaces if name in found)


def read_folder(folder: Path) -> Library:
    """Read all interface files of a folder.

    Raises:
        PolicyError: too many or too large files, or one that cannot be opened.
    """
    texts: list[tuple[str, str]] = []
    total = 0
    for path in sorted((*folder.glob("*/*.if"), *folder.glob("support/*.spt"))):
        text = _read(path)
        total += len(text)
        if len(texts) >= MAX_FILES or total > MAX_TOTAL:
            raise PolicyError(str(folder), f"at most {MAX_FILES} files and {MAX_TOTAL} bytes", "more")
        texts.append((path.relative_to(folder).as_posix(), text))
    return read_texts(texts)


def read_texts(texts: Iterable[tuple[str, str]]) -> Library:
    """Make a library of files by name: ``.spt`` hold macros, all others interfaces."""
    interfaces: list[Interface] = []
    macros: dict[str, str] = {}
    faults: list[str] = []
    for name, text in texts:
        try:
            if name.endswith(".spt"):
                macros.update(_macros(text))
            else:
                interfaces += _interfaces(name, text)
        except M4Error as error:
            faults.append(f"{name}: {error}")
    return Library(interfaces, macros, tuple(faults))


def _interfaces(file: str, text: str) -> Iterator[Interface]:
    for call in read_calls(text):
        if call.name in ("interface", "template") and len(call.arguments) == 2:
            name, body = call.arguments
            if _NAME.fullmatch(name):
                yield Interface(name, body, f"{file}:{call.line}", call.name == "template")


def _macros(text: str) -> Iterator[tuple[str, str]]:
    for call in read_calls(text):
        if call.name == "define" and len(call.arguments) == 2 and _NAME.fullmatch(call.arguments[0]):
            yield call.arguments[0], call.arguments[1]


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise PolicyError(str(path), "a readable file", error.strerror or str(error)) from error
    if len(data) > MAX_BYTES:
        raise PolicyError(str(path), f"at most {MAX_BYTES} bytes", "a larger file")
    return data.decode("utf-8", "replace")
