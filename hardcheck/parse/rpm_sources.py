"""Sources of rpm packages: dnf.conf(5) and its .repo files, zypp.conf(5) and its own.

Ini files; ``[main]`` holds for the manager, every other section is a source::

    [main]
    gpgcheck=1
    [baseos]
    enabled=1
    repo_gpgcheck=1

Of what is not set: dnf checks no signatures of packages, metadata or files; zypper checks metadata, and
packages where that is not signed, so that one of the two always is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from hardcheck.errors import ParseError
from hardcheck.evidence import HostEvidence, Reason
from hardcheck.facts import Absent
from hardcheck.facts.repositories import Repository, RpmSources, SigningKey
from hardcheck.parse.ini_lines import IniLine, ini_lines, unread
from hardcheck.parse.tree_files import TreeFile, tree_files

DNF, ZYPPER, KEYS = "repositories.dnf", "repositories.zypper", "repositories.rpm_keys"
_TRUE = frozenset({"1", "yes", "true", "on"})
_KEY = re.compile(r"key (?P<id>[0-9A-Fa-f]{1,40}) (?P<owner>.*)")
_MAIN_ORDER = (
    "/usr/share/dnf5/libdnf.conf.d/",
    "/etc/dnf/libdnf5.conf.d/",
    "/etc/dnf/dnf.conf",
)


def parse_dnf_sources(host: HostEvidence) -> RpmSources | Absent:
    """What dnf checks. Absent(NOT_PRESENT) where it is not configured. Raises ParseError for the listing."""
    files = tree_files(host, DNF)
    if isinstance(files, Absent):
        return files
    if not files:
        return Absent(Reason.NOT_PRESENT, (DNF,), "dnf is not configured on this host")
    missing = unread(files)
    if missing is not None:
        return missing
    paths = {file.path for file in files}
    order = _MAIN_ORDER if "/etc/dnf/dnf.conf" in paths else (*_MAIN_ORDER, "/etc/yum.conf")
    main = [f for lead in order for f in files if f.path.startswith(lead)]
    settings = _main(main)
    packages = _flag(settings, ("gpgcheck", "pkg_gpgcheck"), default=False)
    metadata = _flag(settings, ("repo_gpgcheck",), default=False)
    local = _flag(settings, ("localpkg_gpgcheck",), default=False)
    sources = _repositories([f for f in files if f.path.endswith(".repo")])
    repositories = tuple(
        Repository(
            id=name,
            enabled=_said(lines, ("enabled",), True),
            packages_checked=_said(lines, ("gpgcheck", "pkg_gpgcheck"), packages[0]),
            metadata_checked=_said(lines, ("repo_gpgcheck",), metadata[0]),
            place=place,
        )
        for name, place, lines in sources
    )
    return RpmSources("dnf", *packages, *metadata, *local, repositories)


def parse_zypper_sources(host: HostEvidence) -> RpmSources | Absent:
    """What zypper checks. Absent(NOT_PRESENT) where it is not configured.

    Raises:
        ParseError: the listing has another form.
    """
    files = tree_files(host, ZYPPER)
    if isinstance(files, Absent):
        return files
    if not files:
        return Absent(Reason.NOT_PRESENT, (ZYPPER,), "zypper is not configured on this host")
    missing = unread(files)
    if missing is not None:
        return missing
    settings = _main([file for file in files if "/repos.d/" not in file.path])
    both = _flag(settings, ("gpgcheck",), default=True)
    packages = _or(both, _flag(settings, ("pkg_gpgcheck",), default=False))
    metadata = _flag(settings, ("repo_gpgcheck",), default=both[0])
    found = []
    for name, place, lines in _repositories([file for file in files if "/repos.d/" in file.path]):
        checked = _said(lines, ("gpgcheck",), both[0])
        found.append(
            Repository(
                id=name,
                enabled=_said(lines, ("enabled",), True),
                packages_checked=_said(lines, ("pkg_gpgcheck",), checked) or checked,
                metadata_checked=_said(lines, ("repo_gpgcheck",), checked and metadata[0]),
                place=place,
            )
        )
    return RpmSources("zypper", *packages, *metadata, *packages, tuple(found))


def parse_rpm_keys(host: HostEvidence) -> tuple[SigningKey, ...]:
    """The keys that rpm trusts; none is an answer.

    Raises:
        ParseError: a line of another form.
    """
    keys = []
    for where, line in host.get(KEYS).lines():
        match = _KEY.fullmatch(line)
        if match is not None:
            keys.append(SigningKey(match["id"].lower()[-8:], match["owner"].strip()[:200]))
        elif "is not installed" not in line:
            raise ParseError(where, "'key ID OWNER'", repr(line[:80]))
    return tuple(keys)


def _main(files: Sequence[TreeFile]) -> dict[str, tuple[str, str]]:
    """Name to value and place of the last line that sets it in [main]."""
    settings = {}
    for file in files:
        for line in ini_lines(file):
            if line.section == "main":
                settings[line.name] = (line.value, line.place)
    return settings


def _flag(
    settings: Mapping[str, tuple[str, str]], names: tuple[str, ...], *, default: bool
) -> tuple[bool, str]:
    for name in names:
        if name in settings:
            value, place = settings[name]
            return value.lower() in _TRUE, place
    return default, "default"


def _or(one: tuple[bool, str], other: tuple[bool, str]) -> tuple[bool, str]:
    return other if other[0] and not one[0] else one


def _repositories(files: Sequence[TreeFile]) -> list[tuple[str, str, list[IniLine]]]:
    """Sections with the place of their first line; [main] is not one."""
    found: dict[tuple[str, str], list[IniLine]] = {}
    for file in files:
        for line in ini_lines(file):
            if line.section not in ("main", ""):
                found.setdefault((file.path, line.section), []).append(line)
    return [(name, lines[0].place, lines) for (_, name), lines in found.items()]


def _said(lines: Sequence[IniLine], names: tuple[str, ...], otherwise: bool) -> bool:
    values = [line.value.lower() in _TRUE for line in lines if line.name in names]
    return values[-1] if values else otherwise
