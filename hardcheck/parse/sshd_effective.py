"""Settings of the SSH server: ``sshd -T``, sshd(8), and ``Match`` blocks of its files, sshd_config(5).

``sshd -T`` prints ``keyword value`` in small letters, with its defaults filled in; a keyword with several
values (``hostkey``, ``acceptenv``) is printed once for each. Without ``-C`` it shows what holds outside of
every ``Match`` block, so the blocks are read from the files::

    Match User backup Address 192.0.2.0/24
        PermitRootLogin yes
"""

from __future__ import annotations

import fnmatch
import posixpath
import re

from hardcheck.errors import ParseError
from hardcheck.evidence import Evidence, HostEvidence, Reason
from hardcheck.facts import Absent
from hardcheck.facts.sshd import MatchSetting
from hardcheck.parse.tree_files import tree_files

_LINE = re.compile(r"(?P<name>[a-z0-9]+)(?: (?P<value>.*))?")
_CONFIG = re.compile(r"(?P<name>[A-Za-z0-9]+)(?:\s*=\s*|\s+)(?P<value>.*)")
_MAIN = "/etc/ssh/sshd_config"
_MAX_DEPTH = 16
_MAX_FILES = 200
_MAX_PATTERN = 512


def parse_sshd_effective(host: HostEvidence) -> dict[str, str]:
    """Keyword to value; several values are joined by a blank in sshd's order.

    Raises:
        ParseError: a line of another form, or no port.
    """
    evidence = host.get("sshd.effective")
    settings: dict[str, str] = {}
    for where, line in evidence.lines():
        match = _LINE.fullmatch(line)
        if match is None:
            raise ParseError(where, "'keyword value'", repr(line[:80]))
        value = (match["value"] or "").strip()
        known = settings.get(match["name"])
        settings[match["name"]] = value if known is None else f"{known} {value}"
    if "port" not in settings:
        raise ParseError(evidence.key, "the keyword 'port'", "none")
    return settings


def parse_match_blocks(host: HostEvidence) -> tuple[MatchSetting, ...] | Absent:
    """Every setting inside a ``Match`` block, in the order of reading.

    Absent where a file that is read could not be.

    Raises:
        ParseError: the listing has another form.
    """
    files = tree_files(host, "sshd.files")
    if isinstance(files, Absent):
        return files
    contents = {file.path: file.content for file in files}
    if _MAIN not in contents:
        return Absent(Reason.NOT_PRESENT, ("sshd.files",), f"no {_MAIN}")
    reader = _Reader(contents)
    reader.read(_MAIN, "", 0)
    return tuple(reader.found) if reader.unread is None else reader.unread


class _Reader:
    """The files of sshd while they are read. ``unread`` is why not all of them could be."""

    def __init__(self, contents: dict[str, Evidence | Absent]) -> None:
        self._contents = contents
        self._files = 0
        self.found: list[MatchSetting] = []
        self.unread: Absent | None = None

    def read(self, path: str, criteria: str, depth: int) -> None:
        """Read one file, from inside the block ``criteria`` where an Include stands in one."""
        content = self._contents[path]
        self._files += 1
        if isinstance(content, Absent) or depth > _MAX_DEPTH or self._files > _MAX_FILES:
            too_many = Absent(Reason.UNPARSABLE, ("sshd.files",), f"{path}: too many includes"[:300])
            self.unread = self.unread or (content if isinstance(content, Absent) else too_many)
            return
        for number, (_, line) in enumerate(content.lines(), start=1):
            match = _CONFIG.fullmatch(line.strip())
            if match is None or self.unread is not None:
                continue
            name, value = match["name"].lower(), match["value"]
            if name == "match":
                criteria = "" if value.lower() == "all" and depth == 0 else value
            elif name == "include":
                self._include(value, f"{path}:{number}", criteria, depth)
            elif criteria:
                self.found.append(MatchSetting(criteria, name, _plain(value), f"{path}:{number}"))

    def _include(self, patterns: str, place: str, criteria: str, depth: int) -> None:
        for pattern in patterns.split():
            if len(pattern) > _MAX_PATTERN:
                self.unread = Absent(Reason.UNPARSABLE, ("sshd.files",), f"{place}: a long Include"[:300])
                return
            whole = posixpath.join("/etc/ssh", pattern.strip('"'))
            for other in sorted(each for each in self._contents if fnmatch.fnmatchcase(each, whole)):
                self.read(other, criteria, depth + 1)
                if self.unread is not None:
                    return


def _plain(value: str) -> str:
    """A value without quotes; the words of a switch in small letters, as ``sshd -T`` prints them."""
    text = value.strip('"')
    return text.lower() if text.lower() in ("yes", "no", "prohibit-password", "without-password") else text
