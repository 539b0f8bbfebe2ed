"""What `hardcheck collect` spends on SSH alone: the same transport fetches the same bytes and drops them.

    python -m benchmarks.collect.transport_alone LIST FORKS

The rest of a collection (digests proven, secrets taken out, bundles written) is what ssh(1) does not do.
"""

from __future__ import annotations

import secrets
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from hardcheck.collect import SOURCES
from hardcheck.collect.probe import build_probe
from hardcheck.inventory.model import Target
from hardcheck.inventory.targets import Request, resolve_targets
from hardcheck.transport.access import Sudo
from hardcheck.transport.base import Limits
from hardcheck.transport.opening import Options, Ways

PATIENT = Limits(connect_s=300, idle_s=300, total_s=900)


def main(listed: Path, forks: int) -> None:
    targets = resolve_targets(Request((), str(listed), "", None, Sudo()))
    script = build_probe(SOURCES)
    ways = Ways(Options())
    ways.prepare(target.access for target in targets if target.access is not None)

    def fetch(target: Target) -> int:
        assert target.access is not None
        transport = ways.open(target.identity.name, target.access)
        try:
            streams = transport.run_probe(script, [secrets.token_hex(16), "t=200"], PATIENT)
        finally:
            transport.close()
        if streams.failure is not None:
            raise streams.failure
        return len(streams.stdout)

    with ThreadPoolExecutor(forks) as pool:
        sizes = set(pool.map(fetch, targets))
    ways.close()
    if len(sizes) != 1:
        sys.exit(f"the hosts sent {sorted(sizes)} bytes, not as many each")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
