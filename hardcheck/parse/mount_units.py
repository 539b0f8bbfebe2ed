r"""Mount units: systemd.mount(5), with what starts them at boot; and disks that can be taken out.

``tmp.mount`` mounts /tmp: a dash in the name is a slash, ``\x2d`` a dash. A link in a ``.wants`` or
``.requires`` folder starts it; one of the unit itself to /dev/null masks it; drop-ins set single values
anew::

    [Mount]
    What=tmpfs
    Where=/tmp
    Type=tmpfs
    Options=mode=1777,strictatime,nosuid,nodev

Of one name the unit of /etc goes before what fstab(5) makes, and that before the unit of /usr/lib.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Sequence

from hardcheck.errors import ParseError
from hardcheck.evidence import HostEvidence, Reason
from hardcheck.evidence.listing import TreeEntry, parse_listing
from hardcheck.facts import Absent
from hardcheck.facts.mounts import MountUnit
from hardcheck.parse.base import absent
from hardcheck.parse.ini_lines import ini_lines
from hardcheck.parse.tree_files import TreeFile, tree_files

UNITS, REMOVABLE = "mounts.units", "mounts.removable"
_FOLDERS = ("/etc/systemd/system", "/run/systemd/generator.late", "/usr/lib/systemd/system")
_ESCAPE = re.compile(r"\\x(?:5cx)?([0-9a-fA-F]{2})")
_DEVICE = re.compile(r"(?P<number>[0-9]{1,6}:[0-9]{1,7}) (?P<name>\S{1,64})")


def parse_mount_units(host: HostEvidence) -> tuple[MountUnit, ...] | Absent:
    """Every mount unit, by folder in the order of precedence and name. Raises ParseError for the listing."""
    files = tree_files(host, UNITS)
    if isinstance(files, Absent):
        return files
    listing = host.get(UNITS)
    if listing.reason is not None and listing.reason is not Reason.NOT_PRESENT:
        return absent(listing)
    entries = () if listing.reason is not None else parse_listing(listing)
    wanted = frozenset(_wanted(entries))
    masked = {entry.path for entry in entries if entry.kind == "l" and entry.target == "/dev/null"}
    units = []
    for folder in _FOLDERS:
        for file in files:
            name = posixpath.basename(file.path)
            if posixpath.dirname(file.path) != folder:
                continue
            unit = _unit(name, file, files, wanted=name in wanted, masked=file.path in masked)
            if isinstance(unit, Absent):
                return unit
            units.append(unit)
    return tuple(units)


def _wanted(entries: Iterable[TreeEntry]) -> Iterable[str]:
    for entry in entries:
        if posixpath.dirname(entry.path).endswith((".wants", ".requires")):
            yield posixpath.basename(entry.path)


def _unit(
    name: str, file: TreeFile, files: Sequence[TreeFile], *, wanted: bool, masked: bool
) -> MountUnit | Absent:
    drop_ins: dict[str, TreeFile] = {}
    for folder in _FOLDERS:
        for other in files:
            if posixpath.dirname(other.path) == f"{folder}/{name}.d":
                drop_ins.setdefault(posixpath.basename(other.path), other)
    values: dict[str, str] = {}
    for part in (file, *(drop_ins[each] for each in sorted(drop_ins))):
        if isinstance(part.content, Absent) and not masked:
            return part.content
        for line in ini_lines(part):
            if line.section == "Mount":
                values[line.name] = line.value
    options = tuple(word for word in values.get("options", "").split(",") if word)
    where = values.get("where") or mount_point(name)
    late = "/generator.late/" in file.path
    return MountUnit(name, where, values.get("what", ""), options, file.path, wanted or late, masked)


def mount_point(name: str) -> str:
    """The folder that a unit's name stands for."""
    plain = name.removesuffix(".mount").replace("-", "/")
    return "/" + _ESCAPE.sub(lambda match: chr(int(match[1], 16)), plain).lstrip("/")


def parse_removable(host: HostEvidence) -> tuple[str, ...]:
    """MAJOR:MINOR of every disk and partition that the kernel takes for removable.

    Raises:
        ParseError: a line of another form, or none.
    """
    first, *lines = list(host.get(REMOVABLE).lines()) or [("", "")]
    if first[1] != "looked":
        raise ParseError(REMOVABLE, "'looked'", repr(first[1][:40]))
    found = []
    for where, line in lines:
        match = _DEVICE.fullmatch(line)
        if match is None:
            raise ParseError(where, "'MAJOR:MINOR NAME'", repr(line[:80]))
        found.append(match["number"])
    return tuple(found)
