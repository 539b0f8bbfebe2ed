r"""Mounts of a process: ``/proc/self/mountinfo``, proc_pid_mountinfo(5).

One mount a line; blanks inside a field are ``\040``; a dash ends the optional fields::

    29 24 0:24 / /dev/shm rw,nosuid,nodev shared:4 - tmpfs tmpfs rw,inode64
    36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
"""

from __future__ import annotations

import re

from hardcheck.errors import ParseError
from hardcheck.evidence import HostEvidence
from hardcheck.facts.mounts import FstabEntry, Mount

_OCTAL = re.compile(r"\\([0-7]{3})")


def _plain(field: str) -> str:
    r"""The field with ``\040`` and the like as the characters they stand for."""
    return _OCTAL.sub(lambda match: chr(int(match[1], 8)), field)


def parse_mountinfo(host: HostEvidence) -> tuple[Mount, ...]:
    """Every mount in the kernel's order; of several on one point the last covers the others.

    Raises:
        ParseError: a line of another form, or no mount at all.
    """
    evidence = host.get("mounts.mountinfo")
    mounts = []
    for where, line in evidence.lines():
        fields = line.split(" ")
        try:
            dash = fields.index("-", 6)
        except ValueError:
            dash = len(fields)
        if len(fields) < dash + 4:
            raise ParseError(
                where, "'ID PARENT MAJ:MIN ROOT POINT OPTIONS ... - TYPE SOURCE OPTIONS'", repr(line[:80])
            )
        mounts.append(
            Mount(
                point=_plain(fields[4]),
                fstype=fields[dash + 1],
                source=_plain(fields[dash + 2]),
                options=tuple(fields[5].split(",")),
                super_options=tuple(fields[dash + 3].split(",")),
                root=_plain(fields[3]),
                device=fields[2],
            )
        )
    if not mounts:
        raise ParseError(evidence.key, "at least one mount", "none")
    return tuple(mounts)


def parse_fstab(host: HostEvidence) -> tuple[FstabEntry, ...]:
    """Every entry of fstab(5) in its order. Fields five and six may be left out.

    Raises:
        ParseError: a line with fewer than four fields.
    """
    entries = []
    for number, (where, line) in enumerate(host.get("mounts.fstab").lines(), start=1):
        fields = line.split()
        if not fields or fields[0].startswith("#"):
            continue
        if len(fields) < 3:
            raise ParseError(where, "'SOURCE POINT TYPE OPTIONS'", repr(line[:80]))
        options = fields[3] if len(fields) > 3 else "defaults"
        entries.append(
            FstabEntry(_plain(fields[0]), _plain(fields[1]), fields[2], tuple(options.split(",")), number)
        )
    return tuple(entries)
