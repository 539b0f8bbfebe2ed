"""/etc/selinux/config, read as libselinux reads it::

    # comment
    SELINUX=enforcing
    SELINUXTYPE=targeted

``SELINUX=`` has to begin its line; the first line whose value begins with a known word counts, whatever the
case. ``SELINUXTYPE=`` may be indented; the last one counts. Source: libselinux selinux_config.c
(``selinux_getenforcemode``, ``init_selinux_config``). A mode it does not know, or none, starts the
system permissive (load_policy.c).
"""

from __future__ import annotations

from typing import Literal

from hardcheck.evidence import HostEvidence, Reason
from hardcheck.facts import Absent
from hardcheck.facts.selinux import Mode, SelinuxConfig

_MODES: tuple[Mode, ...] = ("enforcing", "permissive", "disabled")


def parse_selinux_config(host: HostEvidence) -> SelinuxConfig:
    """The configured mode and policy type."""
    evidence = host.get("selinux.config")
    mode: Literal["enforcing", "permissive", "disabled", "invalid"] = "invalid"
    written = ""
    policy_type: str | Absent = Absent(Reason.NOT_PRESENT, (evidence.key,), "no SELINUXTYPE= line")
    for _, line in evidence.lines():
        if line.startswith("SELINUX=") and mode == "invalid":
            value = line.removeprefix("SELINUX=").lstrip()
            known = next((word for word in _MODES if value.lower().startswith(word)), None)
            if known is not None:
                mode = known
            written = value.strip()
        stripped = line.lstrip()
        if stripped.upper().startswith("SELINUXTYPE="):
            policy_type = stripped[len("SELINUXTYPE=") :].rstrip()
    return SelinuxConfig(mode, policy_type, written)
