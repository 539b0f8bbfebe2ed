"""Lines of ini files as systemd, dnf, zypper, fail2ban and others write them::

    [Coredump]
    Storage=none
    baseurl = http://a.example/
              http://b.example/

A line that begins with a blank goes on with the value above it. ``#`` and ``;`` begin a comment where they
begin a line. A line of another form says nothing, as in those programs.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from hardcheck.facts import Absent
from hardcheck.parse.tree_files import TreeFile

_SECTION = re.compile(r"\[(?P<name>[^\]]*)\].*")
SYSTEMD_FOLDERS = ("/etc/systemd", "/run/systemd", "/usr/local/lib/systemd", "/usr/lib/systemd")


class IniLine(msgspec.Struct, frozen=True):
    """One setting, its name in small letters."""

    section: str
    name: str
    value: str
    place: str


def ini_lines(file: TreeFile) -> Iterator[IniLine]:
    """The settings of a file in its order; none of one that was not read."""
    if isinstance(file.content, Absent):
        return
    section, last = "", None
    for number, (_, line) in enumerate(file.content.lines(), start=1):
        text = line.strip()
        if not text or text[0] in "#;":
            continue
        match = _SECTION.fullmatch(text)
        name, equals, value = _split(text)
        if match is not None:
            if last is not None:
                yield last
            section, last = match["name"].strip(), None
        elif line[0] in " \t" and last is not None:
            last = msgspec.structs.replace(last, value=f"{last.value} {text}".strip())
        elif equals:
            if last is not None:
                yield last
            last = IniLine(section, name.strip().lower(), value.strip(), f"{file.path}:{number}")
    if last is not None:
        yield last


def _split(text: str) -> tuple[str, str, str]:
    """Name and value at the first ``=`` or ``:``."""
    at = min((found for found in (text.find("="), text.find(":")) if found > 0), default=0)
    return text[:at], text[at : at + 1], text[at + 1 :]


def unread(files: Iterable[TreeFile]) -> Absent | None:
    """Why one of the files could not be read; None when all were."""
    return next((file.content for file in files if isinstance(file.content, Absent)), None)


def layered(files: Sequence[TreeFile], name: str) -> list[TreeFile]:
    """The files that systemd(1) reads for ``name`` (coredump.conf), in its order: the first main file of
    /etc, /run and /usr, then the drop-ins by name, of which the first folder wins."""
    by_path = {file.path: file for file in files}
    main = [by_path[path] for path in (f"{each}/{name}" for each in SYSTEMD_FOLDERS) if path in by_path][:1]
    chosen: dict[str, TreeFile] = {}
    for folder in SYSTEMD_FOLDERS:
        for file in files:
            if posixpath.dirname(file.path) == f"{folder}/{name}.d":
                chosen.setdefault(posixpath.basename(file.path), file)
    return main + [chosen[each] for each in sorted(chosen)]
