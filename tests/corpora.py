"""Corpora that nobody on this project wrote, unpacked once into a cache outside the checkout.

The archives lie in the folder that ``HARDCHECK_CORPORA`` names, by default ``../shared/corpora``
beside the checkout. An absent archive skips the test with its name; with ``CI=true`` in the
environment it fails the test instead, so that a run cannot go green by losing its data.

    from tests.corpora import corpus
    policy = corpus("selinux-policies-debian12") / "debian12-default" / "policy.33"
"""

from __future__ import annotations

import functools
import hashlib
import os
import shutil
import tarfile
import tempfile
from pathlib import Path

import pytest

_CHECKOUT = Path(__file__).resolve().parent.parent


@functools.cache
def corpus(name: str) -> Path:
    """Return the one top folder of the archive ``NAME.tar.xz``, unpacked and read only by habit."""
    archive = corpora_folder() / f"{name}.tar.xz"
    if not archive.is_file():
        missing(f"corpus {name} is not in {archive.parent} (set HARDCHECK_CORPORA)")
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    unpacked = _cache_folder() / f"{name}-{digest[:16]}"
    if not unpacked.is_dir():
        _unpack(archive, unpacked)
    (top,) = unpacked.iterdir()
    return top


def corpora_folder() -> Path:
    """Return the folder of archives, whether or not it exists."""
    chosen = os.environ.get("HARDCHECK_CORPORA")
    return Path(chosen) if chosen else _CHECKOUT.parent / "shared" / "corpora"


def missing(reason: str) -> None:
    """Skip the running test for a reason, or fail it where CI has to have everything."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def need_tool(name: str) -> str:
    """Return the path of an oracle program (checkpolicy, sesearch, apparmor_parser ...) or skip."""
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def _cache_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "hardcheck-corpora"


def _unpack(archive: Path, unpacked: Path) -> None:
    """Unpack beside the goal and rename, so that two test processes never see half a corpus."""
    unpacked.parent.mkdir(parents=True, exist_ok=True)
    half = Path(tempfile.mkdtemp(prefix=f"{unpacked.name}.", dir=unpacked.parent))
    try:
        with tarfile.open(archive) as tar:
            tar.extractall(half, filter="data")
        half.rename(unpacked)
    except OSError:
        if not unpacked.is_dir():  # another process was not faster: a true failure
            raise
    finally:
        shutil.rmtree(half, ignore_errors=True)
