"""Audit profiles: a standard's controls in its own order, and which rules are evidence for each.

A profile file is YAML. One that begins with ``{`` is JSON, which is YAML too: those that hardcheck
ships are, since thirty of them are read in a tenth of the time. A fault is told by the YAML reader,
with its line, either way.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import msgspec

from hardcheck.engine.values import RuleValue, Setting, read_chosen
from hardcheck.engine.yaml_source import Value, near, parse_yaml, read_bytes
from hardcheck.errors import UsageError
from hardcheck.findings import Coverage, Origin, Severity

KEYS = ("id", "title", "version", "publisher", "note", "sources", "values", "tighten", "controls")
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


class Control(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
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


class SetValues(msgspec.Struct, frozen=True):
    """Values that a profile sets for a rule, and why."""

    rule: str
    set: Mapping[str, Setting]
    reason: str


class Tightened(msgspec.Struct, frozen=True):
    """A severity above the rule's own that a profile gives it, and why."""

    rule: str
    severity: Severity
    reason: str


class Known(msgspec.Struct, frozen=True):
    """What a profile may name: rules, with their severities and the values that they declare."""

    severities: Mapping[str, Severity]
    values: Mapping[str, Mapping[str, RuleValue]] = {}


class AuditProfile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One standard, or one of hardcheck's own lists of objectives. ``values`` and ``tighten`` hold in
    this profile alone."""

    id: str
    title: str
    version: str
    publisher: str
    note: str
    sources: tuple[str, ...]
    controls: tuple[Control, ...]
    values: tuple[SetValues, ...] = ()
    tighten: tuple[Tightened, ...] = ()

    @property
    def rules(self) -> tuple[str, ...]:
        """Every rule that a control names, once, in the order of the controls."""
        return tuple(dict.fromkeys(rule for control in self.controls for rule in control.rules))


def read_profile(path: Path) -> tuple[bytes, bool]:
    """The bytes of a profile file, and whether it extends another. Raises ConfigError."""
    content = read_bytes(path)
    if _is_json(content):
        return content, False
    return content, "extends" in parse_yaml(content, str(path)).mapping("a profile")


def load_profile(path: Path, known: Known, content: bytes | None = None) -> AuditProfile:
    """One profile that stands alone, whose id is the file's name. Raises ConfigError."""
    content = read_bytes(path) if content is None else content
    quick = _quick(content, path.stem, known)
    return quick or _profile(parse_yaml(content, str(path)), path.stem, known)


def _is_json(content: bytes) -> bool:
    return content.startswith(b"{")


def _quick(content: bytes, name: str, known: Known) -> AuditProfile | None:
    """A JSON profile without a fault, else None."""
    if not _is_json(content):
        return None
    try:
        profile = msgspec.json.decode(content, type=AuditProfile)
    except msgspec.MsgspecError:
        return None
    good = (
        profile.id == name
        and profile.controls
        and len({control.id for control in profile.controls}) == len(profile.controls)
        and all(_sound(control, known) for control in profile.controls)
        and all(_fits(each, known) for each in profile.values)
        and not profile.tighten
    )
    return profile if good else None


def _sound(control: Control, known: Known) -> bool:
    rules = control.rules
    return (
        bool(control.id and control.title)
        and (not rules) is (control.coverage is Coverage.MANUAL)
        and (not rules) is (control.origin is None)
        and all(rule in known.severities for rule in rules)
        and set(control.partial) <= set(rules)
        and len(set(rules)) == len(rules)
    )


def _fits(each: SetValues, known: Known) -> bool:
    declared = known.values.get(each.rule, {})
    return all(
        name in declared and type(value) is type(declared[name].default) for name, value in each.set.items()
    )


def _profile(at: Value, name: str, known: Known) -> AuditProfile:
    entries = at.fields(KEYS, ("id", "title", "version", "publisher", "controls"))
    if entries["id"].text() != name:
        raise entries["id"].fault(f"the name of the file ({name})")
    controls = read_controls(entries["controls"], known)
    if not controls:
        raise entries["controls"].fault("a list that is not empty")
    return AuditProfile(
        id=name,
        title=entries["title"].text(),
        version=entries["version"].text("a version as text"),
        publisher=entries["publisher"].text(),
        note=one_paragraph(entries.get("note")),
        sources=entries["sources"].texts() if "sources" in entries else (),
        controls=controls,
        values=read_set(entries.get("values"), known),
        tighten=read_tightened(entries.get("tighten"), known),
    )


def one_paragraph(at: Value | None) -> str:
    """A text without its line breaks; empty where there is none."""
    return " ".join(at.text().split()) if at is not None else ""


def read_controls(at: Value, known: Known) -> tuple[Control, ...]:
    """The controls of a list, each once. Raises ConfigError."""
    controls: dict[str, Control] = {}
    for each in at.items("a list of controls"):
        control = _control(each, known.severities)
        if control.id in controls:
            raise each.fault("each control once", f"{control.id!r} again")
        controls[control.id] = control
    return tuple(controls.values())


def read_set(at: Value | None, known: Known) -> tuple[SetValues, ...]:
    """The list under ``values``. Raises ConfigError."""
    found = []
    for each in at.items("a list of {rule, set, reason}") if at is not None else ():
        entries = each.fields(("rule", "set", "reason"), ("rule", "set", "reason"))
        rule = known_rule(entries["rule"], known.severities)
        if not known.values.get(rule):
            raise entries["rule"].fault("a rule that declares values", repr(rule))
        chosen = read_chosen(entries["set"], known.values[rule])
        found.append(SetValues(rule, chosen, one_paragraph(entries["reason"])))
    return tuple(found)


def read_tightened(at: Value | None, known: Known) -> tuple[Tightened, ...]:
    """The list under ``tighten``. Raises ConfigError: a severity that is not above the rule's own."""
    found = []
    for each in at.items("a list of {rule, severity, reason}") if at is not None else ():
        entries = each.fields(("rule", "severity", "reason"), ("rule", "severity", "reason"))
        rule = known_rule(entries["rule"], known.severities)
        severity = Severity(entries["severity"].word([word.value for word in Severity]))
        own = known.severities[rule]
        if own.at_least(severity):
            raise entries["severity"].fault(f"a severity above the rule's own ({own})")
        found.append(Tightened(rule, severity, one_paragraph(entries["reason"])))
    return tuple(found)


def known_rule(at: Value, known: Collection[str]) -> str:
    """The id of a rule that exists. Raises ConfigError."""
    name = at.text("the id of a rule")
    if name not in known:
        raise at.fault("a rule that exists", near(name, known))
    return name


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
        note=one_paragraph(entries.get("note")),
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
