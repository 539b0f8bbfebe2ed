"""Settings of PHP's own files, php.ini, as the probe finds them: ``FILE:LINE:TEXT``::

    file /etc/php/8.2/fpm/php.ini
    file /etc/php/8.2/fpm/conf.d/10-opcache.ini
    /etc/php/8.2/fpm/php.ini:327:disable_functions = exec, passthru
    end

``denied FILE`` is one that could not be read. PHP reads php.ini, then the files of its folder by name; the
last value wins. The folder that a file belongs to tells which PHP it is for.
"""

from __future__ import annotations

import posixpath
import re

from hardcheck.errors import ParseError
from hardcheck.evidence import HostEvidence, Reason
from hardcheck.facts import Absent
from hardcheck.facts.web import PhpIni

KEY = "web.php_ini"
_SETTING = re.compile(r"(?P<file>/[^:]{1,400}):(?P<line>[0-9]{1,9}):(?P<text>.*)")
_FOLDERS = ("conf.d", "php.d")


def parse_php_ini(host: HostEvidence) -> tuple[PhpIni, ...] | Absent:
    """The settings of each PHP on the host, by folder; none where it has no php.ini.

    Raises:
        ParseError: a line of another form, or a fragment that did not end.
    """
    found: dict[str, dict[str, str]] = {}
    places: dict[str, dict[str, str]] = {}
    ended = False
    for where, line in host.get(KEY).lines():
        match = _SETTING.fullmatch(line)
        if line == "end":
            ended = True
        elif line.startswith("denied "):
            return Absent(Reason.DENIED, (KEY,), f"{line.removeprefix('denied ')} could not be read"[:300])
        elif line.startswith("file /"):
            found.setdefault(folder_of(line.removeprefix("file ")), {})
        elif match is not None:
            name, _, value = match["text"].partition("=")
            folder = folder_of(match["file"])
            found.setdefault(folder, {})[name.strip().lower()] = _value(value)
            places.setdefault(folder, {})[name.strip().lower()] = f"{match['file']}:{match['line']}"
        else:
            raise ParseError(where, "a line of the fragment", repr(line[:80]))
    if not ended:
        raise ParseError(KEY, "'end' as the last line", "none")
    return tuple(PhpIni(folder, found[folder], places.get(folder, {})) for folder in sorted(found))


def folder_of(path: str) -> str:
    """The folder of the php.ini that a file goes with: /etc/php/8.2/fpm of its conf.d/x.ini."""
    folder = posixpath.dirname(path)
    return posixpath.dirname(folder) if posixpath.basename(folder) in _FOLDERS else folder


def _value(text: str) -> str:
    text = text.strip()
    if text[:1] in ("'", '"'):
        end = text.find(text[0], 1)
        return text[1:end] if end > 0 else text[1:]
    return text.partition(";")[0].strip()
