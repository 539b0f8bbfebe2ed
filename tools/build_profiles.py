"""Write ``profiles/`` anew: the standards from the control data and the rules' ``keys``, the own
profiles from ``tools/objectives.yaml`` and the rules' topics.

    python tools/build_profiles.py CONTROLS [--check]

CONTROLS is the folder of the control data: ``catalog/*.yaml`` (a standard's controls in their order) and
``mappings.csv`` (one row a check; its ``key`` is what a rule's ``keys`` name). With ``--check`` nothing is
written; the exit status is 1 when a file differs from what would be.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from hardcheck.derive import DERIVED
from hardcheck.derive.assemble import fact_specs
from hardcheck.engine.load import load_rules
from hardcheck.engine.profile import AuditProfile, Control
from hardcheck.engine.yaml_source import near, read_yaml
from hardcheck.errors import ConfigError, HardcheckError
from hardcheck.findings import Coverage, Origin, RuleInfo, Severity
from hardcheck.parse import PARSERS

ROOT = Path(__file__).resolve().parent.parent
OBJECTIVES = Path(__file__).resolve().parent / "objectives.yaml"
EVIDENCE_FOR = (
    "The mapping is hardcheck's own, not the publisher's. A rule that passes is evidence for the control "
    "it is listed under, never proof that the control is met; the standard asks for no framework by name. "
    "Controls without rules are for people."
)


class Standard(msgspec.Struct, frozen=True):
    """How one standard is read from the control data. ``column`` of the mappings has its ids, ``prefix``
    marks them among the ``partial_evidence``; ``attributes`` are the catalogue's keys to keep. ``whole``
    are the controls that ask nothing which a host cannot show; every other one asks for people, papers
    or the network beside, so that rules are only part of its evidence."""

    id: str
    catalogue: str
    column: str
    prefix: str
    whole: frozenset[str]
    attributes: tuple[str, ...] = ()


STANDARDS = (
    Standard("pci-dss-4.0.1", "pci-dss-4.0.1", "pci_dss_4_0_1", "pci", frozenset({"10.6.1"})),
    Standard("hipaa-security", "hipaa-security-rule", "hipaa", "hipaa", frozenset(), ("kind", "required")),
)


def standard_profile(
    standard: Standard, controls: Path, rows: Sequence[Mapping[str, str]], rules: Iterable[RuleInfo]
) -> AuditProfile:
    """A standard's every control in its order, with the rules that are evidence for it."""
    catalogue = read_yaml(controls / "catalog" / f"{standard.catalogue}.yaml").plain()
    by_key = {row["key"]: row for row in rows}
    answered: dict[str, dict[str, list[str]]] = {}  # control -> rule -> the keys that tie them
    for rule in rules:
        for key in rule.keys:
            if key not in by_key:
                raise ConfigError(f"rule {rule.id}: keys", "a key of mappings.csv", near(key, by_key))
            for control in _ids(by_key[key][standard.column]):
                answered.setdefault(control, {}).setdefault(rule.id, []).append(key)
    mapped: dict[str, list[str]] = {}  # control -> every key of the data, answered by a rule or not
    for row in rows:
        for control in _ids(row[standard.column]):
            mapped.setdefault(control, []).append(row["key"])
    partial = {row["key"]: frozenset(_ids(row["partial_evidence"])) for row in rows}
    built = tuple(
        _control(entry, standard, answered.get(entry["id"], {}), mapped.get(entry["id"], []), partial)
        for entry in catalogue["controls"]
    )
    return AuditProfile(
        id=standard.id,
        title=catalogue["standard"],
        version=catalogue["version"],
        publisher=catalogue["publisher"],
        note=f"{EVIDENCE_FOR} Titles: {catalogue['titles']}. Catalogue: {catalogue['note']}.",
        sources=tuple(" ".join(source.split()) for source in catalogue["sources"]),
        controls=built,
    )


def _control(
    entry: Mapping[str, Any],
    standard: Standard,
    answered: Mapping[str, Sequence[str]],
    mapped: Sequence[str],
    partial: Mapping[str, frozenset[str]],
) -> Control:
    name = entry["id"]
    mark = f"{standard.prefix}:{name}"
    rules = tuple(sorted(answered))
    part = tuple(rule for rule in rules if all(mark in partial[key] for key in answered[rule]))
    seen = {key for keys in answered.values() for key in keys}
    coverage, note = Coverage.MANUAL, ""
    if rules:
        whole = name in standard.whole and seen == set(mapped) and not part
        coverage = Coverage.AUTOMATED if whole else Coverage.PARTIAL
        note = f"The rules answer {len(seen)} of {len(mapped)} checks that the control data maps to it."
    attributes = {key: entry[key] for key in standard.attributes if key in entry}
    return Control(
        id=name,
        title=entry["title"],
        coverage=coverage,
        parent=entry.get("parent", ""),
        heading=_is_heading(entry) and not rules,
        origin=Origin.HARDCHECK if rules else None,
        rules=rules,
        partial=part,
        note=note,
        attributes=attributes,
    )


def _is_heading(entry: Mapping[str, Any]) -> bool:
    """A part that only groups others: a section of the regulation, or ``1`` and ``1.1`` of PCI DSS."""
    name: str = entry["id"]
    return bool(entry["kind"] == "section") if "kind" in entry else name.count(".") < 2


def own_profiles(rules: Sequence[RuleInfo]) -> list[AuditProfile]:
    """The profiles of hardcheck's own objectives. Raises ConfigError: a rule's topic has no objective."""
    source = read_yaml(OBJECTIVES)
    plain = source.plain()
    by_topic = {topic: each["id"] for each in plain["objectives"] for topic in each.get("topics", ())}
    objective = {rule.id: _objective(rule, by_topic) for rule in rules}
    built = []
    for profile in plain["profiles"]:
        least = Severity(profile["severity"])
        chosen = [rule for rule in rules if rule.severity.at_least(least)]
        controls = []
        for each in plain["objectives"]:
            members = [rule.id for rule in _by_severity(chosen) if objective[rule.id] == each["id"]]
            if members or each.get("heading", False):
                controls.append(_own_control(each, tuple(members)))
        parents = {control.parent for control in controls}
        built.append(
            AuditProfile(
                id=profile["id"],
                title=profile["title"],
                version="1",
                publisher="hardcheck",
                note=" ".join(profile["note"].split()),
                sources=(),
                controls=tuple(each for each in controls if not each.heading or each.id in parents),
            )
        )
    return built


def _own_control(objective: Mapping[str, Any], rules: tuple[str, ...]) -> Control:
    return Control(
        id=objective["id"],
        title=objective["title"],
        coverage=Coverage.AUTOMATED if rules else Coverage.MANUAL,
        parent=objective.get("parent", ""),
        heading=objective.get("heading", False),
        origin=Origin.HARDCHECK if rules else None,
        rules=rules,
    )


def _objective(rule: RuleInfo, by_topic: Mapping[str, str]) -> str:
    words = rule.topic.split(".")
    for length in range(len(words), 0, -1):
        found = by_topic.get(".".join(words[:length]))
        if found is not None:
            return found
    raise ConfigError(f"rule {rule.id}: topic", f"a topic of {OBJECTIVES.name}", repr(rule.topic))


def _by_severity(rules: Iterable[RuleInfo]) -> list[RuleInfo]:
    rank = {severity: number for number, severity in enumerate(Severity)}
    return sorted(rules, key=lambda rule: (rank[rule.severity], rule.id))


def _ids(cell: str) -> tuple[str, ...]:
    return tuple(part for part in (word.strip() for word in cell.split(";")) if part)


def render(profile: AuditProfile) -> str:
    """The profile as YAML: one control a line, every text in JSON's quotes."""
    lines = [
        "# Written by tools/build_profiles.py; do not edit by hand.",
        *(
            f"{name}: {_text(getattr(profile, name))}"
            for name in ("id", "title", "version", "publisher", "note")
        ),
    ]
    if profile.sources:
        lines += ["sources:", *(f"  - {_text(source)}" for source in profile.sources)]
    lines += ["controls:", *(f"  - {_flow(control)}" for control in profile.controls)]
    return "\n".join(lines) + "\n"


def _flow(control: Control) -> str:
    parts = [f"id: {_text(control.id)}", f"title: {_text(control.title)}"]
    if control.parent:
        parts.append(f"parent: {_text(control.parent)}")
    if control.heading:
        parts.append("heading: true")
    parts.append(f"coverage: {control.coverage}")
    if control.rules:
        parts += [f"origin: {control.origin}", f"rules: [{', '.join(control.rules)}]"]
    if control.partial:
        parts.append(f"partial: [{', '.join(control.partial)}]")
    if control.note:
        parts.append(f"note: {_text(control.note)}")
    if control.attributes:
        words = ", ".join(f"{name}: {_text(value)}" for name, value in control.attributes.items())
        parts.append(f"attributes: {{{words}}}")
    return "{" + ", ".join(parts) + "}"


def _text(value: str) -> str:
    return json.dumps(" ".join(value.split()), ensure_ascii=False)


def build(controls: Path, rules: Sequence[RuleInfo]) -> dict[str, str]:
    """Every shipped profile as text, by file name. Raises ConfigError."""
    with (controls / "mappings.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    profiles = own_profiles(rules)
    profiles += [standard_profile(standard, controls, rows, rules) for standard in STANDARDS]
    return {f"{profile.id}.yaml": render(profile) for profile in profiles}


def main(arguments: Sequence[str] | None = None) -> int:
    """Write or check the profiles; 0 when all is (now) current."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("controls", type=Path, help="folder with catalog/ and mappings.csv")
    parser.add_argument("--check", action="store_true", help="write nothing, say what differs")
    options = parser.parse_args(arguments)
    try:
        rules = load_rules(ROOT / "rules", fact_specs(PARSERS, DERIVED))
        texts = build(options.controls, [rule.info for rule in rules])
    except (HardcheckError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    stale = [name for name, text in texts.items() if _read(ROOT / "profiles" / name) != text]
    for name in stale:
        if not options.check:
            (ROOT / "profiles" / name).write_text(texts[name], encoding="utf-8")
        print(f"profiles/{name} {'is not current' if options.check else 'written'}")
    return 1 if stale and options.check else 0


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


if __name__ == "__main__":
    sys.exit(main())
