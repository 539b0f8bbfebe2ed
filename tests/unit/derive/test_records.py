"""The audit daemon's settings, who keeps logs, and what AIDE compares: states made of several facts."""

from __future__ import annotations

import time

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardcheck.derive import aide, audit_boot, auditd_settings, logs
from hardcheck.derive.syslog_selector import covers_facility
from hardcheck.evidence import Reason
from hardcheck.facts import Absent
from hardcheck.facts.accounts import Group, User
from hardcheck.facts.audit import AuditdConfig
from hardcheck.facts.audit_daemon import AuditPlugin, AuditPlugins, AuditRoom
from hardcheck.facts.files import OwnedFile
from hardcheck.facts.host import BootEntry, BootLoader, CommandLine, OsRelease
from hardcheck.facts.integrity import AideCheck, AideConfig, AideSelection, AideState, AideTimer
from hardcheck.facts.logs import (
    LogEntry,
    LogFiles,
    LoggingState,
    RsyslogConfig,
    RsyslogFile,
    RsyslogForward,
    RsyslogInput,
    UnitSetting,
)
from hardcheck.facts.packages import Package, Packages
from hardcheck.facts.units import UnitState

DENIED = Absent(Reason.DENIED, ("x",))
NOT_THERE = Absent(Reason.NOT_PRESENT, ("x",))
ROOM = AuditRoom("/var/log/audit", size_mb=1000, free_mb=900, used_mb=70, days=7.0)
DEBIAN, RHEL, SUSE = OsRelease("debian"), OsRelease("rhel"), OsRelease("sles")


def running(*names: str) -> dict[str, UnitState]:
    return {name: UnitState(name, "loaded", "active", "running", "enabled") for name in names}


# --- the audit daemon


def test_what_the_file_does_not_set_has_the_daemons_own_default() -> None:
    found = auditd_settings.auditd_settings(AuditdConfig({"log_format": "ENRICHED"}), ROOM)
    assert not isinstance(found, Absent)
    assert (found.log_format, found.name_format, found.action_mail_acct) == ("enriched", "none", "root")
    bare = auditd_settings.auditd_settings(AuditdConfig({}), ROOM)
    assert not isinstance(bare, Absent)
    assert isinstance(bare.log_format, Absent)
    assert (found.max_log_file_action, found.disk_full_action) == ("ignore", "ignore")
    assert "max_log_file" in found.by_default
    assert "disk_full_action" in found.by_default


@pytest.mark.parametrize(
    ("written", "percent"),
    [("25%", 25.0), ("250", 25.0), ("75", 7.5), ("x", Reason.UNPARSABLE), ("", Reason.UNPARSABLE)],
)
def test_space_left_is_taken_as_a_share_of_the_file_system(written: str, percent: float | Reason) -> None:
    found = auditd_settings.auditd_settings(AuditdConfig({"space_left": written}), ROOM)
    assert not isinstance(found, Absent)
    value = found.space_left_percent
    assert (value.reason if isinstance(value, Absent) else value) == percent


def test_megabytes_are_no_share_where_the_log_lies_elsewhere_or_was_not_seen() -> None:
    elsewhere = AuditdConfig({"space_left": "75", "log_file": "/srv/audit.log"})
    for config, room in ((elsewhere, ROOM), (AuditdConfig({"space_left": "75"}), DENIED)):
        found = auditd_settings.auditd_settings(config, room)
        assert not isinstance(found, Absent)
        assert isinstance(found.space_left_percent, Absent)


def test_an_action_is_its_first_word() -> None:
    found = auditd_settings.auditd_settings(AuditdConfig({"space_left_action": "EXEC /sbin/alarm"}), ROOM)
    assert not isinstance(found, Absent)
    assert found.space_left_action == "exec"


def test_room_lasts_as_long_as_rotation_or_the_disk_lets_it() -> None:
    rotating = {"max_log_file": "8", "num_logs": "5", "max_log_file_action": "ROTATE"}
    for settings, room_mb, days in ((rotating, 40, 4.0), ({"max_log_file_action": "keep_logs"}, 970, 97.0)):
        daemon = auditd_settings.auditd_settings(AuditdConfig(settings), ROOM)
        assert not isinstance(daemon, Absent)
        found = auditd_settings.log_room(daemon, ROOM)
        assert not isinstance(found, Absent)
        assert (found.room_mb, found.days) == (room_mb, days)
        young = auditd_settings.log_room(daemon, msgspec.structs.replace(ROOM, days=0.1))
        assert isinstance(young, Absent)


SYSLOG = AuditPlugins((AuditPlugin("syslog", True, "/sbin/audisp-syslog", "f"),), {})
REMOTE = AuditPlugins((AuditPlugin("au-remote", True, "/sbin/audisp-remote", "f"),), {"remote_server": "l"})
OFF = AuditPlugins((AuditPlugin("au-remote", False, "/sbin/audisp-remote", "f"),), {"remote_server": "l"})
FORWARD = RsyslogForward("logs.example.org", "tcp", True, True, "*.*", "f:1")


def rsyslog(**changes: object) -> RsyslogConfig:
    empty = RsyslogConfig((), (), (), (), "0644", "")
    return msgspec.structs.replace(empty, **changes)


@pytest.mark.parametrize(
    ("plugins", "config", "room", "ways"),
    [
        (REMOTE, NOT_THERE, ROOM, 1),
        (OFF, NOT_THERE, ROOM, 0),
        (SYSLOG, NOT_THERE, ROOM, 0),
        (SYSLOG, rsyslog(forwards=(FORWARD,)), ROOM, 1),
        (OFF, rsyslog(forwards=(FORWARD,)), ROOM, 0),
        (
            OFF,
            rsyslog(forwards=(FORWARD,), inputs=(RsyslogInput("imfile", "f:1", "/var/log/audit/audit.log"),)),
            ROOM,
            1,
        ),
        (OFF, NOT_THERE, msgspec.structs.replace(ROOM, jobs=("offload",)), 1),
        (OFF, DENIED, ROOM, None),
        (OFF, NOT_THERE, DENIED, None),
        (REMOTE, DENIED, DENIED, 1),
    ],
)
def test_records_leave_the_host_by_a_whole_way(
    plugins: AuditPlugins, config: RsyslogConfig | Absent, room: AuditRoom | Absent, ways: int | None
) -> None:
    found = auditd_settings.offload(plugins, {}, room, config)
    assert (None if isinstance(found, Absent) else len(found.ways)) == ways
    if plugins is OFF and not isinstance(found, Absent):
        assert isinstance(found.remote_server, Absent)


def line(*words: str) -> CommandLine:
    return CommandLine(words)


def test_every_boot_entry_for_service_counts() -> None:
    on, off = line("quiet", "audit=1", "audit_backlog_limit=8192"), line("quiet", "audit=0")
    both = BootLoader(
        (BootEntry("a", "f", on), BootEntry("b", "f", off), BootEntry("r", "f", off, rescue=True))
    )
    found = audit_boot.audit_boot(on, both)
    assert (found.on_now, found.on_next, found.entries_off) == (True, False, ("b",))
    assert (found.backlog_now, found.backlog_next) == (8192, 64)
    alone = audit_boot.audit_boot(on, NOT_THERE)
    assert (alone.on_next, alone.backlog_next) == (True, 8192)
    for hidden in (DENIED, BootLoader((), opaque=("linux.efi",))):
        assert isinstance(audit_boot.audit_boot(on, hidden).on_next, Absent)


# --- logs


@pytest.mark.parametrize(
    ("selector", "facility", "covers"),
    [
        ("auth,authpriv.*", "authpriv", True),
        ("*.*", "auth", True),
        ("*.info;mail.none;authpriv.none;cron.none", "auth", True),
        ("*.info;mail.none;authpriv.none;cron.none", "authpriv", False),
        ("*.*;auth,authpriv.none", "auth", False),
        ("auth.notice", "auth", False),
        ("auth.debug", "auth", True),
        ("auth.=info", "auth", False),
        ("*.*;auth.!=debug", "auth", True),
        ("*.*;auth.!err", "auth", False),
        ("authpriv.none;authpriv.*", "authpriv", True),
        ("cron.*", "auth", False),
        ("", "auth", False),
        (":msg,contains,x", "auth", False),
    ],
)
def test_a_selector_takes_a_facility_from_info_up(selector: str, facility: str, covers: bool) -> None:
    assert covers_facility(selector, facility) is covers


@given(st.text(alphabet="auth.*;!=none,info", max_size=40))
def test_any_selector_gives_an_answer(selector: str) -> None:
    assert covers_facility(selector, "auth") in (True, False)


FILES = LogFiles((), ("/var/log/journal",), "0022", (), cut=False)


def state(
    units: dict[str, UnitState],
    settings: dict[str, str],
    config: RsyslogConfig | Absent,
    os: OsRelease = DEBIAN,
    files: LogFiles = FILES,
) -> LoggingState:
    given_settings = {name: UnitSetting(value, "f:1") for name, value in settings.items()}
    found = logs.logging_state(units, given_settings, files, os, config)
    assert not isinstance(found, Absent)
    return found


def test_the_journal_is_kept_by_its_setting_or_its_folder() -> None:
    journal = running("systemd-journald.service")
    bare = msgspec.structs.replace(FILES, journals=("/run/log/journal",))
    assert state(journal, {}, NOT_THERE).keepers == ("journald",)
    assert state(journal, {}, NOT_THERE, files=bare).keepers == ()
    assert state(journal, {"Storage": "persistent"}, NOT_THERE, files=bare).journal_on_disk
    assert not state(journal, {"Storage": "volatile"}, NOT_THERE).journal_on_disk


@pytest.mark.parametrize(
    ("modules", "forward", "os", "fed"),
    [
        (("imjournal",), None, RHEL, True),
        (("imuxsock",), None, DEBIAN, True),
        (("imuxsock",), None, RHEL, False),
        (("imuxsock",), None, SUSE, None),
        (("imuxsock",), "yes", SUSE, True),
        (("imuxsock",), "no", DEBIAN, False),
        ((), "yes", DEBIAN, False),
    ],
)
def test_rsyslog_gets_the_journals_messages_by_one_of_two_ways(
    modules: tuple[str, ...], forward: str | None, os: OsRelease, fed: bool | None
) -> None:
    settings = {"ForwardToSyslog": forward} if forward else {}
    found = state(running("rsyslog.service"), settings, rsyslog(modules=modules), os).fed
    assert (None if isinstance(found, Absent) else bool(found)) == fed


def test_messages_of_logins_that_no_file_takes_are_named() -> None:
    config = rsyslog(files=(RsyslogFile("/var/log/messages", "*.info;authpriv.none", "0640", "f:1"),))
    found = state(running("rsyslog.service"), {"Storage": "none"}, config)
    assert (found.auth_kept, found.auth_missing) == (("/var/log/messages",), ("authpriv",))
    both = state(running("rsyslog.service", "systemd-journald.service"), {}, config)
    assert both.auth_missing == ()


USERS, GROUPS = (User("root", 0, 0, "/root", "/bin/sh"),), (Group("root", 0, ()), Group("adm", 4, ()))


def test_files_of_rsyslog_are_those_it_writes_and_one_elsewhere_is_not_known() -> None:
    entries = (LogEntry("f", "0640", 0, 4, "/var/log/a"), LogEntry("f", "0644", 0, 0, "/var/log/other"))
    listing = msgspec.structs.replace(FILES, entries=entries)

    def kept(*paths: str) -> object:
        config = rsyslog(files=tuple(RsyslogFile(path, "*.*", "0640", "f:1") for path in paths))
        found = logs.rsyslog_files(config, listing, USERS, GROUPS)
        return found.reason if isinstance(found, Absent) else [(each.shown, each.private) for each in found]

    assert kept("/var/log/a", "/dev/console", "/var/log/not-yet") == [("/var/log/a (0640 root:adm)", True)]
    assert kept("/var/log/other") == [("/var/log/other (0644 root:root)", False)]
    assert kept("/srv/a") == kept("?template") == Reason.NOT_COLLECTED


@pytest.mark.parametrize(
    ("mode", "action", "umask", "result"),
    [
        ("0644", None, "0022", "0644"),
        ("0644", None, "0066", "0600"),
        ("0640", "0644", "0022", "0644"),
        ("0640", "0600", "", "0640"),
    ],
)
def test_new_files_get_the_mode_less_the_umask(
    mode: str, action: str | None, umask: str, result: str
) -> None:
    files = (RsyslogFile("/var/log/a", "*.*", action, "f:1"),) if action else ()
    listing = msgspec.structs.replace(FILES, umask=umask)
    assert logs.create_mode(rsyslog(mode=mode, files=files), listing) == result


def test_rotation_takes_the_package_something_that_runs_it_and_an_interval() -> None:
    packages = Packages("dpkg", {"logrotate": (Package("logrotate", "3"),)})
    job = msgspec.structs.replace(FILES, jobs=("/etc/cron.daily/logrotate",))

    def gaps(units: dict[str, UnitState], frequency: str = "weekly", files: LogFiles = FILES) -> int:
        found = logs.rotation(packages, units, frequency, files)
        assert not isinstance(found, Absent)
        return len(found.gaps)

    assert gaps(running("logrotate.timer")) == 0
    assert gaps(running("logrotate.timer"), "monthly") == gaps(running("logrotate.timer"), "unset") == 1
    assert gaps(running("crond.service"), files=job) == 0
    assert gaps({}, files=job) == gaps({}) == 1
    none = logs.rotation(Packages("dpkg", {}), {}, "weekly", FILES)
    assert not isinstance(none, Absent)
    assert none.gaps == ("logrotate is not installed",)


# --- AIDE


def config(*lines: tuple[str, str], **changes: object) -> AideConfig:
    selections = tuple(
        AideSelection(kind, pattern, ("p", "sha256"), f"/etc/aide.conf:{at}")  # type: ignore[arg-type]
        for at, (kind, pattern) in enumerate(lines, 1)
    )
    return msgspec.structs.replace(AideConfig({}, selections, (), ""), **changes)


def monitored(made: AideConfig, path: str = "/usr/sbin/auditctl") -> object:
    files = aide.monitored(made, (OwnedFile(path, "0755", 0, 0),))
    answer = next(each for each in files if each.path == path).monitored
    return answer.reason if isinstance(answer, Absent) else answer


@pytest.mark.parametrize(
    ("lines", "answer"),
    [
        ([("/", "/usr")], True),
        ([("/", "/usr/sbin/auditctl$")], True),
        ([("/", "/usr/sbin$")], False),
        ([("=", "/usr/sbin")], False),
        ([("=", "/usr/sbin/auditctl")], True),
        ([("/", "/(usr|bin)/s?bin/aud.*")], True),
        ([("/", "/usr"), ("!", "/usr/sbin")], False),
        ([("/", "/usr"), ("!", "/usr/sbin$")], False),
        ([("/", "/usr"), ("!", "/usr/bin")], True),
        ([("/", "/usr"), ("!", "/(?=x)")], Reason.UNPARSABLE),
        ([("/", "/(?=x)"), ("/", "/usr")], True),
        ([], False),
    ],
)
def test_a_line_selects_what_it_begins_and_a_negative_one_what_is_below(
    lines: list[tuple[str, str]], answer: object
) -> None:
    assert monitored(config(*lines)) == answer


def test_what_a_script_prints_may_select_anything() -> None:
    assert monitored(config(unread=("what x prints",))) == Reason.NOT_COLLECTED
    assert monitored(config(("/", "/usr"), unread=("what x prints",))) is True


def test_a_line_without_a_digest_compares_no_content() -> None:
    bare = AideConfig({}, (AideSelection("/", "/usr", ("p", "u"), "f:1"),), (), "")
    assert monitored(bare) is False


def test_hostile_expressions_take_no_long_time() -> None:
    patterns = ["/(a{1,70}){1,70}", "/" + "(a|b)*" * 30, "/" + "(" * 190, "/" + "[^x]*" * 30]
    began = time.process_time()
    for at in range(60):
        monitored(config(*(("/", f"{pattern}{at}") for pattern in patterns)))
    assert time.process_time() - began < 5


def check(made: AideConfig | Absent, found: AideState, units: dict[str, UnitState]) -> AideCheck:
    answer = aide.aide_check(found, units, made)
    assert not isinstance(answer, Absent)
    return answer


DAILY = AideTimer("dailyaidecheck.timer", True, True, "{ OnCalendar=*-*-* 00:00:00 ; next_elapse=n/a }")
BARE = AideState({}, (), (), ())


@pytest.mark.parametrize(
    ("found", "runs"),
    [
        (BARE, ()),
        (msgspec.structs.replace(BARE, timers=(DAILY,)), ("dailyaidecheck.timer",)),
        (msgspec.structs.replace(BARE, timers=(msgspec.structs.replace(DAILY, active=False),)), ()),
        (
            msgspec.structs.replace(
                BARE, timers=(msgspec.structs.replace(DAILY, calendar="{ OnCalendar=*-*-01 0:0:0 ; }"),)
            ),
            (),
        ),
        (msgspec.structs.replace(BARE, jobs=("/etc/cron.daily/dailyaidecheck",)), ()),
        (msgspec.structs.replace(BARE, jobs=("/etc/cron.daily/aide",)), ("/etc/cron.daily/aide",)),
        (
            msgspec.structs.replace(BARE, lines=("/etc/crontab:9:0 5 * * * root /usr/sbin/aide --check",)),
            ("/etc/crontab",),
        ),
        (msgspec.structs.replace(BARE, lines=("/etc/crontab:9:0 5 1 * * root /usr/sbin/aide --check",)), ()),
        (
            msgspec.structs.replace(BARE, lines=("/etc/crontab:9:@weekly root /usr/sbin/aide --check",)),
            ("/etc/crontab",),
        ),
    ],
)
def test_what_runs_at_least_weekly_counts(found: AideState, runs: tuple[str, ...]) -> None:
    assert check(config(), found, running("cron.service")).runs == runs
    if runs and "timer" not in runs[0]:
        assert check(config(), found, {}).runs == ()


def test_a_database_counts_in_the_place_that_is_compared_with() -> None:
    named = config(settings={"database_in": ("file:/var/lib/aide/aide.db.gz",)})
    for path, there in (("/var/lib/aide/aide.db.gz", True), ("/var/lib/aide/aide.db.new.gz", False)):
        found = msgspec.structs.replace(BARE, databases={path: 100})
        assert bool(check(named, found, {}).database) is there
    empty = msgspec.structs.replace(BARE, databases={"/var/lib/aide/aide.db.gz": 0})
    assert not check(named, empty, {}).database


def test_findings_count_as_told_when_they_leave_the_file() -> None:
    def reports(made: AideConfig, found: AideState = BARE) -> int:
        return len(check(made, found, running("cron.service")).reports)

    assert reports(config(settings={"report_url": ("file:/var/log/aide.log", "stdout")})) == 0
    assert reports(config(settings={"report_url": ("syslog:LOG_AUTH",)})) == 1
    assert reports(config(mail_to="root")) == 0
    assert reports(config(mail_to="root"), msgspec.structs.replace(BARE, timers=(DAILY,))) == 1
    piped = "/etc/crontab:9:0 5 * * * root /usr/sbin/aide --check | /usr/bin/mail -s AIDE root"
    assert reports(config(), msgspec.structs.replace(BARE, lines=(piped,))) == 1


def test_no_configuration_is_an_answer_and_an_unread_one_is_not() -> None:
    assert check(NOT_THERE, BARE, {}).gaps == ("there is no aide.conf",)
    assert aide.aide_check(BARE, {}, DENIED) is DENIED


# --- the audit daemon's logs


def _audit_log(mode: str = "0640", gid: int = 4, folder_mode: str = "0750") -> LogFiles:
    folder = LogEntry("d", folder_mode, 0, gid, "/var/log/audit")
    log = LogEntry("f", mode, 0, gid, "/var/log/audit/audit.log")
    beside = LogEntry("f", "0644", 0, 0, "/var/log/auditing")
    return LogFiles((folder, folder, log, beside), (), "", (), cut=False)


@pytest.mark.parametrize(
    ("files", "settings", "private"),
    [
        (_audit_log(), {}, [True, True]),
        (_audit_log("0600", 0, "0700"), {}, [True, True]),
        (_audit_log("0644"), {}, [True, False]),
        (_audit_log("0660"), {}, [True, False]),
        (_audit_log(folder_mode="0755"), {}, [False, True]),
        (_audit_log(gid=1000), {}, [False, False]),
        (_audit_log(gid=1000), {"log_group": "readers"}, [True, True]),
    ],
)
def test_others_neither_read_nor_write_audit_logs(
    files: LogFiles, settings: dict[str, str], private: list[bool]
) -> None:
    groups = (Group("root", 0, ()), Group("adm", 4, ()), Group("readers", 1000, ()))
    users = (User("root", 0, 0, "/root", "/bin/sh"),)
    found = logs.audit_files(AuditdConfig(settings), files, users, groups)
    assert not isinstance(found, Absent)
    assert [file.path for file in found] == ["/var/log/audit", "/var/log/audit/audit.log"]
    assert [file.private for file in found] == private


def test_audit_logs_that_were_not_listed_are_not_private() -> None:
    empty = LogFiles((LogEntry("d", "0750", 0, 0, "/var/log/audit"),), (), "", (), cut=False)
    found = logs.audit_files(AuditdConfig({}), empty, (), ())
    assert isinstance(found, Absent)
    elsewhere = logs.audit_files(AuditdConfig({"log_file": "/srv/a/audit.log"}), _audit_log(), (), ())
    assert isinstance(elsewhere, Absent)
    cut = msgspec.structs.replace(_audit_log(), cut=True)
    assert isinstance(logs.audit_files(AuditdConfig({}), cut, (), ()), Absent)
