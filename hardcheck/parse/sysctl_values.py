"""Settings of /proc/sys as the probe reads them.

``boot systemd`` or ``boot other``, ``version TEXT``, then what became of every key, and
the values as grep(1) prints them::

    absent kernel/io_uring_disabled
    denied net/core/bpf_jit_harden
    asked net/ipv4/conf/all/rp_filter
    value net/ipv4/conf/all/rp_filter:1

A key that was asked for and has no value could be opened and not read.
"""

from __future__ import annotations

from hardcheck.errors import ParseError
from hardcheck.evidence import HostEvidence, Reason
from hardcheck.facts import Absent
from hardcheck.facts.sysctl import SysctlReading
from hardcheck.parse.sysctl_conf import dotted

_KEY = "sysctl.values"
_WHY = {
    "absent": Absent(Reason.NOT_PRESENT, (_KEY,), "this kernel has no such setting"),
    "denied": Absent(Reason.DENIED, (_KEY,), "only root may read it"),
    "asked": Absent(Reason.NOT_COLLECTED, (_KEY,), "it could be opened and not read"),
}


def parse_sysctl_values(host: HostEvidence) -> SysctlReading:
    """Every key that was asked for, with its value or why there is none.

    Of a setting with several lines the first is kept. Tabs between numbers stay.

    Raises:
        ParseError: a line of another form, or no settings at all.
    """
    evidence = host.get(_KEY)
    values: dict[str, str | Absent] = {}
    told: dict[str, str] = {}
    for where, line in evidence.lines():
        word, _, rest = line.partition(" ")
        if word in ("boot", "version"):
            told.setdefault(word, rest)
        elif word in _WHY:
            values.setdefault(dotted(rest), _WHY[word])
        elif word == "value":
            key, colon, value = rest.partition(":")
            name = dotted(key)
            if not colon or name not in values:
                raise ParseError(where, "'value KEY:VALUE' of a key that was asked for", repr(line[:80]))
            if isinstance(values[name], Absent):
                values[name] = value
        else:
            raise ParseError(where, "a line of the fragment", repr(line[:80]))
    if not values or told.get("boot") not in ("systemd", "other"):
        raise ParseError(evidence.key, "'boot systemd' or 'boot other', and settings", "neither")
    return SysctlReading(values, told["boot"] == "systemd", told.get("version", ""))
