"""Why a file could not be read or a command gave no answer, from what the host itself said.

The words are those of strerror(3) in the C locale and of the tools that refuse an ordinary account in
words of their own. They are looked for in standard error alone, which holds no content of the host.
"""

from __future__ import annotations

import re

from hardcheck.collect.base import CommandSource, ShellSource
from hardcheck.reasons import Reason

_ENDED_BY_TIME = frozenset({124, 137, 143})  # timeout(1); SIGKILL; SIGTERM
_DENIED = re.compile(
    rb"permission denied|operation not permitted|access denied|not authorized|insufficient privilege"
    rb"|must be (?:run (?:as|by) )?(?:the )?root|(?:need|have) to be (?:the )?(?:root|superuser)"
    rb"|are you root|requires? root|only root (?:can|may)|must be (?:the )?super ?user"
    rb"|not (?:running as|being) root|interactive authentication required",
    re.IGNORECASE,
)


def reason_of_file(status: int, stderr: bytes) -> Reason:
    """The reason for a read that ended with ``status`` other than 0."""
    if status in _ENDED_BY_TIME:
        return Reason.TIMEOUT
    if _DENIED.search(stderr):
        return Reason.DENIED
    if b"No such file or directory" in stderr:
        return Reason.NOT_PRESENT
    return Reason.NOT_COLLECTED


def reason_of_command(
    source: CommandSource | ShellSource,
    status: int | None,
    stdout: bytes,
    stderr: bytes,
    waited_ms: int | None,
) -> Reason | None:
    """The reason why the output is no answer; None when it is one.

    ``status`` is None when it was lost. ``waited_ms`` is None on a host without a clock: the status alone
    then tells of a time limit.
    """
    if status is None:
        return Reason.NOT_COLLECTED
    long = waited_ms is None or waited_ms >= source.timeout_s * 1000 - 500
    if status in _ENDED_BY_TIME and long:
        return Reason.TIMEOUT
    if status in source.ok:
        return None
    if status == 126 or _DENIED.search(stderr) or (not stderr.strip() and _DENIED.search(stdout[:2048])):
        return Reason.DENIED
    if status == 127:
        return Reason.TOOL_MISSING
    return Reason.NOT_COLLECTED
