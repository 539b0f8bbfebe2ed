"""The JSON report is complete, versioned, and the same bytes for the same report."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import jsonschema_rs
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardcheck.errors import ConfigError
from hardcheck.findings import Report
from hardcheck.render import RENDERERS
from hardcheck.render.json import read_report, report_schema
from hardcheck.render.sanitise import has_unseen
from tests.unit.render.conftest import rendered
from tests.unit.render.fixtures import fleet_report

ROOT = Path(__file__).resolve().parents[3]
PUBLISHED = ROOT / "docs" / "report-schema.json"


def test_the_published_schema_is_the_one_of_the_types() -> None:
    assert json.loads(PUBLISHED.read_text()) == report_schema(), "run tools/build_schema.py"


@pytest.mark.parametrize("which", ["real", "hostile", "small"])
def test_every_report_fits_the_published_schema(which: str, request: pytest.FixtureRequest) -> None:
    validator = jsonschema_rs.Draft202012Validator(json.loads(PUBLISHED.read_text()))
    validator.validate(json.loads(rendered("json", request.getfixturevalue(which))))


@pytest.mark.parametrize("spoil", ["hosts", "score", "format_version"])
def test_the_schema_refuses_a_report_without(spoil: str, small: Report) -> None:
    document = json.loads(rendered("json", small))
    del document[spoil]
    validator = jsonschema_rs.Draft202012Validator(json.loads(PUBLISHED.read_text()))
    assert not validator.is_valid(document)


def test_a_report_comes_back_as_it_was(real: Report) -> None:
    assert read_report(rendered("json", real)) == real


@pytest.mark.parametrize("name", [name for name in RENDERERS if name != "pdf"])
def test_every_other_format_comes_out_the_same_from_the_json_report(name: str, real: Report) -> None:
    assert rendered(name, read_report(rendered("json", real))) == rendered(name, real)


def test_the_same_report_gives_the_same_bytes_whatever_the_order_of_its_mappings(small: Report) -> None:
    host = small.hosts[0]
    one = msgspec.structs.replace(host, variables={"a": "1", "b": "2"})
    two = msgspec.structs.replace(host, variables={"b": "2", "a": "1"})
    texts = {
        rendered("json", msgspec.structs.replace(small, hosts=(changed, *small.hosts[1:])))
        for changed in (one, two)
    }
    assert len(texts) == 1


def test_a_hostile_report_is_harmless_to_look_at_and_loses_nothing(hostile: Report) -> None:
    written = rendered("json", hostile)
    assert not has_unseen(written.decode().replace("\n", ""))
    again = read_report(written)
    assert len(again.findings) == len(hostile.findings)
    kept = [host.name for host in hostile.hosts if not any("\ud800" <= c <= "\udfff" for c in host.name)]
    assert [host.name for host in again.hosts if host.name in kept] == kept


def test_scores_carry_their_percentages(small: Report) -> None:
    document = json.loads(rendered("json", small))
    assert document["score"]["percent"] == small.score.percent
    assert document["hosts"][0]["score"]["coverage_percent"] == small.hosts[0].score.coverage_percent


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "a JSON report of hardcheck"),
        (b"{", "a JSON report of hardcheck"),
        (b"[]", "a JSON report of hardcheck"),
        (b"\xff\xfe", "a JSON report of hardcheck"),
        (b'{"format_version": 99}', "format version 99"),
        (b'{"format_version": 1}', "missing required field"),
        (b'{"format_version": "1"}', "Expected `int`"),
        (b"[" * 200_000, "a JSON report of hardcheck"),
    ],
)
def test_what_is_no_report_gives_one_clear_line(data: bytes, message: str) -> None:
    with pytest.raises(ConfigError, match=r"^old\.json: expected ") as caught:
        read_report(data, "old.json")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_finding_of_an_unknown_rule_is_refused(small: Report) -> None:
    stray = msgspec.structs.replace(small.findings[0], rule="no-such-rule")
    broken = msgspec.structs.replace(small, findings=(stray,))
    with pytest.raises(ConfigError, match="no-such-rule"):
        read_report(rendered("json", broken))


@given(st.binary(max_size=300), st.integers(min_value=0, max_value=2_000))
def test_damaged_bytes_never_raise_anything_else(noise: bytes, place: int) -> None:
    damaged = SMALL[:place] + noise + SMALL[place + len(noise) :]
    with contextlib.suppress(ConfigError):
        read_report(damaged)


SMALL = rendered("json", fleet_report(1))
