"""sestatus(8): ``NAME:`` and a value, one a line; a list of booleans may follow::

    SELinux status:                 enabled
    Loaded policy name:             targeted
    Current mode:                   enforcing
    Mode from config file:          permissive

Old versions leave lines out. Source: policycoreutils sestatus.c.
"""

from __future__ import annotations

from typing import Literal

from hardcheck.errors import ParseError
from hardcheck.evidence import HostEvidence, Reason
from hardcheck.facts import Absent
from hardcheck.facts.selinux import Sestatus


def parse_sestatus(host: HostEvidence) -> Sestatus:
    """What sestatus says of the mode and policy.

    Raises:
        ParseError: it names neither the status nor the mode.
    """
    evidence = host.get("selinux.sestatus")
    values: dict[str, str] = {}
    for _, line in evidence.lines():
        name, found, value = line.partition(":")
        if found and name not in values:
            values[name] = value.strip()
    mode = values.get("Current mode")
    status = values.get("SELinux status", "enabled" if mode else "")
    if status not in ("enabled", "disabled"):
        raise ParseError(evidence.key, "SELinux status: enabled or disabled", repr(status[:40]))

    def no(name: str) -> Absent:
        return Absent(Reason.NOT_PRESENT, (evidence.key,), f"sestatus prints no line {name!r}")

    known: Literal["enforcing", "permissive"] | Absent = no("Current mode")
    if mode == "enforcing":
        known = "enforcing"
    elif mode == "permissive":
        known = "permissive"
    return Sestatus(
        enabled=status == "enabled",
        loaded_policy=values.get("Loaded policy name") or no("Loaded policy name"),
        mode=known,
        configured=values.get("Mode from config file") or no("Mode from config file"),
    )
