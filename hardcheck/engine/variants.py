"""Rules as a profile wants them: with its values and its severity.

One run may audit for several profiles that set one value differently. Each way of asking is then a
rule of its own in the report, ``ssh-login-limits@attempts=3``, named after what is set, so that the same
question has the same id in every run and two profiles that agree share a finding. With nothing set,
or the default, the rule keeps its plain id.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

import msgspec

from hardcheck.engine.judge import Setup
from hardcheck.engine.load import compile_rule
from hardcheck.engine.profile import AuditProfile, Control, Known
from hardcheck.engine.rule import Rule
from hardcheck.engine.values import Setting, words_of
from hardcheck.facts import FactSpec
from hardcheck.findings import Severity

_LONGEST = 24
"""Characters of a value in an id; a longer one is named by its digest."""


def known_rules(rules: Iterable[Rule]) -> Known:
    """What profiles may say of these rules."""
    rules = tuple(rules)
    return Known(
        {rule.id: rule.info.severity for rule in rules},
        {rule.id: rule.values for rule in rules if rule.values},
    )


def bind(setup: Setup, profiles: Iterable[AuditProfile]) -> tuple[Setup, tuple[AuditProfile, ...]]:
    """The rules that the profiles name, as each wants them, and the profiles naming those.

    Raises:
        ConfigError: a value that its rule cannot take (a word where the fact has others).
    """
    plain = {rule.id: rule for rule in setup.rules}
    made: dict[str, Rule] = {}
    bound = []
    for profile in profiles:
        names = {}
        for name in profile.rules:
            rule = _variant(plain[name], profile, setup.specs, made)
            made[rule.id] = rule
            names[name] = rule.id
        bound.append(_renamed(profile, names))
    rules = tuple(made[name] for name in sorted(made))
    return msgspec.structs.replace(setup, rules=rules), tuple(bound)


def _variant(
    rule: Rule, profile: AuditProfile, specs: Mapping[str, FactSpec], made: Mapping[str, Rule]
) -> Rule:
    chosen: dict[str, Setting] = {}
    for each in profile.values:
        if each.rule == rule.id:
            chosen.update(each.set)
    chosen = {name: value for name, value in chosen.items() if value != rule.values[name].default}
    severity = rule.info.severity
    for raised in profile.tighten:
        if raised.rule == rule.id:
            severity = raised.severity
    name = variant_id(rule.id, chosen, None if severity is rule.info.severity else severity)
    if name == rule.id:
        return rule
    return made.get(name) or _compiled(rule, name, chosen, severity, specs)


def variant_id(rule: str, chosen: Mapping[str, Setting], severity: Severity | None = None) -> str:
    """The id of a rule with these values set and this severity."""
    parts = [f"{name}={_short(words_of(chosen[name]))}" for name in sorted(chosen)]
    parts += [severity] if severity is not None else []
    return f"{rule}@{','.join(parts)}" if parts else rule


def _short(words: str) -> str:
    return words if len(words) <= _LONGEST else hashlib.sha256(words.encode()).hexdigest()[:8]


def _compiled(
    rule: Rule, name: str, chosen: Mapping[str, Setting], severity: Severity, specs: Mapping[str, FactSpec]
) -> Rule:
    made = compile_rule(rule.content, rule.file, specs, chosen) if chosen else rule
    title = made.info.title
    if chosen and title == rule.info.title:
        title += f" ({', '.join(f'{key}: {words_of(chosen[key])}' for key in sorted(chosen))})"
    return msgspec.structs.replace(
        made,
        info=msgspec.structs.replace(made.info, id=name, title=title, severity=severity),
        sha256=hashlib.sha256(f"{rule.sha256} {name}".encode()).hexdigest(),
    )


def _renamed(profile: AuditProfile, names: Mapping[str, str]) -> AuditProfile:
    if all(name == new for name, new in names.items()):
        return profile
    return msgspec.structs.replace(
        profile, controls=tuple(_renamed_control(control, names) for control in profile.controls)
    )


def _renamed_control(control: Control, names: Mapping[str, str]) -> Control:
    return msgspec.structs.replace(
        control,
        rules=tuple(names[rule] for rule in control.rules),
        partial=tuple(names[rule] for rule in control.partial),
    )
