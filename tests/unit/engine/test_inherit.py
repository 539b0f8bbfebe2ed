"""Profiles of a site: they extend others, drop and tighten rules and set values, each with a reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from hardcheck.engine.inherit import load_profiles
from hardcheck.engine.profile import AuditProfile, Known, SetValues
from hardcheck.engine.values import RuleValue
from hardcheck.errors import ConfigError, ConfigFaults
from hardcheck.findings import Coverage, Origin, Severity

KNOWN = Known(
    {"rule-a": Severity.LOW, "rule-b": Severity.HIGH, "own": Severity.MEDIUM},
    {"rule-a": {"most": RuleValue(4, "lower")}},
)
BASE = """\
id: base
title: A standard
version: "1.0"
publisher: Somebody
sources: [the standard]
values: [{rule: rule-a, set: {most: 10}, reason: the standard}]
controls:
  - {id: "1", title: First, coverage: automated, origin: upstream, rules: [rule-a, rule-b]}
  - {id: "2", title: Second, coverage: partial, origin: upstream, rules: [rule-b], partial: [rule-b],
     note: part}
  - {id: "3", title: Third, coverage: manual}
"""
SITE = """\
id: site
title: Ours
version: "1"
publisher: ACME
extends: base
note: Web servers.
drop: [{rule: rule-b, reason: not here}]
add: [{control: "3", rules: [own], reason: ours}]
tighten: [{rule: rule-a, severity: critical, reason: exposed}]
values: [{rule: rule-a, set: {most: 3}, reason: policy 7}]
controls: [{id: ACME-1, title: More, coverage: automated, origin: site, rules: [own]}]
"""


def load(folder: Path, site: str = SITE) -> dict[str, AuditProfile]:
    (folder / "base.yaml").write_text(BASE)
    (folder / "site.yaml").write_text(site)
    return load_profiles(folder, KNOWN)


def test_a_profile_has_the_controls_of_the_other_in_order_with_its_changes(tmp_path: Path) -> None:
    site = load(tmp_path)["site"]
    first, second, third, own = site.controls
    assert [control.id for control in site.controls] == ["1", "2", "3", "ACME-1"]
    assert (first.rules, first.coverage, first.note) == (
        ("rule-a",),
        Coverage.PARTIAL,
        "Without rule-b: not here",
    )
    assert (second.rules, second.coverage, second.origin) == ((), Coverage.MANUAL, None)
    assert second.note == "part Without rule-b: not here"
    assert (third.rules, third.coverage, third.origin) == (("own",), Coverage.PARTIAL, Origin.SITE)
    assert own.rules == ("own",)
    assert site.note.startswith("Extends base (A standard, 1.0). Web servers.")
    assert site.sources == ("the standard",)
    assert site.values == (
        SetValues("rule-a", {"most": 10}, "the standard"),
        SetValues("rule-a", {"most": 3}, "policy 7"),
    )
    assert site.tighten[0].severity is Severity.CRITICAL


def test_a_control_left_out_stays_as_manual_with_the_reason(tmp_path: Path) -> None:
    text = SITE.replace("{rule: rule-b, reason: not here}", '{control: "1", reason: by another team}')
    control = load(tmp_path, text)["site"].controls[0]
    assert (control.id, control.rules, control.coverage) == ("1", (), Coverage.MANUAL)
    assert "by another team" in control.note


def test_a_rule_may_be_dropped_of_one_control_alone(tmp_path: Path) -> None:
    text = SITE.replace("{rule: rule-b, reason", '{rule: rule-b, control: "2", reason')
    site = load(tmp_path, text)["site"]
    assert [control.rules for control in site.controls[:2]] == [("rule-a", "rule-b"), ()]


def test_a_profile_may_extend_one_that_extends_and_one_that_is_shipped(tmp_path: Path) -> None:
    shipped = tmp_path / "shipped"
    shipped.mkdir()
    (shipped / "base.yaml").write_text(BASE)
    base = load_profiles(shipped, KNOWN)
    own = tmp_path / "own"
    own.mkdir()
    (own / "a-child.yaml").write_text(
        "id: a-child\ntitle: C\nversion: '1'\npublisher: ACME\nextends: site\n"
        "drop: [{rule: rule-a, reason: why}]\n"
    )
    (own / "site.yaml").write_text(SITE)
    profiles = load_profiles(own, KNOWN, base)
    assert list(profiles) == ["a-child", "site"]
    assert [control.rules for control in profiles["a-child"].controls] == [(), (), ("own",), ("own",)]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "extends: base",
            "extends: bass",
            "extends: expected a profile that exists, found 'bass' (nearest: base)",
        ),
        ("extends: base", "extends: site", "expected no circle"),
        ("rule: rule-b, reason: not here", "rule: rule-b", "drop[0]: expected the key 'reason'"),
        (
            "rule: rule-b",
            "rule: rule-c",
            "drop[0].rule: expected a rule that exists, found 'rule-c' (nearest: rule-",
        ),
        ('control: "3"', 'control: "33"', "add[0].control: expected a control of the other profile"),
        ("rules: [own], reason: ours", "rules: [onw], reason: ours", "found 'onw' (nearest: own)"),
        ("severity: critical", "severity: low", "expected a severity above the rule's own (low)"),
        ("{most: 3}", "{mots: 3}", "values[0].set.mots: expected a value that the rule declares"),
        ("{most: 3}", "{most: three}", "expected a value like the default, 4"),
        ("rule: rule-a, set", "rule: own, set", "expected a rule that declares values"),
        ("id: ACME-1", 'id: "1"', "a control that the other profile does not have"),
        ("drop:", "dorp:", "found 'dorp' (nearest: drop)"),
    ],
)
def test_a_fault_names_file_line_key_and_the_nearest_word(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    assert old in SITE
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, SITE.replace(old, new, 1))
    assert message in str(caught.value)
    assert "site.yaml:" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_circle_of_two_is_told_of_both(tmp_path: Path) -> None:
    for name, other in (("a", "b"), ("b", "a")):
        text = f"id: {name}\ntitle: T\nversion: '1'\npublisher: P\nextends: {other}\n"
        (tmp_path / f"{name}.yaml").write_text(text)
    with pytest.raises(ConfigFaults) as caught:
        load_profiles(tmp_path, KNOWN)
    assert len(caught.value.faults) == 2


def test_a_profile_may_not_take_the_id_of_a_shipped_one(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(BASE)
    base = load_profiles(tmp_path, KNOWN)
    with pytest.raises(ConfigError, match="expected an id of its own"):
        load_profiles(tmp_path, KNOWN, base)
