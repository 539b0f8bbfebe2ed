"""Where something is written, and what is wrong with it.

A file of policy is read to its end whatever it holds: every fault is kept with its file, line and
column, and `hardcheck.errors.ProfileError` carries all of them. A position inside a file is one
integer (the offset); the line is counted only when somebody asks.
"""

from __future__ import annotations

from bisect import bisect_right

import msgspec

MAX_FAULTS = 200  # faults kept of one file; a file of noise must not fill the memory
_EXCERPT = 200  # characters of the faulty line that are shown


class Fault(msgspec.Struct, frozen=True):
    """One fault: ``line`` and ``column`` count from 1, ``excerpt`` is the faulty line itself."""

    file: str
    line: int
    column: int
    message: str
    excerpt: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"

    @property
    def caret(self) -> str:
        """The faulty line with a caret below the place, as two lines."""
        start = max(0, self.column - _EXCERPT // 2)
        shown = self.excerpt[start : start + _EXCERPT].replace("\t", " ")
        return f"{shown}\n{' ' * (self.column - 1 - start)}^"


class SourceText:
    """The text of one file under the name that people know it by."""

    __slots__ = ("_starts", "name", "text")

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        self._starts: list[int] | None = None

    def line_of(self, offset: int) -> int:
        """Return the line, counted from 1, that holds ``offset``."""
        return bisect_right(self._line_starts(), offset)

    def where(self, offset: int) -> str:
        """Return ``NAME:LINE``."""
        return f"{self.name}:{self.line_of(offset)}"

    def fault(self, offset: int, message: str) -> Fault:
        """Return the fault ``message`` at ``offset``."""
        offset = min(offset, len(self.text))
        line = self.line_of(offset)
        start = self._line_starts()[line - 1]
        end = self.text.find("\n", start)
        excerpt = self.text[start : end if end >= 0 else len(self.text)]
        return Fault(self.name, line, offset - start + 1, message, excerpt)

    def _line_starts(self) -> list[int]:
        if self._starts is None:
            starts, position = [0], self.text.find("\n")
            while position >= 0:
                starts.append(position + 1)
                position = self.text.find("\n", position + 1)
            self._starts = starts
        return self._starts


class FaultFound(Exception):
    """The statement being read is faulty; the reader goes on behind it."""

    def __init__(self, offset: int, message: str) -> None:
        self.offset, self.message = offset, message
        super().__init__(message)
