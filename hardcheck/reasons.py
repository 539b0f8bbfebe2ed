"""Why something could not be looked at: one closed set of words from evidence to report."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Why there is no answer. Each word is part of the report formats."""

    DENIED = "denied"  # it may be there; the account was not allowed to look
    NOT_PRESENT = "not_present"  # looked, and it is not there
    TOOL_MISSING = "tool_missing"  # the command that would tell is not installed
    TIMEOUT = "timeout"
    TRUNCATED = "truncated"  # more bytes than the limit; what is left cannot prove a negative
    UNPARSABLE = "unparsable"  # bytes are there, in a form that no parser knows
    NOT_COLLECTED = "not_collected"  # not asked for, or the probe ended before it
    UNREACHABLE = "unreachable"  # no connection to the host, or lost in the middle
