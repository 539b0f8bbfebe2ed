"""Files that boot loader entries are made from: /etc/default/grub, /etc/kernel/cmdline, cmdline.txt.

The first is shell; of it the assignments of ``GRUB_CMDLINE_LINUX`` and ``GRUB_CMDLINE_LINUX_DEFAULT`` are
read, in the order grub-mkconfig(8) sources the files::

    GRUB_CMDLINE_LINUX_DEFAULT="quiet"
    GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX apparmor=1 security=apparmor"

The others are one line of options. Not covered: values that a command computes.
"""

from __future__ import annotations

import re
import shlex

from hardcheck.evidence import HostEvidence, Reason
from hardcheck.facts import Absent
from hardcheck.facts.host import BootDefaults, CommandLine
from hardcheck.parse.base import absent, require_text
from hardcheck.parse.kernel_cmdline import parse_options

KEY = "boot.defaults"
GRUB = "/etc/default/grub"
_ASSIGNMENT = re.compile(r"\s*(?:export\s+)?(?P<name>GRUB_[A-Z_]+)(?P<plus>\+?)=(?P<value>.*)")
_VARIABLE = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)\}?")


def parse_boot_defaults(host: HostEvidence) -> BootDefaults | Absent:
    """Options by file; all GRUB files together stand under /etc/default/grub.

    Raises:
        ParseError: a file is no text.
    """
    listing = host.get(KEY)
    if listing.reason is not None:
        return absent(listing)
    options: dict[str, CommandLine] = {}
    variables: dict[str, str] = {}
    for member in sorted(host.members(KEY), key=lambda item: item.key.partition(":")[2]):
        path = member.key.partition(":")[2]
        if member.reason is not None:
            return absent(member)
        require_text(member)
        if not path.startswith(GRUB):
            options[path] = parse_options(" ".join(line for _, line in member.lines() if line[:1] != "#"))
            continue
        for _, line in member.lines():
            _assign(line, variables)
        words = (variables.get("GRUB_CMDLINE_LINUX", ""), variables.get("GRUB_CMDLINE_LINUX_DEFAULT", ""))
        options[GRUB] = parse_options(" ".join(words))
    if not options:
        return Absent(Reason.NOT_PRESENT, (KEY,), "no file with kernel options for new boot entries")
    return BootDefaults(options)


def _assign(line: str, variables: dict[str, str]) -> None:
    match = _ASSIGNMENT.fullmatch(line)
    if match is None:
        return
    try:
        value = " ".join(shlex.split(match["value"], comments=True))
    except ValueError:  # an open quotation mark: grub-mkconfig would fail on it as well
        value = match["value"]
    value = _VARIABLE.sub(lambda found: variables.get(found[1], ""), value)
    variables[match["name"]] = variables.get(match["name"], "") + value if match["plus"] else value
