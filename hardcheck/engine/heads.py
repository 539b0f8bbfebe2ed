"""What rules say of themselves, read without compiling their checks: for the list of rules.

Compiling needs the type of every fact, and so every parser and policy reader; a list needs none of it.
The shipped rules are compiled by the tests; rules of a site are compiled before they are listed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from hardcheck.engine.profile import AuditProfile, Known
from hardcheck.engine.values import RuleValue, put_in, read_values
from hardcheck.engine.yaml_source import Value, read_yaml
from hardcheck.errors import ConfigError
from hardcheck.findings import Framework, Severity

NOT_RULES = frozenset({"exposure"})
"""Folders right below the rules that hold other data: the attack goals of `hardcheck.exposure`."""

_SIDES = (Framework.SELINUX, Framework.APPARMOR)


class RuleHead(msgspec.Struct, frozen=True):
    """A rule without its checks and remedies."""

    id: str
    severity: Severity
    topic: str
    title: str
    sides: tuple[Framework, ...]
    file: str
    values: Mapping[str, RuleValue] = {}


class RuleRow(msgspec.Struct, frozen=True):
    """One line of the list of rules. ``controls`` are ``PROFILE:CONTROL``."""

    id: str
    severity: Severity
    topic: str
    title: str
    sides: tuple[Framework, ...]
    controls: tuple[str, ...]
    file: str


def rule_files(folder: Path) -> list[Path]:
    """Every ``*.yaml`` below the folder that is a rule, sorted. Raises ConfigError: there is none."""
    files = sorted(
        path
        for path in folder.rglob("*.yaml")
        if path.is_file() and path.relative_to(folder).parts[0] not in NOT_RULES
    )
    if not files:
        raise ConfigError(str(folder), "rule files (*.yaml)", "none")
    return files


def load_heads(folder: Path) -> tuple[RuleHead, ...]:
    """The head of every rule of a folder, sorted by id. Raises ConfigError."""
    heads = [_head(read_yaml(path), str(path)) for path in rule_files(folder)]
    return tuple(sorted(heads, key=lambda head: head.id))


def _head(at: Value, file: str) -> RuleHead:
    entries = at.mapping("a rule")
    for name in ("id", "title", "severity", "topic"):
        if name not in entries:
            raise at.fault(f"the key '{name}'", f"only {', '.join(sorted(entries)) or 'nothing'}")
    values = read_values(entries["values"]) if "values" in entries else {}
    if values:
        put_in(entries["title"], {name: value.default for name, value in values.items()})
    return RuleHead(
        id=entries["id"].text(),
        severity=Severity(entries["severity"].word([word.value for word in Severity])),
        topic=entries["topic"].text(),
        title=entries["title"].text(),
        sides=_SIDES if any(side in entries for side in _SIDES) else (Framework.ANY,),
        file=file,
        values=values,
    )


def known_heads(heads: Iterable[RuleHead]) -> Known:
    """What profiles may say of these rules."""
    heads = tuple(heads)
    return Known(
        {head.id: head.severity for head in heads}, {head.id: head.values for head in heads if head.values}
    )


def rows_of(heads: Iterable[RuleHead], profiles: Mapping[str, AuditProfile]) -> tuple[RuleRow, ...]:
    """A line for each rule, with the controls that it is evidence for."""
    controls = controls_by_rule(profiles)
    return tuple(
        RuleRow(
            head.id,
            head.severity,
            head.topic,
            head.title,
            head.sides,
            controls.get(head.id, ()),
            head.file,
        )
        for head in heads
    )


def controls_by_rule(profiles: Mapping[str, AuditProfile]) -> dict[str, tuple[str, ...]]:
    """``PROFILE:CONTROL`` of every control that names a rule, by the rule."""
    found: dict[str, list[str]] = {}
    for profile in profiles.values():
        for control in profile.controls:
            for rule in control.rules:
                found.setdefault(rule, []).append(f"{profile.id}:{control.id}")
    return {rule: tuple(controls) for rule, controls in found.items()}
