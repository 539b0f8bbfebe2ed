"""Rule files: read, checked against the facts that exist, and compiled. Rules are data only."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from hardcheck.engine.checks import compile_check
from hardcheck.engine.heads import rule_files
from hardcheck.engine.outcome import Check
from hardcheck.engine.paths import FactsRoot
from hardcheck.engine.remedy import has_places, read_remedies
from hardcheck.engine.rule import Rule, Side
from hardcheck.engine.values import Setting, put_in, read_values
from hardcheck.engine.yaml_source import Value, parse_yaml, read_bytes
from hardcheck.errors import ConfigError, ConfigFaults
from hardcheck.facts import FactSpec
from hardcheck.findings import Framework, RuleInfo, Severity, Status

FRAMEWORK_FACT = "mac.framework"
"""The fact that picks a rule's side: selinux, apparmor or neither."""

_COMMON = ("id", "title", "severity", "topic", "keys", "values", "follows", "rationale", "sources")
_SIDE = ("applies_when", "check", "letter")
_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_TOPIC = re.compile(r"[a-z0-9_]+(?:\.[a-z0-9_]+)*")
_SIDES = (Framework.SELINUX, Framework.APPARMOR)


def load_rules(folder: Path, specs: Mapping[str, FactSpec]) -> tuple[Rule, ...]:
    """Every ``*.yaml`` below the folder, sorted by id; see `rule_files`.

    Raises:
        ConfigError: a folder without rules; ConfigFaults: the first fault of each faulty file.
    """
    rules: dict[str, Rule] = {}
    faults: list[ConfigError] = []
    for path in rule_files(folder):
        try:
            rule = load_rule(path, specs)
        except ConfigError as error:
            faults.append(error)
            continue
        if rule.id in rules:
            faults.append(ConfigError(str(path), "an id of its own", f"the id of {rules[rule.id].file}"))
        rules[rule.id] = rule
    if faults:
        raise faults[0] if len(faults) == 1 else ConfigFaults(faults)
    return tuple(rules[name] for name in sorted(rules))


def load_rule(path: Path, specs: Mapping[str, FactSpec]) -> Rule:
    """One rule file, whose name is the rule's id. Raises ConfigError."""
    content = read_bytes(path)
    rule = compile_rule(content, str(path), specs)
    if rule.id != path.stem:
        raise ConfigError(f"{path}: id", f"the name of the file ({path.stem})", repr(rule.id))
    return rule


def compile_rule(
    content: bytes, file: str, specs: Mapping[str, FactSpec], settings: Mapping[str, Setting] | None = None
) -> Rule:
    """The rule that the text of a file holds, with its values set where they are not the defaults.

    Raises:
        ConfigError: a fault of the file.
    """
    at = parse_yaml(content, file)
    entries = at.mapping("a rule")
    values = read_values(entries["values"]) if "values" in entries else {}
    if values:
        put_in(at, {name: value.default for name, value in values.items()} | dict(settings or {}))
    sided = any(side in entries for side in _SIDES)
    own = ("selinux", "apparmor", "neither") if sided else (*_SIDE, "remedies")
    entries = at.fields((*_COMMON, *own), ("id", "title", "severity", "topic", "rationale", "sources"))
    root = FactsRoot(specs)
    severity = Severity(entries["severity"].word([word.value for word in Severity]))
    if sided:
        at.fields((*_COMMON, *own), own)
        sides = {side: _side(entries[side], side, root, severity) for side in _SIDES}
        neither = Status(entries["neither"].word((Status.FAIL.value, Status.NOT_APPLICABLE.value)))
    else:
        sides = {Framework.ANY: _side(at, Framework.ANY, root, severity)}
        neither = None
    proof = specs[FRAMEWORK_FACT].evidence if sided and FRAMEWORK_FACT in specs else ()
    return Rule(
        info=_info(entries, severity, sides),
        sides=sides,
        neither=neither,
        file=file,
        sha256=hashlib.sha256(content).hexdigest(),
        proof=proof,
        values=values,
        content=content if values else b"",
        follows=_word(entries["follows"], _ID, "the id of a rule") if "follows" in entries else "",
    )


def digest(rules: Iterable[Rule]) -> str:
    """One sha256 of a set of rules: of the sorted ids with the digests of their files."""
    lines = sorted(f"{rule.id} {rule.sha256}\n" for rule in rules)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _info(entries: Mapping[str, Value], severity: Severity, sides: Mapping[Framework, Side]) -> RuleInfo:
    return RuleInfo(
        id=_word(entries["id"], _ID, "an id of small letters, digits and dashes"),
        title=entries["title"].text("a title"),
        severity=severity,
        topic=_word(entries["topic"], _TOPIC, "a topic such as mac.state"),
        rationale=" ".join(entries["rationale"].text("a rationale").split()),
        sources=_some_texts(entries["sources"]),
        sides=tuple(sides),
        remedies=tuple(remedy for side in sides.values() for remedy in side.remedies),
        keys=entries["keys"].texts() if "keys" in entries else (),
    )


def _word(at: Value, pattern: re.Pattern[str], what: str) -> str:
    text = at.text(what)
    if not pattern.fullmatch(text):
        raise at.fault(what)
    return text


def _some_texts(at: Value) -> tuple[str, ...]:
    texts = at.texts()
    if not texts:
        raise at.fault("a list that is not empty")
    return texts


def _side(at: Value, framework: Framework, root: FactsRoot, severity: Severity) -> Side:
    entries = at.mapping("a side with check and remedy")
    if framework is not Framework.ANY:
        if "not_applicable" in entries:
            at.fields(("not_applicable",))
            why = entries["not_applicable"].text("why the rule has nothing to ask here")
            evidence = root.specs[FRAMEWORK_FACT].evidence if FRAMEWORK_FACT in root.specs else ()
            return Side(framework, None, not_applicable=" ".join(why.split()), evidence=evidence)
        at.fields((*_SIDE, "remedy"), ("check",))
    if "check" not in entries:
        raise at.fault("the key 'check'", f"only {', '.join(sorted(entries))}")
    check = compile_check(entries["check"], root)
    applies = compile_check(entries["applies_when"], root) if "applies_when" in entries else None
    letter, note = _letter(entries.get("letter"), root)
    remedies = read_remedies(entries.get("remedies" if framework is Framework.ANY else "remedy"), framework)
    if not remedies and severity is not Severity.INFO:
        raise at.fault("a remedy (only a rule of severity info may do without)", "none")
    return Side(
        framework=framework,
        check=check,
        applies=applies,
        letter=letter,
        letter_note=note,
        remedies=remedies,
        evidence=_evidence((applies, check, letter), root.specs),
        filled=has_places(remedies),
    )


def _letter(at: Value | None, root: FactsRoot) -> tuple[Check | None, str]:
    if at is None:
        return None, ""
    entries = at.fields(("check", "note"), ("check", "note"))
    return compile_check(entries["check"], root), " ".join(entries["note"].text("a note").split())


def _evidence(checks: Iterable[Check | None], specs: Mapping[str, FactSpec]) -> tuple[str, ...]:
    names = dict.fromkeys(name for check in checks if check is not None for name in check.facts)
    return tuple(dict.fromkeys(key for name in names for key in specs[name].evidence))
