"""Parts of a SCAP datastream: some rules, with what their checks refer to, and nothing else.

A datastream of ComplianceAsCode holds some hundred rules with texts and scripts for one product and takes an
emulated host minutes to read. What is left keeps the rules, their groups, the values, and the OVAL
definitions with all that they refer to. Platforms are taken out: content of one distribution is asked on
another.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator, Set
from pathlib import Path

PREFIX = "xccdf_org.ssgproject.content_rule_"
_XCCDF = "{http://checklists.nist.gov/xccdf/1.2}"
_STREAM = "{http://scap.nist.gov/schema/scap/source/1.2}"
_OVAL = "{http://oval.mitre.org/XMLSchema/oval-definitions-5}"
_DROPPED = {
    _XCCDF + name
    for name in (
        *("Profile", "fix", "fixtext", "description", "rationale", "reference", "ident", "platform"),
        *("front-matter", "rear-matter", "notice", "warning", "model", "metadata", "requires", "conflicts"),
    )
}
_PARTS = {_OVAL + name for name in ("definitions", "tests", "objects", "states", "variables")}
_REFERENCES = ("definition_ref", "test_ref", "object_ref", "state_ref", "var_ref")
_NAMING = (_OVAL + "object_reference", _OVAL + "filter", _OVAL + "var_ref")


def trim(datastream: Path, wanted: Set[str], out: Path) -> None:
    """Write the datastream with the rules ``wanted`` (names without prefix) alone."""
    tree = ET.parse(datastream)
    root = tree.getroot()
    by_id = {element.get("id", ""): element for element in root.iter()}
    needed: set[str] = set()
    for component in root.findall(_STREAM + "component"):
        benchmark = component.find(_XCCDF + "Benchmark")
        if benchmark is not None:
            _keep_rules(benchmark, wanted)
            for reference in benchmark.iter(_XCCDF + "check-content-ref"):
                _close(reference.get("name", ""), by_id, needed)
    for component in root.findall(_STREAM + "component"):
        if "cpe" not in component.get("id", ""):
            for definitions in component.iter(_OVAL + "oval_definitions"):
                _keep_needed(definitions, needed)
    tree.write(out, encoding="utf-8")


def _keep_rules(element: ET.Element, wanted: Set[str]) -> None:
    for child in list(element):
        other_rule = child.tag == _XCCDF + "Rule" and child.get("id", "").removeprefix(PREFIX) not in wanted
        by_hand = child.tag == _XCCDF + "check" and "ocil" in child.get("system", "")
        if child.tag in _DROPPED or other_rule or by_hand:
            element.remove(child)
        elif child.tag in (_XCCDF + "Group", _XCCDF + "Rule", _XCCDF + "complex-check"):
            _keep_rules(child, wanted)


def _close(start: str, by_id: dict[str, ET.Element], needed: set[str]) -> None:
    """Add an OVAL element and all that it refers to."""
    open_ = [start]
    while open_:
        name = open_.pop()
        if name.startswith("oval:") and name in by_id and name not in needed:
            needed.add(name)
            open_ += _references(by_id[name])


def _references(element: ET.Element) -> Iterator[str]:
    for each in element.iter():
        yield from (each.get(name, "") for name in _REFERENCES)
        if each.tag in _NAMING or each.tag.endswith("}var_ref"):
            yield (each.text or "").strip()


def _keep_needed(definitions: ET.Element, needed: Set[str]) -> None:
    for part in list(definitions):
        if part.tag in _PARTS:
            for element in list(part):
                if element.get("id") not in needed:
                    part.remove(element)
            if not len(part):
                definitions.remove(part)
