"""Files that set kernel settings at boot: sysctl.d(5), sysctl.conf(5).

One ``KEY = VALUE`` a line; ``#`` and ``;`` begin a comment line. In a KEY the first ``.`` or ``/`` says which
of the two parts it: ``net/ipv4/conf/eth0.100/forwarding`` and ``net.ipv4.conf.eth0/100.forwarding`` are one
key, written here in the second form. A leading ``-`` means that a failure is no error; ``-KEY`` without
``=`` takes the key out of every glob. A KEY may be a glob::

    # redirects can be used to divert traffic
    net.ipv4.conf.all.accept_redirects = 0
    net.ipv4.conf.*.rp_filter = 2
    -net.ipv4.conf.all.rp_filter

Source: systemd src/sysctl/sysctl.c ``parse_line``, src/basic/sysctl-util.c ``sysctl_normalize``; procps
src/sysctl.c."""

from __future__ import annotations

import re

from hardcheck.evidence import Evidence, HostEvidence
from hardcheck.facts import Absent
from hardcheck.facts.sysctl import SysctlFile, SysctlFiles, SysctlSetting
from hardcheck.parse.shell_variables import parse_shell_variables
from hardcheck.parse.tree_files import TreeFile, tree_files

_KEY = "sysctl.files"
_UFW_FILE = "/etc/ufw/sysctl.conf"
_UFW_DEFAULTS = "/etc/default/ufw"
_UFW_CONF = "/etc/ufw/ufw.conf"
_MAX_KEY = 255
_SWAP = str.maketrans("./", "/.")


def dotted(key: str) -> str:
    """The key with dots between its parts, whichever way it was written."""
    first = re.search(r"[./]", key)
    return key.translate(_SWAP) if first is not None and first[0] == "/" else key


def parse_sysctl_conf(evidence: Evidence, path: str) -> SysctlFile:
    """The settings of one file in its order. A line that says nothing is a fault, and no error: boot
    skips it too."""
    settings: list[SysctlSetting] = []
    faults: list[str] = []
    for number, (_, line) in enumerate(evidence.lines(), start=1):
        text = line.strip()
        if not text or text[0] in "#;":
            continue
        key, equals, value = text.partition("=")
        key = key.strip()
        optional = key.startswith("-")
        key = dotted(key.removeprefix("-").strip())
        if not 0 < len(key) <= _MAX_KEY or any(char.isspace() for char in key) or not (equals or optional):
            faults.append(f"{path}:{number}")
            continue
        settings.append(SysctlSetting(key, value.strip() if equals else None, path, number, optional))
    return SysctlFile(path, tuple(settings), tuple(faults))


def parse_sysctl_files(host: HostEvidence) -> SysctlFiles | Absent:
    """Every file of the tree ``sysctl.files``.

    Raises:
        ParseError: the listing has another form.
    """
    files = tree_files(host, _KEY)
    if isinstance(files, Absent):
        return files
    own = [_read(file) for file in files if not file.path.startswith(("/etc/ufw/", "/etc/default/"))]
    return SysctlFiles(tuple(own), _ufw(files))


def _read(file: TreeFile) -> SysctlFile:
    if isinstance(file.content, Absent):
        return SysctlFile(file.path, file.content)
    return parse_sysctl_conf(file.content, file.path)


def _ufw(files: tuple[TreeFile, ...]) -> SysctlFile | None:
    """The file that ufw applies at its start: its own unless IPT_SYSCTL names another or none."""
    by_path = {file.path: file for file in files}
    if _variables(by_path, _UFW_CONF).get("ENABLED", "no").lower() != "yes":
        return None
    chosen = by_path.get(_variables(by_path, _UFW_DEFAULTS).get("IPT_SYSCTL", _UFW_FILE))
    return None if chosen is None else _read(chosen)


def _variables(files: dict[str, TreeFile], path: str) -> dict[str, str]:
    file = files.get(path)
    if file is None or isinstance(file.content, Absent):
        return {}
    return parse_shell_variables(file.content)
