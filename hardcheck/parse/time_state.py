"""What time services say, as the probe's fragment prints it.

``clock SECONDS``; ``timesyncd SECONDS`` (the last time it set the clock) or ``timesyncd none``; ``chrony``
with the fields of ``chronyc -c tracking`` or ``chrony stopped``; ``source`` with those of ``chronyc -c
sources``; ``ntpq`` with those of ``rv``::

    chrony
    A29FC87B,162.159.200.123,4,1795235818.1,0.000012,-0.000002,0.00002,-3.4,0.001,0.01,0.01,0.0005,64.4,Normal
    source ^,*,162.159.200.123,3,6,377,12,-0.00001,-0.00002,0.0006 ntpq leap=00, stratum=3, refid=192.0.2.1

Source: chronyc(1), commands ``tracking`` and ``sources``.
"""

from __future__ import annotations

import re

from hardcheck.errors import ParseError
from hardcheck.evidence import HostEvidence
from hardcheck.facts import Absent
from hardcheck.facts.time import TimeServers, TimeState
from hardcheck.parse.numbers import whole
from hardcheck.parse.tree_files import tree_files

_KEY = "time.state"
_NTPQ = re.compile(r"stratum=(?P<stratum>[0-9]{1,2})\b")
_SERVER = re.compile(r"\s*(?:server|pool|peer)\s+(?P<name>\S+).*")
_NTP = re.compile(r"\s*(?:Fallback)?NTP\s*=\s*(?P<names>.*)")
_STATES = "*+-?x~"


def parse_time_state(host: HostEvidence) -> TimeState:
    """Raises ParseError for a line of another form, or without the clock."""
    evidence = host.get(_KEY)
    clock: int | None = None
    last: int | None = None
    chrony: int | None = None
    ntp: int | None = None
    leap = ""
    sources = []
    for where, line in evidence.lines():
        word, _, rest = line.partition(" ")
        fields = rest.split(",")
        if word == "clock":
            clock = whole(where, rest)
        elif word == "timesyncd":
            last = None if rest == "none" else whole(where, rest)
        elif word == "chrony" and len(fields) > 3 and fields[2].isdecimal():
            chrony, leap = whole(where, fields[2]), fields[-1]
        elif word == "source" and len(fields) > 2 and fields[1] in _STATES:
            sources.append((fields[2], fields[1]))
        elif word == "ntpq":
            match = _NTPQ.search(rest)
            ntp = int(match["stratum"]) if match is not None else ntp
        elif word not in ("chrony", "source"):
            raise ParseError(where, "a line of the fragment", repr(line[:80]))
    if clock is None:
        raise ParseError(evidence.key, "'clock SECONDS'", "none")
    return TimeState(clock, last, chrony, leap, ntp, tuple(sources))


def parse_time_servers(host: HostEvidence) -> TimeServers | Absent:
    """Servers that the files of chrony, ntp and systemd-timesyncd name.

    Raises:
        ParseError: the listing has another form.
    """
    files = tree_files(host, "time.files")
    if isinstance(files, Absent):
        return files
    servers: list[tuple[str, str]] = []
    for file in files:
        if isinstance(file.content, Absent):
            return file.content
        for number, (_, line) in enumerate(file.content.lines(), start=1):
            place = f"{file.path}:{number}"
            timesyncd = _NTP.fullmatch(line) if "timesyncd" in file.path else None
            server = None if "timesyncd" in file.path else _SERVER.fullmatch(line)
            if timesyncd is not None:
                servers.extend((name, place) for name in timesyncd["names"].split())
            elif server is not None:
                servers.append((server["name"], place))
    return TimeServers(tuple(servers))
