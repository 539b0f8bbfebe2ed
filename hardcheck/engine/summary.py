"""What a report says of a host beside its findings: which system it is and how it was looked at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hardcheck.engine.load import FRAMEWORK_FACT
from hardcheck.engine.paths import FactsRoot
from hardcheck.engine.wording import one_line, value_text
from hardcheck.engine.yaml_source import Value
from hardcheck.errors import ConfigError
from hardcheck.evidence import HostEvidence
from hardcheck.facts import Absent, Facts, FactSpec, Reason
from hardcheck.findings import EvidenceRef, Framework

VERDICT_FACT = "mac.verdict"
"""The fact that holds the reconciled MAC state in words."""

LINES: tuple[tuple[str, str], ...] = (
    ("Distribution", "host.os.pretty_name"),
    ("Kernel", "host.kernel.release"),
    ("Machine", "host.kernel.machine"),
    ("Active LSMs", "kernel.lsm"),
)
"""Label and fact path of each line on a host's page."""


def framework_of(facts: Facts) -> Framework:
    """Which framework the host runs, UNDECIDED where that was not seen."""
    value = _fact(facts, FRAMEWORK_FACT)
    return Framework(value) if value in list(Framework) else Framework.UNDECIDED


def verdict_of(facts: Facts) -> str:
    """The reconciled MAC state in words."""
    value = _fact(facts, VERDICT_FACT)
    return f"could not be seen: {value_text(value)}" if isinstance(value, Absent) else value_text(value, 300)


def summary_of(facts: Facts, specs: Mapping[str, FactSpec]) -> tuple[tuple[str, str], ...]:
    """Label and value of each known line; one that could not be had says why."""
    root = FactsRoot(specs)
    lines = []
    for label, path in LINES:
        try:
            read = root.resolve(Value(path, "summary", 1, label)).read
        except ConfigError:
            continue  # these parsers do not make that fact
        try:
            value = read(facts)
        except Exception as error:
            value = Absent(Reason.UNPARSABLE, (), f"{type(error).__name__}: {error}")
        whole = isinstance(value, tuple) and len(value) < 30  # a list is told whole here
        text = one_line(", ".join(map(str, value)), 300) if whole else value_text(value, 300)
        lines.append((label, text))
    return tuple(lines)


def refs_of(host: HostEvidence) -> dict[str, EvidenceRef]:
    """A pointer to every item of the host's evidence, by key, sorted."""
    return {
        key: EvidenceRef(
            key, one_line(item.origin, 300), item.sha256, max(len(item.content), item.size), item.reason
        )
        for key, item in sorted(host.items.items())
    }


def missing_ref(host: HostEvidence, key: str) -> EvidenceRef:
    """The pointer to an item that was never collected."""
    reason = host.failure.reason if host.failure is not None else Reason.NOT_COLLECTED
    return EvidenceRef(key, "", "", 0, reason)


def _fact(facts: Facts, name: str) -> Any:
    if name not in facts:
        return Absent(Reason.NOT_COLLECTED, (), f"no parser makes {name}")
    try:
        return facts[name]
    except Exception as error:
        return Absent(Reason.UNPARSABLE, (), one_line(f"{type(error).__name__}: {error}"))
