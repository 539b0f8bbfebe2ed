"""Where a rule goes: the ``local/`` file that a profile includes, else its block; policy so changed."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping

import msgspec

from hardcheck.apparmor import ProfileSet
from hardcheck.apparmor.profileset import FileState
from hardcheck.apparmor.source import MappingSource, Source
from hardcheck.apparmor.syntax import Include, Item, ProfileBlock, Run, Unit


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
    only = posixpath.basename(place.profile_file)
    source = _Overlay(policy.library.source, policy.library.base, only, {place.profile_file: changed})
    found = ProfileSet.read(source, base=policy.library.base, kernel=policy.kernel)
    return found if name in found.profiles else None


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
    """One file of a base folder, with other text, among everything else that it may include."""

    def __init__(self, source: Source, base: str, only: str, changed: Mapping[str, bytes]) -> None:
        self._source, self._base, self._only = source, base, only
        self._changed = MappingSource(changed, base)

    def read(self, path: str) -> bytes | None:
        """Return the changed text, else what the source has."""
        changed = self._changed.read(path)
        return self._source.read(path) if changed is None else changed

    def names(self, path: str) -> tuple[str, ...] | None:
        """Return the one file for the base folder; other folders as they are, save those that switch off."""
        if path == self._base:
            return (self._only,)
        if path in (posixpath.join(self._base, "disable"), posixpath.join(self._base, "force-complain")):
            return ()
        return self._source.names(path)
