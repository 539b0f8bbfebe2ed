"""Results for code scanning services: SARIF 2.1.0 (OASIS), one run.

Hosts are logical locations: an audit has no source files. ``unknown`` and ``manual`` become the
kinds ``open`` and ``review``, which services show as undecided.
"""

from __future__ import annotations

import hashlib
from typing import Any, BinaryIO

import msgspec

from hardcheck.findings import Report, RuleInfo, Severity, Status
from hardcheck.render.sanitise import json_safe, visible
from hardcheck.render.view import FindingView, HostView, arrange
from hardcheck.render.words import reason_word

_KINDS = {
    Status.PASS: "pass",
    Status.FAIL: "fail",
    Status.UNKNOWN: "open",
    Status.ERROR: "open",
    Status.MANUAL: "review",
    Status.NOT_APPLICABLE: "notApplicable",
}
_LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}
_SECURITY_SEVERITY = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "2.0",
    Severity.INFO: "0.0",
}


def render(report: Report, out: BinaryIO) -> None:
    """Write one SARIF log as UTF-8 JSON.

    Raises:
        ConfigError: the report refers to a rule or host that it does not have.
    """
    view = arrange(report)
    run = {
        "tool": {
            "driver": {
                "name": "hardcheck",
                "semanticVersion": visible(report.tool_version),
                "rules": [_rule(rule.info) for rule in view.rules],
            }
        },
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": not view.unreached,
                "toolExecutionNotifications": [_notification(host) for host in view.unreached],
            }
        ],
        "results": [_result(finding) for finding in view.findings],
    }
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }
    out.write(json_safe(msgspec.json.format(msgspec.json.encode(log), indent=1).decode()).encode())
    out.write(b"\n")


def _rule(rule: RuleInfo) -> dict[str, Any]:
    return {
        "id": visible(rule.id),
        "shortDescription": {"text": visible(rule.title)},
        "fullDescription": {"text": visible(rule.rationale)},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {
            "security-severity": _SECURITY_SEVERITY[rule.severity],
            "tags": ["security", visible(rule.topic)],
        },
    }


def _result(view: FindingView) -> dict[str, Any]:
    finding = view.finding
    kind = _KINDS[finding.status]
    host = visible(finding.host)
    identity = hashlib.sha256(f"{visible(finding.rule)}\0{host}".encode()).hexdigest()
    return {
        "ruleId": visible(finding.rule),
        "ruleIndex": view.rule.number - 1,
        "kind": kind,
        "level": _LEVELS[view.rule.info.severity] if kind == "fail" else "none",
        "message": {"text": _message(view)},
        "locations": [{"logicalLocations": [{"name": host, "kind": "resource"}]}],
        "partialFingerprints": {"ruleAndHost/v1": identity},
        **({"suppressions": [_suppression(view)]} if finding.waiver else {}),
    }


def _suppression(view: FindingView) -> dict[str, Any]:
    """SARIF 2.1.0, 3.35: accepted outside of the analysed thing, with the reason."""
    waiver = view.waiver
    words = f": {waiver.reason} ({waiver.ticket}, until {waiver.expires})" if waiver is not None else ""
    return {
        "kind": "external",
        "status": "accepted",
        "justification": visible(f"{view.finding.waiver}{words}"),
    }


def _message(view: FindingView) -> str:
    finding = view.finding
    if finding.status in (Status.UNKNOWN, Status.ERROR):
        return visible(f"Not judged, {reason_word(finding.reason).word.lower()}: {finding.detail}")
    text = f"{view.rule.info.title}: expected {finding.expected}, observed {finding.observed}"
    if finding.items:
        text += ": " + "; ".join(finding.items[:20])
    return visible(text)


def _notification(host: HostView) -> dict[str, Any]:
    text = f"{host.result.name} was not reached: {host.result.failure}"
    return {"level": "error", "message": {"text": visible(text)}}
