"""The words and symbols that every document for people uses, one table a concept."""

from __future__ import annotations

from dataclasses import dataclass

from hardcheck.findings import Attested, Coverage, Framework, Origin, Severity, Standing, Status, Term
from hardcheck.findings.exposure import Outcome
from hardcheck.reasons import Reason


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the report: what it is called, its symbol (never colour alone), and what it means."""

    word: str
    symbol: str = ""
    meaning: str = ""


STATUS = {
    Status.PASS: Word("Pass", "✓", "Evidence was seen that makes the check pass."),
    Status.FAIL: Word("Fail", "✗", "Evidence was seen that makes the check fail."),
    Status.UNKNOWN: Word(
        "Unknown", "?", "It could not be judged; the reason is given. It never counts as a pass."
    ),
    Status.ERROR: Word("Error", "!", "hardcheck itself failed on this check. It never counts as a pass."),
    Status.MANUAL: Word("Manual", "◇", "A person has to judge it; it is outside the score."),
    Status.NOT_APPLICABLE: Word("Not applicable", "\u2013", "Evidence shows that the check does not apply."),
}

SEVERITY = {
    Severity.CRITICAL: Word("Critical"),
    Severity.HIGH: Word("High"),
    Severity.MEDIUM: Word("Medium"),
    Severity.LOW: Word("Low"),
    Severity.INFO: Word("Info"),
}

FRAMEWORK = {
    Framework.SELINUX: Word("SELinux"),
    Framework.APPARMOR: Word("AppArmor"),
    Framework.NEITHER: Word("Neither", meaning="no mandatory access control framework is active"),
    Framework.UNDECIDED: Word("Not seen", meaning="which framework is active could not be seen"),
    Framework.ANY: Word("Any", meaning="the check is the same for every host"),
}

COVERAGE = {
    Coverage.AUTOMATED: Word("Automated", meaning="the checks answer all that a machine can be asked"),
    Coverage.PARTIAL: Word("Partial", meaning="the checks are evidence for part of the control"),
    Coverage.MANUAL: Word("Manual", meaning="no machine can judge it"),
}

ORIGIN = {
    Origin.PUBLISHER: Word("Publisher", meaning="the publisher of the standard links check and control"),
    Origin.UPSTREAM: Word("Upstream", meaning="a public compliance project links check and control"),
    Origin.HARDCHECK: Word("hardcheck", meaning="this project's own judgement"),
    Origin.SITE: Word("Site", meaning="this site's own profile links check and control"),
}

STANDING = {
    Standing.NOT_MET: Word("Not met", "✗", "a check fails, or a person says so"),
    Standing.OPEN: Word("Open", "?", "a check could not be judged"),
    Standing.WAIVED: Word("Waived", "~", "what fails or could not be judged is accepted for a time"),
    Standing.AWAITED: Word("Awaits attestation", "◇", "no machine can judge it, and nobody has said yet"),
    Standing.PART: Word("In part", "◐", "its checks pass; the rest of the control is for a person"),
    Standing.MET: Word("Met", "✓", "its checks pass and cover it, or a person attests the rest"),
    Standing.NOT_APPLICABLE: Word("Not applicable", "\u2013", "shown or attested not to apply"),
}

TERM = {
    Term.ACTIVE: Word("Holds"),
    Term.EXPIRED: Word("Expired", meaning="it applies to nothing"),
    Term.NOT_STARTED: Word("Not started yet", meaning="it applies to nothing"),
}

ATTESTED = {
    Attested.MET: Word("Met"),
    Attested.NOT_MET: Word("Not met"),
    Attested.NOT_APPLICABLE: Word("Not applicable"),
}

REASON = {
    Reason.DENIED: Word("Denied", meaning="the account used was not allowed to look"),
    Reason.NOT_PRESENT: Word("Not present", meaning="looked for, and it is not there"),
    Reason.TOOL_MISSING: Word("Tool missing", meaning="the command that would tell is not installed"),
    Reason.TIMEOUT: Word("Time limit", meaning="the answer did not come in time"),
    Reason.TRUNCATED: Word("Cut short", meaning="more output than the limit; the rest cannot be ruled out"),
    Reason.UNPARSABLE: Word("Not understood", meaning="the answer has a form that hardcheck does not know"),
    Reason.NOT_COLLECTED: Word("Not collected", meaning="not asked for, or the collection ended before it"),
    Reason.UNREACHABLE: Word("Unreachable", meaning="no connection to the host, or it was lost"),
}

FAMILY = {"debian": "Debian and Ubuntu", "rhel": "RHEL, Rocky, Alma and Fedora", "suse": "SUSE"}
"""Distribution families of a remedy; an unknown one is shown by its own name."""

OUTCOME = {
    Outcome.ALLOWED: Word("Allowed", "✗", "The policy lets it pass, for at least one label and object."),
    Outcome.LOGGED: Word(
        "Logged only", "!", "The policy denies it and the kernel lets it pass: permissive or complain."
    ),
    Outcome.UNKNOWN: Word("Unknown", "?", "It could not be asked; it never counts as blocked."),
    Outcome.BLOCKED: Word("Blocked", "✓", "Every way was asked, and is denied."),
}
"""What comes of an attack goal; the symbols are those of a failed and a passed check."""

ORDINARY = {
    "permits": Word("Ordinary protection permits it"),
    "forbids": Word("Ordinary protection already forbids it"),
    "unknown": Word("Ordinary protection is not all known"),
}

NO_REASON = Word("No reason given", meaning="the finding names none")


def reason_word(reason: Reason | None) -> Word:
    """The word for a reason, or for its lack."""
    return REASON[reason] if reason is not None else NO_REASON


def plural(number: int, one: str, many: str = "") -> str:
    """Return ``3 hosts`` or ``1 host``; thousands are set apart."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
