"""Where policy text comes from: a folder on this machine, or files collected from another host.

This is the only module of the package that touches a disk. Profile text is hostile input, and it
names files to include; a `FolderSource` therefore reads nothing outside the folders it was given,
through symbolic links neither, nor anything but plain files of a bounded size.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

MAX_FILE_BYTES = 4 << 20

# Names that the parser and the init scripts pass over in a folder of profiles, also when a folder
# is included (apparmor.d(5), libapparmor ``_aa_is_blacklisted``).
_SKIPPED_ENDINGS = (
    ".dpkg-new",
    ".dpkg-old",
    ".dpkg-dist",
    ".dpkg-bak",
    ".dpkg-remove",
    ".pacsave",
    ".pacnew",
    ".rpmnew",
    ".rpmsave",
    ".orig",
    ".rej",
    "~",
)


def is_skipped(name: str) -> bool:
    """Whether a file of this name is never policy."""
    return not name or name.startswith(".") or name == "README" or name.endswith(_SKIPPED_ENDINGS)


class Source(Protocol):
    """Files by path; a path is absolute or relative to the working folder of the source."""

    def read(self, path: str) -> bytes | None:
        """Return the bytes of a plain file; None when there is none, or it may not be read."""
        ...

    def names(self, path: str) -> tuple[str, ...] | None:
        """Return the names directly in a folder, sorted, folders excluded; None if it is no folder."""
        ...


class FolderSource:
    """Files below the folders ``roots`` of this machine; the first one is the working folder."""

    def __init__(self, *roots: str | Path) -> None:
        self._roots = tuple(Path(root).resolve() for root in roots)

    def read(self, path: str) -> bytes | None:
        """Return the bytes of a plain file within the roots, None for anything else."""
        found = self._inside(path)
        if found is None:
            return None
        try:
            if not found.is_file() or found.stat().st_size > MAX_FILE_BYTES:
                return None
            return found.read_bytes()
        except OSError:
            return None

    def names(self, path: str) -> tuple[str, ...] | None:
        """Return the names of what is in a folder and is no folder (broken links included)."""
        found = self._inside(path)
        if found is None:
            return None
        try:
            with os.scandir(found) as entries:
                return tuple(sorted(entry.name for entry in entries if not entry.is_dir()))
        except OSError:
            return None

    def _inside(self, path: str) -> Path | None:
        if "\0" in path or not self._roots:
            return None
        try:
            found = (self._roots[0] / path).resolve()
        except (OSError, ValueError, RuntimeError):
            return None
        return found if any(found.is_relative_to(root) for root in self._roots) else None


class MappingSource:
    """Files as collected: absolute path on the host to its bytes."""

    def __init__(self, files: Mapping[str, bytes], working_folder: str = "/etc/apparmor.d") -> None:
        self._working_folder = working_folder
        self._files: dict[str, bytes] = {}
        self._folders: dict[str, list[str]] = {}
        for path, content in files.items():
            whole = self._absolute(path)
            self._files[whole] = content
            folder, name = posixpath.split(whole)
            self._folders.setdefault(folder, []).append(name)
            while folder not in ("/", ""):
                folder = posixpath.dirname(folder)
                self._folders.setdefault(folder, [])

    def read(self, path: str) -> bytes | None:
        """Return the bytes collected for a path; None if it was not, or is too large."""
        content = self._files.get(self._absolute(path))
        return content if content is not None and len(content) <= MAX_FILE_BYTES else None

    def names(self, path: str) -> tuple[str, ...] | None:
        """Return the names collected directly in a folder, sorted."""
        found = self._folders.get(self._absolute(path))
        return None if found is None else tuple(sorted(found))

    def _absolute(self, path: str) -> str:
        return posixpath.normpath(posixpath.join(self._working_folder, path))
