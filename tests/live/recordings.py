"""Bundles of lab hosts as they were planted, recorded once for all tests that need no newer ones."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from tests.live.lab_hosts import inventory

# A host that shares its processor with others takes minutes where one of its own takes seconds.
PATIENCE = ("--timeout", "900", "--idle-timeout", "300")


class Recordings:
    """Bundles below one folder, each made when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def record(self, names: Iterable[str]) -> None:
        """Collect these hosts, side by side."""
        hosts = [f"lab-{name}" for name in names]
        command = [sys.executable, "-m", "hardcheck", "collect", *hosts, "-i", str(inventory(self._folder))]
        subprocess.run([*command, "-o", str(self._folder), *PATIENCE, "--quiet"], check=True, timeout=1000)

    def bundle(self, name: str) -> Path:
        """The bundle of a host."""
        path = self._folder / "bundles" / f"lab-{name}.evidence.zip"
        if not path.exists():
            self.record([name])
        return path
