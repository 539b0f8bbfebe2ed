"""Rules of sudo: sudoers(5).

``WHO HOSTS = (RUNAS) TAG: COMMANDS``; a backslash at the end joins lines; ``@includedir`` (``#includedir``)
names a folder, of which names with a dot or a final ``~`` are not read::

    Defaults    use_pty
    root        ALL=(ALL:ALL) ALL
    %wheel      ALL=(ALL) NOPASSWD: /usr/bin/dnf, PASSWD: ALL
    alice       ALL=(root) ROLE=sysadm_r TYPE=sysadm_t ALL

Aliases are kept by name and not expanded.
"""

from __future__ import annotations

import posixpath
import re

from hardcheck.errors import ParseError
from hardcheck.evidence import Evidence, HostEvidence, Reason
from hardcheck.facts import Absent
from hardcheck.facts.accounts import Sudoers, SudoRule
from hardcheck.parse.tree_files import TreeFile, tree_files

_KEY = "accounts.sudoers"
_MAIN = "/etc/sudoers"
_PLAIN_TAGS = ("EXEC", "FOLLOW", "INTERCEPT", "LOG_INPUT", "LOG_OUTPUT", "MAIL", "PASSWD", "SETENV")
_TAGS = frozenset((*_PLAIN_TAGS, *(f"NO{tag}" for tag in _PLAIN_TAGS)))
_ALIAS = re.compile(r"(?:User|Runas|Host|Cmnd|Cmd)_Alias\b.*", re.DOTALL)
_DEFAULTS = re.compile(r"Defaults(?P<scope>[@:!>]\S+)? (?P<value>.*)", re.DOTALL)
_INCLUDE = re.compile(r"[@#]include(?P<dir>dir)? (?P<path>\S+)")
_NAME = r"(?:[^\s=,\\\"]|\\.|\"[^\"]*\")+"
_RULE = re.compile(rf"(?P<who>{_NAME}(?: ?, ?{_NAME})*) (?P<rest>.+=.+)", re.DOTALL)
_RUNAS = re.compile(r"\((?P<runas>[^)]*)\) ?")
_TAG = re.compile(r"(?P<tag>[A-Z_]{1,20}) ?: ?")
_OPTION = re.compile(
    r"(?P<name>ROLE|TYPE|APPARMOR_PROFILE|TIMEOUT|NOTBEFORE|NOTAFTER|CWD|CHROOT|PRIVS|LIMITPRIVS)="
    r"(?P<value>\S+) "
)
_MAX_DEPTH = 8
_MAX_FILES = 300


def parse_sudoers(host: HostEvidence) -> Sudoers | Absent:
    """The rules of every file that sudo reads, in its order.

    Raises:
        ParseError: a line that is no rule.
    """
    files = tree_files(host, _KEY)
    if isinstance(files, Absent):
        return files
    by_path = {file.path: file for file in files}
    if _MAIN not in by_path:
        return Absent(Reason.NOT_PRESENT, (_KEY,), f"no {_MAIN}")
    reader = _Reader(by_path)
    reader.read(_MAIN, 0)
    return Sudoers(tuple(reader.rules), tuple(reader.defaults), tuple(reader.unread))


class _Reader:
    """The files of sudo while they are read."""

    def __init__(self, files: dict[str, TreeFile]) -> None:
        self._files = files
        self._read = 0
        self.rules: list[SudoRule] = []
        self.defaults: list[tuple[str, str]] = []
        self.unread: list[str] = []

    def read(self, path: str, depth: int) -> None:
        """One file and what it includes."""
        file = self._files.get(path)
        self._read += 1
        if file is None or isinstance(file.content, Absent) or depth > _MAX_DEPTH or self._read > _MAX_FILES:
            self.unread.append(path)
            return
        for number, line in _lines(file.content):
            place = f"{path}:{number}"
            include, defaults = _INCLUDE.fullmatch(line), _DEFAULTS.fullmatch(line)
            if include is not None:
                self._include(include, path, depth)
            elif line.startswith("#") and not re.match(r"#[0-9]+ ", line):
                continue
            elif defaults is not None:
                self.defaults.append(
                    (" ".join(f"{defaults['scope'] or ''} {defaults['value']}".split()), place)
                )
            elif not _ALIAS.fullmatch(line):
                self.rules.extend(_rules(line, place))

    def _include(self, match: re.Match[str], path: str, depth: int) -> None:
        target = posixpath.join(posixpath.dirname(path), match["path"])
        if not match["dir"]:
            self.read(target, depth + 1)
            return
        for other in sorted(self._files):
            name = posixpath.basename(other)
            if posixpath.dirname(other) == target.rstrip("/") and "." not in name and not name.endswith("~"):
                self.read(other, depth + 1)


def _lines(evidence: Evidence) -> list[tuple[int, str]]:
    """Lines joined at a final backslash, without comments, with the number of the first."""
    joined: list[tuple[int, str]] = []
    begun, text = 0, ""
    for number, (_, line) in enumerate(evidence.lines(), start=1):
        begun = begun or number
        if line.endswith("\\"):
            text += line[:-1]
            continue
        text = " ".join((text + line).split())
        if text and not text.startswith("#"):
            text = re.split(r" #(?![0-9])", text, maxsplit=1)[0].strip()
        if text:
            joined.append((begun, text))
        begun, text = 0, ""
    if text.strip():
        joined.append((begun, " ".join(text.split())))
    return joined


def _rules(line: str, place: str) -> list[SudoRule]:
    """The rules of one line: one for each change of tags within its commands."""
    match = _RULE.fullmatch(line)
    if match is None:
        raise ParseError(place, "'WHO HOSTS = COMMANDS'", repr(line[:80]))
    found = []
    for part in re.split(r" : (?=[^:=]{1,500}=)", match["rest"]):
        hosts, _, commands = part.partition("=")
        found.extend(_specification(match["who"], hosts.strip(), commands.strip(), place))
    return found


def _specification(who: str, hosts: str, text: str, place: str) -> list[SudoRule]:
    run_as, tags = "", list[str]()
    role = type_ = ""
    rules: list[SudoRule] = []
    for command in re.split(r"(?<!\\), ?", text):
        rest = command.strip()
        while True:
            runas, tag, option = _RUNAS.match(rest), _TAG.match(rest), _OPTION.match(rest)
            if runas is not None:
                run_as, rest = runas["runas"].strip(), rest[runas.end() :]
            elif tag is not None and tag["tag"] in _TAGS:
                tags, rest = _with_tag(tags, tag["tag"]), rest[tag.end() :]
            elif option is not None:
                role = option["value"] if option["name"] == "ROLE" else role
                type_ = option["value"] if option["name"] == "TYPE" else type_
                rest = rest[option.end() :]
            else:
                break
        previous = rules[-1] if rules else None
        same = previous is not None and (previous.run_as, previous.tags) == (run_as, tuple(tags))
        if previous is not None and same:
            rest = f"{rules.pop().commands}, {rest}"
        rules.append(SudoRule(who, hosts, run_as, tuple(tags), rest, place, role, type_))
    return rules


def _with_tag(tags: list[str], tag: str) -> list[str]:
    """The tags with one more; it takes back its opposite."""
    opposite = tag[2:] if tag.startswith("NO") else f"NO{tag}"
    return [each for each in tags if each not in (tag, opposite)] + [tag]
