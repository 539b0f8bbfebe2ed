"""Core files: coredump.conf(5), and ``core`` in limits.conf(5).

The first is an ini file of systemd with drop-ins. The second has four words a line; pam_limits reads
limits.conf and then limits.d by name, a file of /etc in place of one of /usr/etc::

    *    hard  core  0
    @dev -     core  unlimited
"""

from __future__ import annotations

import posixpath

from hardcheck.evidence import HostEvidence, Reason
from hardcheck.facts import Absent
from hardcheck.facts.coredump import CoredumpConfig, CoreLimit, CoreLimits
from hardcheck.parse.ini_lines import ini_lines, layered, unread
from hardcheck.parse.tree_files import TreeFile, tree_files

COREDUMP, LIMITS = "coredump.files", "limits.files"
_DEFAULT = "systemd's default"


def parse_coredump_conf(host: HostEvidence) -> CoredumpConfig | Absent:
    """What systemd-coredump does with what crashed. Raises ParseError for the listing."""
    files = tree_files(host, COREDUMP)
    if isinstance(files, Absent):
        return files
    order = layered(files, "coredump.conf")
    missing = unread(order)
    if missing is not None:
        return missing
    storage, size = ("external", _DEFAULT), ("more than 0", _DEFAULT)
    for file in order:
        for line in ini_lines(file):
            if line.section == "Coredump" and line.name == "storage":
                storage = (line.value.lower(), line.place) if line.value else ("external", _DEFAULT)
            elif line.section == "Coredump" and line.name == "processsizemax":
                size = (line.value, line.place) if line.value else ("more than 0", _DEFAULT)
    return CoredumpConfig(*storage, *size)


def parse_core_limits(host: HostEvidence) -> CoreLimits | Absent:
    """The hard limits on core files. Raises ParseError for the listing."""
    files = tree_files(host, LIMITS)
    if isinstance(files, Absent):
        return files
    order = _order(files)
    missing = unread(order)
    if missing is not None:
        return missing
    everybody: CoreLimit | Absent = Absent(Reason.NOT_PRESENT, (LIMITS,), "no line '* hard core'")
    others: dict[str, CoreLimit] = {}
    for file in order:
        for limit in _limits(file):
            if limit.kind == "soft":
                continue
            if limit.domain == "*":
                everybody = limit
            else:
                others[limit.domain] = limit
    exceptions = tuple(each for name, each in others.items() if each.value != "0" and name != "root")
    return CoreLimits(everybody, exceptions)


def _order(files: tuple[TreeFile, ...]) -> list[TreeFile]:
    """limits.conf first, then limits.d by name."""
    chosen: dict[tuple[bool, str], TreeFile] = {}
    for folder in ("/etc/security", "/usr/etc/security"):
        for file in files:
            if file.path.startswith(folder + "/"):
                later = posixpath.dirname(file.path) == f"{folder}/limits.d"
                chosen.setdefault((later, posixpath.basename(file.path)), file)
    return [chosen[key] for key in sorted(chosen)]


def _limits(file: TreeFile) -> list[CoreLimit]:
    if isinstance(file.content, Absent):
        return []
    found = []
    for number, (_, line) in enumerate(file.content.lines(), start=1):
        words = line.partition("#")[0].split()
        if len(words) == 4 and words[2] == "core" and words[1] in ("hard", "soft", "-"):
            found.append(CoreLimit(words[0], words[1], words[3], f"{file.path}:{number}"))
    return found
