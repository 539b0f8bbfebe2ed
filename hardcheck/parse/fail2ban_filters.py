"""The filters that fail2ban has on a host: ``filter FILE`` for each of filter.d, up to ``end``::

filter sshd.conf
filter nginx-http-auth.conf
end
"""

from __future__ import annotations

import re

from hardcheck.errors import ParseError
from hardcheck.evidence import HostEvidence

KEY = "fail2ban.filters"
_LINE = re.compile(r"filter ([A-Za-z0-9_.+-]{1,100})\.(?:conf|local)")


def parse_fail2ban_filters(host: HostEvidence) -> tuple[str, ...]:
    """The names, sorted; none where fail2ban is not installed.

    Raises:
        ParseError: a fragment that did not end.
    """
    found = set()
    ended = False
    for _, line in host.get(KEY).lines():
        match = _LINE.fullmatch(line)
        ended = ended or line == "end"
        if match is not None:
            found.add(match[1])
    if not ended:
        raise ParseError(KEY, "'end' as the last line", "none")
    return tuple(sorted(found))
