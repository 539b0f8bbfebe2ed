"""Which executables SELinux and AppArmor ship policy for: facts of published policies, by source.

``catalogue.json`` is written by ``tools/build_catalogue.py`` from the policies themselves. An entry says
that a source has policy for the executables of a pattern, not that a host has that source installed.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Literal

import msgspec

from hardcheck.apparmor.automaton import Automaton
from hardcheck.apparmor.globs import Glob, encode_text, parse_glob
from hardcheck.selinux.file_contexts import FileContextRule, FileContexts

CATALOGUE = Path(__file__).resolve().parent / "catalogue.json"

Side = Literal["selinux", "apparmor"]
State = Literal["enforced", "permissive", "unconfined", "shipped", ""]


class Source(msgspec.Struct, frozen=True, omit_defaults=True):
    """One published policy. ``families`` are the distribution families that ship it; empty for a
    project's own, which no distribution installs. Not ``whole``: only some of its programs are here."""

    id: str
    framework: Side
    version: str
    families: tuple[str, ...] = ()
    whole: bool = True


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """One pattern of executables: a regular expression of file_contexts(5), or an AppArmor path pattern.

    ``subject`` is the domain or profile, ``state`` what it is when loaded as shipped; ``shipped``: that was
    not read. Both are empty for a pattern of SELinux that only overrules another one.
    """

    source: str
    pattern: str
    subject: str
    state: State


class Catalogue(msgspec.Struct, frozen=True):
    """What the file holds; entries keep the order of their policy."""

    sources: tuple[Source, ...]
    entries: tuple[Entry, ...]


class Shipped(msgspec.Struct, frozen=True):
    """Policy that a source ships for an executable."""

    source: Source
    subject: str
    state: State

    @property
    def shown(self) -> str:
        """``SUBJECT (SOURCE VERSION)`` for people, and what it is when it does not bind."""
        words = {"permissive": ", complain mode", "unconfined": ", a stub that confines nothing"}
        if self.source.framework == "selinux":
            words = {"permissive": ", permissive", "unconfined": ", not confined"}
        words["shipped"] = ", whether it binds was not read"
        return f"{self.subject} ({self.source.id} {self.source.version}{words.get(self.state, '')})"


class Lookup:
    """A catalogue asked by executable."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.entries = catalogue.entries
        self.sources = {source.id: source for source in catalogue.sources}
        self._entries: dict[str, list[Entry]] = {name: [] for name in self.sources}
        for entry in catalogue.entries:
            self._entries[entry.source].append(entry)

    @classmethod
    def read(cls, path: Path = CATALOGUE) -> Lookup:
        """Read the file that hardcheck ships, or one made the same way."""
        return cls(msgspec.json.decode(path.read_bytes(), type=Catalogue))

    def shipped(self, framework: Side, executable: str) -> tuple[Shipped, ...]:
        """The policy of every source of a framework for an absolute path, in the order of the sources."""
        found = []
        for source in self.sources.values():
            if source.framework != framework:
                continue
            entry = (self._by_context if framework == "selinux" else self._by_attachment)(source, executable)
            if entry is not None and entry.subject:
                found.append(Shipped(source, entry.subject, entry.state))
        return tuple(found)

    def is_whole(self, framework: Side, family: str) -> bool:
        """Whether a program that is not found is one for which the family ships no policy."""
        own = (source for source in self.sources.values() if family in source.families)
        return all(source.whole for source in own if source.framework == framework)

    def _by_context(self, source: Source, executable: str) -> Entry | None:
        rule = self._contexts[source.id].find(executable, "file")
        return self._entries[source.id][int(rule.where)] if rule is not None else None

    def _by_attachment(self, source: Source, executable: str) -> Entry | None:
        path = encode_text(executable)
        matching = [one for one in self._attachables[source.id] if one.matches(path)]
        return max(matching, key=_Attachable.rank).entry if matching else None

    @cached_property
    def _contexts(self) -> dict[str, FileContexts]:
        return {
            name: FileContexts(tuple(_rules(self._entries[name])))
            for name, source in self.sources.items()
            if source.framework == "selinux"
        }

    @cached_property
    def _attachables(self) -> dict[str, list[_Attachable]]:
        return {
            name: [_Attachable(entry) for entry in self._entries[name]]
            for name, source in self.sources.items()
            if source.framework == "apparmor"
        }


def _rules(entries: Iterable[Entry]) -> Iterable[FileContextRule]:
    for number, entry in enumerate(entries):
        yield FileContextRule(entry.pattern, "file", entry.subject, str(number))


class _Attachable:
    """An AppArmor pattern, compiled when its literal beginning first fits."""

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self._glob: Glob = parse_glob(entry.pattern)
        self._automaton: Automaton | None = None

    def matches(self, path: bytes) -> bool:
        if not path.startswith(self._glob.literal_prefix):
            return False
        if self._automaton is None:
            self._automaton = Automaton()
            self._automaton.add(self._glob.elements, 0)
        return bool(self._automaton.match(path).accepted)

    def rank(self) -> tuple[bool, int]:
        """An exact path over patterns, a longer literal beginning over a shorter one."""
        return self._glob.is_literal, len(self._glob.literal_prefix)
