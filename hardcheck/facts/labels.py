"""SELinux labels of files, as they lie on disk."""

from __future__ import annotations

import msgspec


class FileLabel(msgspec.Struct, frozen=True):
    """A path and its label. ``kind`` is the letter of find(1): f d l s p c b; ``mode`` is octal text."""

    path: str
    kind: str
    label: str
    mode: str
    uid: int
    gid: int


class FileLabels(msgspec.Struct, frozen=True):
    """The labels that were looked at. ``unprintable`` is the number of names with control bytes, of
    which only the number is known."""

    files: tuple[FileLabel, ...]
    unprintable: int = 0
