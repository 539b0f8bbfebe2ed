from __future__ import annotations

from pathlib import Path

import pytest

from hardcheck.engine.catalog import list_controls, list_profiles, show_control
from hardcheck.engine.inherit import load_profiles
from hardcheck.engine.profile import Known, choose, load_profile
from hardcheck.errors import ConfigError, ConfigFaults, UsageError
from hardcheck.findings import Coverage, Origin, Severity

RULES = Known({"rule-a": Severity.LOW, "rule-b": Severity.LOW})
TEXT = """\
id: std-1
title: A standard
version: "1.0"
publisher: Somebody
note: evidence for
sources: [the standard]
controls:
  - {id: "1", title: Part one, coverage: manual, heading: true}
  - {id: "1.1", title: First, parent: "1", coverage: partial, origin: hardcheck,
     rules: [rule-b, rule-a], partial: [rule-a], note: part of it, attributes: {required: R}}
  - {id: "1.2", title: Second, parent: "1", coverage: manual}
"""


def write(folder: Path, text: str = TEXT, name: str = "std-1") -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(text)
    return path


def test_a_profile_keeps_the_standards_order(tmp_path: Path) -> None:
    profile = load_profile(write(tmp_path), RULES)
    assert [control.id for control in profile.controls] == ["1", "1.1", "1.2"]
    first = profile.controls[1]
    assert (first.coverage, first.origin, first.partial) == (Coverage.PARTIAL, Origin.HARDCHECK, ("rule-a",))
    assert first.attributes == {"required": "R"}
    assert profile.rules == ("rule-b", "rule-a")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "rule-b, rule-a",
            "rule-c, rule-a",
            "controls[1].rules[0]: expected a rule that exists, found 'rule-c' (nearest: rule-b)",
        ),
        ("rule-b, rule-a", "rule-a, rule-a", "expected each rule once"),
        ("partial: [rule-a]", "partial: [rule-x]", "expected a rule that exists"),
        ("origin: hardcheck,", "", "expected the key 'origin' where there are rules"),
        ("origin: hardcheck", "origin: me", "expected one of publisher, upstream, hardcheck"),
        ("coverage: partial", "coverage: manual", "expected manual where there are no rules"),
        (
            'title: Second, parent: "1", coverage: manual',
            'title: Second, parent: "1", coverage: automated',
            "expected manual where there are no rules",
        ),
        ('id: "1.2"', 'id: "1.1"', "expected each control once, found '1.1' again"),
        ('id: "1.2"', "id: 1.2", "an id as text (put it in quotes), found 1.2"),
        ("id: std-1", "id: std-2", "the name of the file (std-1)"),
        ('"1.0"', "1.0", "a version as text (put it in quotes)"),
        ("required: R", "required: true", "expected text (put it in quotes), found true"),
    ],
)
def test_a_fault_of_a_profile_is_one_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in TEXT
    with pytest.raises(ConfigError) as caught:
        load_profile(write(tmp_path, TEXT.replace(old, new)), RULES)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_profile_without_controls_is_a_fault(tmp_path: Path) -> None:
    text = TEXT[: TEXT.index("controls:")] + "controls: []\n"
    with pytest.raises(ConfigError, match="controls: expected a list that is not empty"):
        load_profile(write(tmp_path, text), RULES)


def test_every_faulty_profile_is_reported_at_once(tmp_path: Path) -> None:
    write(tmp_path, "id: a", "a")
    write(tmp_path, "id: b", "b")
    write(tmp_path)
    with pytest.raises(ConfigFaults) as caught:
        load_profiles(tmp_path, RULES)
    assert len(caught.value.faults) == 2


def test_a_folder_without_profiles_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="profile files"):
        load_profiles(tmp_path, RULES)


def test_profiles_are_chosen_by_id_with_the_nearest_name_for_a_wrong_one(tmp_path: Path) -> None:
    write(tmp_path)
    profiles = load_profiles(tmp_path, RULES)
    assert [profile.id for profile in choose(profiles, ["std-1", "std-1"])] == ["std-1"]
    with pytest.raises(UsageError, match=r"no profile 'std1' \(nearest: std-1\)"):
        choose(profiles, ["std1"])


def test_the_catalogue_counts_controls_without_headings(tmp_path: Path) -> None:
    write(tmp_path)
    profiles = load_profiles(tmp_path, RULES)
    (row,) = list_profiles(profiles)
    assert (row.controls, row.automated, row.partial, row.manual, row.rules) == (2, 0, 1, 1, 2)
    assert [control.id for control in list_controls(profiles["std-1"])] == ["1", "1.1", "1.2"]
    assert show_control(profiles["std-1"], "1.1").rules == ("rule-b", "rule-a")
    with pytest.raises(UsageError, match=r"std-1 has no control '1\.3'"):
        show_control(profiles["std-1"], "1.3")
