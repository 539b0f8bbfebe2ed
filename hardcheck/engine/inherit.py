"""Folders of profiles, and profiles that extend others.

A profile that extends another has its controls, in their order, and changes them, each with a reason::

    id: acme-web
    title: Web servers of ACME
    version: "1"
    publisher: ACME
    extends: cis-debian12-l1
    drop: [{rule: ssh-x11-forwarding, reason: "the administrators' tool needs it, ticket 12"}]
    add: [{control: "5.1.1", rules: [acme-ssh-ca], reason: ours is stricter}]
    tighten: [{rule: ssh-root-login, severity: critical, reason: these hosts face the internet}]
    values: [{rule: ssh-login-limits, set: {attempts: 3}, reason: policy 7.2}]
    controls: [...]              # of its own, after the others

What was dropped stays visible: the control keeps its place, says what it lost and why, and is no
longer automated; one that lost every rule is manual.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from hardcheck.engine.profile import (
    KEYS,
    AuditProfile,
    Control,
    Known,
    known_rule,
    load_profile,
    one_paragraph,
    read_controls,
    read_profile,
    read_set,
    read_tightened,
)
from hardcheck.engine.yaml_source import Value, near, parse_yaml
from hardcheck.errors import ConfigError, ConfigFaults
from hardcheck.findings import Coverage, Origin

_EXTENDING = (*(key for key in KEYS if key != "sources"), "extends", "drop", "add")
_MAX_DEPTH = 8

Profiles = Mapping[str, AuditProfile]


def load_profiles(folder: Path, known: Known, base: Profiles | None = None) -> dict[str, AuditProfile]:
    """Every profile of the folder by id, sorted; they may extend each other and those of ``base``.

    Raises:
        ConfigError: a folder without profiles, or a fault of one file; ConfigFaults: of several.
    """
    files = sorted(folder.glob("*.yaml"))
    if not files:
        raise ConfigError(str(folder), "profile files (*.yaml)", "none")
    base = base or {}
    profiles: dict[str, AuditProfile] = {}
    waiting: dict[str, tuple[Path, bytes]] = {}
    faults: list[ConfigError] = []
    for path in files:
        try:
            if path.stem in base:
                raise ConfigError(str(path), "an id of its own", f"that of a shipped profile, {path.stem}")
            content, extends = read_profile(path)
            if extends:
                waiting[path.stem] = (path, content)
            else:
                profiles[path.stem] = load_profile(path, known, content)
        except ConfigError as error:
            faults.append(error)
    _resolve(waiting, profiles, base, known, faults)
    if faults:
        raise faults[0] if len(faults) == 1 else ConfigFaults(faults)
    return {name: profiles[name] for name in sorted(profiles)}


def _resolve(
    waiting: dict[str, tuple[Path, bytes]],
    profiles: dict[str, AuditProfile],
    base: Profiles,
    known: Known,
    faults: list[ConfigError],
) -> None:
    """Build those that extend another once that one is built; what then still waits waits in a circle."""
    for _ in range(_MAX_DEPTH):
        for name, (path, content) in tuple(waiting.items()):
            at = parse_yaml(content, str(path))
            parent = at.mapping()["extends"]
            if parent.data in waiting:
                continue
            del waiting[name]
            try:
                profiles[name] = _extended(at, name, {**base, **profiles}, known)
            except ConfigError as error:
                faults.append(error)
    for path, content in waiting.values():
        parent = parse_yaml(content, str(path)).mapping()["extends"]
        faults.append(parent.fault(f"no circle, and at most {_MAX_DEPTH} profiles above each other"))


def _extended(at: Value, name: str, parents: Profiles, known: Known) -> AuditProfile:
    entries = at.fields(_EXTENDING, ("id", "title", "version", "publisher", "extends"))
    if entries["id"].text() != name:
        raise entries["id"].fault(f"the name of the file ({name})")
    wanted = entries["extends"].text("the id of a profile")
    if wanted not in parents:
        raise entries["extends"].fault("a profile that exists", near(wanted, parents))
    parent = parents[wanted]
    controls = {control.id: control for control in parent.controls}
    for each in entries["drop"].items("a list of {rule or control, reason}") if "drop" in entries else ():
        _drop(each, controls)
    for each in entries["add"].items("a list of {control, rules, reason}") if "add" in entries else ():
        _add(each, controls, known)
    for control in read_controls(entries["controls"], known) if "controls" in entries else ():
        if control.id in controls:
            raise entries["controls"].fault("a control that the other profile does not have", control.id)
        controls[control.id] = control
    note = f"Extends {parent.id} ({parent.title}, {parent.version}). {one_paragraph(entries.get('note'))}"
    return AuditProfile(
        id=name,
        title=entries["title"].text(),
        version=entries["version"].text("a version as text"),
        publisher=entries["publisher"].text(),
        note=f"{note.strip()} {parent.note}".strip(),
        sources=parent.sources,
        controls=tuple(controls.values()),
        values=parent.values + read_set(entries.get("values"), known),
        tighten=parent.tighten + read_tightened(entries.get("tighten"), known),
    )


def _drop(at: Value, controls: dict[str, Control]) -> None:
    """Take a rule out of every control (or of the one named), or all rules out of one control."""
    entries = at.fields(("rule", "control", "reason"), ("reason",))
    reason = one_paragraph(entries["reason"])
    if "rule" not in entries and "control" not in entries:
        raise at.fault("the key 'rule' or 'control'", ", ".join(entries))
    chosen = [_known_control(entries["control"], controls)] if "control" in entries else list(controls)
    if "rule" not in entries:
        for rule in controls[chosen[0]].rules or (None,):
            controls[chosen[0]] = _without(controls[chosen[0]], rule, reason)
        return
    members = dict.fromkeys(rule for name in chosen for rule in controls[name].rules)
    rule = known_rule(entries["rule"], members)
    for name in chosen:
        if rule in controls[name].rules:
            controls[name] = _without(controls[name], rule, reason)


def _without(control: Control, rule: str | None, reason: str) -> Control:
    rules = tuple(each for each in control.rules if each != rule)
    return msgspec.structs.replace(
        control,
        rules=rules,
        partial=tuple(each for each in control.partial if each in rules),
        coverage=Coverage.PARTIAL if rules else Coverage.MANUAL,
        origin=control.origin if rules else None,
        note=f"{control.note} {f'Without {rule}' if rule else 'Left out'}: {reason}".strip(),
    )


def _add(at: Value, controls: dict[str, Control], known: Known) -> None:
    entries = at.fields(("control", "rules", "reason"), ("control", "rules", "reason"))
    control = controls[_known_control(entries["control"], controls)]
    added = tuple(known_rule(each, known.severities) for each in entries["rules"].items("a list of rules"))
    again = sorted(set(added) & set(control.rules))
    if again or not added:
        raise entries["rules"].fault("rules that the control does not have yet", ", ".join(again))
    controls[control.id] = msgspec.structs.replace(
        control,
        rules=control.rules + added,
        heading=False,
        coverage=Coverage.PARTIAL if control.coverage is Coverage.MANUAL else control.coverage,
        origin=control.origin or Origin.SITE,
        note=f"{control.note} With {', '.join(added)}: {one_paragraph(entries['reason'])}".strip(),
    )


def _known_control(at: Value, controls: Mapping[str, Control]) -> str:
    name = at.text("the id of a control (in quotes)")
    if name not in controls:
        raise at.fault("a control of the other profile", near(name, controls))
    return name
