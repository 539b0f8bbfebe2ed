"""What a run's exit status says to a script. The numbers are part of the interface."""

from __future__ import annotations

from enum import IntEnum

from hardcheck.findings.model import Report, Status
from hardcheck.findings.severity import Severity
from hardcheck.reasons import Reason


class ExitCode(IntEnum):
    """Of every command; where several fit, FINDINGS comes before UNREACHABLE before INCOMPLETE."""

    CLEAN = 0
    FINDINGS = 1  # a failure at or above --fail-on
    USAGE = 2
    INCOMPLETE = 3  # something could not be judged, or nothing was
    UNREACHABLE = 4
    INTERNAL = 5


def exit_code(report: Report, fail_on: Severity = Severity.LOW, max_unknown: int = 0) -> ExitCode:
    """The exit status of an audit.

    ``fail_on`` is the least severity whose failure counts; up to ``max_unknown`` findings may be
    UNKNOWN or ERROR; a waived finding counts as neither. A run that judged nothing (no host, no host
    reached, no rule that applied) is never CLEAN.
    """
    severities = {rule.id: rule.severity for rule in report.rules}
    judged, unknown, failed = False, 0, False
    for finding in report.findings:
        judged = judged or finding.status in (Status.PASS, Status.FAIL)
        if finding.waiver:
            continue
        unknown += finding.status in (Status.UNKNOWN, Status.ERROR)
        failed = failed or (finding.status is Status.FAIL and severities[finding.rule].at_least(fail_on))
    if failed:
        return ExitCode.FINDINGS
    if any(not host.reached or host.failure_reason is Reason.UNREACHABLE for host in report.hosts):
        return ExitCode.UNREACHABLE
    return ExitCode.CLEAN if judged and unknown <= max_unknown else ExitCode.INCOMPLETE
