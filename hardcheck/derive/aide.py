"""Whether AIDE has a database, is run, tells somebody, and looks at what matters.

A selection is a regular expression that has to match the beginning of a path; a negative one takes out what
it matches and all below, whatever selects it (AIDE manual, "Selection lines"). Expressions are matched by an
automaton, never by a backtracking engine; one outside of what that knows is told as not known.
"""

from __future__ import annotations

import functools
import posixpath
import re
from collections.abc import Iterable, Mapping
from typing import Literal

from hardcheck.facts import Absent, Reason
from hardcheck.facts.files import OwnedFile
from hardcheck.facts.integrity import (
    AideCheck,
    AideConfig,
    AideSelection,
    AideState,
    AideTimer,
    MonitoredFile,
)
from hardcheck.facts.units import UnitState
from hardcheck.selinux.automaton import Automaton
from hardcheck.selinux.pattern import ANYTHING, PatternError, Sequence, parse_pattern

POLICY: Mapping[Literal["selinux", "apparmor"], tuple[str, ...]] = {
    "selinux": (
        "/etc/selinux/config",
        "/etc/selinux/targeted/policy/policy.33",
        "/var/lib/selinux/targeted/active/seusers",
    ),
    "apparmor": (
        "/etc/apparmor/parser.conf",
        "/etc/apparmor.d/abstractions/base",
        "/etc/apparmor.d/usr.sbin.sshd",
    ),
}
"""Files that stand for the policy of each framework: one of each folder that holds a part of it."""

_STRONG = frozenset(
    {"sha256", "sha512", "sha512_256", "sha3_256", "sha3_512", "stribog256", "stribog512", "H"}
)
_KEY = "integrity.aide"
_LONGEST = 200
_COUNTED = re.compile(r"\{[0-9]")
_FILE_URL = re.compile(r"(?:file:)?(/.*)", re.DOTALL)
_LOCAL_REPORTS = ("stdout", "stderr", "file:", "fd:", "/")
_MONTHLY = re.compile(r"\d\d\d\d-|\*-\d\d-|\*-\*-\d\d(?!\d)")


def aide_check(
    state: AideState, states: Mapping[str, UnitState], config: AideConfig | Absent
) -> AideCheck | Absent:
    """What is in place and what is missing."""
    if isinstance(config, Absent):
        if config.reason is not Reason.NOT_PRESENT:
            return config
        return AideCheck("", (), (), ("there is no aide.conf",))
    database = _database(config, state)
    runs, gaps = _runs(state, states)
    reports = _reports(config, state, runs)
    if not database:
        gaps.insert(0, "there is no database to compare with")
    if not reports:
        gaps.append("findings go to a local file or nowhere")
    return AideCheck(database, tuple(runs), tuple(reports), tuple(gaps))


def _database(config: AideConfig, state: AideState) -> str:
    """The database that is compared with, where it is there and not empty."""
    named = [*config.settings.get("database_in", ()), *config.settings.get("database", ())]
    paths = [match[1] for match in map(_FILE_URL.fullmatch, named) if match is not None]
    for path in paths or ["/var/lib/aide/aide.db", "/var/lib/aide/aide.db.gz"]:
        if state.databases.get(path, 0) > 0:
            return path
    return ""


def _runs(state: AideState, states: Mapping[str, UnitState]) -> tuple[list[str], list[str]]:
    """What runs it at least weekly, and why what might does not."""
    runs, gaps = [], []
    for timer in state.timers:
        why = _idle(timer)
        if why:
            gaps.append(f"{timer.name} {why}")
        else:
            runs.append(timer.name)
    cron = [
        name
        for name in ("cron.service", "crond.service", "cronie.service")
        if name in states and states[name].active == "active"
    ]
    # The script of Debian does nothing where systemd runs: its timer does the work.
    jobs = [job for job in state.jobs if not job.endswith("/dailyaidecheck")]
    found = [*jobs, *(line.split(":", 2)[0] for line in state.lines if _weekly(line))]
    if found and not cron:
        gaps.append("no cron service runs the jobs")
    elif found:
        runs += found
    elif not state.timers:
        gaps.append("no timer and no cron job runs it")
    if state.lines and not found:
        gaps.append("a crontab runs it less than weekly")
    return list(dict.fromkeys(runs)), gaps


def _idle(timer: AideTimer) -> str:
    if not (timer.active and timer.starts_at_boot):
        return "is not active and enabled"
    if _MONTHLY.search(timer.calendar):
        return "runs less than weekly"
    return ""


def _weekly(line: str) -> bool:
    """Whether a crontab line (``FILE:NUMBER:TEXT``) runs at least once a week."""
    words = line.split(":", 2)[-1].split()
    if not words:
        return False
    if words[0].startswith("@"):
        return words[0] in ("@hourly", "@daily", "@midnight", "@weekly")
    return len(words) > 5 and words[2] == "*" and words[3] == "*"


def _reports(config: AideConfig, state: AideState, runs: Iterable[str]) -> list[str]:
    """Where findings go beside a local file."""
    found = [
        f"report_url={url}"
        for url in config.settings.get("report_url", ())
        if not url.startswith(_LOCAL_REPORTS)
    ]
    if config.mail_to and any("dailyaidecheck" in run for run in runs):
        found.append(f"the daily check mails to {config.mail_to}")
    found += [
        f"{line.split(':', 2)[0]} mails the output"
        for line in state.lines
        if re.search(r"\|\s?(?:/usr)?(?:/bin/)?(?:mail|mailx|sendmail|logger)\b", line)
    ]
    return list(dict.fromkeys(found))


def monitored(config: AideConfig, tools: tuple[OwnedFile, ...] | Absent) -> tuple[MonitoredFile, ...]:
    """The files that stand for each policy, and the tools of the audit system."""
    made = [_file(config, subject, path) for subject, paths in POLICY.items() for path in paths]
    if not isinstance(tools, Absent):
        made += [_file(config, "audit-tools", tool.path) for tool in tools]
    return tuple(made)


def _file(
    config: AideConfig, subject: Literal["selinux", "apparmor", "audit-tools"], path: str
) -> MonitoredFile:
    chosen: AideSelection | None = None
    note = ""
    for selection in config.selections:
        answer = _selects(selection, path)
        if isinstance(answer, Absent):
            if selection.kind == "!":
                return MonitoredFile(subject, path, answer)
            continue
        if answer and selection.kind == "!":
            return MonitoredFile(subject, path, monitored=False, note=f"left out by {selection.shown}"[:300])
        if answer and not _STRONG.isdisjoint(selection.attributes):
            chosen = selection
        elif answer:
            note = f"{selection.shown} compares no digest of the content"
    if chosen is not None:
        return MonitoredFile(subject, path, monitored=True, by=chosen.shown[:300])
    if config.unread and not note:
        absent = Absent(Reason.NOT_COLLECTED, (_KEY,), f"not read: {config.unread[0]}"[:300])
        return MonitoredFile(subject, path, absent)
    return MonitoredFile(subject, path, monitored=False, note=note[:300])


def _selects(selection: AideSelection, path: str) -> bool | Absent:
    """Whether a line is about a path; a negative one also by a folder above it."""
    try:
        below, exact = _matcher(selection.pattern)
    except PatternError as error:
        detail = f"{selection.place}: {error}"[:300]
        return Absent(Reason.UNPARSABLE, (_KEY,), detail)
    if selection.kind == "=":
        return exact.matches(path)
    if below.matches(path):
        return True
    if selection.kind != "!":
        return False
    folder = posixpath.dirname(path)
    while folder not in ("/", ""):
        if below.matches(folder):
            return True
        folder = posixpath.dirname(folder)
    return False


@functools.lru_cache(maxsize=2000)
def _matcher(pattern: str) -> tuple[Automaton, Automaton]:
    """Matchers of a beginning and of a whole path. What would make a large automaton is not matched: the
    lines are the audited host's.

    Raises:
        PatternError: an expression outside of what is covered.
    """
    if len(pattern) > _LONGEST or _COUNTED.search(pattern):
        raise PatternError("a long or counted expression is not matched")
    parsed = parse_pattern(pattern.removesuffix("$"))
    whole = Automaton(parsed)
    if pattern.endswith("$") and not pattern.endswith("\\$"):
        return whole, whole
    return Automaton(Sequence((parsed, ANYTHING))), whole
