"""Test results for a build server: a suite a host, a case a rule.

An unknown is an ``error``, never a success; what does not apply or needs a person is ``skipped``.
The form is the one that Ant's JUnit task writes, which build servers read.
"""

from __future__ import annotations

from typing import BinaryIO
from xml.etree import ElementTree

from hardcheck.findings import Report, Status
from hardcheck.render.sanitise import visible
from hardcheck.render.view import FindingView, HostView, arrange
from hardcheck.render.words import STATUS, reason_word

_ORDER = (Status.FAIL, Status.ERROR, Status.UNKNOWN, Status.MANUAL, Status.NOT_APPLICABLE, Status.PASS)
_KINDS = {
    Status.FAIL: "failure",
    Status.UNKNOWN: "error",
    Status.ERROR: "error",
    Status.MANUAL: "skipped",
    Status.NOT_APPLICABLE: "skipped",
}


def render(report: Report, out: BinaryIO) -> None:
    """Write XML 1.0 as UTF-8.

    Raises:
        ConfigError: the report refers to a rule or host that it does not have.
    """
    view = arrange(report)
    root = ElementTree.Element("testsuites", name=visible(report.title))
    for host in view.hosts:
        root.append(_suite(host, report.generated_at))
    for kind, name in (
        ("testcase", "tests"),
        ("failure", "failures"),
        ("error", "errors"),
        ("skipped", "skipped"),
    ):
        root.set(name, str(len(root.findall(f".//{kind}"))))
    ElementTree.indent(root, " ")
    ElementTree.ElementTree(root).write(out, encoding="utf-8", xml_declaration=True)
    out.write(b"\n")


def _suite(host: HostView, when: str) -> ElementTree.Element:
    name = visible(host.result.name)
    suite = ElementTree.Element("testsuite", name=name, timestamp=visible(when))
    if not host.result.reached:
        case = ElementTree.SubElement(suite, "testcase", classname=name, name="host is reached")
        ElementTree.SubElement(
            case,
            "error",
            type=host.result.failure_reason or "unreachable",
            message=visible(host.result.failure),
        )
    for status in _ORDER:
        for finding in host.of(status):
            suite.append(_case(finding, name))
    for kind, title in (
        ("testcase", "tests"),
        ("failure", "failures"),
        ("error", "errors"),
        ("skipped", "skipped"),
    ):
        suite.set(title, str(len(suite.findall(f".//{kind}"))))
    return suite


def _case(view: FindingView, host: str) -> ElementTree.Element:
    finding, rule = view.finding, view.rule.info
    case = ElementTree.Element("testcase", classname=f"{host}.{visible(rule.topic)}", name=visible(rule.id))
    kind = _KINDS.get(finding.status)
    if kind is None:
        return case
    if finding.waiver:
        said = f"waived by {finding.waiver}: {_message(view)}"
        ElementTree.SubElement(case, "skipped", message=visible(said))
        return case
    result = ElementTree.SubElement(case, kind, message=visible(_message(view)))
    if kind != "skipped":
        result.set("type", finding.reason or rule.severity)
        lines = [
            rule.title,
            f"expected: {finding.expected}",
            f"observed: {finding.observed}",
            *finding.items[:50],
        ]
        result.text = "\n".join(visible(line) for line in lines)
    return case


def _message(view: FindingView) -> str:
    finding = view.finding
    if finding.status is Status.FAIL:
        return f"{view.rule.info.severity}: {view.rule.info.title}; observed {finding.observed}"
    if finding.status is Status.UNKNOWN:
        return f"not judged, {reason_word(finding.reason).word.lower()}: {finding.detail}"
    return f"{STATUS[finding.status].word}: {finding.detail or finding.observed}"
