"""Who keeps the host's messages, who may read them, and whether they are rotated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set

import msgspec

from hardcheck.derive.syslog_selector import covers_facility
from hardcheck.facts import Absent, Reason
from hardcheck.facts.accounts import Group, User
from hardcheck.facts.audit import AuditdConfig
from hardcheck.facts.host import OsRelease
from hardcheck.facts.logs import (
    KeptFile,
    LogEntry,
    LogFiles,
    LoggingState,
    LogRotation,
    RsyslogConfig,
    Settings,
    UnitSetting,
)
from hardcheck.facts.packages import Packages
from hardcheck.facts.units import UnitState

_OWNERS = frozenset({"root", "syslog"})
_GROUPS = frozenset({"root", "adm", "syslog", "systemd-journal", "log"})
_FACILITIES = ("auth", "authpriv")
_ROTATES = frozenset({"hourly", "daily", "weekly"})
_PERSISTENT = "/var/log/journal"
_NONE = UnitSetting("", "")


def logging_state(
    states: Mapping[str, UnitState],
    journald: Settings,
    files: LogFiles,
    os: OsRelease,
    rsyslog: RsyslogConfig | Absent,
) -> LoggingState | Absent:
    """Reconcile what runs, what is configured and what is on disk."""

    def runs(name: str) -> bool:
        return name in states and states[name].active == "active"

    storage, forward = journald.get("Storage", _NONE), journald.get("ForwardToSyslog", _NONE)
    on_disk = storage.value.lower() == "persistent" or (
        storage.value.lower() in ("", "auto") and _PERSISTENT in files.journals
    )
    keepers = [name for name in ("rsyslog", "syslog-ng") if runs(f"{name}.service")]
    if runs("systemd-journald.service") and on_disk:
        keepers.append("journald")
    kept: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    fed: str | Absent = ""
    if "rsyslog" in keepers:
        if isinstance(rsyslog, Absent):
            return rsyslog
        kept, missing = _auth(rsyslog)
        fed = _fed(rsyslog, forward, os)
    if "journald" in keepers:
        kept, missing = (*kept, "the journal"), ()
    return LoggingState(
        keepers=tuple(keepers),
        storage=storage.value.lower(),
        storage_place=storage.place,
        journal_on_disk=on_disk,
        forward=forward.value.lower(),
        forward_place=forward.place,
        fed=fed,
        auth_kept=kept,
        auth_missing=missing,
    )


def _fed(rsyslog: RsyslogConfig, forward: UnitSetting, os: OsRelease) -> str | Absent:
    """How the journal's messages come to rsyslog. Without a setting journald forwards on Debian and Ubuntu
    (a patch of theirs), and does not as upstream ships it."""
    if "imjournal" in rsyslog.modules:
        return "rsyslog reads the journal (imjournal)"
    if "imuxsock" not in rsyslog.modules:
        return ""
    if forward.value.lower() in ("yes", "true", "1", "on"):
        return "journald forwards to rsyslog's socket"
    if forward.value:
        return ""
    if os.family == "debian":
        return "journald forwards to rsyslog's socket (the default of this distribution)"
    if os.family == "rhel":
        return ""
    return Absent(Reason.NOT_PRESENT, ("logs.journald",), "ForwardToSyslog is not set, its default not known")


def _auth(rsyslog: RsyslogConfig) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Where messages of logins go, and the facilities that go nowhere."""
    kept: list[str] = []
    missing = []
    targets = [(each.selector, each.path) for each in rsyslog.files]
    targets += [(each.selector, each.target) for each in rsyslog.forwards]
    for facility in _FACILITIES:
        found = [target for selector, target in targets if covers_facility(selector, facility)]
        kept += found
        if not found:
            missing.append(facility)
    return tuple(dict.fromkeys(kept)), tuple(missing)


def rsyslog_files(
    rsyslog: RsyslogConfig, files: LogFiles, users: tuple[User, ...], groups: tuple[Group, ...]
) -> tuple[KeptFile, ...] | Absent:
    """The files that rsyslog writes and that exist. One outside of what was listed is not known."""
    entries = {entry.path: entry for entry in files.entries if entry.kind == "f"}
    found = {}
    for each in rsyslog.files:
        path = each.path.replace("/var/log//", "/var/log/")
        if path in entries:
            found[path] = _kept(entries[path], users, groups)
        elif path.startswith("/dev/") or (path.startswith("/var/log/") and not files.cut):
            continue  # a console, or not written yet
        else:
            what = "a template names the files" if path.startswith("?") else f"{path} was not looked at"
            return Absent(Reason.NOT_COLLECTED, ("logs.files",), what[:200])
    return tuple(found[path] for path in sorted(found))


def journal_files(
    files: LogFiles, users: tuple[User, ...], groups: tuple[Group, ...]
) -> tuple[KeptFile, ...] | Absent:
    """The journal's folders and files."""
    if files.cut:
        return Absent(Reason.TRUNCATED, ("logs.files",), "there are more files than were listed")
    wanted = [
        entry
        for entry in files.entries
        if any(entry.path == folder or entry.path.startswith(folder + "/") for folder in files.journals)
    ]
    return tuple(_kept(entry, users, groups) for entry in sorted(wanted, key=lambda each: each.path))


def audit_files(
    config: AuditdConfig, files: LogFiles, users: tuple[User, ...], groups: tuple[Group, ...]
) -> tuple[KeptFile, ...] | Absent:
    """The audit daemon's folder of logs and what is in it.

    ``private``: root owns it; the group is root's, adm's or the one that ``log_group`` of auditd.conf(5)
    names, and does not write; others do not come in.
    """
    folder = config.settings.get("log_file", "/var/log/audit/audit.log").rpartition("/")[0]
    inside = {entry.path: entry for entry in files.entries if f"{entry.path}/".startswith(f"{folder}/")}
    if files.cut:
        return Absent(Reason.TRUNCATED, ("logs.files",), "there are more files than were listed")
    if not any(entry.kind == "f" for entry in inside.values()):
        return Absent(Reason.NOT_COLLECTED, ("logs.files",), f"no file of {folder} was listed"[:200])
    allowed = {"root", "adm", config.settings.get("log_group", "root")}
    return tuple(_closed(_kept(inside[path], users, groups), allowed) for path in sorted(inside))


def _closed(file: KeptFile, groups: Set[str]) -> KeptFile:
    bits = int(file.mode, 8) & (0o027 if file.folder else 0o137)
    return msgspec.structs.replace(file, private=not bits and file.owner == "root" and file.group in groups)


def _kept(entry: LogEntry, users: Iterable[User], groups: Iterable[Group]) -> KeptFile:
    owner = next((user.name for user in users if user.uid == entry.uid), str(entry.uid))
    group = next((each.name for each in groups if each.gid == entry.gid), str(entry.gid))
    bits = int(entry.mode, 8)
    closed = not bits & (0o022 if entry.kind == "d" else 0o137)
    return KeptFile(
        path=entry.path,
        mode=entry.mode,
        owner=owner,
        group=group,
        private=closed and owner in _OWNERS and group in _GROUPS,
        folder=entry.kind == "d",
    )


def create_mode(rsyslog: RsyslogConfig, files: LogFiles) -> str | Absent:
    """The mode that new files of rsyslog get: what is configured, less the umask that it is started with.

    Also what single actions set counts: the widest is told.
    """
    umask = int(files.umask, 8) if files.umask else 0o022
    modes = [rsyslog.mode, *(each.mode for each in rsyslog.files)]
    bits = 0
    for mode in modes:
        if not mode.isdecimal() or len(mode) > 5 or any(digit > "7" for digit in mode):
            return Absent(Reason.UNPARSABLE, ("logs.rsyslog",), f"no mode: {mode[:40]}")
        bits |= int(mode, 8) & ~umask
    return f"{bits:04o}"


def rotation(
    packages: Packages, states: Mapping[str, UnitState], frequency: str, files: LogFiles | Absent
) -> LogRotation | Absent:
    """Whether logrotate is there, is run, and rotates often enough."""
    if "logrotate" not in packages.installed:
        return LogRotation("none", ("logrotate is not installed",))
    gaps = []
    timer = states.get("logrotate.timer")
    by_timer = timer is not None and timer.active == "active" and timer.starts_at_boot
    if not by_timer:
        if isinstance(files, Absent):
            return files
        jobs = [job for job in files.jobs if "weekly" not in job]
        cron = any(
            name in states and states[name].active == "active" for name in ("cron.service", "crond.service")
        )
        if not jobs:
            gaps.append("neither logrotate.timer nor a daily cron job runs it")
        elif not cron:
            gaps.append("no cron service runs, and logrotate.timer is not active and enabled")
    if frequency not in _ROTATES:
        gaps.append(f"logrotate.conf rotates {frequency if frequency != 'unset' else 'at no set interval'}")
    return LogRotation(frequency, tuple(gaps))
