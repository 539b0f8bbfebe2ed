"""Files that load the packet filter at boot: ufw, nftables, iptables, firewalld.

Each loader has its own: /etc/ufw/ufw.conf with /etc/default/ufw; /etc/nftables.conf or
/etc/sysconfig/nftables.conf with what they include; /etc/iptables/rules.v4 and rules.v6, or
/etc/sysconfig/iptables and ip6tables; /etc/firewalld/firewalld.conf with the zone it names.
"""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Callable, Mapping

from hardcheck.errors import ParseError
from hardcheck.evidence import Evidence, HostEvidence, Reason
from hardcheck.facts import Absent
from hardcheck.facts.firewall import FirewallFiles, Ruleset
from hardcheck.parse.iptables_save import read_iptables_save
from hardcheck.parse.nft_text import read_nft_text
from hardcheck.parse.shell_variables import parse_shell_variables
from hardcheck.parse.tree_files import TreeFile, tree_files

_KEY = "firewall.files"
_NFT = ("/etc/sysconfig/nftables.conf", "/etc/nftables.conf")
_IPTABLES = ("/etc/iptables/rules.v4", "/etc/sysconfig/iptables")
_IP6TABLES = ("/etc/iptables/rules.v6", "/etc/sysconfig/ip6tables")
_MAX_INCLUDED = 50
_MAX_PATTERN = 512
_ZONE_TARGETS = {  # of the zones that firewalld ships; firewalld.zones(5)
    "drop": "DROP",
    "block": "%%REJECT%%",
    "trusted": "ACCEPT",
}
_TARGET = re.compile(r"<zone\b[^>]*?\btarget\s*=\s*[\"']([^\"']{1,40})[\"']", re.DOTALL)


def parse_firewall_files(host: HostEvidence) -> FirewallFiles | Absent:
    """What each loader's files say. Raises ParseError for a listing of another form."""
    found = tree_files(host, _KEY)
    if isinstance(found, Absent):
        return found
    files = {file.path: file for file in found}
    ufw, defaults = _variables(files, "/etc/ufw/ufw.conf"), _variables(files, "/etc/default/ufw")
    firewalld = _variables(files, "/etc/firewalld/firewalld.conf")
    zone = firewalld if isinstance(firewalld, Absent) else firewalld.get("DefaultZone", "public")
    return FirewallFiles(
        ufw_enabled=ufw if isinstance(ufw, Absent) else ufw.get("ENABLED", "no").lower() == "yes",
        ufw_input=_named(defaults, "DEFAULT_INPUT_POLICY"),
        ufw_ipv6=defaults if isinstance(defaults, Absent) else defaults.get("IPV6", "yes").lower() == "yes",
        nftables=_first(files, _NFT, lambda evidence: _nftables(files, evidence)),
        iptables=_first(files, _IPTABLES, lambda evidence: read_iptables_save(evidence.lines(), "ip")),
        ip6tables=_first(files, _IP6TABLES, lambda evidence: read_iptables_save(evidence.lines(), "ip6")),
        firewalld_zone=zone,
        firewalld_target=zone if isinstance(zone, Absent) else _zone_target(files, zone),
    )


def _none(what: str) -> Absent:
    return Absent(Reason.NOT_PRESENT, (_KEY,), what)


def _variables(files: Mapping[str, TreeFile], path: str) -> dict[str, str] | Absent:
    file = files.get(path)
    if file is None:
        return _none(f"no {path}")
    if isinstance(file.content, Absent):
        return file.content
    return parse_shell_variables(file.content)


def _named(variables: dict[str, str] | Absent, name: str) -> str | Absent:
    if isinstance(variables, Absent):
        return variables
    return variables.get(name) or _none(f"{name} is not set")


def _first(
    files: Mapping[str, TreeFile], paths: tuple[str, ...], read: Callable[[Evidence], Ruleset | Absent]
) -> Ruleset | Absent:
    """The rules of the first of these files that is there."""
    for path in paths:
        file = files.get(path)
        if file is None:
            continue
        if isinstance(file.content, Absent):
            return file.content
        try:
            return read(file.content)
        except ParseError as error:
            return Absent(Reason.UNPARSABLE, (_KEY,), str(error)[:300])
    return _none(f"neither {' nor '.join(paths)}")


def _nftables(files: Mapping[str, TreeFile], evidence: Evidence) -> Ruleset | Absent:
    """The rules of a file with those of the files it includes; relative names are below /etc."""
    read = read_nft_text(evidence)
    tables = list(read.ruleset.tables)
    waiting = list(read.includes)
    seen: set[str] = set()
    complete = True
    while waiting:
        pattern = posixpath.normpath(posixpath.join("/etc", waiting.pop(0)))
        if len(pattern) > _MAX_PATTERN:
            complete = False
            continue
        matches = sorted(path for path in files if fnmatch.fnmatchcase(path, pattern))
        complete = complete and (bool(matches) or any(mark in pattern for mark in "*?["))
        for path in matches:
            content = files[path].content
            if path in seen or len(seen) >= _MAX_INCLUDED:
                continue
            seen.add(path)
            if isinstance(content, Absent):
                complete = False
                continue
            part = read_nft_text(content)
            tables.extend(part.ruleset.tables)
            waiting.extend(part.includes)
    return Ruleset(tuple(tables), complete)


def _zone_target(files: Mapping[str, TreeFile], zone: str) -> str | Absent:
    """The target of a zone: of its own file in /etc, or of the one that firewalld ships."""
    file = files.get(f"/etc/firewalld/zones/{zone}.xml")
    if file is None:
        return _ZONE_TARGETS.get(zone, "default")
    if isinstance(file.content, Absent):
        return file.content
    match = _TARGET.search(file.content.text())
    return match[1] if match is not None else "default"
