"""AIDE's configuration with the files that it includes: aide.conf(5)::

    @@define DBDIR /var/lib/aide
    database_in=file:@@{DBDIR}/aide.db.gz
    CONTENT_EX = sha512+ftype+p+u+g+n+acl+selinux+xattrs
    /etc CONTENT_EX
    =/var/log$ p+u+g
    !/var/lib/aide
    @@include /etc/aide.conf.d ^[a-zA-Z0-9_-]+$

Of ``@@if`` the parts are all read: a line that holds under a condition is taken to hold. What a program makes
(a script that ``@@x_include`` runs) is not read and is told. A group that is not defined is kept by its name.
Debian's settings of the daily check stand in /etc/default/aide (``MAILTO=root``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from hardcheck.errors import ParseError
from hardcheck.evidence import Evidence, HostEvidence, Reason
from hardcheck.facts import Absent
from hardcheck.facts.integrity import AideConfig, AideSelection, AideState, AideTimer
from hardcheck.parse.numbers import whole
from hardcheck.parse.shell_variables import parse_shell_variables
from hardcheck.parse.tree_files import TreeFile, tree_files

_KEY, _STATE = "integrity.aide", "integrity.state"
_MAINS = ("/etc/aide/aide.conf", "/etc/aide.conf")
_DEFAULTS = "/etc/default/aide"
_MAX_DEPTH, _MAX_FILES, _MAX_GROUPS, _MAX_SELECTIONS = 10, 600, 2000, 1500
_SETTING = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]{0,60})[ \t]*=[ \t]*(?P<value>\S.*)")
_VARIABLE = re.compile(r"@@\{([A-Za-z0-9_]{1,60})\}")
_EXTENDED = frozenset({"acl", "selinux", "xattrs", "e2fsattrs", "caps"})
_BUILT_IN: Mapping[str, frozenset[str]] = {
    "X": _EXTENDED,
    "R": frozenset(["p", "i", "l", "n", "u", "g", "s", "m", "c", "md5"]) | _EXTENDED,
    "L": frozenset(["p", "i", "l", "n", "u", "g"]) | _EXTENDED,
    ">": frozenset(["p", "l", "u", "g", "i", "n", "S"]) | _EXTENDED,
    "E": frozenset(),
    "H": frozenset({"sha256", "sha512"}),
}


def parse_aide(host: HostEvidence) -> AideConfig | Absent:
    """The configuration; Absent where there is none.

    Raises:
        ParseError: a loop of includes.
    """
    found = tree_files(host, _KEY)
    if isinstance(found, Absent):
        return found
    files = {file.path: file for file in found}
    main = next((files[path] for path in _MAINS if path in files), None)
    if main is None:
        return Absent(Reason.NOT_PRESENT, (_KEY,), "there is no aide.conf")
    if isinstance(main.content, Absent):
        return main.content
    reader = _Reader(files)
    reader.read(main.content, main.path, 0)
    return reader.config(_mail_to(files.get(_DEFAULTS)))


def _mail_to(file: TreeFile | None) -> str:
    if file is None or isinstance(file.content, Absent):
        return ""
    return parse_shell_variables(file.content).get("MAILTO", "")[:200]


class _Reader:
    """The configuration while its files are read."""

    def __init__(self, files: Mapping[str, TreeFile]) -> None:
        self._files = files
        self._count = 0
        self._variables: dict[str, str] = {}
        self._groups: dict[str, frozenset[str]] = dict(_BUILT_IN)
        self._settings: dict[str, list[str]] = {}
        self._selections: list[AideSelection] = []
        self._unread: list[str] = []

    def config(self, mail_to: str) -> AideConfig:
        settings = {name: tuple(values) for name, values in self._settings.items()}
        return AideConfig(settings, tuple(self._selections), tuple(dict.fromkeys(self._unread)), mail_to)

    def read(self, evidence: Evidence, path: str, depth: int) -> None:
        self._count += 1
        if depth > _MAX_DEPTH or self._count > _MAX_FILES:
            raise ParseError(path, "fewer includes", "a loop")
        for number, (_, line) in enumerate(evidence.lines(), start=1):
            text = line.strip()
            if not text or text.startswith("#"):
                continue
            text = _VARIABLE.sub(lambda match: self._variables.get(match[1], match[0]), text)[:4000]
            if text.startswith("@@"):
                self._macro(text, depth)
            elif text[0] in "/!=-@":
                self._selection(text, f"{path}:{number}")
            else:
                self._assign(text)

    def _macro(self, text: str, depth: int) -> None:
        words = text.split()
        if words[0] == "@@define" and len(words) >= 2:
            self._variables[words[1]] = " ".join(words[2:])[:1000]
        elif words[0] in ("@@include", "@@x_include") and len(words) >= 2:
            self._include(words[1].rstrip("/"), depth, folder=len(words) > 2)

    def _include(self, target: str, depth: int, *, folder: bool) -> None:
        if not folder:
            paths = [target] if target in self._files else []
        else:
            paths = sorted(path for path in self._files if path.rpartition("/")[0] == target)
        if not paths and not folder:
            self._unread.append(target[:200])
        for path in paths:
            content = self._files[path].content
            if isinstance(content, Absent):
                self._unread.append(path)
            elif content.content.startswith(b"#!"):
                self._unread.append(f"what {path} prints")
            else:
                self.read(content, path, depth + 1)

    def _selection(self, text: str, place: str) -> None:
        kind: Literal["/", "=", "!"] = "/"
        rest = text
        if text.startswith(("!", "=", "-")):
            kind, rest = ("=" if text[0] == "=" else "!"), text[1:]
        words = rest.split()
        if not words or not words[0].startswith(("/", "@@{")):
            return
        if len(self._selections) >= _MAX_SELECTIONS:
            self._unread.append(f"lines behind the first {_MAX_SELECTIONS} that select files")
            return
        expanded = self._expand(words[-1]) if kind != "!" and len(words) > 1 else frozenset[str]()
        attributes = tuple(sorted(expanded))
        self._selections.append(AideSelection(kind, words[0], attributes, place))

    def _assign(self, text: str) -> None:
        match = _SETTING.fullmatch(text)
        if match is None:
            return
        name, value = match["name"], match["value"].strip()
        if name.islower():
            self._settings.setdefault(name, []).append(value[:500])
            if len(self._groups) < _MAX_GROUPS:  # groups may be in small letters too
                self._groups[name] = self._expand(value)
        elif len(self._groups) < _MAX_GROUPS:
            self._groups[name] = self._expand(value)

    def _expand(self, expression: str) -> frozenset[str]:
        """What an expression compares: groups and attributes joined by ``+``, taken away by ``-``."""
        found: set[str] = set()
        for match in re.finditer(r"([+-]?)[ \t]*([A-Za-z0-9_>]{1,60})", expression[:1000]):
            members = self._groups.get(match[2], frozenset({match[2]}))
            if match[1] == "-":
                found -= members
            else:
                found |= members
        return frozenset(found)


def parse_aide_state(host: HostEvidence) -> AideState:
    """Databases, cron jobs and timers.

    Raises:
        ParseError: a line of another form, or a fragment that did not end.
    """
    databases: dict[str, int] = {}
    jobs, lines = list[str](), list[str]()
    timers = list[dict[str, str]]()
    ended = False
    for where, line in host.get(_STATE).lines():
        kind, _, rest = line.partition(" ")
        if kind == "db":
            size, _, path = rest.partition(" ")
            databases[path] = whole(where, size)
        elif kind == "job":
            jobs.append(rest)
        elif kind == "cron":
            lines.append(rest)
        elif kind == "timer":
            name, _, value = rest.partition("=")
            if not name or not timers:  # an empty line stands between two
                timers.append({})
            if name:
                timers[-1][name] = value
        elif line == "end":
            ended = True
        elif line:
            raise ParseError(where, "db, job, cron or timer", repr(line[:80]))
    if not ended:
        raise ParseError(_STATE, "'end' as the last line", "none")
    return AideState(databases, tuple(jobs), tuple(lines), tuple(_timer(each) for each in timers if each))


def _timer(values: Mapping[str, str]) -> AideTimer:
    return AideTimer(
        name=values.get("Id", ""),
        active=values.get("ActiveState", "") == "active",
        starts_at_boot=values.get("UnitFileState", "") in ("enabled", "enabled-runtime", "static"),
        calendar=values.get("TimersCalendar", "")[:200],
    )
