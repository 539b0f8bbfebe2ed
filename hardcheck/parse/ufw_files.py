"""What ufw(8) is set to: /etc/ufw/ufw.conf, /etc/default/ufw, and the rules that it keeps in user.rules.

ufw writes each of its rules behind a comment with what was asked for::

    ### tuple ### allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in
    ### tuple ### limit_log any 2222 0.0.0.0/0 any 192.0.2.0/24 OpenSSH - in_eth0
    ### tuple ### route:allow tcp 80 192.0.2.7 any 0.0.0.0/0 in_eth0!out_eth1

that is action, protocol, port, address, source port, source, the application profiles of both sides where
there are any, and the direction with an interface; old files have no direction, which is in. Source: ufw
src/backend_iptables.py ``_write_rules`` and ``_read_rules``.
"""

from __future__ import annotations

import re

from hardcheck.errors import ParseError
from hardcheck.evidence import HostEvidence, Reason
from hardcheck.facts import Absent
from hardcheck.facts.firewall import Ufw, UfwRule
from hardcheck.parse.ini_lines import unread
from hardcheck.parse.shell_variables import parse_shell_variables
from hardcheck.parse.tree_files import TreeFile, tree_files

KEY = "firewall.ufw"
_TUPLE = re.compile(
    r"### tuple ### (?P<route>route:)?(?P<action>allow|deny|reject|limit)(?:_log(?:-all)?)?"
    r" (?P<protocol>\S+) (?P<port>\S+) \S+ \S+ (?P<source>\S+)(?P<rest>(?: \S+){0,6})"
)
_DEFAULTS = {
    "DEFAULT_INPUT_POLICY": "DROP",
    "DEFAULT_OUTPUT_POLICY": "ACCEPT",
    "DEFAULT_FORWARD_POLICY": "DROP",
}
_MAX_RULES = 5000


def parse_ufw(host: HostEvidence) -> Ufw | Absent:
    """ufw's defaults and rules. Absent(NOT_PRESENT) without its configuration. Raises ParseError for a
    rule of another form."""
    files = tree_files(host, KEY)
    if isinstance(files, Absent):
        return files
    missing = unread(files)
    if missing is not None:
        return missing
    by_path = {file.path: file for file in files}
    if "/etc/ufw/ufw.conf" not in by_path:
        return Absent(Reason.NOT_PRESENT, (KEY,), "ufw is not configured on this host")
    values = {**_DEFAULTS, **_variables(by_path, "/etc/default/ufw")}
    incoming, outgoing, routed = (values[name].upper() for name in _DEFAULTS)
    enabled = _variables(by_path, "/etc/ufw/ufw.conf").get("ENABLED", "no").lower() == "yes"
    rules = [rule for file in files if file.path.endswith(".rules") for rule in _rules(file)]
    return Ufw(enabled, incoming, outgoing, routed, tuple(rules[:_MAX_RULES]))


def _variables(files: dict[str, TreeFile], path: str) -> dict[str, str]:
    file = files.get(path)
    return {} if file is None or isinstance(file.content, Absent) else parse_shell_variables(file.content)


def _rules(file: TreeFile) -> list[UfwRule]:
    """The rules for traffic of this host itself; those for routed traffic are left out.

    Raises:
        ParseError: a rule of another form.
    """
    if isinstance(file.content, Absent):
        return []
    found = []
    for number, (_, line) in enumerate(file.content.lines(), start=1):
        if not line.startswith("### tuple ###"):
            continue
        place = f"{file.path}:{number}"
        match = _TUPLE.fullmatch(line.split(" comment=")[0].rstrip())
        if match is None:
            raise ParseError(place, "a rule of ufw", repr(line[:80]))
        if match["route"]:
            continue
        last = (match["rest"].split() or ["in"])[-1].partition("_")[0]
        direction = last if last in ("in", "out") else "in"
        action, protocol, port = match["action"], match["protocol"], match["port"]
        found.append(UfwRule(action, direction, protocol, port, match["source"], place))
    return found
