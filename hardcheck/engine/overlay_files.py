"""Waivers and attestations: one YAML file each, read with the place of every fault.

    waivers:
      - id: W-2026-014
        rule: ssh-password-login
        hosts: ["legacy-*"]
        owner: jane@acme.example
        approver: ciso@acme.example
        ticket: SEC-881
        reason: The batch user of the old ERP cannot use keys; the host is behind the bastion.
        start: "2026-01-15"
        expires: "2026-06-30"

    attestations:
      - id: A-7
        profile: pci-dss-4.0.1
        control: "12.5.1"
        says: met
        hosts: ["*"]
        ...

``docs/waivers-schema.json`` and ``docs/attestations-schema.json`` describe the form for editors.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, TypeVar

from hardcheck.engine.profile import AuditProfile
from hardcheck.engine.yaml_source import Value, near, read_yaml
from hardcheck.errors import ConfigError, ConfigFaults
from hardcheck.findings import Attestation, Attested, Waiver

T = TypeVar("T")
_SCOPE = ("hosts", "groups", "tags")
_ANSWER = ("id", "owner", "approver", "ticket", "reason", "start", "expires")
_WAIVER = ("rule", "items")
_ATTESTATION = ("profile", "control", "says")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TAG = re.compile(r"[^=\s][^=]*=.*")


def load_waivers(path: Path, rules: Collection[str]) -> tuple[Waiver, ...]:
    """Every waiver of a file; ``rules`` are the ids that exist.

    Raises:
        ConfigError: the file cannot be read or has one fault; ConfigFaults: the first of each entry.
    """
    return _load(path, "waivers", lambda each, before: _waiver(each, rules, before))


def load_attestations(path: Path, profiles: Mapping[str, AuditProfile]) -> tuple[Attestation, ...]:
    """Every attestation of a file; ``profiles`` are all that exist.

    Raises:
        ConfigError: the file cannot be read or has one fault; ConfigFaults: the first of each entry.
    """
    return _load(path, "attestations", lambda each, before: _attestation(each, profiles, before))


def _load(path: Path, name: str, entry: Callable[[Value, list[T]], T]) -> tuple[T, ...]:
    """Every entry of the list that the file has; ``entry`` reads one, beside those before it."""
    found: list[T] = []
    faults: list[ConfigError] = []
    for each in read_yaml(path).fields((name,), (name,))[name].items(f"a list of {name}"):
        try:
            found.append(entry(each, found))
        except ConfigError as error:
            faults.append(error)
    if faults:
        raise faults[0] if len(faults) == 1 else ConfigFaults(faults)
    return tuple(found)


def _waiver(at: Value, rules: Collection[str], before: list[Waiver]) -> Waiver:
    entries = at.fields((*_ANSWER, *_SCOPE, *_WAIVER), (*_ANSWER, "rule"))
    rule = entries["rule"].text("the id of a rule")
    if rule not in rules:
        raise entries["rule"].fault("a rule that exists", near(rule, rules))
    items = entries["items"].texts() if "items" in entries else ()
    if "items" in entries and not items:
        raise entries["items"].fault("a list that is not empty")
    return Waiver(**_answer(at, entries, [each.id for each in before]), rule=rule, items=items)


def _attestation(at: Value, profiles: Mapping[str, AuditProfile], before: list[Attestation]) -> Attestation:
    entries = at.fields((*_ANSWER, *_SCOPE, *_ATTESTATION), (*_ANSWER, *_ATTESTATION))
    name = entries["profile"].text("the id of a profile")
    if name not in profiles:
        raise entries["profile"].fault("a profile that exists", near(name, profiles))
    controls = {control.id: control for control in profiles[name].controls}
    control = entries["control"].text("the id of a control")
    if control not in controls:
        raise entries["control"].fault(f"a control of {name}", near(control, controls))
    if controls[control].heading:
        raise entries["control"].fault(f"a control of {name} that is not a heading", repr(control))
    says = Attested(entries["says"].word([word.value for word in Attested]))
    answer = _answer(at, entries, [each.id for each in before])
    return Attestation(**answer, profile=name, control=control, says=says)


def _answer(at: Value, entries: Mapping[str, Value], before: Collection[str]) -> dict[str, Any]:
    """The fields that both kinds have."""
    found: dict[str, Any] = {
        name: " ".join(entries[name].text().split())
        for name in ("id", "owner", "approver", "ticket", "reason")
    }
    if found["id"] in before:
        raise entries["id"].fault("an id of its own", f"{found['id']!r} again")
    found["start"], found["expires"] = _day(entries["start"]), _day(entries["expires"])
    if found["expires"] < found["start"]:
        raise entries["expires"].fault(f"a day on or after the start ({found['start']})")
    for name in _SCOPE:
        if name in entries:
            found[name] = entries[name].texts()
            if not found[name]:
                raise entries[name].fault("a list that is not empty")
    for tag in entries["tags"].items() if "tags" in entries else ():
        if not _TAG.fullmatch(tag.text()):
            raise tag.fault("NAME=VALUE, as the inventory's variables have it")
    if not any(name in entries for name in _SCOPE):
        raise at.fault('a scope: hosts, groups or tags (hosts: ["*"] for all)', "none of them")
    return found


def _day(at: Value) -> str:
    text = at.text("a date in quotes, YYYY-MM-DD")
    try:
        if not _DATE.fullmatch(text):
            raise ValueError
        return datetime.date.fromisoformat(text).isoformat()
    except ValueError:
        raise at.fault("a date in quotes, YYYY-MM-DD") from None
