"""Find and read the files that policy includes; each file is read once for all who include it."""

from __future__ import annotations

import posixpath

from hardcheck.apparmor.abi import DEFAULT_FEATURES, EVERY_FEATURE, Features, parse_features
from hardcheck.apparmor.faults import SourceText
from hardcheck.apparmor.grammar import parse_unit
from hardcheck.apparmor.source import Source, is_skipped
from hardcheck.apparmor.syntax import Abi, Include, Unit


class Library:
    """The files of one host's policy: parsed units by path.

    ``base`` is the folder that ``<...>`` counts from; ``"..."`` counts from the working folder of
    the source.
    """

    def __init__(self, source: Source, base: str) -> None:
        self.source = source
        self.base = base
        self._units: dict[str, Unit | None] = {}
        self._found: dict[tuple[str, bool], tuple[str, ...] | None] = {}
        self._features: dict[tuple[str, bool], Features | None] = {}

    def with_changed(self, source: Source, path: str) -> Library:
        """Return the same files read from ``source``, which differs in the text of ``path`` alone."""
        changed = Library(source, self.base)
        changed._units = {name: unit for name, unit in self._units.items() if name != path}
        changed._found, changed._features = dict(self._found), dict(self._features)
        return changed

    def unit(self, path: str) -> Unit | None:
        """Return the file parsed, None when it is not there or not readable."""
        if path not in self._units:
            content = self.source.read(path)
            self._units[path] = None if content is None else parse_unit(decode(self.shown(path), content))
        return self._units[path]

    def find(self, include: Include) -> tuple[str, ...] | None:
        """Return the files that an include names: one, or those of a folder; None when missing."""
        key = (include.path, include.magic)
        if key not in self._found:
            self._found[key] = self._find(*key)
        return self._found[key]

    def features(self, abi: Abi) -> Features | None:
        """Return the feature set that an abi statement names, None when there is none."""
        key = (abi.path, abi.magic)
        if key not in self._features:
            self._features[key] = self._read_features(*key)
        return self._features[key]

    def shown(self, path: str) -> str:
        """Return a path as people know it: without the base folder."""
        return path.removeprefix(self.base.rstrip("/") + "/") if self.base else path

    def _path(self, path: str, magic: bool) -> str:
        return posixpath.join(self.base, path) if magic else path

    def _find(self, path: str, magic: bool) -> tuple[str, ...] | None:
        whole = self._path(path, magic)
        names = self.source.names(whole)
        if names is not None:
            return tuple(posixpath.join(whole, name) for name in names if not is_skipped(name))
        return None if self.unit(whole) is None else (whole,)

    def _read_features(self, path: str, magic: bool) -> Features | None:
        if magic and path == "kernel":
            return EVERY_FEATURE
        if magic and path == "default":
            return DEFAULT_FEATURES
        content = self.source.read(self._path(path, magic))
        if content is None:
            return None
        return parse_features(path, content.decode("utf-8", "replace"))


def decode(name: str, content: bytes) -> SourceText:
    """Return the text of a file; bytes that are no UTF-8 stay distinguishable."""
    return SourceText(name, content.decode("utf-8", "surrogateescape"))
