"""Owners and modes of the folders that sites are kept in: ``folder MODE UID GID PATH``, up to ``end``::

folder 755 0 0 /srv
folder 2750 1001 33 /srv/www/a.example
end
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from hardcheck.errors import ParseError
from hardcheck.evidence import HostEvidence
from hardcheck.facts.files import OwnedFile

KEY = "web.folders"
_LINE = re.compile(r"folder ([0-7]{1,4}) ([0-9]{1,10}) ([0-9]{1,10}) (/.*)")


def parse_web_folders(host: HostEvidence) -> Mapping[str, OwnedFile]:
    """The folders by path.

    Raises:
        ParseError: a line of another form, or a fragment that did not end.
    """
    found: dict[str, OwnedFile] = {}
    ended = False
    for where, line in host.get(KEY).lines():
        match = _LINE.fullmatch(line)
        if line == "end":
            ended = True
        elif match is None:
            raise ParseError(where, "'folder MODE UID GID PATH'", repr(line[:80]))
        else:
            path = match[4].rstrip("/") or "/"
            found[path] = OwnedFile(path, f"{int(match[1], 8):04o}", int(match[2]), int(match[3]))
    if not ended:
        raise ParseError(KEY, "'end' as the last line", "none")
    return found
