"""Configuration files of systemd's daemons with their drop-ins: systemd-system.conf(5), journald.conf(5)::

    [Journal]
    Storage=persistent
    #ForwardToSyslog=yes

The main file is the first of /etc, /run, /usr/local/lib, /usr/lib. Of several drop-ins of one name that of
/etc wins over /run, /usr/local/lib and /usr/lib; they are read in the order of their names, after the main
file, and a later line wins. An empty value takes a setting back to its default.
"""

from __future__ import annotations

import posixpath

from hardcheck.evidence import Evidence, HostEvidence
from hardcheck.facts import Absent
from hardcheck.facts.logs import UnitSetting
from hardcheck.parse.tree_files import TreeFile, tree_files

_FOLDERS = ("/etc/", "/run/", "/usr/local/lib/", "/usr/lib/")


def parse_journald(host: HostEvidence) -> dict[str, UnitSetting] | Absent:
    """Settings of the journal, by name. Raises ParseError."""
    return _settings(host, "logs.journald", "Journal")


def parse_journal_upload(host: HostEvidence) -> dict[str, UnitSetting] | Absent:
    """Settings of systemd-journal-upload. Raises ParseError."""
    return _settings(host, "logs.journal_upload", "Upload")


def _settings(host: HostEvidence, key: str, section: str) -> dict[str, UnitSetting] | Absent:
    files = tree_files(host, key)
    if isinstance(files, Absent):
        return files
    settings: dict[str, UnitSetting] = {}
    for file in _in_order(files):
        if isinstance(file.content, Absent):
            return file.content
        _read(file.content, file.path, section, settings)
    return settings


def _rank(path: str) -> int:
    return next((at for at, folder in enumerate(_FOLDERS) if path.startswith(folder)), len(_FOLDERS))


def _in_order(files: tuple[TreeFile, ...]) -> list[TreeFile]:
    """The main file that counts, then the drop-ins that count by name."""
    mains: list[TreeFile] = []
    drops: dict[str, TreeFile] = {}
    for file in sorted(files, key=lambda each: _rank(each.path)):
        folder, name = posixpath.split(file.path)
        if folder.endswith(".conf.d"):
            drops.setdefault(name, file)
        else:
            mains.append(file)
    return [*mains[:1], *(drops[name] for name in sorted(drops))]


def _read(evidence: Evidence, path: str, section: str, settings: dict[str, UnitSetting]) -> None:
    here = ""
    for number, (_, line) in enumerate(evidence.lines(), start=1):
        text = line.strip()
        if text.startswith("[") and text.endswith("]"):
            here = text[1:-1]
        name, equals, value = text.partition("=")
        if not text or text[0] in "#;" or not equals or here != section:
            continue
        name, value = name.strip(), value.strip().strip('"')
        if value:
            settings[name] = UnitSetting(value, f"{path}:{number}")
        else:
            settings.pop(name, None)
