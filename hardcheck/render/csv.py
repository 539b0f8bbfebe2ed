"""One line a finding, for spreadsheets and scripts.

A cell that a spreadsheet would take for a formula begins with an apostrophe, which makes it text
(OWASP, CSV injection); hosts that were not reached have one line each, with status ``unknown``.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import BinaryIO

from hardcheck.findings import Report, Status
from hardcheck.reasons import Reason
from hardcheck.render.sanitise import visible
from hardcheck.render.view import FindingView, HostView, arrange

COLUMNS = (
    "host", "framework", "rule", "title", "severity", "topic", "status", "reason", "expected", "observed",
    "items", "detail", "literal", "waiver", "controls", "evidence",
)  # fmt: skip
_FORMULA = tuple("=+-@|%\t\r\n")
_CELL_LIMIT = 30_000  # a spreadsheet cell holds 32,767 characters


def render(report: Report, out: BinaryIO) -> None:
    """Write UTF-8 with a header line and CRLF, as RFC 4180 has it.

    Raises:
        ConfigError: the report refers to a rule or host that it does not have.
    """
    view = arrange(report)
    text = io.TextIOWrapper(out, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(COLUMNS)
    for finding in view.findings:
        writer.writerow([_cell(value) for value in _line(finding)])
    for host in view.unreached:
        writer.writerow([_cell(value) for value in _unreached(host)])
    text.detach()


def _line(view: FindingView) -> Iterator[str]:
    finding, rule = view.finding, view.rule.info
    yield from (finding.host, finding.framework, finding.rule, rule.title, rule.severity, rule.topic)
    yield from (finding.status, finding.reason or "", finding.expected, finding.observed)
    yield "; ".join(finding.items)
    yield finding.detail
    yield finding.literal or ""
    yield finding.waiver
    yield "; ".join(f"{ref.profile} {ref.id}" for ref in view.rule.controls)
    yield "; ".join(f"{item.ref.key} {item.ref.reason or item.ref.sha256}" for item in view.evidence)


def _unreached(host: HostView) -> Iterator[str]:
    result = host.result
    yield from (result.name, result.framework, "", "Host not reached", "", "", Status.UNKNOWN)
    yield from (result.failure_reason or Reason.UNREACHABLE, "", "", "", result.failure, "", "", "", "")


def _cell(value: str) -> str:
    shown = visible(value, _CELL_LIMIT)
    return "'" + shown if shown.lstrip(" ").startswith(_FORMULA) else shown
