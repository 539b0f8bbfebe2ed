"""Which of a command's words are logs, and how to open them."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hardcheck.denials.lines import file_blocks, open_log, read_blocks, rotation
from hardcheck.denials.reading import LogFile
from hardcheck.errors import UsageError

STDIN = "-"
_ZIP = b"PK\x03\x04"
_AGO = re.compile(r"([1-9][0-9]{0,5})([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def is_log(word: str) -> bool:
    """Whether a word is a log: ``-``, a file that is no bundle, or a folder that holds an audit.log."""
    if word == STDIN:
        return True
    path = Path(word)
    if path.is_dir():
        return any(path.glob("audit.log*"))
    if not path.exists() or path.suffix == ".zip":
        return False
    try:
        with path.open("rb") as file:
            return file.read(4) != _ZIP
    except OSError as error:
        raise UsageError(f"{word}: {error.strerror}") from None


def logs_of(words: Iterable[str]) -> list[Sequence[LogFile]]:
    """The logs that words name, each with the rotations that were named too, the oldest first."""
    chains: dict[str, list[Path]] = {}
    logs: list[Sequence[LogFile]] = []
    for word in words:
        if word == STDIN:
            logs.append([LogFile("standard input", lambda: read_blocks(sys.stdin.buffer), datetime.now(UTC))])
            continue
        path = Path(word)
        for file in sorted(path.glob("audit.log*")) if path.is_dir() else (path,):
            chains.setdefault(rotation(file)[0], []).append(file)
    for files in chains.values():
        files.sort(key=lambda file: (rotation(file)[1], file.name))
        logs.append([_log_file(file) for file in dict.fromkeys(files)])
    return logs


def _log_file(path: Path) -> LogFile:
    try:
        written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        open_log(path).close()  # a file that cannot be read is wrong usage, before anything is printed
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    return LogFile(str(path), lambda: file_blocks(path), written)


def since_of(text: str, now: datetime) -> datetime:
    """A time: ``7d``, ``12h``, ``30m``, ``2w`` ago, or a date or time of ISO 8601 (UTC without a zone).

    Raises:
        UsageError: it is neither.
    """
    ago = _AGO.fullmatch(text)
    try:
        if ago:
            return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        at = datetime.fromisoformat(text)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise UsageError(f"--since {text}: give 30m, 12h, 7d or 2w, or a date like 2026-11-20") from None
