"""The profiles in ``profiles/`` are current, name rules that exist, and keep their standards' order."""

from __future__ import annotations

import csv
import functools
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from hardcheck.engine.profile import load_profile
from hardcheck.engine.values import words_of
from hardcheck.engine.variants import known_rules
from hardcheck.engine.yaml_source import read_yaml
from hardcheck.findings import Coverage, Origin, Severity
from hardcheck.resources import resource_folder
from tests.corpora import missing
from tests.unit.engine import shipped
from tools import build_coverage, build_profiles

STANDARDS = {standard.id: standard for standard in build_profiles.STANDARDS}


def controls_folder() -> Path:
    """The control data, in the folder that HARDCHECK_CONTROLS names or beside the checkout."""
    chosen = os.environ.get("HARDCHECK_CONTROLS")
    folder = Path(chosen) if chosen else build_profiles.ROOT.parent / "shared" / "controls"
    if not (folder / "mappings.csv").is_file():
        missing(f"control data is not in {folder} (set HARDCHECK_CONTROLS)")
    return folder


def test_the_profiles_are_those_that_the_builder_would_write() -> None:
    texts = build_profiles.build(controls_folder(), shipped.setup().rules)
    folder = resource_folder("profiles")
    stale = [
        name
        for name, text in texts.items()
        if not (folder / name).is_file() or (folder / name).read_text() != text
    ]
    assert not stale, f"run tools/build_profiles.py: {', '.join(stale)} differ"


NAMES = """
    pci-dss-4.0.1 pci-dss-multitenant hipaa-security nist-800-53-moderate nist-800-171r2 cis-controls-8.1
    cis-rhel9-l1 cis-rhel9-l2 cis-rhel10 cis-ubuntu2404-l1 cis-ubuntu2404-l2 cis-ubuntu2404-2.0.0
    cis-debian12-l1 cis-debian12-l2 cis-debian13 cis-sle15
    stig-rhel9 stig-rhel10 stig-ubuntu2404 stig-ubuntu2204 stig-sle15
    anssi-bp-028-minimal anssi-bp-028-intermediary anssi-bp-028-enhanced anssi-bp-028-high
    iso-27001-2022 soc2 mac host quick
"""


def entries_of(name: str) -> list[dict[str, Any]]:
    path = controls_folder() / "catalog" / f"{STANDARDS[name].catalogue}.yaml"
    entries: list[dict[str, Any]] = read_yaml(path).plain()["controls"]
    return entries


def rows() -> list[dict[str, str]]:
    with (controls_folder() / "mappings.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_every_standard_is_shipped_and_nothing_else() -> None:
    assert set(shipped.profiles()) == set(NAMES.split())


def test_every_catalogue_of_the_control_data_is_a_profile() -> None:
    catalogues = {path.stem for path in (controls_folder() / "catalog").glob("*.yaml")}
    assert {standard.catalogue for standard in build_profiles.STANDARDS} == catalogues


@pytest.mark.parametrize("name", list(STANDARDS))
def test_a_standard_has_the_controls_of_its_catalogue_in_order_with_their_titles(name: str) -> None:
    entries = entries_of(name)
    controls = {control.id: control for control in shipped.profiles()[name].controls}
    assert list(controls) == [entry["id"] for entry in entries if entry["id"] in controls]
    if STANDARDS[name].chosen is None:
        assert len(controls) == len(entries)
    for entry in entries:
        if entry["id"] in controls and "title" in entry:
            assert controls[entry["id"]].title == " ".join(entry["title"].split())


@pytest.mark.parametrize(
    ("name", "field", "words"),
    [
        ("cis-rhel9-l1", "levels", {"l1_server"}),
        ("cis-rhel9-l2", "levels", {"l1_server", "l2_server"}),
        ("cis-rhel10", "levels", {"l1_server", "l2_server"}),
        ("cis-ubuntu2404-l1", "levels", {"l1_server"}),
        ("cis-debian12-l2", "levels", {"l1_server", "l2_server"}),
        ("anssi-bp-028-minimal", "levels", {"minimal"}),
        ("anssi-bp-028-enhanced", "levels", {"minimal", "intermediary", "enhanced"}),
        ("anssi-bp-028-high", "levels", {"minimal", "intermediary", "enhanced", "high"}),
        ("nist-800-53-moderate", "baselines", {"moderate"}),
    ],
)
def test_a_level_has_all_of_its_controls_and_no_others(name: str, field: str, words: set[str]) -> None:
    wanted = [entry["id"] for entry in entries_of(name) if words & set(entry.get(field, ()))]
    assert [control.id for control in shipped.profiles()[name].controls if not control.heading] == wanted


@pytest.mark.parametrize("name", list(STANDARDS))
def test_a_control_has_the_rules_that_answer_a_check_mapped_to_it(name: str) -> None:
    column = STANDARDS[name].column
    keys: dict[str, set[str]] = {}
    for row in rows():
        for control in filter(None, row[column].split(";")):
            keys.setdefault(control.strip(), set()).add(row["key"])
    for control in shipped.profiles()[name].controls:
        answering = {
            rule
            for rule, known in shipped.rules().items()
            if keys.get(control.id, set()) & set(known.info.keys)
        }
        assert set(control.rules) == answering, control.id
        answered = {key for rule in answering for key in shipped.rules()[rule].info.keys}
        if control.coverage is Coverage.AUTOMATED:
            assert keys[control.id] <= answered
            assert not control.partial


@pytest.mark.parametrize("name", list(STANDARDS))
def test_evidence_for_a_part_is_marked_and_never_makes_a_control_automated(name: str) -> None:
    marks = {row["key"]: set(row["partial_evidence"].split(";")) for row in rows()}
    prefix = STANDARDS[name].prefix
    for control in shipped.profiles()[name].controls:
        for rule in control.rules:
            tied = [key for key in shipped.rules()[rule].info.keys if control.id in _ids_of(name, key)]
            whole = any(f"{prefix}:{control.id}" not in marks[key] for key in tied)
            assert (rule in control.partial) is not whole, (control.id, rule)
        if control.partial:
            assert control.coverage is Coverage.PARTIAL


@functools.cache
def _row_ids(column: str) -> dict[str, set[str]]:
    return {row["key"]: set(row[column].split(";")) for row in rows()}


def _ids_of(name: str, key: str) -> set[str]:
    return _row_ids(STANDARDS[name].column)[key]


@pytest.mark.parametrize("name", list(STANDARDS))
def test_a_standard_says_whose_the_links_are_and_that_a_pass_is_evidence(name: str) -> None:
    profile = shipped.profiles()[name]
    assert "evidence for" in profile.note
    origins = {control.origin for control in profile.controls if control.rules}
    assert origins <= {Origin.HARDCHECK, STANDARDS[name].origin}
    assert STANDARDS[name].origin in origins


def test_a_standard_that_people_judge_too_is_automated_nowhere_but_where_a_host_shows_all() -> None:
    for name in ("hipaa-security", "nist-800-53-moderate", "nist-800-171r2", "iso-27001-2022", "soc2"):
        assert Coverage.AUTOMATED not in {control.coverage for control in shipped.profiles()[name].controls}
    pci = shipped.profiles()["pci-dss-4.0.1"].controls
    assert {each.id for each in pci if each.coverage is Coverage.AUTOMATED} <= {"10.6.1"}


def test_a_json_profile_reads_the_same_by_either_reader() -> None:
    known = known_rules(shipped.setup().rules)
    for path in resource_folder("profiles").glob("*.yaml"):
        slow = load_profile(path, known, b"\n" + path.read_bytes())
        assert slow == load_profile(path, known), path.name


def test_standards_set_their_own_values() -> None:
    """Each value that the control data select for a standard, and that a rule can take, is set."""
    for standard in build_profiles.STANDARDS:
        chosen = {each.rule: each.set for each in shipped.profiles()[standard.id].values}
        for rule in shipped.profiles()[standard.id].rules:
            for name, value in shipped.rules()[rule].values.items():
                given = next(
                    (
                        pair.partition("=")[2]
                        for row in rows()
                        if row["key"] == value.key
                        for pair in row["standard_values"].split("; ")
                        if standard.values and pair.startswith(f"{standard.values}=")
                    ),
                    None,
                )
                set_to = chosen.get(rule, {}).get(name, value.default)
                assert given is None or words_of(set_to) == given.replace("|", ","), (standard.id, rule)


def test_hipaa_tells_required_from_addressable() -> None:
    kinds = Counter(
        control.attributes.get("required", "") for control in shipped.profiles()["hipaa-security"].controls
    )
    assert kinds["R"] > 10
    assert kinds["A"] > 10


def test_the_own_profiles_have_each_rule_once_by_severity() -> None:
    own = {name: shipped.profiles()[name] for name in ("mac", "host", "quick")}
    for profile in own.values():
        assert max(Counter(rule for control in profile.controls for rule in control.rules).values()) == 1
    severe = {name for name, rule in shipped.rules().items() if rule.info.severity.at_least(Severity.HIGH)}
    of_mac = {rule for control in own["host"].controls if control.parent == "MAC" for rule in control.rules}
    assert set(own["host"].rules) == set(shipped.rules())
    assert set(own["quick"].rules) == severe
    assert set(own["mac"].rules) == of_mac | severe


def test_every_key_of_a_rule_is_one_of_the_control_data() -> None:
    rows = {line.split(",")[0] for line in (controls_folder() / "mappings.csv").read_text().splitlines()[1:]}
    for name, rule in shipped.rules().items():
        assert set(rule.info.keys) <= rows, name


def test_the_coverage_page_is_the_one_that_the_builder_would_write() -> None:
    rules = shipped.setup().rules
    page = build_coverage.page(build_coverage.read_rows(controls_folder()), rules)
    assert build_coverage.PAGE.read_text(encoding="utf-8") == page, "run tools.build_coverage"
