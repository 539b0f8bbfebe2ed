"""OpenSCAP, Lynis and hardcheck on the same lab host in the same state, test by test.

The same as tests/unit/proof, with answers made anew: up to an hour under emulation. With HARDCHECK_RECORD=1
the recordings that the unit tests read are written.
"""

from __future__ import annotations

import os

import pytest

from hardcheck.evidence.bundle import SUFFIX, read_bundle
from tests.live import peers
from tests.live.lab_hosts import inventory
from tests.live.runs import hardcheck
from tests.proof import compare, differences, record
from tests.unit.engine import shipped

pytestmark = [pytest.mark.live, pytest.mark.slow]


@pytest.fixture(scope="module", params=("apparmor", "selinux"))
def pairs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[compare.Pair]:
    """All pairs of one host: the other tools first, then the audit."""
    host: str = request.param
    lines = compare.asked()
    theirs = peers.ask(host, peers.pack(lines), lines)
    folder = tmp_path_factory.mktemp(host)
    words = ("audit", "-i", inventory(folder), "--limit", f"lab-{host}", "-o", folder, "--format", "json")
    waits = ("--idle-timeout", "600", "--timeout", "1800")
    hardcheck(*words, *waits, folder=folder, timeout=1900)
    evidence = read_bundle(folder / "bundles" / f"lab-{host}{SUFFIX}")
    if os.environ.get("HARDCHECK_RECORD") == "1":
        record.record(host, lines, theirs, evidence, shipped.setup())
    return record.compare_host(host, lines, theirs, evidence, shipped.setup())


def test_every_difference_on_the_live_host_is_explained(pairs: list[compare.Pair]) -> None:
    assert len(pairs) > 300
    table, _ = differences.read_table()
    left = differences.unexplained(pairs, table)
    assert not left, "\n".join(left)


def test_no_explanation_outlives_its_difference_on_the_live_host(pairs: list[compare.Pair]) -> None:
    table, _ = differences.read_table()
    hosts = {pair.host for pair in pairs}
    left = differences.stale(pairs, [entry for entry in table if entry.host in hosts])
    assert not left, "\n".join(left)
