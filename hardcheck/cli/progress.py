"""How far a run is, on stderr: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Any

import click

from hardcheck.render.sanitise import visible

_LINE_EVERY_S = 10.0


class Progress:
    """Counts of hosts done, failed and unreachable, and the one that takes longest.

    Used as a context manager; `started` and `ended` may be called from any thread.
    """

    def __init__(self, total: int, *, quiet: bool = False) -> None:
        self.total, self.quiet = total, quiet
        self.done = self.failed = self.unreachable = 0
        self._running: dict[str, float] = {}
        self._bar: Any = None
        self._task: Any = None
        self._next_line = time.monotonic() + _LINE_EVERY_S

    def __enter__(self) -> Progress:
        if not self.quiet and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
            from rich.progress import Progress as Bar

            columns = (
                TextColumn("collecting"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TextColumn("{task.fields[note]}", markup=False),
            )
            self._bar = Bar(*columns, console=Console(stderr=True), transient=True)
            self._task = self._bar.add_task("", total=self.total, note="")
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def started(self, host: str) -> None:
        """A host is being collected."""
        self._running[host] = time.monotonic()
        self._show()

    def ended(self, host: str, *, unreachable: bool = False, failed: bool = False) -> None:
        """A host is finished, wholly, in part (``failed``) or not at all (``unreachable``)."""
        self._running.pop(host, None)
        self.done += 1
        self.unreachable += unreachable
        self.failed += failed
        self._show()

    def note(self) -> str:
        """The counts and the slowest host, in words."""
        parts = [f"{self.unreachable} unreachable"] if self.unreachable else []
        parts += [f"{self.failed} incomplete"] if self.failed else []
        running = dict(self._running)
        if running:
            slowest = min(running, key=running.__getitem__)
            seconds = time.monotonic() - running[slowest]
            parts.append(f"slowest: {visible(slowest)} {seconds:.0f} s")
        return ", ".join(parts)

    def _show(self) -> None:
        if self._bar is not None:
            self._bar.update(self._task, completed=self.done, note=self.note())
        elif not self.quiet and time.monotonic() >= self._next_line:
            self._next_line = time.monotonic() + _LINE_EVERY_S
            click.echo(f"hardcheck: {self.done} of {self.total} hosts; {self.note()}", err=True)
