"""Damages policies at random and watches that only PolicyError comes of it.

    python -m tests.unit.selinux.mutate COUNT [SEED]

One mutation cuts the file, flips bits, overwrites a 32-bit field with a value that tends to
break readers, repeats or removes a piece, or does several of these. What is still read is asked
a few questions.
"""

from __future__ import annotations

import random
import struct
import sys
import time
import tracemalloc
from collections import Counter

from hardcheck.errors import PolicyError
from hardcheck.selinux import Policy
from hardcheck.selinux.diff_parts import PARTS
from hardcheck.selinux.ebitmap import values_of
from hardcheck.selinux.hygiene import statistics
from hardcheck.selinux.policydb import write_policydb
from tests.unit.selinux.policies import SMALL

NASTY = (
    0,
    1,
    2,
    3,
    31,
    32,
    33,
    63,
    64,
    65,
    0x7F,
    0xFF,
    0x100,
    0xFFFF,
    0x10000,
    0x7FFFFFFF,
    0x80000000,
    0xFFFFFFFF,
)


def samples() -> list[bytes]:
    return [path.read_bytes() for path in sorted(SMALL.glob("*.33"))]


def mutated(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        if not changed:
            break
        at = rng.randrange(len(changed))
        how = rng.randrange(6)
        if how == 0:
            del changed[at:]
        elif how == 1:
            changed[at] ^= 1 << rng.randrange(8)
        elif how in (2, 3) and at + 4 <= len(changed):
            struct.pack_into("<I", changed, at, rng.choice(NASTY))
        elif how == 4:
            del changed[at : at + rng.randrange(1, 40)]
        else:
            changed[at:at] = changed[at : at + rng.randrange(1, 40)]
    return bytes(changed)


def read_and_ask(data: bytes, rng: random.Random) -> bool:
    """Read a damaged policy; True where it is still one. Only PolicyError may be caught here."""
    try:
        policy = Policy.from_bytes(data)
    except PolicyError:
        return False
    assert write_policydb(policy.policydb)
    statistics(policy)
    for lines in PARTS.values():
        for _ in lines(policy):
            pass
    types = list(values_of(policy.types.every))
    for class_ in policy.names.classes.values():
        if not types:
            break
        source, target = (policy.labels.show(policy.typical.of(rng.choice(types))) for _ in range(2))
        try:
            policy.access(source, target, class_.name)
            policy.transition(source, target, class_.name, name="special")
            for permission in class_.masks:
                policy.decide(source, target, class_.name, permission)
        except PolicyError:
            pass
    return True


def run(count: int, seed: int) -> Counter[bool]:
    rng = random.Random(seed)
    originals = samples()
    return Counter(read_and_ask(mutated(rng.choice(originals), rng), rng) for _ in range(count))


if __name__ == "__main__":
    count, seed = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0
    started = time.process_time()
    tracemalloc.start()
    result = run(count, seed)
    peak = tracemalloc.get_traced_memory()[1]
    seconds = time.process_time() - started
    print(
        f"{count} mutations, seed {seed}: {result[True]} still read, {result[False]} refused by PolicyError"
    )
    print(f"{seconds:.0f} s of CPU, at most {peak / 1e6:.1f} MB of Python memory")
