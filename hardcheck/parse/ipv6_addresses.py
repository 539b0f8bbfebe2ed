"""IPv6 addresses of this host: ``/proc/net/if_inet6``.

Address, number of the interface, length of the prefix, scope, flags, all hexadecimal, and the interface;
scope 00 is global, 10 the host itself, 20 the link, 40 the site::

    00000000000000000000000000000001 01 80 10 80       lo
    20010db8000000000000000000000001 02 40 00 80     eth0

Source: kernel net/ipv6/addrconf.c ``if6_seq_show``; RFC 4193 for fc00::/7, which is global by its scope.
"""

from __future__ import annotations

import re

from hardcheck.errors import ParseError
from hardcheck.evidence import HostEvidence

KEY = "network.ipv6_addresses"
_LINE = re.compile(
    r"(?P<address>[0-9a-f]{32}) [0-9a-f]+ [0-9a-f]+ (?P<scope>[0-9a-f]+) [0-9a-f]+ +(?P<name>\S+)"
)


def parse_ipv6_in_use(host: HostEvidence) -> tuple[str, ...]:
    """Interfaces with an address that reaches beyond the link; none where the kernel has no IPv6.

    Raises:
        ParseError: a line of another form.
    """
    evidence = host.get(KEY)
    names = []
    for where, line in evidence.lines():
        match = _LINE.fullmatch(line)
        if match is None:
            raise ParseError(where, "'ADDRESS INTERFACE PREFIX SCOPE FLAGS NAME'", repr(line[:80]))
        if match["scope"] not in ("10", "20"):
            names.append(match["name"])
    return tuple(dict.fromkeys(names))
