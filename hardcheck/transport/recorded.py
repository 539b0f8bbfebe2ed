"""Bundles that stand in for hosts: what a path names, and what was recorded of each."""

from __future__ import annotations

from pathlib import Path

from hardcheck.errors import UsageError
from hardcheck.evidence import HostEvidence
from hardcheck.evidence.bundle import read_bundle

_PATTERN = "*.zip"
_INNER = "bundles"  # the folder of a run in which its bundles lie


def is_recorded_word(word: str) -> bool:
    """True when a TARGET word is meant as a path: it has a slash or the suffix of a bundle."""
    return "/" in word or word.endswith(_PATTERN[1:])


def find_bundles(path: Path) -> tuple[Path, ...]:
    """The bundles of a path, sorted by name: a bundle, a folder of them, or the folder of a run.

    Raises:
        UsageError: nothing is there.
    """
    if path.is_dir():
        inner = path / _INNER
        found = tuple(sorted((inner if inner.is_dir() else path).glob(_PATTERN)))
        if not found:
            raise UsageError(f"{path}: no bundle ({_PATTERN}) in this folder")
        return found
    if path.is_file():
        return (path,)
    raise UsageError(f"{path}: no such file or folder")


class RecordedHost:
    """One bundle in place of a host: its evidence comes from the file, no connection is made."""

    name = "recorded"

    def __init__(self, path: Path) -> None:
        self.path = path

    def evidence(self) -> HostEvidence:
        """What was recorded.

        Raises:
            BundleError: the bundle is unreadable, cut or altered.
        """
        return read_bundle(self.path)
