"""What hosts said of their MAC state, and what the parsers make of it.

A sample is ``tests/data/FACT/NAME.in``, the bytes of the fact's first evidence key, or ``NAME.items``: a line
``== KEY`` before the content of each item, where one fact rests on several.
"""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from hardcheck.evidence import Evidence, HostEvidence
from hardcheck.facts import Absent
from hardcheck.parse.base import run_parser
from hardcheck.parse.mac import MAC_PARSERS
from tests.unit.parse.system_hosts import DATA, host

PARSERS = {fact.name: fact for fact in MAC_PARSERS}
SAMPLES = sorted(
    path for name in PARSERS for path in (DATA / name).glob("*.*") if path.suffix in (".in", ".items")
)
# Read from policies that are too large to lie here (see test_selinux_policy), or from an exit status alone.
ELSEWHERE = {"selinux.policy", "selinux.policy_linked", "apparmor.status"}


def read(path: Path) -> HostEvidence:
    if path.suffix == ".in":
        return host({PARSERS[path.parent.name].keys[0]: path.read_bytes()})
    items: dict[str, Evidence] = {}
    for part in re.split(r"^== ", path.read_text(), flags=re.MULTILINE)[1:]:
        key, _, content = part.partition("\n")
        items[key] = Evidence(key, "", content.encode())
    return host(items)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_sample_is_read_as_its_answer_says(path: Path) -> None:
    value = run_parser(PARSERS[path.parent.name], read(path))
    plain = msgspec.to_builtins(value, str_keys=True, order="deterministic")
    made = msgspec.json.format(msgspec.json.encode(plain, order="sorted"), indent=1)
    assert made.decode() == path.with_suffix(".json").read_text().rstrip("\n")


@pytest.mark.parametrize("name", sorted(set(PARSERS) - ELSEWHERE))
def test_every_fact_has_a_sample_that_is_no_absence(name: str) -> None:
    samples = [path for path in SAMPLES if path.parent.name == name]
    assert samples, f"tests/data/{name} is empty"
    values = [run_parser(PARSERS[name], read(path)) for path in samples]
    assert any(not isinstance(value, Absent) for value in values)
