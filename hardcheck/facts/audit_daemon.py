"""The audit daemon: its settings as they take effect, room for its log, and where its records go."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from hardcheck.facts.base import Absent


class AuditRoom(msgspec.Struct, frozen=True):
    """The file system that holds /var/log/audit, in MiB, what the log's files take of it, and how many days
    they reach back. ``jobs`` are files of the cron folders that name that folder."""

    mount: str
    size_mb: int
    free_mb: int
    used_mb: int
    days: float | Absent
    jobs: tuple[str, ...] = ()


class AuditPlugin(msgspec.Struct, frozen=True):
    """A plugin of the daemon, by the name of its file without ``.conf``."""

    name: str
    active: bool
    program: str
    file: str


class AuditPlugins(msgspec.Struct, frozen=True):
    """The plugins, and the settings of audisp-remote.conf, empty where there is no such file."""

    plugins: tuple[AuditPlugin, ...]
    remote: Mapping[str, str]

    @property
    def active(self) -> tuple[str, ...]:
        """Names of the plugins that are active."""
        return tuple(plugin.name for plugin in self.plugins if plugin.active)


class AuditdSettings(msgspec.Struct, frozen=True):
    """auditd.conf(5) as auditd takes it: what the file does not set has the daemon's own default.

    Words are in small letters; an action is its first word (``exec`` without its program).
    ``space_left_percent`` and ``admin_space_left_percent`` are of the file system that holds the log.
    ``log_format`` has another default in each version. ``by_default`` names the keywords that the file
    does not set.
    """

    log_format: str | Absent
    name_format: str
    max_log_file: int
    max_log_file_action: str
    num_logs: int
    space_left_percent: float | Absent
    space_left_action: str
    admin_space_left_percent: float | Absent
    admin_space_left_action: str
    action_mail_acct: str
    disk_full_action: str
    disk_error_action: str
    overflow_action: str
    by_default: tuple[str, ...]


class AuditLogRoom(msgspec.Struct, frozen=True):
    """How long the room for the log lasts at the rate at which records came so far. ``room_mb`` is what the
    log may grow to: by auditd's own limits where it rotates, else the file system."""

    days: float
    room_mb: int
    mb_a_day: float


class AuditOffload(msgspec.Struct, frozen=True):
    """How audit records leave the host. ``ways`` are those that were found, in words; ``remote_server`` is
    where the plugin au-remote sends them, Absent where it is not active or names none."""

    ways: tuple[str, ...]
    remote_server: str | Absent


class AuditBoot(msgspec.Struct, frozen=True):
    """How the kernel's options start auditing: in the running kernel, and with every boot entry for service.
    ``backlog_next`` is the smallest of the entries; ``entries_off`` are those without ``audit=1``."""

    on_now: bool
    on_next: bool | Absent
    backlog_now: int
    backlog_next: int | Absent
    entries_off: tuple[str, ...] = ()
