"""What hosts said, and what the parsers make of it: every fact of the system has a sample and its answer."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from hardcheck.evidence import HostEvidence, Reason
from hardcheck.facts import Absent
from hardcheck.parse.base import run_parser
from hardcheck.parse.system import SYSTEM_PARSERS
from tests.unit.parse.system_hosts import DATA, host, tree_of_text

PARSERS = {fact.name: fact for fact in SYSTEM_PARSERS}
SAMPLES = sorted(
    path for name in PARSERS for path in (DATA / name).glob("*.*") if path.suffix in (".in", ".tree")
)


def read(path: Path) -> HostEvidence:
    key = PARSERS[path.parent.name].keys[0]
    if path.suffix == ".tree":
        return host(tree_of_text(key, path.read_text()))
    content = path.read_bytes()
    if path.parent.name == "containers.engines":
        return host({"containers.docker": content, "containers.podman": Reason.TOOL_MISSING})
    if path.parent.name == "web.apache":
        return host(
            {key: content, **tree_of_text("web.apache_files", path.with_suffix(".files").read_text())}
        )
    if path.parent.name == "packages" and path.stem.startswith("rhel"):
        return host({"packages.dpkg": Reason.TOOL_MISSING, "packages.rpm": content})
    if path.parent.name == "boot.choice":
        return host({key: content, "boot.entries": Reason.NOT_PRESENT})
    if path.parent.name == "host.support":
        return msgspec.structs.replace(host({key: content}), started_at="2026-11-21T12:00:00Z")
    return host({key: content})


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_sample_is_read_as_its_answer_says(path: Path) -> None:
    value = run_parser(PARSERS[path.parent.name], read(path))
    plain = msgspec.to_builtins(value, str_keys=True)
    made = msgspec.json.format(msgspec.json.encode(plain, order="sorted"), indent=1)
    assert made.decode() == path.with_suffix(".json").read_text().rstrip("\n")


@pytest.mark.parametrize("name", sorted(PARSERS))
def test_every_fact_has_a_sample_that_is_no_absence(name: str) -> None:
    samples = [path for path in SAMPLES if path.parent.name == name]
    assert samples, f"tests/data/{name} is empty"
    values = [run_parser(PARSERS[name], read(path)) for path in samples]
    assert any(not isinstance(value, Absent) for value in values)
