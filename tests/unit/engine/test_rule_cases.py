"""Every shipped rule has its cases, and says in each what the case's name says."""

from __future__ import annotations

from pathlib import Path

import pytest

from hardcheck.engine.cases import load_case, missing_cases, run_case
from tests.unit.engine import shipped

RULES = [path.stem for path in shipped.RULE_FILES]


def test_there_are_rules() -> None:
    assert RULES, "rules/ is empty: every other test of shipped rules would run over nothing"


@pytest.mark.parametrize("name", RULES)
def test_a_rule_has_every_case_it_needs_and_says_what_each_expects(name: str) -> None:
    rule = shipped.rules()[name]
    paths = sorted((shipped.CASES / name).glob("*.yaml"))
    results = [run_case(rule, load_case(path, shipped.setup().specs)) for path in paths]
    faults = [f"{Path(result.case.file).name}: {fault}" for result in results for fault in result.faults]
    assert not faults, "\n".join(faults)
    missing = missing_cases(rule, results)
    assert not missing, f"tests/rules/{name} lacks: {'; '.join(missing)}"


def test_every_folder_of_cases_belongs_to_a_rule() -> None:
    assert {path.name for path in shipped.CASES.iterdir() if path.is_dir()} <= set(RULES)
