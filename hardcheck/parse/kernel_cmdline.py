"""Kernel command lines, /proc/cmdline and the options of boot loader entries.

Parameters are separated by blanks; double quotes keep blanks together and are dropped (kernel
lib/cmdline.c ``next_arg``)::

    root=/dev/mapper/root ro quiet dyndbg="file ec.c +p" selinux=1 security=selinux
"""

from __future__ import annotations

import re

from hardcheck.errors import ParseError
from hardcheck.evidence import HostEvidence
from hardcheck.facts.host import CommandLine

_CONTROL = re.compile(rb"[\x01-\x08\x0e-\x1f\x7f]")
_PARAMETER = re.compile(r'(?:[^\s"]|"[^"]*(?:"|$))+')


def parse_proc_cmdline(host: HostEvidence) -> CommandLine:
    """/proc/cmdline of the running kernel.

    Raises:
        ParseError: control characters; or the file is empty: a kernel without any parameter cannot be told
            from no answer.
    """
    evidence = host.get("kernel.cmdline")
    if (odd := _CONTROL.search(evidence.content)) is not None:
        raise ParseError(evidence.key, "one line of text", f"the byte {odd[0][0]:#04x}")
    line = parse_options(evidence.text().replace("\x00", " "))
    if not line.parameters:
        raise ParseError(evidence.key, "at least one parameter", "an empty line")
    return line


def parse_options(text: str) -> CommandLine:
    """The parameters of one line of text."""
    return CommandLine(tuple(word.replace('"', "") for word in _PARAMETER.findall(text)))
