"""A run's folder, and where its bundles lie."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from hardcheck.errors import UsageError
from hardcheck.evidence.bundle import bundle_name

BUNDLES = "bundles"
REPORT = "report"


def bundle_path(folder: Path, host: str) -> Path:
    """Where a host's bundle lies in a run."""
    return folder / BUNDLES / bundle_name(host)


def bundle_files(words: Iterable[Path]) -> list[Path]:
    """The bundles that paths name: files, folders of bundles, or run folders; sorted by name, each once.

    Raises:
        UsageError: nothing is there.
    """
    found: list[Path] = []
    for word in words:
        if word.is_dir():
            inner = word / BUNDLES
            here = sorted((inner if inner.is_dir() else word).glob("*.zip"))
            if not here:
                raise UsageError(f"{word}: no bundle (*.zip) in this folder")
            found += here
        elif word.exists():
            found.append(word)
        else:
            raise UsageError(f"{word}: no such file or folder")
    return sorted(dict.fromkeys(found), key=lambda path: path.name)


def make_folder(folder: Path) -> None:
    """The run's folder, for its owner alone: it tells where hosts are weak.

    Raises:
        UsageError: it cannot be made or written.
    """
    try:
        (folder / BUNDLES).mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise UsageError(f"{folder}: cannot be made: {error.strerror}") from None
