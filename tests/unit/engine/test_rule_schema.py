"""``docs/rule-schema.json`` describes the files that the loader takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from hardcheck.engine.operators import OPERATORS
from hardcheck.engine.remedy import FAMILIES
from hardcheck.engine.yaml_source import parse_yaml, read_yaml
from hardcheck.findings import Severity
from tests.unit.engine import shipped
from tests.unit.engine.test_load import SIDED
from tests.unit.engine.world import HEAD, REMEDY

SCHEMA = json.loads((Path(__file__).resolve().parents[3] / "docs" / "rule-schema.json").read_text())
VALIDATOR = jsonschema_rs.Draft202012Validator(SCHEMA)


def document(check: str) -> Any:
    return parse_yaml(f"{HEAD}check: {check}\nremedies: [{REMEDY}]\n", "r.yaml").plain()


@pytest.mark.parametrize("path", shipped.RULE_FILES, ids=lambda path: path.stem)
def test_a_shipped_rule_is_valid(path: Path) -> None:
    VALIDATOR.validate(read_yaml(path).plain())


def test_the_sample_with_two_sides_is_valid() -> None:
    VALIDATOR.validate(parse_yaml(SIDED, "r.yaml").plain())


def test_the_schema_knows_every_operator_severity_and_family_and_no_others() -> None:
    leaf = SCHEMA["$defs"]["check"]["oneOf"][0]
    assert set(leaf["properties"]) - {"fact", "show"} == set(OPERATORS)
    assert {each["required"][0] for each in leaf["oneOf"]} == set(OPERATORS)
    assert SCHEMA["oneOf"][0]["properties"]["severity"]["enum"] == list(Severity)
    assert SCHEMA["$defs"]["remedy"]["properties"]["families"]["items"]["enum"] == list(FAMILIES)


@pytest.mark.parametrize(
    "check",
    [
        "{fact: a, equals: 1}",
        "{fact: a, in: [x]}",
        "{every: a, where: {b: {equals: x}}, has: {c: {empty: true}}, empty: pass, show: [b, c]}",
        "{none: a, where: {any: [{b: {equals: x}}, {not: {c: {present: true}}}]}}",
        "{count: a, at_most: 1}",
        "{all: [{fact: a, equals: 1}, {not: {any: [{some: a, has: {some: b, has: {item: {equals: 1}}}}]}}]}",
    ],
)
def test_each_form_of_check_is_valid(check: str) -> None:
    VALIDATOR.validate(document(check))


@pytest.mark.parametrize(
    "check",
    [
        "{fact: a}",
        "{fact: a, equals: 1, in: [2]}",
        "{fact: a, equal: 1}",
        "{fact: a, in: []}",
        "{every: a}",
        "{none: a}",
        "{count: a, at_most: 1, at_least: 0}",
        "{all: []}",
        "{all: [], any: []}",
        "{every: a, has: {}}",
        "{every: a, has: {b: x}}",
    ],
)
def test_what_the_loader_refuses_for_its_form_is_not_valid(check: str) -> None:
    assert not VALIDATOR.is_valid(document(check))
