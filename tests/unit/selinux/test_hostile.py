"""Damaged and hostile policies give PolicyError, in bounded memory."""

from __future__ import annotations

import random
import struct
import tracemalloc
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardcheck.errors import PolicyError
from hardcheck.selinux import Policy
from tests.unit.selinux.mutate import mutated, run
from tests.unit.selinux.policies import SMALL, debian_folder

DATA = (SMALL / "transitions.33").read_bytes()
SMALL_MULTIPLE = 40  # of the file, beside a megabyte for the interpreter's own


def test_2000_mutations_give_only_policy_errors() -> None:
    result = run(2000, seed=20240917)
    assert result[False] > 1000
    assert result[True] > 50


@pytest.mark.parametrize("length", range(0, len(DATA), 7))
def test_a_policy_cut_anywhere_is_a_policy_error(length: int) -> None:
    with pytest.raises(PolicyError, match="offset 0x"):
        Policy.from_bytes(DATA[:length])


@given(st.binary(max_size=300))
def test_any_bytes_after_the_magic_are_a_policy_error(tail: bytes) -> None:
    with pytest.raises(PolicyError):
        Policy.from_bytes(DATA[:16] + tail)


@pytest.mark.parametrize("offset", range(16, len(DATA) - 4, 4))
def test_a_huge_number_anywhere_takes_little_memory(offset: int) -> None:
    data = bytearray(DATA)
    struct.pack_into("<I", data, offset, 0xFFFFFFF0)
    tracemalloc.start()
    with suppress(PolicyError):
        Policy.from_bytes(bytes(data))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < (1 << 20) + SMALL_MULTIPLE * len(data)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32))
def test_a_damaged_distribution_policy_is_read_or_refused(seed: int) -> None:
    data = (debian_folder() / "policy.33").read_bytes()
    with suppress(PolicyError):
        Policy.from_bytes(mutated(data, random.Random(seed)))
