"""What the rules and profiles are, for people who look before they run: ``rules`` and ``controls``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from hardcheck.derive.assemble import fact_specs
from hardcheck.derive.base import DerivedFact
from hardcheck.engine.cases import CaseResult, load_cases, missing_cases, run_case
from hardcheck.engine.heads import RuleHead, RuleRow, controls_by_rule, rows_of
from hardcheck.engine.judge import Cure, Setup, make_setup
from hardcheck.engine.load import load_rules
from hardcheck.engine.outcome import Check
from hardcheck.engine.profile import AuditProfile, Control
from hardcheck.engine.rule import Rule, Side
from hardcheck.engine.values import words_of
from hardcheck.engine.yaml_source import near
from hardcheck.errors import ConfigError, UsageError
from hardcheck.facts import FactSpec
from hardcheck.findings import Coverage, Framework, Origin, RuleInfo
from hardcheck.parse.base import ParsedFact


class SideCard(msgspec.Struct, frozen=True):
    """What one side of a rule asks, in words, and which facts it reads."""

    framework: Framework
    applies: str
    expected: str
    letter: str
    letter_note: str
    not_applicable: str
    facts: tuple[str, ...]
    evidence: tuple[str, ...]


class ValueCard(msgspec.Struct, frozen=True):
    """A value of a rule: its default, and what each profile that sets another sets, in words."""

    name: str
    default: str
    tighter: str
    set: Mapping[str, str]

    @property
    def shown(self) -> str:
        """``4; 10 for pci-dss-4.0.1; lower is tighter``."""
        groups: dict[str, list[str]] = {}
        for profile, words in self.set.items():
            groups.setdefault(words, []).append(profile)
        parts = [self.default, *(f"{words} for {', '.join(names)}" for words, names in groups.items())]
        return "; ".join([*parts, *([f"{self.tighter} is tighter"] if self.tighter else [])])


class RuleCard(msgspec.Struct, frozen=True):
    """All about one rule. ``neither`` is what a host without a MAC framework gets, empty where the
    rule does not tell hosts apart by that. ``controls`` are ``PROFILE:CONTROL``."""

    info: RuleInfo
    sides: tuple[SideCard, ...]
    neither: str
    controls: tuple[str, ...]
    file: str
    sha256: str
    values: tuple[ValueCard, ...] = ()

    @property
    def controls_by_profile(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """The controls under the id of each profile."""
        pairs = [each.split(":", 1) for each in self.controls]
        names = dict.fromkeys(profile for profile, _ in pairs)
        return tuple(
            (name, tuple(control for profile, control in pairs if profile == name)) for name in names
        )


class ProfileRow(msgspec.Struct, frozen=True):
    """One line of the list of profiles. Headings are not counted."""

    id: str
    title: str
    version: str
    publisher: str
    controls: int
    automated: int
    partial: int
    manual: int
    rules: int


class ControlRow(msgspec.Struct, frozen=True):
    """One control of a profile, as its list shows it."""

    profile: str
    id: str
    title: str
    parent: str
    heading: bool
    coverage: Coverage
    origin: Origin | None
    rules: tuple[str, ...]
    partial: tuple[str, ...]
    note: str
    attributes: Mapping[str, str]


class CaseRun(msgspec.Struct, frozen=True):
    """Every case of a folder, run. ``missing`` has, by rule id, the cases that a rule lacks;
    ``unknown_rules`` are folders named after no rule."""

    results: tuple[CaseResult, ...]
    missing: Mapping[str, tuple[str, ...]]
    unknown_rules: tuple[str, ...]

    @property
    def failed(self) -> tuple[CaseResult, ...]:
        """The cases in which a rule said something else."""
        return tuple(result for result in self.results if result.faults)


def load_setup(
    folder: Path,
    parsed: Iterable[ParsedFact],
    derived: Iterable[DerivedFact],
    cure: Cure | None = None,
    own: Path | None = None,
) -> Setup:
    """The rules of a folder with the facts they are checked against, and a site's own beside them.

    Raises:
        ConfigError: a fault of a file, or a rule of the site's with the id of another.
    """
    parsed, derived = tuple(parsed), tuple(derived)
    specs = fact_specs(parsed, derived)
    rules = load_rules(folder, specs)
    if own is not None:
        taken = {rule.id: rule.file for rule in rules}
        added = load_rules(own, specs)
        for rule in added:
            if rule.id in taken:
                raise ConfigError(f"{rule.file}: id", "an id of its own", f"the id of {taken[rule.id]}")
        rules = tuple(sorted((*rules, *added), key=lambda rule: rule.id))
    return make_setup(rules, parsed, derived, cure)


def list_rules(rules: Iterable[Rule], profiles: Mapping[str, AuditProfile]) -> tuple[RuleRow, ...]:
    """Every rule, by id."""
    return rows_of((head_of(rule) for rule in rules), profiles)


def head_of(rule: Rule) -> RuleHead:
    """What a compiled rule says of itself."""
    info = rule.info
    return RuleHead(info.id, info.severity, info.topic, info.title, info.sides, rule.file, rule.values)


def show_rule(rules: Iterable[Rule], profiles: Mapping[str, AuditProfile], name: str) -> RuleCard:
    """All about one rule. Raises UsageError: there is none of that id."""
    known = {rule.id: rule for rule in rules}
    rule = known.get(name)
    if rule is None:
        raise UsageError(f"no rule {near(name, known)}")
    return RuleCard(
        info=rule.info,
        sides=tuple(_side_card(side) for side in rule.sides.values()),
        neither=rule.neither or "",
        controls=controls_by_rule(profiles).get(name, ()),
        file=rule.file,
        sha256=rule.sha256,
        values=tuple(_value_card(rule, value, profiles) for value in rule.values),
    )


def _value_card(rule: Rule, name: str, profiles: Mapping[str, AuditProfile]) -> ValueCard:
    value = rule.values[name]
    chosen = {
        profile.id: words_of(each.set[name])
        for profile in profiles.values()
        for each in profile.values
        if each.rule == rule.id and name in each.set
    }
    return ValueCard(name, words_of(value.default), value.tighter, chosen)


def run_cases(rules: Iterable[Rule], folder: Path, specs: Mapping[str, FactSpec]) -> CaseRun:
    """Run every case of a folder, ``folder/RULE-ID/CASE.STATUS.yaml``. Raises ConfigError."""
    known = {rule.id: rule for rule in rules}
    cases = load_cases(folder, specs)
    results = tuple(run_case(known[case.rule], case) for case in cases if case.rule in known)
    by_rule: dict[str, list[CaseResult]] = {name: [] for name in known}
    for result in results:
        by_rule[result.case.rule].append(result)
    missing = {name: missing_cases(known[name], ran) for name, ran in by_rule.items()}
    return CaseRun(
        results,
        {name: lacks for name, lacks in missing.items() if lacks},
        tuple(dict.fromkeys(case.rule for case in cases if case.rule not in known)),
    )


def list_profiles(profiles: Mapping[str, AuditProfile]) -> tuple[ProfileRow, ...]:
    """Every profile, with how many of its controls a machine can answer."""
    rows = []
    for profile in profiles.values():
        coverages = [control.coverage for control in profile.controls if not control.heading]
        rows.append(
            ProfileRow(
                profile.id,
                profile.title,
                profile.version,
                profile.publisher,
                len(coverages),
                coverages.count(Coverage.AUTOMATED),
                coverages.count(Coverage.PARTIAL),
                coverages.count(Coverage.MANUAL),
                len(profile.rules),
            )
        )
    return tuple(rows)


def list_controls(profile: AuditProfile) -> tuple[ControlRow, ...]:
    """Every control of a profile, in the standard's order."""
    return tuple(_control_row(profile, control) for control in profile.controls)


def show_control(profile: AuditProfile, name: str) -> ControlRow:
    """One control. Raises UsageError: the profile has none of that id."""
    known = {control.id: control for control in profile.controls}
    if name not in known:
        raise UsageError(f"{profile.id} has no control {near(name, known)}")
    return _control_row(profile, known[name])


def _control_row(profile: AuditProfile, control: Control) -> ControlRow:
    fields = {name: getattr(control, name) for name in ControlRow.__struct_fields__ if name != "profile"}
    return ControlRow(profile=profile.id, **fields)


def _side_card(side: Side) -> SideCard:
    checks = [check for check in (side.applies, side.check, side.letter) if check is not None]
    return SideCard(
        framework=side.framework,
        applies=_words(side.applies),
        expected=_words(side.check),
        letter=_words(side.letter),
        letter_note=side.letter_note,
        not_applicable=side.not_applicable,
        facts=tuple(dict.fromkeys(name for check in checks for name in check.facts)),
        evidence=side.evidence,
    )


def _words(check: Check | None) -> str:
    return check.expected if check is not None else ""
