"""Settings of /proc/sys as the probe reads them.

``boot systemd`` or ``boot other``, ``version TEXT``, then what became of every key, and
the values as grep(1) prints them; behind them, from ``config`` on, options of the kernel's build::

    absent kernel/io_uring_disabled
    denied net/core/bpf_jit_harden
    asked net/ipv4/conf/all/rp_filter
    net/ipv4/conf/all/rp_filter:1
    config /boot/config-6.1.0-56-amd64
    CONFIG_DEFAULT_MMAP_MIN_ADDR=65536
    # CONFIG_COMPAT_BRK is not set

A key that was asked for and has no value could be opened and not read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

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
_NO_CONFIG = {
    "config none": Absent(Reason.NOT_PRESENT, (_KEY,), "the running kernel's config file is not on the host"),
    "config denied": Absent(Reason.DENIED, (_KEY,), "only root may read the kernel's config file"),
}
_SET = re.compile(r"CONFIG_(?P<name>[A-Z0-9_]+)=(?P<value>.*)")
_UNSET = re.compile(r"# CONFIG_(?P<name>[A-Z0-9_]+) is not set")


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
        if word == "config":
            break
        if word in ("boot", "version"):
            told.setdefault(word, rest)
        elif word in _WHY:
            values.setdefault(dotted(rest), _WHY[word])
        else:
            key, colon, value = line.partition(":")
            name = dotted(key)
            if not colon or name not in values:
                raise ParseError(where, "'KEY:VALUE' of a key that was asked for", repr(line[:80]))
            if isinstance(values[name], Absent):
                values[name] = value
    if not values or told.get("boot") not in ("systemd", "other"):
        raise ParseError(evidence.key, "'boot systemd' or 'boot other', and settings", "neither")
    return SysctlReading(values, told["boot"] == "systemd", told.get("version", ""))


def parse_kernel_options(host: HostEvidence) -> Mapping[str, str] | Absent:
    """Options of the kernel's build without ``CONFIG_``, ``n`` where one is not set.

    Raises:
        ParseError: a line of another form behind ``config``, or no such line.
    """
    evidence = host.get(_KEY)
    options: dict[str, str] | None = None
    for where, line in evidence.lines():
        found, unset = _SET.fullmatch(line), _UNSET.fullmatch(line)
        if options is None:
            if line in _NO_CONFIG:
                return _NO_CONFIG[line]
            options = {} if line.startswith("config /") else None
        elif found is not None:
            options[found["name"]] = found["value"].strip('"')
        elif unset is not None:
            options[unset["name"]] = "n"
        else:
            raise ParseError(where, "'CONFIG_NAME=VALUE'", repr(line[:80]))
    if options is None:
        raise ParseError(evidence.key, "a line 'config PATH'", "none")
    return options
