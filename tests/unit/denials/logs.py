"""Logs as bytes, for the tests of reading."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from hardcheck.denials.lines import file_blocks
from hardcheck.denials.model import Denial, LogSummary
from hardcheck.denials.reading import LogFile, read_denials, read_logs

WRITTEN = datetime(2026, 11, 21, 12, tzinfo=UTC)


def log(content: bytes | str, name: str = "audit.log", block: int = 0) -> LogFile:
    """A log in memory, given in one block or in blocks of that many bytes."""
    raw = content.encode() if isinstance(content, str) else content
    step = block or len(raw) or 1
    return LogFile(name, lambda: [raw[at : at + step] for at in range(0, len(raw), step)], WRITTEN)


def summary(*contents: bytes | str, since: datetime | None = None) -> LogSummary:
    """Logs read side by side, each without rotations."""
    return read_logs([[log(content, f"log{n}")] for n, content in enumerate(contents)], since)


def denials(content: bytes | str) -> list[Denial]:
    """Every refusal of a log, one by one."""
    return list(read_denials([log(content)]))


def summary_of(paths: Sequence[Path]) -> LogSummary:
    """Files, read as one log."""
    return read_logs([[LogFile(str(path), partial(file_blocks, path), WRITTEN) for path in paths]])
