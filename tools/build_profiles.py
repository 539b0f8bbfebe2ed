"""Write ``profiles/`` anew: the standards from the control data and the rules' ``keys``, the own
profiles from ``tools/objectives.yaml`` and the rules' topics.

    python -m tools.build_profiles CONTROLS [--check]

CONTROLS is the folder of the control data: ``catalog/*.yaml`` (a standard's controls in their order) and
``mappings.csv`` (one row a check; its ``key`` is what a rule's ``keys`` name). With ``--check`` nothing is
written; the exit status is 1 when a file differs from what would be.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from hardcheck.derive import DERIVED
from hardcheck.derive.assemble import fact_specs
from hardcheck.engine.load import load_rules
from hardcheck.engine.profile import AuditProfile, Control, SetValues
from hardcheck.engine.rule import Rule
from hardcheck.engine.values import Setting
from hardcheck.engine.yaml_source import near, read_yaml
from hardcheck.errors import ConfigError, HardcheckError
from hardcheck.findings import Coverage, Origin, RuleInfo, Severity
from hardcheck.parse import PARSERS
from tools.standards import STANDARDS, Standard

ROOT = Path(__file__).resolve().parent.parent
OBJECTIVES = Path(__file__).resolve().parent / "objectives.yaml"
EVIDENCE_FOR = (
    "A rule that passes is evidence for the control it is listed under, never proof that the control is met. "
    "Controls without rules are for people."
)
WHOSE = {
    Origin.HARDCHECK: "hardcheck's own judgement, not the publisher's, who asks for no framework by name",
    Origin.UPSTREAM: "those of a public compliance project, not the publisher's",
}


def standard_profile(
    standard: Standard, controls: Path, rows: Sequence[Mapping[str, str]], rules: Sequence[Rule]
) -> AuditProfile:
    """A standard's every control in its order, with the rules that are evidence for it."""
    catalogue = read_yaml(controls / "catalog" / f"{standard.catalogue}.yaml").plain()
    by_key = {row["key"]: row for row in rows}
    answered: dict[str, dict[str, list[str]]] = {}  # control -> rule -> the keys that tie them
    for rule in rules:
        for key in rule.info.keys:
            if key not in by_key:
                raise ConfigError(f"rule {rule.id}: keys", "a key of mappings.csv", near(key, by_key))
            for control in _ids(by_key[key][standard.column]):
                answered.setdefault(control, {}).setdefault(rule.id, []).append(key)
    mapped: dict[str, list[str]] = {}  # control -> every key of the data, answered by a rule or not
    for row in rows:
        for control in _ids(row[standard.column]):
            mapped.setdefault(control, []).append(row["key"])
    entries = [
        entry for entry in catalogue["controls"] if standard.chosen is None or standard.chosen(entry, rows)
    ]
    ids = {entry["id"] for entry in entries}
    built = tuple(
        _control(entry, standard, answered.get(entry["id"], {}), mapped.get(entry["id"], []), by_key, ids)
        for entry in entries
    )
    named = {rule for control in built for rule in control.rules}
    return AuditProfile(
        id=standard.id,
        title=catalogue["standard"] + standard.title,
        version=catalogue["version"],
        publisher=catalogue["publisher"],
        note=_note(standard, catalogue),
        sources=tuple(" ".join(source.split()) for source in catalogue["sources"]),
        controls=built,
        values=tuple(_values(standard, [rule for rule in rules if rule.id in named], by_key)),
    )


def _note(standard: Standard, catalogue: Mapping[str, Any]) -> str:
    parts = [EVIDENCE_FOR, f"The links are {WHOSE[standard.origin]}.", f"Titles: {catalogue['titles']}."]
    parts += [f"Catalogue: {catalogue['note']}."] if "note" in catalogue else []
    return " ".join(parts)


def _control(
    entry: Mapping[str, Any],
    standard: Standard,
    answered: Mapping[str, Sequence[str]],
    mapped: Sequence[str],
    by_key: Mapping[str, Mapping[str, str]],
    ids: Collection[str],
) -> Control:
    name = entry["id"]
    mark = f"{standard.prefix}:{name}"
    rules = tuple(sorted(answered))
    partial = {key: mark in _ids(by_key[key]["partial_evidence"]) for key in mapped}
    part = tuple(rule for rule in rules if all(partial[key] for key in answered[rule]))
    seen = {key for keys in answered.values() for key in keys}
    coverage, note = Coverage.MANUAL, ""
    if rules:
        whole = _may_be_whole(standard, entry) and seen == set(mapped) and not part
        coverage = Coverage.AUTOMATED if whole else Coverage.PARTIAL
        note = f"The rules answer {len(seen)} of {len(mapped)} checks that the control data maps to it."
    elif mapped:
        note = f"The rules answer none of {len(mapped)} checks that the control data maps to it."
    return Control(
        id=name,
        title=entry.get("title") or f"Item {name} of the benchmark, by its own text",
        coverage=coverage,
        parent=entry["parent"] if entry.get("parent") in ids else "",
        heading=_is_heading(standard, entry) and not rules,
        origin=_origin(standard, [by_key[key] for key in seen]) if rules else None,
        rules=rules,
        partial=part,
        note=note,
        attributes={key: _attribute(entry[key]) for key in standard.attributes if entry.get(key)},
    )


def _attribute(value: Any) -> str:
    """``l1_server, l2_server`` of a list; the words of the catalogues as they are."""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _may_be_whole(standard: Standard, entry: Mapping[str, Any]) -> bool:
    if standard.whole == "all":
        return bool(entry.get("assessment", "automated") == "automated")
    return entry["id"] in standard.whole


def _origin(standard: Standard, rows: Iterable[Mapping[str, str]]) -> Origin:
    """Upstream's where one of the checks has the link from upstream's own table."""
    own = all(row["basis"].startswith("own check") for row in rows)
    return Origin.HARDCHECK if own else standard.origin


def _values(
    standard: Standard, rules: Iterable[Rule], by_key: Mapping[str, Mapping[str, str]]
) -> Iterator[SetValues]:
    """What the standard sets, for the values of rules that are tied to a key of the control data."""
    for rule in rules:
        chosen = {}
        for name, value in rule.values.items():
            if value.key and value.key not in by_key:
                raise ConfigError(f"rule {rule.id}: values.{name}.key", "a key of mappings.csv", value.key)
            given = _standard_value(by_key[value.key]["standard_values"], standard) if value.key else ""
            if given and (setting := _setting(given, value.default)) != value.default:
                chosen[name] = setting
        if chosen:
            yield SetValues(rule.id, chosen, f"what {standard.catalogue} selects")


def _standard_value(cell: str, standard: Standard) -> str:
    pairs = (part.strip().partition("=") for part in cell.split(";"))
    return next((value for name, _, value in pairs if name == standard.values and standard.values), "")


def _setting(given: str, default: Setting) -> Setting:
    """The words of the control data as a value of the default's kind."""
    if isinstance(default, int):
        return int(given)
    return tuple(re.split("[|,]", given)) if isinstance(default, tuple) else given


def _is_heading(standard: Standard, entry: Mapping[str, Any]) -> bool:
    """A part that only groups others: a family, a section, ``1`` and ``1.1`` of PCI DSS."""
    if standard.headings == "pci":
        return str(entry["id"]).count(".") < 2
    return standard.headings == "top" and "parent" not in entry


def own_profiles(rules: Sequence[RuleInfo]) -> list[AuditProfile]:
    """The profiles of hardcheck's own objectives. Raises ConfigError: a rule's topic has no objective."""
    source = read_yaml(OBJECTIVES)
    plain = source.plain()
    by_topic = {topic: each["id"] for each in plain["objectives"] for topic in each.get("topics", ())}
    of_rule = {rule.id: _objective(rule, by_topic) for rule in rules}
    built = []
    for profile in plain["profiles"]:
        least = {objective["id"]: _least(profile, objective) for objective in plain["objectives"]}
        chosen = [rule for rule in rules if rule.severity.at_least(least[of_rule[rule.id]])]
        controls = []
        for each in plain["objectives"]:
            members = [rule.id for rule in _by_severity(chosen) if of_rule[rule.id] == each["id"]]
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


def _least(profile: Mapping[str, Any], objective: Mapping[str, Any]) -> Severity:
    """The least severity of the rules that a profile has under an objective."""
    around = objective.get("parent") == "HOST"
    return Severity(profile.get("around", profile["severity"]) if around else profile["severity"])


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
    """The profile as JSON, which is YAML: one control a line."""
    parts = [
        f"{_json(name)}: {_json(' '.join(getattr(profile, name).split()))}"
        for name in ("id", "title", "version", "publisher", "note")
    ]
    for name in ("sources", "values", "controls"):
        lines = [_json(_plain(each)) for each in getattr(profile, name)]
        if lines:
            parts.append(f"{_json(name)}: [\n" + ",\n".join(f"  {line}" for line in lines) + "\n]")
    return "{" + ",\n".join(parts) + "}\n"


def _plain(value: Any) -> Any:
    """A control or setting without what is empty, in the order of its fields."""
    if not isinstance(value, msgspec.Struct):
        return value
    kept = {name: getattr(value, name) for name in value.__struct_fields__}
    return {name: each for name, each in kept.items() if each or name in ("coverage", "set")}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=msgspec.to_builtins)


def build(controls: Path, rules: Sequence[Rule]) -> dict[str, str]:
    """Every shipped profile as text, by file name. Raises ConfigError."""
    with (controls / "mappings.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    profiles = own_profiles([rule.info for rule in rules])
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
        texts = build(options.controls, rules)
    except (HardcheckError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    stale = [name for name, text in texts.items() if _read(ROOT / "profiles" / name) != text]
    left = sorted({path.name for path in (ROOT / "profiles").glob("*.yaml")} - set(texts))
    for name in stale:
        if not options.check:
            (ROOT / "profiles" / name).write_text(texts[name], encoding="utf-8")
        print(f"profiles/{name} {'is not current' if options.check else 'written'}")
    for name in left:
        print(f"profiles/{name} is of no standard; remove it")
    return 1 if left or (stale and options.check) else 0


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


if __name__ == "__main__":
    sys.exit(main())
