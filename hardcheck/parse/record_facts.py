"""The facts about what is recorded and kept: the audit system, logs, file integrity, with their parsers."""

from __future__ import annotations

from collections.abc import Mapping

from hardcheck.facts import audit_coverage, audit_daemon, files, integrity, logs
from hardcheck.parse import aide_conf, audit_host, audit_plugins, log_files, rsyslog_conf, unit_settings
from hardcheck.parse.base import ParsedFact

RECORD_FACTS: tuple[ParsedFact, ...] = (
    ParsedFact(
        "audit.places",
        audit_coverage.AuditPlaces,
        "places and programs that audit rules are about, as the host has them",
        ("audit.places",),
        audit_host.parse_places,
    ),
    ParsedFact(
        "audit.config_files",
        tuple[files.OwnedFile, ...],
        "owners and modes of the audit system's configuration",
        ("audit.owners",),
        audit_host.parse_config_owners,
    ),
    ParsedFact(
        "audit.tools",
        tuple[files.OwnedFile, ...],
        "owners and modes of the audit system's tools",
        ("audit.owners",),
        audit_host.parse_tool_owners,
    ),
    ParsedFact(
        "audit.room",
        audit_daemon.AuditRoom,
        "room for the audit log and what is in it",
        ("audit.storage",),
        audit_host.parse_room,
    ),
    ParsedFact(
        "audit.plugins",
        audit_daemon.AuditPlugins,
        "the audit daemon's plugins",
        ("audit.plugins",),
        audit_plugins.parse_audit_plugins,
        partial=True,
    ),
    ParsedFact(
        "logs.journald",
        Mapping[str, logs.UnitSetting],
        "settings of the journal",
        ("logs.journald",),
        unit_settings.parse_journald,
        partial=True,
    ),
    ParsedFact(
        "logs.journal_upload",
        Mapping[str, logs.UnitSetting],
        "settings of systemd-journal-upload",
        ("logs.journal_upload",),
        unit_settings.parse_journal_upload,
        partial=True,
    ),
    ParsedFact(
        "logs.rsyslog",
        logs.RsyslogConfig,
        "what rsyslog is configured to do",
        ("logs.rsyslog",),
        rsyslog_conf.parse_rsyslog,
        partial=True,
    ),
    ParsedFact(
        "logs.frequency",
        str,
        "how often logrotate rotates what does not say otherwise",
        ("logs.logrotate",),
        log_files.parse_rotation,
        partial=True,
    ),
    ParsedFact(
        "logs.listing",
        logs.LogFiles,
        "owners and modes of logs",
        ("logs.files",),
        log_files.parse_log_files,
    ),
    ParsedFact(
        "integrity.aide",
        integrity.AideConfig,
        "what AIDE looks at and compares",
        ("integrity.aide",),
        aide_conf.parse_aide,
        partial=True,
    ),
    ParsedFact(
        "integrity.state",
        integrity.AideState,
        "AIDE's databases and what runs it",
        ("integrity.state",),
        aide_conf.parse_aide_state,
    ),
)
