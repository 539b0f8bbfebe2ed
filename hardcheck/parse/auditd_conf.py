"""Settings of the audit daemon: auditd.conf(5).

``KEYWORD = VALUE`` a line, keywords in any case, ``#`` begins a comment line::

    log_format = ENRICHED
    max_log_file_action = ROTATE
"""

from __future__ import annotations

from hardcheck.errors import ParseError
from hardcheck.evidence import Evidence, HostEvidence
from hardcheck.facts.audit import AuditdConfig


def parse_auditd_conf(host: HostEvidence) -> AuditdConfig:
    """Keyword in small letters to value; a later line wins. Raises ParseError: a line without ``=``."""
    return AuditdConfig(read_settings(host.get("audit.config")))


def read_settings(evidence: Evidence) -> dict[str, str]:
    """The settings of one file. Raises ParseError: a line without ``=``."""
    settings = {}
    for where, line in evidence.lines():
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise ParseError(where, "'KEYWORD = VALUE'", repr(line[:80]))
        settings[name.strip().lower()] = value.strip()
    return settings
