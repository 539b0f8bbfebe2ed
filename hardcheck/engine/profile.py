"""Audit profiles: a standard's controls in its own order, and which rules are evidence for each."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import msgspec

from hardcheck.engine.yaml_source import Value, near, read_yaml
from hardcheck.errors import ConfigError, ConfigFaults, UsageError
from hardcheck.findings import Coverage, Origin

_KEYS = ("id", "title", "version", "publisher", "note", "sources", "controls")
_CONTROL = (
    "id",
    "title",
    "parent",
    "heading",
    "coverage",
    "origin",
    "rules",
    "partial",
    "note",
    "attributes",
)


class Control(msgspec.Struct, frozen=True):
    """One control. ``heading`` is a part of the standard that only groups others. ``rules`` are
    evidence for it, ``partial`` those of which the evidence is only part of what it asks; ``origin``
    says who mapped them, None where there are none."""

    id: str
    title: str
    coverage: Coverage
    parent: str = ""
    heading: bool = False
    origin: Origin | None = None
    rules: tuple[str, ...] = ()
    partial: tuple[str, ...] = ()
    note: str = ""
    attributes: Mapping[str, str] = {}


class AuditProfile(msgspec.Struct, frozen=True):
    """One standard, or one of hardcheck's own lists of objectives."""

    id: str
    title: str
    version: str
    publisher: str
    note: str
    sources: tuple[str, ...]
    controls: tuple[Control, ...]

    @property
    def rules(self) -> tuple[str, ...]:
        """Every rule that a control names, once, in the order of the controls."""
        return tuple(dict.fromkeys(rule for control in self.controls for rule in control.rules))


def load_profiles(folder: Path, rules: Collection[str]) -> dict[str, AuditProfile]:
    """Every profile of the folder by id, sorted; ``rules`` are the ids that exist.

    Raises:
        ConfigError: a folder without profiles, or a fault of one file; ConfigFaults: of several.
    """
    files = sorted(folder.glob("*.yaml"))
    if not files:
        raise ConfigError(str(folder), "profile files (*.yaml)", "none")
    profiles: dict[str, AuditProfile] = {}
    faults: list[ConfigError] = []
    for path in files:
        try:
            profile = load_profile(path, rules)
        except ConfigError as error:
            faults.append(error)
        else:
            profiles[profile.id] = profile
    if faults:
        raise faults[0] if len(faults) == 1 else ConfigFaults(faults)
    return profiles


def load_profile(path: Path, rules: Collection[str]) -> AuditProfile:
    """One profile, whose id is the file's name. Raises ConfigError."""
    at = read_yaml(path)
    entries = at.fields(_KEYS, ("id", "title", "version", "publisher", "controls"))
    if entries["id"].text() != path.stem:
        raise entries["id"].fault(f"the name of the file ({path.stem})")
    controls: dict[str, Control] = {}
    for each in entries["controls"].items("a list of controls"):
        control = _control(each, rules)
        if control.id in controls:
            raise each.fault("each control once", f"{control.id!r} again")
        controls[control.id] = control
    if not controls:
        raise entries["controls"].fault("a list that is not empty")
    return AuditProfile(
        id=path.stem,
        title=entries["title"].text(),
        version=entries["version"].text("a version as text"),
        publisher=entries["publisher"].text(),
        note=" ".join(entries["note"].text().split()) if "note" in entries else "",
        sources=entries["sources"].texts() if "sources" in entries else (),
        controls=tuple(controls.values()),
    )


def choose(profiles: Mapping[str, AuditProfile], ids: Collection[str]) -> tuple[AuditProfile, ...]:
    """The profiles of these ids, in that order. Raises UsageError: one is not there."""
    chosen = []
    for name in dict.fromkeys(ids):
        if name not in profiles:
            raise UsageError(f"no profile {near(name, profiles)}; there are {', '.join(profiles)}")
        chosen.append(profiles[name])
    return tuple(chosen)


def _control(at: Value, known: Collection[str]) -> Control:
    entries = at.fields(_CONTROL, ("id", "title", "coverage"))
    coverage = Coverage(entries["coverage"].word([word.value for word in Coverage]))
    rules = _rules(entries.get("rules"), known)
    if bool(rules) is (coverage is Coverage.MANUAL):
        raise entries["coverage"].fault(
            "manual where there are no rules, automated or partial where there are"
        )
    if bool(rules) is not ("origin" in entries):
        raise at.fault("the key 'origin' where there are rules, and only there")
    partial = _rules(entries.get("partial"), rules)
    attributes = entries["attributes"].mapping() if "attributes" in entries else {}
    return Control(
        id=entries["id"].text("an id as text"),
        title=entries["title"].text(),
        coverage=coverage,
        parent=entries["parent"].text("an id as text") if "parent" in entries else "",
        heading=entries["heading"].flag() if "heading" in entries else False,
        origin=Origin(entries["origin"].word([word.value for word in Origin])) if rules else None,
        rules=rules,
        partial=partial,
        note=" ".join(entries["note"].text().split()) if "note" in entries else "",
        attributes={name: value.text() for name, value in attributes.items()},
    )


def _rules(at: Value | None, known: Collection[str]) -> tuple[str, ...]:
    if at is None:
        return ()
    names = at.texts()
    for value, name in zip(at.items(), names, strict=True):
        if name not in known:
            raise value.fault("a rule that exists", near(name, known))
    if len(set(names)) != len(names):
        raise at.fault("each rule once")
    return names
