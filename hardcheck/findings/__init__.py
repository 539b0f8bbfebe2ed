"""What an audit found: status, expected, observed, evidence; no text for people."""

from hardcheck.findings.exit_code import ExitCode, exit_code
from hardcheck.findings.model import (
    FORMAT_VERSION,
    ControlResult,
    Coverage,
    EvidenceRef,
    Finding,
    Framework,
    HostResult,
    Origin,
    ProfileResult,
    Remedy,
    Report,
    RuleInfo,
    Score,
    Status,
)
from hardcheck.findings.severity import Severity

__all__ = [
    "FORMAT_VERSION",
    "ControlResult",
    "Coverage",
    "EvidenceRef",
    "ExitCode",
    "Finding",
    "Framework",
    "HostResult",
    "Origin",
    "ProfileResult",
    "Remedy",
    "Report",
    "RuleInfo",
    "Score",
    "Severity",
    "Status",
    "exit_code",
]
