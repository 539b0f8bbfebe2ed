"""The stacks of PAM: pam.conf(5), and faillock.conf(5).

``KIND CONTROL MODULE ARGUMENTS`` a line; a dash before the kind lets the module be missing; CONTROL may be
``[value=action ...]``; ``@include`` names another service for all kinds::

    auth     required                    pam_faillock.so preauth
    auth     [success=1 default=ignore]  pam_unix.so nullok
    -session optional                    pam_systemd.so
    @include common-account

Of one service the file of /etc goes before those of the vendor.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping

from hardcheck.evidence import Evidence, HostEvidence
from hardcheck.facts import Absent
from hardcheck.facts.pam import FaillockConf, PamLine
from hardcheck.parse.ini_lines import unread
from hardcheck.parse.tree_files import TreeFile, tree_files

STACKS, FAILLOCK = "pam.files", "pam.faillock_conf"
_FOLDERS = ("/etc/pam.d", "/usr/etc/pam.d", "/usr/lib/pam.d")
_LINE = re.compile(
    r"-?(?P<kind>auth|account|password|session)\s+(?P<control>\[[^\]]*\]|\S+)\s+(?P<module>\S+)(?P<rest>.*)",
    re.IGNORECASE,
)
_INCLUDE = re.compile(r"@include\s+(?P<name>\S+).*")


def parse_pam_services(host: HostEvidence) -> Mapping[str, tuple[PamLine, ...]] | Absent:
    """Service to its own lines, includes not followed. Raises ParseError for the listing."""
    files = tree_files(host, STACKS)
    if isinstance(files, Absent):
        return files
    missing = unread(files)
    if missing is not None:
        return missing
    services: dict[str, tuple[PamLine, ...]] = {}
    for folder in _FOLDERS:
        for file in files:
            name = posixpath.basename(file.path)
            if posixpath.dirname(file.path) == folder and not isinstance(file.content, Absent):
                services.setdefault(name, _stack(file.path, file.content))
    return services


def _stack(path: str, evidence: Evidence) -> tuple[PamLine, ...]:
    found = []
    begun, text = 0, ""
    for number, (_, line) in enumerate(evidence.lines(), start=1):
        begun = begun or number
        text += line.partition("#")[0]
        if text.endswith("\\"):
            text = text[:-1] + " "
            continue
        match, include = _LINE.fullmatch(text.strip()), _INCLUDE.fullmatch(text.strip())
        place = f"{path}:{begun}"
        if include is not None:
            found.append(PamLine("all", "include", include["name"], (), place))
        elif match is not None:
            module = posixpath.basename(match["module"])
            kind, control = match["kind"].lower(), match["control"]
            found.append(PamLine(kind, control, module, tuple(match["rest"].split()), place))
        begun, text = 0, ""
    return tuple(found)


def parse_faillock_conf(host: HostEvidence) -> FaillockConf | Absent:
    """The settings of the first faillock.conf; none where there is no such file. Raises ParseError."""
    files = tree_files(host, FAILLOCK)
    if isinstance(files, Absent):
        return files
    chosen: TreeFile | None = next(iter(files), None)  # /etc sorts before /usr
    if chosen is None:
        return FaillockConf({}, {})
    if isinstance(chosen.content, Absent):
        return chosen.content
    settings, places = {}, {}
    for number, (_, line) in enumerate(chosen.content.lines(), start=1):
        name, _, value = line.partition("#")[0].partition("=")
        if name.strip():
            settings[name.strip()] = value.strip()
            places[name.strip()] = f"{chosen.path}:{number}"
    return FaillockConf(settings, places)
