"""The profiles in ``profiles/`` are current, name rules that exist, and keep their standards' order."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from hardcheck.engine.yaml_source import read_yaml
from hardcheck.findings import Coverage, Origin, Severity
from hardcheck.resources import resource_folder
from tests.corpora import missing
from tests.unit.engine import shipped
from tools import build_profiles

STANDARDS = {standard.id: standard for standard in build_profiles.STANDARDS}


def controls_folder() -> Path:
    """The control data, in the folder that HARDCHECK_CONTROLS names or beside the checkout."""
    chosen = os.environ.get("HARDCHECK_CONTROLS")
    folder = Path(chosen) if chosen else build_profiles.ROOT.parent / "shared" / "controls"
    if not (folder / "mappings.csv").is_file():
        missing(f"control data is not in {folder} (set HARDCHECK_CONTROLS)")
    return folder


def test_the_profiles_are_those_that_the_builder_would_write() -> None:
    texts = build_profiles.build(controls_folder(), [rule.info for rule in shipped.setup().rules])
    folder = resource_folder("profiles")
    stale = [
        name
        for name, text in texts.items()
        if not (folder / name).is_file() or (folder / name).read_text() != text
    ]
    assert not stale, f"run tools/build_profiles.py: {', '.join(stale)} differ"


def test_mac_quick_pci_and_hipaa_are_shipped() -> None:
    assert {"mac", "quick", "pci-dss-4.0.1", "hipaa-security"} <= set(shipped.profiles())


@pytest.mark.parametrize("name", list(STANDARDS))
def test_a_standard_has_every_control_of_its_catalogue_in_order_with_its_title(name: str) -> None:
    catalogue = read_yaml(controls_folder() / "catalog" / f"{STANDARDS[name].catalogue}.yaml").plain()
    wanted = [(entry["id"], " ".join(entry["title"].split())) for entry in catalogue["controls"]]
    assert [(control.id, control.title) for control in shipped.profiles()[name].controls] == wanted


@pytest.mark.parametrize("name", list(STANDARDS))
def test_a_standard_says_whose_the_mapping_is_and_that_a_pass_is_evidence(name: str) -> None:
    profile = shipped.profiles()[name]
    assert "evidence for" in profile.note
    assert {control.origin for control in profile.controls if control.rules} == {Origin.HARDCHECK}
    for control in profile.controls:
        if control.partial:
            assert control.coverage is Coverage.PARTIAL


def test_hipaa_tells_required_from_addressable() -> None:
    kinds = Counter(
        control.attributes.get("required", "") for control in shipped.profiles()["hipaa-security"].controls
    )
    assert kinds["R"] > 10
    assert kinds["A"] > 10


def test_the_profile_mac_has_every_rule_once_and_quick_the_severe_ones() -> None:
    counts = Counter(rule for control in shipped.profiles()["mac"].controls for rule in control.rules)
    assert counts == Counter(list(shipped.rules()))
    severe = {name for name, rule in shipped.rules().items() if rule.info.severity.at_least(Severity.HIGH)}
    assert set(shipped.profiles()["quick"].rules) == severe


def test_every_key_of_a_rule_is_one_of_the_control_data() -> None:
    rows = {line.split(",")[0] for line in (controls_folder() / "mappings.csv").read_text().splitlines()[1:]}
    for name, rule in shipped.rules().items():
        assert set(rule.info.keys) <= rows, name
