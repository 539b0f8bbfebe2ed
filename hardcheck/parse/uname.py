"""``uname -a``: system, node name, release, version (with blanks), machine, operating system::

    Linux web1 6.1.0-56-cloud-amd64 #1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-11-16) x86_64 GNU/Linux
    Linux rhel7 3.10.0-229.el7.x86_64 #1 SMP Mon Mar 3 13:32:45 EST 2014 x86_64 x86_64 x86_64 GNU/Linux

GNU uname repeats the machine for processor and platform where it knows them; the version begins with ``#``.
"""

from __future__ import annotations

import re

from hardcheck.errors import ParseError
from hardcheck.evidence import HostEvidence
from hardcheck.facts.host import Kernel

_LINE = re.compile(
    r"Linux (?P<node>\S+) (?P<release>\S+) (?P<version>#.*?)"
    r" (?P<machine>\S+)(?: (?:(?P=machine)|unknown|\S*-?pc\S*)){0,2}(?: GNU/Linux| Linux)?"
)


def parse_uname(host: HostEvidence) -> Kernel:
    """The one line of ``uname -a``; blank lines around it are passed over.

    Raises:
        ParseError: no line of that form.
    """
    evidence = host.get("kernel.uname")
    for _, line in evidence.lines():
        match = _LINE.fullmatch(line.strip())
        if match is not None:
            return Kernel(match["node"], match["release"], match["version"], match["machine"])
    raise ParseError(evidence.key, "Linux NODE RELEASE #VERSION MACHINE", repr(evidence.text()[:80]))
