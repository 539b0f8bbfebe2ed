"""What the kernel says of its security modules, and what it was built with.

``/sys/kernel/security/lsm`` is one line of names in the order they are asked, without a line end;
``lockdown`` marks the level in force with brackets; the build configuration has ``CONFIG_NAME=value``::

    lockdown,capability,landlock,yama,apparmor,bpf
    none [integrity] confidentiality
    CONFIG_LSM="landlock,lockdown,yama,integrity,apparmor,selinux,smack,tomoyo,bpf"
"""

from __future__ import annotations

import re

from hardcheck.errors import ParseError
from hardcheck.evidence import HostEvidence
from hardcheck.facts import Absent
from hardcheck.parse.fragment_lines import not_present

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_LEVEL = re.compile(r"\[([a-z]+)\]")
_OPTION = re.compile(r"CONFIG_([A-Z0-9_]+)=(.*)")


def parse_lsm(host: HostEvidence) -> tuple[str, ...]:
    """The active security modules in their order.

    Raises:
        ParseError: a name of another form.
    """
    evidence = host.get("kernel.lsm")
    names = tuple(name for name in evidence.text().strip().split(",") if name)
    for name in names:
        if not _NAME.fullmatch(name):
            raise ParseError(evidence.key, "names separated by commas", repr(name[:40]))
    return names


def parse_lockdown(host: HostEvidence) -> str:
    """The lockdown level in force: none, integrity or confidentiality.

    Raises:
        ParseError: no level is in brackets.
    """
    evidence = host.get("kernel.lockdown")
    match = _LEVEL.search(evidence.text())
    if match is None:
        raise ParseError(evidence.key, "one level in brackets", repr(evidence.text()[:60]))
    return match[1]


def parse_kernel_config(host: HostEvidence) -> dict[str, str] | Absent:
    """The build options about security modules and audit, without ``CONFIG_`` and quotes."""
    evidence = host.get("kernel.config")
    options = {}
    for _, line in evidence.lines():
        match = _OPTION.fullmatch(line)
        if match is not None:
            options[match[1]] = match[2].strip('"')
    if not options:
        return not_present(evidence, "the running kernel's build configuration is not on the host")
    return options
