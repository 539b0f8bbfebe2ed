"""What the files of chrony.conf(5), ntp.conf(5) and timesyncd.conf(5) say.

``maxpoll`` is the power of two of the seconds between two questions; chrony and ntp have 10 by default,
systemd-timesyncd 2048 seconds::

    pool 2.debian.pool.ntp.org iburst maxpoll 12
    confdir /etc/chrony/conf.d
    cmdport 0

chrony's includes are followed as far as the files were read.
"""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Mapping

from hardcheck.evidence import HostEvidence, Reason
from hardcheck.facts import Absent
from hardcheck.facts.time import ChronyServing, TimeConfig, TimeSource
from hardcheck.parse.ini_lines import ini_lines, layered, unread
from hardcheck.parse.tree_files import TreeFile, tree_files

KEY = "time.files"
_CHRONY = ("/etc/chrony/chrony.conf", "/etc/chrony.conf")
_NTP = ("/etc/ntpsec/ntp.conf", "/etc/ntp.conf")
_SOURCES = frozenset({"server", "pool", "peer"})
_DEFAULT_POLL_S, _TIMESYNCD_POLL_S = 1 << 10, 2048
_MAX_DEPTH = 8
_SPAN = re.compile(r"(?P<number>[0-9]{1,9})\s*(?P<unit>s|sec|min|m|h|hr|hour|d|day)?(?:onds?|utes?|s)?")
_UNITS = {"s": 1, "sec": 1, "min": 60, "m": 60, "h": 3600, "hr": 3600, "hour": 3600, "d": 86400, "day": 86400}


def parse_time_config(host: HostEvidence) -> TimeConfig | Absent:
    """Servers with their polls, and what chrony lets others do. Raises ParseError for the listing."""
    files = tree_files(host, KEY)
    if isinstance(files, Absent):
        return files
    missing = unread(files)
    if missing is not None:
        return missing
    by_path = {file.path: file for file in files}
    main = next((by_path[path] for path in _CHRONY if path in by_path), None)
    reader = _Chrony(by_path)
    if main is not None:
        reader.read(main, 0)
    sources = [*reader.sources, *_ntp(by_path), *_timesyncd(files)]
    serving: ChronyServing | Absent = reader.serving()
    if main is None:
        serving = Absent(Reason.NOT_PRESENT, (KEY,), "there is no chrony.conf")
    elif reader.unread:
        detail = f"it includes {reader.unread[0]}, which was not read"
        serving = Absent(Reason.NOT_COLLECTED, (KEY,), detail[:300])
    return TimeConfig(tuple(sources), serving, tuple(reader.unread))


class _Chrony:
    """chrony's files while they are read."""

    def __init__(self, files: Mapping[str, TreeFile]) -> None:
        self._files = files
        self._values: dict[str, str] = {}
        self._allows: list[str] = []
        self._commands: list[str] = []
        self._seen: set[str] = set()
        self.sources: list[TimeSource] = []
        self.unread: list[str] = []

    def read(self, file: TreeFile, depth: int) -> None:
        """One file and what it includes."""
        if isinstance(file.content, Absent) or depth > _MAX_DEPTH or file.path in self._seen:
            return
        self._seen.add(file.path)
        for number, (_, line) in enumerate(file.content.lines(), start=1):
            words = line.split()
            if not words or words[0][0] in "#%!;":
                continue
            self._directive(words[0].lower(), words[1:], f"{file.path}:{number}", depth)

    def _directive(self, name: str, rest: list[str], place: str, depth: int) -> None:
        if name in _SOURCES and rest:
            self.sources.append(_source(rest, "chrony", place))
        elif name == "allow":
            self._allows.append(place)
        elif name == "bindcmdaddress" and rest:
            self._commands.append(rest[0])
        elif name == "include" and rest:
            self._include(rest[0], depth)
        elif name in ("confdir", "sourcedir"):
            ending = ".conf" if name == "confdir" else ".sources"
            for folder in rest:
                self._folder(folder.rstrip("/"), ending, depth)
        elif name in ("port", "cmdport", "user") and rest:
            self._values[name] = rest[0]

    def _include(self, pattern: str, depth: int) -> None:
        found = [path for path in sorted(self._files) if _fits(path, pattern)]
        looked = pattern.startswith(("/etc/chrony.d/", "/etc/chrony/conf.d/")) and pattern.endswith(".conf")
        if not found and not looked:
            self.unread.append(pattern[:200])
        for path in found:
            self.read(self._files[path], depth + 1)

    def _folder(self, folder: str, ending: str, depth: int) -> None:
        known = folder in ("/etc/chrony/conf.d", "/etc/chrony/sources.d", "/etc/chrony.d")
        if not known and ending == ".conf":
            self.unread.append(f"{folder}/*.conf"[:200])
        for path in sorted(self._files):
            if posixpath.dirname(path) == folder and path.endswith(ending):
                self.read(self._files[path], depth + 1)

    def serving(self) -> ChronyServing:
        """What others may do; what is not set is as chrony.conf(5) says."""

        def number(name: str, default: int) -> int:
            text = self._values.get(name, "")
            return int(text) if re.fullmatch(r"[0-9]{1,5}", text) else default

        return ChronyServing(
            port=number("port", 123),
            allows=tuple(self._allows),
            command_port=number("cmdport", 323),
            command_addresses=tuple(self._commands),
            user=self._values.get("user", ""),
        )


def _fits(path: str, pattern: str) -> bool:
    return len(pattern) < 256 and fnmatch.fnmatchcase(path, pattern)


def _source(words: list[str], service: str, place: str) -> TimeSource:
    lower = [word.lower() for word in words]
    at = lower.index("maxpoll") + 1 if "maxpoll" in lower else len(words)
    named = at < len(words) and re.fullmatch(r"-?[0-9]{1,2}", words[at]) is not None
    seconds = (1 << max(0, int(words[at]))) if named else _DEFAULT_POLL_S
    return TimeSource(words[0][:200], service, seconds, named, place)


def _ntp(files: Mapping[str, TreeFile]) -> list[TimeSource]:
    path = next((path for path in _NTP if path in files), "")
    content = files[path].content if path else None
    if content is None or isinstance(content, Absent):
        return []
    found = []
    for number, (_, line) in enumerate(content.lines(), start=1):
        words = line.partition("#")[0].split()
        if len(words) > 1 and words[0].lower() in _SOURCES:
            rest = [word for word in words[1:] if word not in ("-4", "-6")]
            if rest and not rest[0].startswith("127.127."):  # a clock of the host itself
                found.append(_source(rest, "ntp", f"{path}:{number}"))
    return found


def _timesyncd(files: tuple[TreeFile, ...]) -> list[TimeSource]:
    names: list[tuple[str, str]] = []
    poll, named = _TIMESYNCD_POLL_S, False
    for file in layered(files, "timesyncd.conf"):
        for line in ini_lines(file):
            if line.section != "Time":
                continue
            if line.name == "ntp":
                names = [*names, *((name, line.place) for name in line.value.split())] if line.value else []
            elif line.name == "pollintervalmaxsec":
                span = _SPAN.fullmatch(line.value)
                if span is not None:
                    poll, named = int(span["number"]) * _UNITS[span["unit"] or "s"], True
    return [TimeSource(name[:200], "systemd-timesyncd", poll, named, place) for name, place in names]
