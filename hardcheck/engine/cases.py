"""Rule cases: given facts, the verdict a rule has to give. ``CASES/RULE-ID/CASE.STATUS.yaml``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from hardcheck.engine.case_facts import read_facts
from hardcheck.engine.evaluate import evaluate
from hardcheck.engine.rule import Rule
from hardcheck.engine.yaml_source import read_yaml
from hardcheck.errors import ConfigError
from hardcheck.facts import Facts, FactSpec, Reason, fixed_facts
from hardcheck.findings import EvidenceRef, Finding, Framework, Status

CASE_STATUSES = (Status.PASS, Status.FAIL, Status.UNKNOWN, Status.NOT_APPLICABLE)


class Case(msgspec.Struct, frozen=True):
    """One case: ``facts`` are given, all others Absent(NOT_COLLECTED); ``status`` is from the file's
    name; what is None was not asked for."""

    rule: str
    name: str
    file: str
    status: Status
    facts: Facts
    framework: Framework | None = None
    items: tuple[str, ...] | None = None
    reason: Reason | None = None
    literal: Status | None = None
    observed: str | None = None


class CaseResult(msgspec.Struct, frozen=True):
    """What a rule said of a case. ``faults`` are empty when it is as the case expects."""

    case: Case
    finding: Finding
    faults: tuple[str, ...]


def load_cases(folder: Path, specs: Mapping[str, FactSpec]) -> tuple[Case, ...]:
    """Every case in ``folder/RULE-ID/``, by rule and name. Raises ConfigError."""
    if not folder.is_dir():
        raise ConfigError(str(folder), "a folder of cases", "none")
    return tuple(load_case(path, specs) for path in sorted(folder.glob("*/*.yaml")))


def load_case(path: Path, specs: Mapping[str, FactSpec]) -> Case:
    """One case file. Raises ConfigError."""
    name, _, word = path.stem.rpartition(".")
    if word not in CASE_STATUSES or not name:
        raise ConfigError(
            str(path), "a name CASE.STATUS.yaml, STATUS of " + ", ".join(CASE_STATUSES), path.name
        )
    at = read_yaml(path)
    entries = at.fields(("about", "facts", "expect"), ("facts",))
    facts = fixed_facts(specs, read_facts(entries["facts"], specs))
    expect = {}
    if "expect" in entries:
        expect = entries["expect"].fields(("framework", "items", "reason", "literal", "observed"))
    return Case(
        rule=path.parent.name,
        name=name,
        file=str(path),
        status=Status(word),
        facts=facts,
        framework=Framework(expect["framework"].word(list(Framework))) if "framework" in expect else None,
        items=expect["items"].texts() if "items" in expect else None,
        reason=Reason(expect["reason"].word(list(Reason))) if "reason" in expect else None,
        literal=Status(expect["literal"].word(list(Status))) if "literal" in expect else None,
        observed=expect["observed"].text() if "observed" in expect else None,
    )


def run_case(rule: Rule, case: Case) -> CaseResult:
    """Evaluate one case and compare the finding with what the case expects."""
    finding = evaluate(rule, case.facts, "case", _no_bundle)
    return CaseResult(case, finding, tuple(_faults(case, finding)))


def _faults(case: Case, finding: Finding) -> Iterable[str]:
    said = f"{finding.observed}" + (f" [{finding.detail}]" if finding.detail else "")
    if finding.status is not case.status:
        yield f"expected {case.status}, found {finding.status}: {said}"
    pairs = (
        ("framework", case.framework, finding.framework),
        ("items", case.items, finding.items),
        ("reason", case.reason, finding.reason),
        ("literal", case.literal, finding.literal),
    )
    for name, expected, found in pairs:
        if expected is not None and expected != found:
            yield f"expected {name} {_text(expected)}, found {_text(found)}"
    if case.observed is not None and case.observed not in finding.observed:
        yield f"expected observed to hold {case.observed!r}, found {finding.observed!r}"


def missing_cases(rule: Rule, results: Iterable[CaseResult]) -> tuple[str, ...]:
    """The cases that a rule has to have and lacks: pass, fail and unknown on each side that asks
    something, not_applicable where it has a condition."""
    seen = {(result.finding.framework, result.case.status) for result in results}
    lacks = []
    for framework, side in rule.sides.items():
        wanted = [Status.NOT_APPLICABLE]
        if side.check is not None:
            wanted = [Status.PASS, Status.FAIL, Status.UNKNOWN]
            wanted += [Status.NOT_APPLICABLE] if side.applies is not None else []
        where = "" if framework is Framework.ANY else f" on the side {framework}"
        lacks += [f"{status}{where}" for status in wanted if (framework, status) not in seen]
    if rule.neither is not None and (Framework.NEITHER, rule.neither) not in seen:
        lacks.append(f"{rule.neither} of a host with neither framework")
    return tuple(lacks)


def _text(value: object) -> str:
    return "nothing" if value is None else ", ".join(value) if isinstance(value, tuple) else str(value)


def _no_bundle(key: str) -> EvidenceRef:
    return EvidenceRef(key, "", "", 0)
