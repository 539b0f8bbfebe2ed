"""Where a rule goes: the ``local/`` file that a profile includes, else its block; policy so changed."""

from __future__ import annotations

import posixpath
from collections import OrderedDict
from collections.abc import Iterable, Mapping

import msgspec

from hardcheck.apparmor import ProfileSet
from hardcheck.apparmor.includes import Library
from hardcheck.apparmor.profileset import FileState, PolicyFile
from hardcheck.apparmor.resolve import Resolver
from hardcheck.apparmor.source import MappingSource, Source
from hardcheck.apparmor.syntax import Include, Item, ProfileBlock, Run, Unit

_TUNABLES = "tunables/global"
_KEPT = 24  # compiled profiles with an abstraction added


class Place(msgspec.Struct, frozen=True):
    """``file`` is the whole path to put a rule into; ``local`` tells that it is a file for just that.
    ``profile_file`` is the one to load again, ``block`` the profile whose block it is."""

    file: str
    profile_file: str
    block: str
    local: bool


def place_of(policy: ProfileSet, name: str) -> Place | None:
    """The place for rules of a profile; None for one that no file defines."""
    for file in policy.files:
        if file.state is FileState.DISABLED or all(one.full_name != name for one in file.resolved.profiles):
            continue
        path = posixpath.join(policy.library.base, file.name)
        unit = policy.library.unit(path)
        block = None if unit is None else _block(unit.items, name.rpartition("://")[2])
        if block is None:
            return Place(path, path, name, False)
        for item in block.items:
            if isinstance(item, Include) and item.magic and item.path.startswith("local/"):
                return Place(posixpath.join(policy.library.base, item.path), path, name, True)
        return Place(path, path, name, False)
    return None


def _block(items: Iterable[Item], name: str) -> ProfileBlock | None:
    """The block of a profile by its full name, ``parent//child``; None where variables are in the name."""
    head, _, rest = name.partition("//")
    for item in items:
        if isinstance(item, ProfileBlock) and head in (item.head.name, item.head.attachment):
            return item if not rest else _block(item.items, rest)
    return None


def with_rules(policy: ProfileSet, name: str, rules: Iterable[str]) -> ProfileSet | None:
    """The file of one profile with rules added to its block, read anew; None where it cannot be found."""
    place = place_of(policy, name)
    if place is None:
        return None
    unit = policy.library.unit(place.profile_file)
    block = None if unit is None else _block(unit.items, name.rpartition("://")[2])
    if unit is None or block is None:
        return None
    at = _first(block, unit)
    text = unit.source.text
    added = "".join(f"{rule}\n  " for rule in rules)
    changed = f"{text[:at]}{added}{text[at:]}".encode("utf-8", "surrogateescape")
    source = _Overlay(policy.library.source, policy.library.base, {place.profile_file: changed})
    return _one_file(
        policy, policy.library.with_changed(source, place.profile_file), place.profile_file, name
    )


def _one_file(policy: ProfileSet, library: Library, path: str, name: str) -> ProfileSet | None:
    """The profiles of one file of a library; None where it has faults or lacks the profile."""
    unit = library.unit(path)
    if unit is None:
        return None
    resolved = Resolver(library).resolve(path, unit)
    state = FileState.BROKEN if resolved.faults else FileState.ACTIVE
    found = ProfileSet((PolicyFile(library.shown(path), state, False, resolved),), library, policy.kernel)
    return found if name in found.profiles else None


class Abstractions:
    """The abstractions of one host. Compiling a profile with one of them added costs far more than asking
    the abstraction alone, so that is asked first; it is made once for all groups of denials."""

    ALONE = "hardcheck-abstraction"
    """The name of a profile that holds one abstraction and nothing else."""

    def __init__(self, policy: ProfileSet) -> None:
        self._policy = policy
        self._alone: dict[str, ProfileSet | None] = {}
        self._added: OrderedDict[tuple[str, str], ProfileSet | None] = OrderedDict()

    def alone(self, include: str) -> ProfileSet | None:
        """The profile `ALONE` with nothing but this include; None where it is missing or has faults."""
        if include not in self._alone:
            self._alone[include] = self._read(include)
        return self._alone[include]

    def added(self, name: str, include: str) -> ProfileSet | None:
        """A profile with this include added, as `with_rules` gives it; the last few are kept."""
        key = (name, include)
        if key not in self._added:
            self._added[key] = with_rules(self._policy, name, (f"include <{include}>",))
            if len(self._added) > _KEPT:
                self._added.popitem(last=False)
        self._added.move_to_end(key)
        return self._added[key]

    def _read(self, include: str) -> ProfileSet | None:
        library = self._policy.library
        if library.source.read(posixpath.join(library.base, include)) is None:
            return None
        known = library.source.read(posixpath.join(library.base, _TUNABLES)) is not None
        preamble = f"include <{_TUNABLES}>\n" if known else ""
        path = posixpath.join(library.base, self.ALONE)
        text = f"{preamble}profile {self.ALONE} {{\n  include <{include}>\n}}\n"
        source = _Overlay(library.source, library.base, {path: text.encode()})
        return _one_file(self._policy, library.with_changed(source, path), path, self.ALONE)


def _first(block: ProfileBlock, unit: Unit) -> int:
    """The offset of the first item of a block, or right behind its brace where it is empty."""
    starts = []
    for item in block.items:
        if isinstance(item, Run):
            starts += [rule.at for rules in item.rules.values() for rule in rules]
        else:
            starts.append(item.at)
    text = unit.source.text
    if not starts:
        return text.index("{", block.at + len(block.head.name) + len(block.head.attachment)) + 1
    return text.rfind("\n", 0, min(starts)) + 1 or min(starts)


class _Overlay:
    """A source with other text for some files of the base folder, and everything else as it is."""

    def __init__(self, source: Source, base: str, changed: Mapping[str, bytes]) -> None:
        self._source, self._changed = source, MappingSource(changed, base)

    def read(self, path: str) -> bytes | None:
        """Return the changed text, else what the source has."""
        changed = self._changed.read(path)
        return self._source.read(path) if changed is None else changed

    def names(self, path: str) -> tuple[str, ...] | None:
        """Return the names of a folder, as the source has them."""
        return self._source.names(path)
