"""Runs of the command line over the lab hosts, and their reports as values."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from hardcheck.findings import Finding, Report
from hardcheck.render.json import read_report


@dataclass(frozen=True)
class Run:
    """One finished run: its exit code, what it said, and its report."""

    code: int
    stdout: str
    stderr: str
    folder: Path

    @property
    def report(self) -> Report:
        return read_report((self.folder / "report.json").read_bytes())

    def finding(self, host: str, rule: str) -> Finding:
        (found,) = (f for f in self.report.findings if f.host == f"lab-{host}" and f.rule == rule)
        return found


def hardcheck(*arguments: str | Path, folder: Path, timeout: float = 600, **environment: str) -> Run:
    """Run the command line; ``folder`` is where its report is looked for."""
    done = subprocess.run(
        [sys.executable, "-m", "hardcheck", *(str(word) for word in arguments)],
        capture_output=True,
        text=True,
        timeout=timeout,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Run(done.returncode, done.stdout, done.stderr, folder)
