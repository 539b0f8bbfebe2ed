"""The audit daemon's settings as it takes them, room for its log, and how its records leave the host.

Defaults are those of auditd itself (``clear_config`` in auditd-config.c), not of the files that
distributions ship.
"""

from __future__ import annotations

from collections.abc import Mapping

from hardcheck.facts import Absent, Reason
from hardcheck.facts.audit import AuditdConfig
from hardcheck.facts.audit_daemon import (
    AuditdSettings,
    AuditLogRoom,
    AuditOffload,
    AuditPlugins,
    AuditRoom,
)
from hardcheck.facts.logs import RsyslogConfig
from hardcheck.facts.units import UnitState

_DEFAULTS: Mapping[str, str] = {
    "name_format": "none",
    "max_log_file": "0",
    "max_log_file_action": "ignore",
    "num_logs": "0",
    "space_left": "0",
    "space_left_action": "ignore",
    "admin_space_left": "0",
    "admin_space_left_action": "ignore",
    "action_mail_acct": "root",
    "disk_full_action": "ignore",
    "disk_error_action": "syslog",
    "overflow_action": "syslog",
}
_KEY = "audit.config"
_SHORTEST_DAYS = 0.5
_REMOTE = ("au-remote", "audisp-remote")


def auditd_settings(config: AuditdConfig, room: AuditRoom | Absent) -> AuditdSettings | Absent:
    """What takes effect when auditd starts; Absent where a number of the file is none."""
    value = {name: config.settings.get(name, default) for name, default in _DEFAULTS.items()}
    if config.settings.get("log_file", "/var/log/audit/audit.log") != "/var/log/audit/audit.log":
        room = Absent(Reason.NOT_COLLECTED, ("audit.storage",), "the log is not in /var/log/audit")
    for name in ("max_log_file", "num_logs"):
        if not value[name].isdecimal() or len(value[name]) > 9:
            return Absent(Reason.UNPARSABLE, (_KEY,), f"{name} is no whole number: {value[name][:40]}")
    return AuditdSettings(
        log_format=(
            _word(config.settings["log_format"])
            if "log_format" in config.settings
            else Absent(Reason.NOT_PRESENT, (_KEY,), "not set, and its default differs between versions")
        ),
        name_format=_word(value["name_format"]),
        max_log_file=int(value["max_log_file"]),
        max_log_file_action=_word(value["max_log_file_action"]),
        num_logs=int(value["num_logs"]),
        space_left_percent=_percent("space_left", value["space_left"], room),
        space_left_action=_word(value["space_left_action"]),
        admin_space_left_percent=_percent("admin_space_left", value["admin_space_left"], room),
        admin_space_left_action=_word(value["admin_space_left_action"]),
        action_mail_acct=value["action_mail_acct"],
        disk_full_action=_word(value["disk_full_action"]),
        disk_error_action=_word(value["disk_error_action"]),
        overflow_action=_word(value["overflow_action"]),
        by_default=tuple(name for name in _DEFAULTS if name not in config.settings),
    )


def _word(text: str) -> str:
    """The first word in small letters; empty for an empty text."""
    return next(iter(text.split()), "").lower()


def _percent(name: str, text: str, room: AuditRoom | Absent) -> float | Absent:
    number = text.removesuffix("%")
    if not number.isdecimal() or len(number) > 9:
        return Absent(Reason.UNPARSABLE, (_KEY,), f"{name} is no number: {text[:40]}")
    if text.endswith("%"):
        return float(number)
    if isinstance(room, Absent):
        return room
    return round(100 * int(number) / room.size_mb, 1) if room.size_mb else 0.0


def log_room(settings: AuditdSettings, room: AuditRoom) -> AuditLogRoom | Absent:
    """Days that the room lasts. Half a day of records is the least that tells a rate."""
    if isinstance(room.days, Absent):
        return room.days
    if room.days < _SHORTEST_DAYS:
        return Absent(
            Reason.NOT_COLLECTED, ("audit.storage",), f"the log reaches back {room.days} days alone"
        )
    limit = room.used_mb + room.free_mb
    if settings.max_log_file_action == "rotate" and settings.max_log_file and settings.num_logs:
        limit = min(limit, settings.max_log_file * settings.num_logs)
    rate = max(room.used_mb / room.days, 0.01)
    return AuditLogRoom(days=round(limit / rate, 1), room_mb=limit, mb_a_day=round(rate, 2))


def offload(
    plugins: AuditPlugins,
    states: Mapping[str, UnitState],
    room: AuditRoom | Absent,
    rsyslog: RsyslogConfig | Absent,
) -> AuditOffload | Absent:
    """Every way that was found. Where none was, and one could not be looked at, that is not known."""
    ways = []
    active = set(plugins.active)
    server = plugins.remote.get("remote_server", "")
    sends = bool(active & set(_REMOTE)) and bool(server)
    if sends:
        ways.append(f"audisp-remote sends them to {server}")
    upload = states.get("systemd-journal-upload.service")
    if upload is not None and upload.active == "active":
        ways.append("systemd-journal-upload sends the journal")
    missing: Absent | None = None
    if isinstance(rsyslog, Absent):
        missing = rsyslog if rsyslog.reason is not Reason.NOT_PRESENT else None
    elif rsyslog.forwards and ("syslog" in active or _reads_the_log(rsyslog)):
        ways.append(f"rsyslog sends them to {rsyslog.forwards[0].target}")
    if isinstance(room, Absent):
        missing = missing or (room if room.reason is not Reason.NOT_PRESENT else None)
    else:
        ways += [f"the cron job {job} handles the log" for job in room.jobs]
    if not ways and missing is not None:
        return missing
    why = "au-remote is not active" if not active & set(_REMOTE) else "no remote_server is named"
    absent = Absent(Reason.NOT_PRESENT, ("audit.plugins",), why)
    return AuditOffload(tuple(ways), server if sends else absent)


def _reads_the_log(rsyslog: RsyslogConfig) -> bool:
    """Whether rsyslog follows the audit log's file by itself (imfile)."""
    return any(each.file.startswith("/var/log/audit/") for each in rsyslog.inputs)
