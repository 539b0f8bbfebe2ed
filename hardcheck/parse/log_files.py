"""Owners and modes of logs, and how logs are rotated.

The probe's fragment prints ``TYPE MODE UID GID PATH`` a line, among lines of a word and a value::

    journal /var/log/journal
    umask 0066
    job /etc/cron.daily/logrotate
    f 640 0 4 /var/log/syslog

Of logrotate.conf(5) the words before the first ``{`` hold for all logs that do not say otherwise.
"""

from __future__ import annotations

import re

from hardcheck.errors import ParseError
from hardcheck.evidence import HostEvidence
from hardcheck.facts import Absent
from hardcheck.facts.logs import LogEntry, LogFiles
from hardcheck.parse.tree_files import tree_files

_FILES, _ROTATE = "logs.files", "logs.logrotate"
_ENTRY = re.compile(r"([fd]) ([0-7]{1,4}) ([0-9]{1,10}) ([0-9]{1,10}) (/.*)")
_MOST = 3000
_FREQUENCIES = frozenset({"hourly", "daily", "weekly", "monthly", "yearly", "annually"})


def parse_log_files(host: HostEvidence) -> LogFiles:
    """What lies below /var/log and in the journal's folders.

    Raises:
        ParseError: a line of another form.
    """
    entries: list[LogEntry] = []
    journals, jobs = list[str](), list[str]()
    umask = ""
    for where, line in host.get(_FILES).lines():
        match = _ENTRY.fullmatch(line)
        kind, _, rest = line.partition(" ")
        if match is not None:
            mode = f"{int(match[2], 8):04o}"
            entries.append(LogEntry(match[1], mode, int(match[3]), int(match[4]), match[5]))
        elif kind == "journal":
            journals.append(rest)
        elif kind == "job":
            jobs.append(rest)
        elif kind == "umask":
            umask = rest if re.fullmatch("[0-7]{3,4}", rest) else ""
        elif line:
            raise ParseError(where, "'TYPE MODE UID GID PATH'", repr(line[:80]))
    return LogFiles(tuple(entries), tuple(journals), umask, tuple(jobs), cut=len(entries) >= _MOST)


def parse_rotation(host: HostEvidence) -> str | Absent:
    """How often logrotate rotates what does not say otherwise; ``unset`` where its file does not tell."""
    files = tree_files(host, _ROTATE)
    if isinstance(files, Absent):
        return files
    for file in files:  # /etc comes first
        if isinstance(file.content, Absent):
            return file.content
        frequency = "unset"
        for _, line in file.content.lines():
            words = line.split("#", 1)[0].split()
            if "{" in line:
                break
            if len(words) == 1 and words[0] in _FREQUENCIES:
                frequency = words[0]
        return frequency
    return "unset"
