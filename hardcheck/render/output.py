"""Put a report into a file whole, or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from hardcheck.errors import UsageError
from hardcheck.findings import Report
from hardcheck.render import Renderer


def write_report(path: Path, renderer: Renderer, report: Report) -> None:
    """Render into a new file beside ``path`` and rename it; on any error nothing is left behind and
    what was at ``path`` before is untouched. The file is readable by its owner alone: it tells
    where hosts are weak.

    Raises:
        UsageError: the folder is not there or cannot be written.
        HardcheckError: what the renderer raises.
    """
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from error
    half = Path(name)
    try:
        with os.fdopen(handle, "wb") as out:
            renderer(report, out)
        half.replace(path)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror or error}") from error
    finally:
        with contextlib.suppress(FileNotFoundError):
            half.unlink()
