"""Derived facts about what is recorded and kept."""

from __future__ import annotations

from hardcheck.derive import (
    aide,
    audit_boot,
    audit_exclusions,
    audit_rules,
    audit_watches,
    auditd_settings,
    logs,
    mac_watches,
)
from hardcheck.derive.base import DerivedFact
from hardcheck.facts import audit, audit_coverage, audit_daemon, integrity
from hardcheck.facts import logs as log_facts

_RULES = ("audit.loaded", "audit.status", "host.kernel")

AUDIT: tuple[DerivedFact, ...] = (
    DerivedFact(
        "audit.persistent",
        audit.PersistentRules,
        "the audit rules that boot loads",
        ("audit.files",),
        audit_rules.persistent,
    ),
    DerivedFact(
        "audit.drift",
        audit.RulesDrift,
        "audit rules that are loaded or persistent, and not both",
        ("audit.loaded", "audit.persistent"),
        audit_rules.drift,
    ),
    DerivedFact(
        "audit.mac_policy_watched",
        tuple[audit.MacWatch, ...],
        "whether changes of the MAC policy leave an audit record",
        _RULES,
        mac_watches.mac_watches,
        weighs=("audit.persistent",),
    ),
    DerivedFact(
        "audit.watches",
        tuple[audit_coverage.AuditWatch, ...],
        "whether system calls and changes of places leave an audit record",
        (*_RULES, "audit.places"),
        audit_watches.watches,
        weighs=("audit.persistent",),
    ),
    DerivedFact(
        "audit.executions",
        tuple[audit_coverage.AuditWatch, ...],
        "whether runs of programs by login sessions leave an audit record",
        (*_RULES, "audit.places"),
        audit_watches.executions,
        weighs=("audit.persistent",),
    ),
    DerivedFact(
        "audit.sudo_logs",
        tuple[audit_coverage.AuditWatch, ...],
        "whether changes of sudo's own log leave an audit record",
        (*_RULES, "audit.places", "accounts.sudoers"),
        audit_watches.sudo_logs,
        weighs=("audit.persistent",),
    ),
    DerivedFact(
        "audit.mac_exclusions",
        tuple[audit_coverage.AuditExclusion, ...],
        "audit rules that throw records of mandatory access control away",
        ("audit.loaded",),
        audit_exclusions.mac_exclusions,
        weighs=("audit.persistent",),
    ),
    DerivedFact(
        "audit.daemon",
        audit_daemon.AuditdSettings,
        "the audit daemon's settings as they take effect",
        ("audit.config",),
        auditd_settings.auditd_settings,
        weighs=("audit.room",),
    ),
    DerivedFact(
        "audit.boot",
        audit_daemon.AuditBoot,
        "how the kernel's options start auditing",
        ("kernel.command_line",),
        audit_boot.audit_boot,
        weighs=("boot.loader",),
    ),
    DerivedFact(
        "audit.log_room",
        audit_daemon.AuditLogRoom,
        "how long the room for the audit log lasts",
        ("audit.daemon", "audit.room"),
        auditd_settings.log_room,
    ),
    DerivedFact(
        "audit.log_files",
        tuple[log_facts.KeptFile, ...],
        "the audit daemon's logs and their folder",
        ("audit.config", "logs.listing", "accounts.users", "accounts.groups"),
        logs.audit_files,
    ),
    DerivedFact(
        "audit.offload",
        audit_daemon.AuditOffload,
        "how audit records leave the host",
        ("audit.plugins", "units.states"),
        auditd_settings.offload,
        weighs=("audit.room", "logs.rsyslog"),
    ),
)

LOGS: tuple[DerivedFact, ...] = (
    DerivedFact(
        "logs.state",
        log_facts.LoggingState,
        "who keeps the host's messages",
        ("units.states", "logs.journald", "logs.listing", "host.os"),
        logs.logging_state,
        weighs=("logs.rsyslog",),
    ),
    DerivedFact(
        "logs.rsyslog_files",
        tuple[log_facts.KeptFile, ...],
        "the files that rsyslog writes",
        ("logs.rsyslog", "logs.listing", "accounts.users", "accounts.groups"),
        logs.rsyslog_files,
    ),
    DerivedFact(
        "logs.journal_files",
        tuple[log_facts.KeptFile, ...],
        "the journal's files and folders",
        ("logs.listing", "accounts.users", "accounts.groups"),
        logs.journal_files,
    ),
    DerivedFact(
        "logs.create_mode",
        str,
        "the mode that new files of rsyslog get",
        ("logs.rsyslog", "logs.listing"),
        logs.create_mode,
    ),
    DerivedFact(
        "logs.rotation",
        log_facts.LogRotation,
        "whether logs are rotated",
        ("packages", "units.states", "logs.frequency"),
        logs.rotation,
        weighs=("logs.listing",),
    ),
)

INTEGRITY: tuple[DerivedFact, ...] = (
    DerivedFact(
        "integrity.check",
        integrity.AideCheck,
        "how far AIDE is in use",
        ("integrity.state", "units.states"),
        aide.aide_check,
        weighs=("integrity.aide",),
    ),
    DerivedFact(
        "integrity.monitored",
        tuple[integrity.MonitoredFile, ...],
        "whether AIDE compares what matters",
        ("integrity.aide",),
        aide.monitored,
        weighs=("audit.tools",),
    ),
)

RECORD_DERIVED: tuple[DerivedFact, ...] = (*AUDIT, *LOGS, *INTEGRITY)
