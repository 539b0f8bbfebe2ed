"""``NAME=VALUE`` files that a shell reads: /etc/default, /etc/sysconfig, ufw.conf.

Quotes round a value are taken off; a later assignment wins. What a shell would compute is kept as written.
"""

from __future__ import annotations

import re

from hardcheck.evidence import Evidence
from hardcheck.parse.base import require_text

_ASSIGNMENT = re.compile(r"\s*(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)=(?P<value>.*)")


def parse_shell_variables(evidence: Evidence) -> dict[str, str]:
    """The variables of one file; lines of another form are not assignments and are passed over.

    Raises:
        ParseError: not text, so that what is missing there may be anything.
    """
    require_text(evidence)
    values = {}
    for _, line in evidence.lines():
        match = _ASSIGNMENT.fullmatch(line)
        if match is not None:
            values[match["name"]] = _unquoted(match["value"].strip())
    return values


def _unquoted(text: str) -> str:
    if text[:1] in ("'", '"'):
        end = text.find(text[0], 1)
        return text[1:end] if end > 0 else text[1:]
    return re.split(r"\s+#|\s", text, maxsplit=1)[0]
