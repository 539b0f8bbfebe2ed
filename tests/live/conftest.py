"""Live tests run against the lab hosts; the first one brings them up.

They start from the planted snapshot; HARDCHECK_LAB_KEEP=1 leaves running hosts as they are.
"""

from __future__ import annotations

import os

import pytest

from tests.live import lab
from tests.live.recordings import Recordings


@pytest.fixture(scope="session", autouse=True)
def lab_hosts() -> None:
    """All lab hosts, booted and answering, as they were planted."""
    if os.environ.get("HARDCHECK_LAB_KEEP") != "1":
        for host in lab.HOSTS.values():
            lab.down(host)
    lab.bring_up(list(lab.HOSTS.values()))


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Recordings:
    """Bundles of the hosts as they were planted."""
    return Recordings(tmp_path_factory.mktemp("recordings"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that ask the kernels by the thousand come last: they fill the logs that others read."""
    items.sort(key=lambda item: item.path.stem.endswith("_kernel"))
