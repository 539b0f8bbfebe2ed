"""The policies that the tests ask, each read once."""

from __future__ import annotations

import functools
from pathlib import Path

from hardcheck.selinux import FileContexts, Policy
from tests.corpora import corpus

SMALL = Path(__file__).parents[2] / "policies"


def debian_folder(kind: str = "default") -> Path:
    """Debian 12's policy: ``default`` or ``mls``."""
    return corpus("selinux-policies-debian12") / f"debian12-{kind}"


@functools.cache
def debian(kind: str = "default", version: int = 33) -> Policy:
    return Policy.read(debian_folder(kind) / f"policy.{version}")


@functools.cache
def debian_labels(kind: str = "default") -> FileContexts:
    return FileContexts.read(debian_folder(kind))


@functools.cache
def small(name: str) -> Policy:
    """One of the policies in tests/policies."""
    return Policy.read(SMALL / f"{name}.33")


def oracle_rows(path: Path) -> list[list[str]]:
    """The rows of a tab-separated oracle table."""
    lines = path.read_text().splitlines()
    return [line.split("\t") for line in lines if not line.startswith("#")]
