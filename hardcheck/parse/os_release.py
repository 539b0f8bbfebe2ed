"""os-release(5): ``NAME=value`` lines with shell quoting::

PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
ID=debian
ID_LIKE="rhel centos fedora"
"""

from __future__ import annotations

import re
import shlex

from hardcheck.errors import ParseError
from hardcheck.evidence import HostEvidence
from hardcheck.facts.host import OsRelease

KEY = "host.os_release"
_LINE = re.compile(r"\s*(?P<name>[A-Z][A-Z0-9_]*)=(?P<value>.*)")


def parse_os_release(host: HostEvidence) -> OsRelease:
    """/etc/os-release.

    Raises:
        ParseError: no ``ID=`` (that page's default, ``linux``, would name a distribution nobody saw).
    """
    evidence = host.get(KEY)
    values = {}
    for _, line in evidence.lines():
        match = _LINE.fullmatch(line)
        if match is not None:
            values[match["name"]] = _unquoted(match["value"])
    if not values.get("ID"):
        raise ParseError(evidence.key, "a line ID=", "none")
    return OsRelease(
        id=values["ID"],
        version_id=values.get("VERSION_ID", ""),
        name=values.get("NAME", ""),
        pretty_name=values.get("PRETTY_NAME", ""),
        id_like=tuple(values.get("ID_LIKE", "").split()),
    )


def _unquoted(value: str) -> str:
    try:
        return " ".join(shlex.split(value, posix=True))
    except ValueError:  # an open quotation mark: the text as it is
        return value.strip()
