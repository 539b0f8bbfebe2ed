"""What apt would upgrade, by the package lists on the host: ``apt-get -s dist-upgrade``.

``clock SECONDS``, ``list FILE`` for each release file of a source, ``stamp SECONDS FILE``; then between
``upgrade`` and ``end``::

    Inst base-files [12.4+deb12u11] (12.4+deb12u15 Debian:12.15/oldstable [amd64])
    Inst libtiff6 [4.5.0-6] (4.5.0-6+deb12u4 Debian:12.15/oldstable, Debian-Security:12/oldstable-security
    [amd64]) Inst linux-image-6.1.0-40-amd64 (6.1.153-1 Debian-Security:12/oldstable-security [amd64])

A package without brackets is new. An update is a security update when one of its archives is: its label or
its suite ends in ``security``."""

from __future__ import annotations

import re

from hardcheck.errors import ParseError
from hardcheck.evidence import HostEvidence, Reason
from hardcheck.facts import Absent
from hardcheck.facts.packages import PendingUpdate, UpdateMetadata
from hardcheck.parse.numbers import whole

_KEY = "updates.apt"
_INST = re.compile(
    r"Inst (?P<name>\S+)(?: \[(?P<old>[^\]]*)\])?"
    r" \((?P<new>[^\s)]+)(?P<origin>[^\[\)]*)(?:\[[^\]]*\])?\)(?: .*)?"
)
_SECURITY = re.compile(r"security\b|/[a-z-]*-security\b", re.IGNORECASE)
_DAY = 86400


def parse_apt(host: HostEvidence) -> UpdateMetadata:
    """Updates that apt knows of, and how old its knowledge is.

    Raises:
        ParseError: a line of another form, or an answer that breaks off.
    """
    evidence = host.get(_KEY)
    clock: int | None = None
    stamps: list[int] = []
    lists: list[str] = []
    pending: list[PendingUpdate] = []
    simulated = ended = False
    for where, line in evidence.lines():
        word, _, rest = line.partition(" ")
        if word == "Inst" and simulated:
            pending.append(_pending(where, line))
        elif word == "clock":
            clock = whole(where, rest)
        elif word == "list":
            lists.append(rest)
        elif word == "stamp":
            seconds, _, path = rest.partition(" ")
            if path:
                stamps.append(whole(where, seconds))
        elif line == "upgrade":
            simulated = True
        elif line == "end":
            ended = True
        elif simulated and word in ("Conf", "Remv"):
            continue
        else:
            raise ParseError(where, "'Inst PACKAGE [OLD] (NEW ARCHIVE [ARCHITECTURE])'", repr(line[:80]))
    if clock is None or not ended:
        raise ParseError(evidence.key, "'clock SECONDS' and 'end'", "an answer that breaks off")
    age = Absent(Reason.NOT_PRESENT, (_KEY,), "the host has no package lists")
    return UpdateMetadata(
        pending=tuple(pending),
        age_days=max(0, clock - max(stamps)) // _DAY if stamps and lists else age,
        security_source=any("security" in name.lower() for name in lists),
    )


def _pending(where: str, line: str) -> PendingUpdate:
    match = _INST.fullmatch(line)
    if match is None:
        raise ParseError(where, "'Inst PACKAGE [OLD] (NEW ARCHIVE [ARCHITECTURE])'", repr(line[:80]))
    origin = match["origin"].strip()
    return PendingUpdate(
        match["name"], match["old"] or "", match["new"], origin, _SECURITY.search(origin) is not None
    )
