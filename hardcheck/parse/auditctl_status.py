"""State of the kernel's audit system: ``auditctl -s``, auditctl(8).

One ``NAME VALUE`` a line since audit 2.3, ``AUDIT_STATUS: NAME=VALUE ...`` on one line before::

    enabled 1
    pid 216
    loginuid_immutable 0 unlocked

    AUDIT_STATUS: enabled=1 flag=1 pid=1483 rate_limit=0 backlog_limit=320 lost=0 backlog=0
"""

from __future__ import annotations

import re

from hardcheck.errors import ParseError
from hardcheck.evidence import HostEvidence, Reason
from hardcheck.facts import Absent
from hardcheck.facts.audit import AuditStatus
from hardcheck.parse.numbers import whole

_KEY = "audit.status"
_PAIR = re.compile(r"(?P<name>[a-z_]+)[ =](?P<value>-?[0-9]{1,19})\b")


def parse_audit_status(host: HostEvidence) -> AuditStatus:
    """Raises ParseError where a value is missing that every version prints."""
    evidence = host.get(_KEY)
    values: dict[str, str] = {}
    for _, line in evidence.lines():
        for match in _PAIR.finditer(line.removeprefix("AUDIT_STATUS: ")):
            values.setdefault(match["name"], match["value"])
    values.setdefault("failure", values.get("flag", ""))
    for name in ("enabled", "failure", "pid", "backlog_limit", "lost"):
        if not values.get(name):
            raise ParseError(evidence.key, f"'{name} NUMBER'", repr(evidence.text()[:80]))
    immutable = values.get("loginuid_immutable")
    return AuditStatus(
        enabled=whole(_KEY, values["enabled"]),
        failure=whole(_KEY, values["failure"]),
        pid=whole(_KEY, values["pid"]),
        backlog_limit=whole(_KEY, values["backlog_limit"]),
        lost=whole(_KEY, values["lost"]),
        loginuid_immutable=(
            Absent(Reason.NOT_PRESENT, (_KEY,), "this version does not tell")
            if immutable is None
            else immutable == "1"
        ),
    )
