"""Run the sources of some modules on a host and show what came back: for who writes sources.

    .venv/bin/python tools/try_probe.py MODULE[,MODULE...] [COMMAND...]

COMMAND is what runs the probe, its arguments are appended; by default ``sh -s --`` on this machine.
Others: ``ssh -F CONFIG HOST sudo -n sh -s --``, ``busybox sh -s --``.
With ``-v`` before MODULE the contents are shown.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from hardcheck.collect.blobs import BlobStore
from hardcheck.collect.probe import build_probe
from hardcheck.collect.session import collect_host
from hardcheck.evidence import Evidence, HostIdentity, Privilege
from hardcheck.transport.base import Limits, Streams


class PipeTransport:
    """A transport that is any command line; it trusts the host to end."""

    name = "pipe"

    def __init__(self, command: Sequence[str]) -> None:
        self._command, self.host = list(command), " ".join(command)

    def run_probe(self, script: bytes, arguments: Sequence[str], limits: Limits) -> Streams:
        """Run the command with the script on standard input."""
        command = [*self._command, *arguments]
        done = subprocess.run(command, input=script, capture_output=True, timeout=limits.total_s)
        sys.stderr.write(f"run {len(arguments)} arguments: {len(done.stdout)} + {len(done.stderr)} bytes\n")
        return Streams(done.stdout, done.stderr, done.returncode, Privilege.NONE)

    def close(self) -> None:
        """Nothing is open."""


def _line(item: Evidence) -> str:
    state = "" if item.reason is None else item.reason.upper()
    status = "" if item.exit_status is None else f"exit {item.exit_status}"
    said = item.stderr.decode(errors="replace").strip().replace("\n", " | ")[:120]
    return f"{item.key:44} {len(item.content):8} {item.duration_ms:6} ms {status:8} {state:13} {said}"


def main(arguments: list[str]) -> None:
    """Collect and print."""
    verbose = arguments[:1] == ["-v"]
    modules, *command = arguments[1:] if verbose else arguments
    sources = [
        source
        for name in modules.split(",")
        for source in importlib.import_module(f"hardcheck.collect.{name}").SOURCES
    ]
    started = time.monotonic()
    transport = PipeTransport(command or ["sh", "-s", "--"])
    host = collect_host(
        transport, HostIdentity("try"), BlobStore(), Limits(), lambda: datetime.now(UTC), sources=sources
    )
    for item in host.items.values():
        sys.stdout.write(_line(item) + "\n")
        if verbose:
            sys.stdout.write(item.text() + "\n")
    for source in sources:
        if source.key not in host.items:
            sys.stdout.write(f"{source.key:44} no item\n")
    size = len(build_probe(sources))
    sys.stderr.write(f"probe {size} bytes, {time.monotonic() - started:.2f} s, failure: {host.failure}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
