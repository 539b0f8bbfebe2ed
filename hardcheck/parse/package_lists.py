"""Installed packages, as dpkg-query(1) and rpm(8) answer the probe's own format::

    installed nginx 1.22.1-9+deb12u10 amd64
    not-installed aide
    installed kernel-core 0:5.14.0-427.13.1.el9_4 x86_64
    package telnet-server is not installed

dpkg names an architecture behind a colon where several may be installed; it is taken off. States of dpkg
beside ``installed`` (config-files, half-installed) are not installed.
"""

from __future__ import annotations

from hardcheck.errors import ParseError
from hardcheck.evidence import HostEvidence, Reason
from hardcheck.facts import Absent
from hardcheck.facts.packages import Package, Packages
from hardcheck.parse.base import absent

KEYS = ("packages.dpkg", "packages.rpm")


def parse_packages(host: HostEvidence) -> Packages | Absent:
    """Which of the packages asked for are installed, by whichever package manager the host has.

    A host with both (rpm as a tool on Debian) is told by dpkg's answer when that names any package.

    Raises:
        ParseError: a line of another form.
    """
    found = []
    for key, manager in zip(KEYS, ("dpkg", "rpm"), strict=True):
        evidence = host.get(key)
        if evidence.reason is None:
            found.append(Packages(manager, _installed(host, key)))
    best = next((packages for packages in found if packages.installed), None)
    if best is not None:
        return best
    if found:
        return found[0]
    reasons = [absent(host.get(key)) for key in KEYS]
    telling = [each for each in reasons if each.reason is not Reason.TOOL_MISSING]
    return (telling or reasons)[0]


def _installed(host: HostEvidence, key: str) -> dict[str, tuple[Package, ...]]:
    packages: dict[str, list[Package]] = {}
    for where, line in host.get(key).lines():
        words = line.split()
        if line.startswith("package ") and line.endswith("is not installed"):
            continue
        if not words or not words[0].replace("-", "").isalpha():
            raise ParseError(where, "'STATE NAME VERSION ARCHITECTURE'", repr(line[:80]))
        if words[0] != "installed":
            continue
        if len(words) != 4:
            raise ParseError(where, "'installed NAME VERSION ARCHITECTURE'", repr(line[:80]))
        name = words[1].partition(":")[0]
        packages.setdefault(name, []).append(Package(name, words[2], words[3]))
    return {name: tuple(each) for name, each in sorted(packages.items())}
