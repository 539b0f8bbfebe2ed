"""Ends what takes too long: calls into libraries that have no time limit of their own."""

from __future__ import annotations

import contextlib
import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable, Iterator

_LOG = logging.getLogger(__name__)


class Watchdog:
    """One thread for any number of limits, started by the first and gone with `close`."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._due: list[tuple[float, int]] = []
        self._actions: dict[int, Callable[[], None]] = {}
        self._numbers = itertools.count()
        self._thread: threading.Thread | None = None
        self._closed = False

    @contextlib.contextmanager
    def limit(self, seconds: float, action: Callable[[], None]) -> Iterator[None]:
        """Call ``action`` from the watchdog's thread if the body takes longer than ``seconds``."""
        with self._changed:
            number = next(self._numbers)
            self._actions[number] = action
            heapq.heappush(self._due, (time.monotonic() + seconds, number))
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._watch, name="hardcheck-watchdog", daemon=True)
                self._thread.start()
            elif self._due[0][1] == number:
                self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                self._actions.pop(number, None)

    def close(self) -> None:
        """End the thread; limits that still run are not kept any more."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def _watch(self) -> None:
        while True:
            with self._changed:
                while self._due and self._due[0][1] not in self._actions:
                    heapq.heappop(self._due)
                if self._closed:
                    return
                wait_s = self._due[0][0] - time.monotonic() if self._due else None
                if wait_s is None or wait_s > 0:
                    self._changed.wait(wait_s)
                    continue
                action = self._actions.pop(heapq.heappop(self._due)[1])
            try:
                action()
            except OSError as error:
                _LOG.debug("watchdog: %s", error)
