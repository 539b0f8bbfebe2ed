"""Superusers and passwords of GRUB, as the probe's fragment tells them without any hash.

For each file ``file PATH`` or ``denied PATH``, then what stands in it; ``none`` where there is no such file::

    file /boot/grub2/grub.cfg
    superusers "root"
    variable root
    file /boot/grub2/user.cfg
    user

``hashed`` and ``plain`` are passwords of a user; ``variable`` is one that stands in a variable. ``user`` is
GRUB2_PASSWORD in user.cfg: the script 01_users of the RHEL family takes the password of its user from there,
and asks for nothing where it is not set.
Source: GRUB manual, "Authentication and authorisation"; grub2-setpassword(8).
"""

from __future__ import annotations

import re

from hardcheck.errors import ParseError
from hardcheck.evidence import HostEvidence, Reason
from hardcheck.facts import Absent
from hardcheck.facts.boot import BootAuth

KEY = "boot.auth"
_NAME = re.compile(r"[^\s,;&|]+")


def parse_boot_auth(host: HostEvidence) -> BootAuth | Absent:
    """Who may edit boot entries; Absent(NOT_PRESENT) where GRUB has no files.

    Raises:
        ParseError: a line of another form.
    """
    evidence = host.get(KEY)
    if evidence.content == b"none\n":
        return Absent(Reason.NOT_PRESENT, (KEY,), "GRUB has no configuration on this host")
    superusers: list[str] = []
    named: dict[str, list[str]] = {"hashed": [], "plain": [], "variable": []}
    places: list[str] = []
    path, variable_set = "", False
    for where, line in evidence.lines():
        word, _, rest = line.partition(" ")
        if word == "denied":
            return Absent(Reason.DENIED, (KEY,), f"{rest} could not be read"[:300])
        if word == "file":
            path = rest
            continue
        if not path or word not in ("superusers", "user", *named):
            raise ParseError(where, "a line of the fragment", repr(line[:80]))
        places.append(path)
        if word == "superusers":
            superusers += _NAME.findall(rest.strip("\"'"))
        elif word == "user":
            variable_set = True
        else:
            named[word].append(rest.strip("\"'"))
    if not path:
        raise ParseError(KEY, "'file PATH' or 'none'", "neither")
    by_variable = named["variable"] if variable_set else []
    return BootAuth(
        superusers=tuple(dict.fromkeys(superusers)),
        with_password=tuple(dict.fromkeys([*named["hashed"], *named["plain"], *by_variable])),
        plain_passwords=tuple(dict.fromkeys(named["plain"])),
        places=tuple(dict.fromkeys(places)),
    )
