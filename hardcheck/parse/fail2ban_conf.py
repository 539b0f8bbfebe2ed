"""fail2ban.conf: what the server keeps over a restart. An ini file; .local and the folder fail2ban.d change
it::

    [Definition]
    logtarget = /var/log/fail2ban.log
    dbfile = /var/lib/fail2ban/fail2ban.sqlite3
    dbpurgeage = 1d

Read in the order fail2ban.conf, fail2ban.d/*.conf, fail2ban.local, fail2ban.d/*.local; the last wins.
``None`` is no database, ``:memory:`` one that ends with the server. Source: fail2ban
client/fail2banreader.py.
"""

from __future__ import annotations

import re

from hardcheck.evidence import HostEvidence, Reason
from hardcheck.facts import Absent
from hardcheck.facts.fail2ban import Fail2banStore
from hardcheck.parse.ini_lines import ini_lines, unread
from hardcheck.parse.tree_files import TreeFile, tree_files

KEY = "fail2ban.files"
_TERM = re.compile(r"(?P<number>[0-9]{1,9})\s*(?P<unit>[a-z]{0,6})\s*")
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "mo": 2592000, "y": 31536000}


def parse_fail2ban_store(host: HostEvidence) -> Fail2banStore | Absent:
    """What is kept. Absent(NOT_PRESENT) without any file of it. Raises ParseError for the listing."""
    files = tree_files(host, KEY)
    if isinstance(files, Absent):
        return files
    if not files:
        return Absent(Reason.NOT_PRESENT, (KEY,), "fail2ban is not configured on this host")
    missing = unread(files)
    if missing is not None:
        return missing
    values = {
        "dbfile": ("/var/lib/fail2ban/fail2ban.sqlite3", "default"),
        "dbpurgeage": ("86400", "default"),
        "logtarget": ("/var/log/fail2ban.log", "default"),
    }
    for file in sorted(files, key=_order):
        for line in ini_lines(file):
            if line.name in values:
                values[line.name] = (line.value, line.place)
    return Fail2banStore(
        *values["dbfile"],
        keeps_s=seconds(values["dbpurgeage"][0]),
        log=values["logtarget"][0],
        log_place=values["logtarget"][1],
    )


def _order(file: TreeFile) -> tuple[bool, bool, str]:
    return (file.path.endswith(".local"), "/fail2ban.d/" in file.path, file.path)


def seconds(text: str) -> int | Absent:
    """A time as fail2ban writes it, such as ``86400``, ``1d`` or ``1d 12h``; Absent for another form."""
    total, at = 0, 0
    while at < len(text):
        match = _TERM.match(text, at)
        unit = "" if match is None else match["unit"]
        short = "mo" if unit.startswith("mo") else unit[:1]
        if match is None or short not in _UNITS:
            return Absent(Reason.UNPARSABLE, (KEY,), repr(text[:40]))
        total += int(match["number"]) * _UNITS[short]
        at = match.end()
    return total if text else Absent(Reason.UNPARSABLE, (KEY,), "an empty time")
