"""The old ip_tables interface and firewalld, as the probe's fragments print them.

``firewall.iptables`` begins with ``module NAME loaded|absent``; then for each of ip and ip6 either ``none
ip`` (the kernel has no such tables), ``denied``, ``missing``, or ``table ip NAME`` lines and ``save ip
TOOL`` followed by what the tool saves, ended by ``failed ip`` where it failed.

``firewall.compat`` has the same form, with the rules of iptables-nft, which nft shows in part alone.

``firewall.firewalld`` is ``not running`` or ``default ZONE`` and ``firewall-cmd --list-all-zones``::

    public (default, active)
      target: default
      interfaces: eth0
      services: dhcpv6-client ssh
      ports: 8080/tcp
"""

from __future__ import annotations

import re

from hardcheck.errors import ParseError
from hardcheck.evidence import Evidence, HostEvidence, Reason
from hardcheck.facts import Absent
from hardcheck.facts.firewall import Firewalld, FirewalldZone, LegacyTables, Ruleset
from hardcheck.parse.iptables_save import read_iptables_save

_KEY = "firewall.iptables"
_COMPAT = "firewall.compat"
_TOLD = re.compile(r"(none|denied|missing|save|failed|table) (ip6?)(?: (\S+))?")
_WHY = {
    "denied": Reason.DENIED,
    "missing": Reason.TOOL_MISSING,
    "failed": Reason.NOT_COLLECTED,
}


def parse_legacy_tables(host: HostEvidence) -> LegacyTables:
    """What ip_tables and ip6_tables hold.

    Raises:
        ParseError: a line of another form.
    """
    return _saved_tables(host.get(_KEY))


def parse_compat_tables(host: HostEvidence) -> LegacyTables:
    """What iptables-nft and ip6tables-nft hold. Raises ParseError for a line of another form."""
    return _saved_tables(host.get(_COMPAT))


def _saved_tables(evidence: Evidence) -> LegacyTables:
    modules: dict[str, bool] = {}
    saved: dict[str, list[tuple[str, str]]] = {}
    why: dict[str, str] = {}
    saving = ""
    for where, line in evidence.lines():
        words = line.split(" ")
        told = _TOLD.fullmatch(line)
        if words[0] == "module" and len(words) == 3 and not saving:
            modules[words[1]] = words[2] == "loaded"
        elif told is not None:
            saving = told[2] if told[1] == "save" else ""
            if told[1] == "save":
                saved[told[2]] = []
            elif told[1] != "table":
                why[told[2]] = told[1]
        elif saving:
            saved[saving].append((where, line))
        else:
            raise ParseError(where, "a line of the fragment", repr(line[:80]))
    rulesets = {family: _ruleset(evidence.key, family, saved, why, modules) for family in ("ip", "ip6")}
    return LegacyTables(rulesets["ip"], rulesets["ip6"], modules.get("nf_tables", True))


def _ruleset(
    key: str,
    family: str,
    saved: dict[str, list[tuple[str, str]]],
    why: dict[str, str],
    modules: dict[str, bool],
) -> Ruleset | Absent:
    told = why.get(family, "")
    if told == "none":
        return Ruleset(())
    if told == "missing" and not modules.get(f"{family}_tables", True):
        return Ruleset(())  # neither the module nor a tool: nothing could have made a table
    if told in _WHY:
        return Absent(_WHY[told], (key,), f"{family}tables-save: {told}")
    if family not in saved:
        return Absent(Reason.NOT_COLLECTED, (key,), f"no answer for {family}")
    return read_iptables_save(saved[family], family)


_ZONE = re.compile(r"(?P<name>[A-Za-z0-9_./-]+)(?: \((?P<marks>[a-z, ]+)\))?\s*")
_FIELD = re.compile(r"\s+(?P<name>[a-z][a-z -]*): ?(?P<value>.*)")


def parse_firewalld(host: HostEvidence) -> Firewalld:
    """firewalld's zones at run time.

    Raises:
        ParseError: a line of another form, or no zone where it runs.
    """
    evidence = host.get("firewall.firewalld")
    if evidence.text().strip() == "not running":
        return Firewalld(running=False)
    default = ""
    zones: list[FirewalldZone] = []
    fields: dict[str, str] = {}
    heading: re.Match[str] | None = None

    def finish() -> None:
        if heading is not None:
            zones.append(_zone(heading, fields))

    for where, line in evidence.lines():
        field = _FIELD.fullmatch(line)
        if line.startswith("default ") and not default:
            default = line.removeprefix("default ").strip()
        elif field is not None and heading is not None:
            fields[field["name"].strip()] = field["value"].strip()
        elif not line.strip() or line.startswith(("\t", "  ")):
            continue  # rich rules stand below their field, one a line
        else:
            finish()
            heading, fields = _ZONE.fullmatch(line), {}
            if heading is None:
                raise ParseError(where, "'ZONE (active)'", repr(line[:80]))
    finish()
    if not zones or not default:
        raise ParseError(evidence.key, "a default zone and its settings", "none")
    return Firewalld(running=True, default_zone=default, zones=tuple(zones))


def _zone(heading: re.Match[str], fields: dict[str, str]) -> FirewalldZone:
    return FirewalldZone(
        name=heading["name"],
        active="active" in (heading["marks"] or ""),
        target=fields.get("target", "default"),
        interfaces=tuple(fields.get("interfaces", "").split()),
        services=tuple(fields.get("services", "").split()),
        ports=tuple(fields.get("ports", "").split()),
    )
