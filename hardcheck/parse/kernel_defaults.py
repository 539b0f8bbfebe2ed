"""Options of the kernel's build that decide the start value of a setting, from its config file.

``file PATH`` or ``file none``, then lines of the file::

    CONFIG_DEFAULT_MMAP_MIN_ADDR=65536
    # CONFIG_COMPAT_BRK is not set
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from hardcheck.errors import ParseError
from hardcheck.evidence import HostEvidence, Reason
from hardcheck.facts import Absent

_KEY = "sysctl.kernel_config"
_SET = re.compile(r"CONFIG_(?P<name>[A-Z0-9_]+)=(?P<value>.*)")
_UNSET = re.compile(r"# CONFIG_(?P<name>[A-Z0-9_]+) is not set")


def parse_kernel_options(host: HostEvidence) -> Mapping[str, str] | Absent:
    """Option without ``CONFIG_`` to value, ``n`` where it is not set.

    Raises:
        ParseError: a line of another form.
    """
    evidence = host.get(_KEY)
    options = {}
    for where, line in evidence.lines():
        if line == "file none":
            return Absent(Reason.NOT_PRESENT, (_KEY,), "the running kernel's config file is not on the host")
        found, unset = _SET.fullmatch(line), _UNSET.fullmatch(line)
        if found is not None:
            options[found["name"]] = found["value"].strip('"')
        elif unset is not None:
            options[unset["name"]] = "n"
        elif not line.startswith("file "):
            raise ParseError(where, "'CONFIG_NAME=VALUE'", repr(line[:80]))
    return options
