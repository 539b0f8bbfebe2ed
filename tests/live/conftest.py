"""Live tests run against the lab hosts; the first one brings them up."""

from __future__ import annotations

import pytest

from tests.live import lab


@pytest.fixture(scope="session", autouse=True)
def lab_hosts() -> None:
    """All lab hosts, booted and answering, as they were planted."""
    lab.bring_up(list(lab.HOSTS.values()))
