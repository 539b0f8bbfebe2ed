"""What the controller has seen already, by digest: a fleet with one policy ships it once.

Many threads use one store. Of several hosts that have the same new blob at the same moment, one fetches it
and the others wait for it; a host that has to fetch anything itself never waits, so no two can
wait for each other.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path

from hardcheck.collect.redact import Redactor

_DIGEST = re.compile(r"[0-9a-f]{64}")


class BlobStore:
    """Contents by sha256, in memory and, with ``folder``, on disk for later runs.

    A file whose bytes do not have the digest of its name is as good as absent. ``redactor`` is shared
    by the same hosts.
    """

    def __init__(self, folder: Path | None = None, max_memory_bytes: int = 256 * 1024 * 1024) -> None:
        self.redactor = Redactor()
        self._folder = folder
        self._max_memory_bytes = max_memory_bytes
        self._memory: OrderedDict[str, bytes] = OrderedDict()
        self._used = 0
        self._fetching: dict[str, int] = {}
        self._changed = threading.Condition()

    def get(self, sha256: str) -> bytes | None:
        """The content of that digest, or None when it was never seen."""
        with self._changed:
            content = self._memory.get(sha256)
            if content is not None:
                self._memory.move_to_end(sha256)
                return content
        content = self._read(sha256)
        if content is not None:
            with self._changed:
                self._keep(sha256, content)
        return content

    def put(self, content: bytes) -> str:
        """Keep a content; returns its digest. A folder that cannot be written costs only the later runs."""
        sha256 = hashlib.sha256(content).hexdigest()
        with self._changed:
            self._keep(sha256, content)
        if self._folder is not None:
            with contextlib.suppress(OSError):
                self._write(self._folder, sha256, content)
        return sha256

    def claim(self, wanted: Iterable[str], wait_s: float) -> frozenset[str]:
        """Return those of ``wanted`` that the caller has to fetch; it must :meth:`release` them.

        When all that are unseen are being fetched for other hosts, waits for those, up to ``wait_s`` seconds.
        """
        unseen = {sha256 for sha256 in wanted if self.get(sha256) is None}
        with self._changed:
            if unseen and all(self._fetching.get(sha256) for sha256 in unseen):
                self._changed.wait_for(
                    lambda: not any(self._fetching.get(sha256) for sha256 in unseen), timeout=wait_s
                )
        mine = frozenset(sha256 for sha256 in unseen if self.get(sha256) is None)
        with self._changed:
            for sha256 in mine:
                self._fetching[sha256] = self._fetching.get(sha256, 0) + 1
        return mine

    def release(self, claimed: Iterable[str]) -> None:
        """The fetching is over, whether or not it brought the contents."""
        with self._changed:
            for sha256 in claimed:
                left = self._fetching.get(sha256, 0) - 1
                if left > 0:
                    self._fetching[sha256] = left
                else:
                    self._fetching.pop(sha256, None)
            self._changed.notify_all()

    def _keep(self, sha256: str, content: bytes) -> None:
        if sha256 in self._memory or len(content) > self._max_memory_bytes:
            return
        self._memory[sha256] = content
        self._used += len(content)
        while self._used > self._max_memory_bytes:
            _, oldest = self._memory.popitem(last=False)
            self._used -= len(oldest)

    def _read(self, sha256: str) -> bytes | None:
        if self._folder is None or not _DIGEST.fullmatch(sha256):
            return None
        try:
            content = (self._folder / sha256[:2] / sha256).read_bytes()
        except OSError:
            return None
        return content if hashlib.sha256(content).hexdigest() == sha256 else None

    @staticmethod
    def _write(folder: Path, sha256: str, content: bytes) -> None:
        """Write beside the goal and rename, so that no reader sees half a blob."""
        goal = folder / sha256[:2] / sha256
        goal.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=goal.parent, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            Path(name).replace(goal)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
