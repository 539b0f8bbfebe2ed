"""cPanel on a host: ``cpanel absent``, or ``cpanel VERSION`` and ``domain NAME: USER`` for /etc/userdomains::

cpanel 11.118.0.10
domain a.example: alice
domain *: nobody
cagefs present
"""

from __future__ import annotations

from hardcheck.errors import ParseError
from hardcheck.evidence import HostEvidence, Reason
from hardcheck.facts import Absent
from hardcheck.facts.web import Cpanel

_KEY = "web.cpanel"


def parse_cpanel(host: HostEvidence) -> Cpanel | Absent:
    """Absent(NOT_PRESENT) where it is not installed. Raises ParseError for a line of another form."""
    version, domains, cagefs = "", list[tuple[str, str]](), False
    for where, line in host.get(_KEY).lines():
        word, _, rest = line.partition(" ")
        if word == "cpanel":
            version = rest
        elif word == "domain":
            domain, _, user = rest.partition(": ")
            domains.append((domain, user))
        elif line == "cagefs present":
            cagefs = True
        else:
            raise ParseError(where, "a line of the fragment", repr(line[:80]))
    if version in ("", "absent"):
        return Absent(Reason.NOT_PRESENT, (_KEY,), "cPanel is not installed")
    return Cpanel(version, tuple(domains), cagefs)
