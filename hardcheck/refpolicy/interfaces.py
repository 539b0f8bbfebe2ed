"""Interfaces by what they are about: the entry to this package."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path

from hardcheck.errors import UsageError
from hardcheck.refpolicy.expand import Expander
from hardcheck.refpolicy.installed import holds_interfaces
from hardcheck.refpolicy.library import Library, read_folder
from hardcheck.refpolicy.model import Given


class Interfaces:
    """The interfaces of one folder, read when they are first asked for."""

    def __init__(self, folder: Path | None = None, library: Library | None = None) -> None:
        """Take a folder, or a library that was read already.

        Raises:
            UsageError: a folder without interface files.
        """
        if library is not None:
            self.library = library
        elif folder is None or not holds_interfaces(folder):
            raise UsageError(f"{folder}: no interface files (*/*.if beside support/*.spt) in this folder")
        self.folder = folder

    @cached_property
    def library(self) -> Library:
        """What the files define.

        Raises:
            PolicyError: as `read_folder`.
        """
        assert self.folder is not None
        return read_folder(self.folder)

    @cached_property
    def _expander(self) -> Expander:
        return Expander(self.library)

    def about(self, names: Iterable[str]) -> Iterator[Given]:
        """Yield the interfaces that can be called with a domain alone and that name one of some types or
        attributes themselves; one that only calls such a one gives more than it, and is left out."""
        for name in self.library.naming(names):
            found = self._expander.expand(name)
            if isinstance(found, Given):
                yield found
