"""Security advisories that wait, by dnf's own cache: ``dnf -C updateinfo list --security``.

``clock SECONDS``, ``stamp SECONDS FILE``; then between ``updates`` and ``end`` one line an advisory and
package, in the forms of dnf 4 and dnf 5::

    RHSA-2024:1234 Important/Sec. openssl-1:3.0.7-27.el9_4.x86_64
    FEDORA-2024-0a1b security Important vim-minimal-2:9.1.100-1.fc40.x86_64 2024-02-01 01:02:03
"""

from __future__ import annotations

import re

from hardcheck.errors import ParseError
from hardcheck.evidence import HostEvidence, Reason
from hardcheck.facts import Absent
from hardcheck.facts.packages import PendingUpdate, UpdateMetadata
from hardcheck.parse.numbers import whole

_KEY = "updates.dnf"
_DNF4 = re.compile(r"(?P<advisory>\S+)\s+(?P<kind>(?:\S+/)?Sec\.|security)\s+(?P<package>\S+)\s*")
_DNF5 = re.compile(r"(?P<advisory>\S+)\s+security\s+(?P<severity>\S+)\s+(?P<package>\S+)\s+\S+(?: \S+)?\s*")
_NEVRA = re.compile(
    r"(?P<name>.{1,200})-(?P<version>(?:[0-9]{1,9}:)?[^-]{1,100}-[^-]{1,100})\.[A-Za-z0-9_]{1,20}"
)
_HEADING = re.compile(
    r"(Name|Advisory)\s+.*|Last metadata expiration check:.*|Updating and loading .*|Repositories loaded\."
)
_DAY = 86400


def parse_dnf(host: HostEvidence) -> UpdateMetadata:
    """Advisories of the security kind for packages that are installed in an older version.

    Raises:
        ParseError: a line of another form, or an answer that breaks off.
    """
    evidence = host.get(_KEY)
    clock: int | None = None
    stamps: list[int] = []
    pending: dict[str, PendingUpdate] = {}
    listed = ended = False
    for where, line in evidence.lines():
        word, _, rest = line.partition(" ")
        if word == "clock" and not listed:
            clock = whole(where, rest)
        elif word == "stamp" and not listed:
            stamps.append(whole(where, rest.partition(" ")[0]))
        elif line == "updates":
            listed = True
        elif line == "end":
            ended = True
        elif line.strip() and not _HEADING.fullmatch(line):
            update = _advisory(where, line)
            pending.setdefault(f"{update.package} {update.available}", update)
    if clock is None or not ended:
        raise ParseError(evidence.key, "'clock SECONDS' and 'end'", "an answer that breaks off")
    age = Absent(Reason.NOT_PRESENT, (_KEY,), "dnf has no metadata on the host")
    return UpdateMetadata(
        pending=tuple(pending.values()),
        age_days=max(0, clock - max(stamps)) // _DAY if stamps else age,
        security_source=bool(stamps),
    )


def _advisory(where: str, line: str) -> PendingUpdate:
    match = _DNF5.fullmatch(line) or _DNF4.fullmatch(line)
    nevra = None if match is None else _NEVRA.fullmatch(match["package"])
    if match is None or nevra is None:
        raise ParseError(where, "'ADVISORY SEVERITY/Sec. PACKAGE'", repr(line[:80]))
    return PendingUpdate(nevra["name"], "", nevra["version"], match["advisory"], security=True)
