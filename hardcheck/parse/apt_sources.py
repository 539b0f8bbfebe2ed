"""Sources of apt: sources.list(5) in its one-line form and as deb822, and ``apt-config dump``::

    deb [signed-by=/usr/share/keyrings/a.gpg trusted=yes] http://a.example/debian stable main

    Types: deb
    URIs: http://deb.debian.org/debian
    Suites: bookworm bookworm-updates
    Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Not covered: sources that ``Dir::Etc`` of apt.conf(5) puts elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from hardcheck.errors import ParseError
from hardcheck.evidence import Evidence, HostEvidence, Reason
from hardcheck.facts import Absent
from hardcheck.facts.repositories import AptSource
from hardcheck.parse.ini_lines import unread
from hardcheck.parse.tree_files import tree_files

SOURCES, OPTIONS = "repositories.apt", "repositories.apt_options"
_LINE = re.compile(r"deb(?:-src)?\s+(?:\[(?P<options>[^\]]*)\]\s*)?(?P<uri>\S+)\s+(?P<suite>\S+).*")
_OPTION = re.compile(r'(?P<name>[^\s"]+) "(?P<value>.*)";')
_TRUE = frozenset({"yes", "true", "1", "on", "enable", "with"})
_FALSE = frozenset({"no", "false", "0", "off", "without", "disable"})


def parse_apt_sources(host: HostEvidence) -> tuple[AptSource, ...] | Absent:
    """Every source that is enabled. Absent(NOT_PRESENT) where apt has no files of sources.

    Raises:
        ParseError: the listing has another form.
    """
    files = tree_files(host, SOURCES)
    if isinstance(files, Absent):
        return files
    if not files:
        return Absent(Reason.NOT_PRESENT, (SOURCES,), "apt has no sources on this host")
    missing = unread(files)
    if missing is not None:
        return missing
    found: list[AptSource] = []
    for file in files:
        if isinstance(file.content, Absent):
            continue
        read = _stanzas if file.path.endswith(".sources") else _one_liners
        found += read(file.path, file.content)
    return tuple(found)


def parse_apt_options(host: HostEvidence) -> tuple[str, ...]:
    """The options of apt that are on and let packages in that nobody vouches for.

    Raises:
        ParseError: a line of another form.
    """
    found = []
    for where, line in host.get(OPTIONS).lines():
        match = _OPTION.fullmatch(line)
        if match is None:
            raise ParseError(where, "'NAME \"VALUE\";'", repr(line[:80]))
        if match["value"].lower() in _TRUE:
            found.append(match["name"])
    return tuple(found)


def _one_liners(path: str, evidence: Evidence) -> list[AptSource]:
    found = []
    for number, (_, line) in enumerate(evidence.lines(), start=1):
        match = _LINE.fullmatch(line.partition("#")[0].strip())
        if match is None:
            continue
        options = {}
        for word in (match["options"] or "").split():
            name, _, value = word.partition("=")
            options[name.rstrip("+-").lower()] = value
        found.append(_source(match["uri"], (match["suite"],), options, f"{path}:{number}"))
    return found


def _stanzas(path: str, evidence: Evidence) -> list[AptSource]:
    found: list[AptSource] = []
    fields: dict[str, str] = {}
    begun, last = 0, ""
    lines = [*(line for _, line in evidence.lines()), ""]
    for number, line in enumerate(lines, start=1):
        name, colon, value = line.partition(":")
        if not line.strip():
            found += _of_stanza(fields, f"{path}:{begun}")
            fields, begun, last = {}, 0, ""
        elif line.startswith("#"):
            continue
        elif line[0] in " \t" and last:
            fields[last] = f"{fields[last]} {line.strip()}".strip()
        elif colon:
            begun, last = begun or number, name.strip().lower()
            fields[last] = value.strip()
    return found


def _of_stanza(fields: Mapping[str, str], place: str) -> list[AptSource]:
    if "uris" not in fields or fields.get("enabled", "yes").lower() in _FALSE:
        return []
    suites = tuple(fields.get("suites", "").split())
    return [_source(uri, suites, fields, place) for uri in fields["uris"].split()]


def _source(uri: str, suites: tuple[str, ...], options: Mapping[str, str], place: str) -> AptSource:
    signed = options.get("signed-by", "").strip()
    if "BEGIN PGP" in signed:
        signed = "embedded"
    unchecked = any(options.get(name, "").lower() in _TRUE for name in ("trusted", "allow-insecure"))
    return AptSource(uri[:300], suites, signed[:300], unchecked, place)
