"""Settings of apt: ``apt-config dump``, apt.conf(5).

One value a line; a name that ends in ``::`` is one member of a list::

    APT::Periodic::Update-Package-Lists "1";
    Unattended-Upgrade::Origins-Pattern:: "origin=Debian,codename=${distro_codename},label=Debian-Security";
"""

from __future__ import annotations

import re

from hardcheck.errors import ParseError
from hardcheck.evidence import HostEvidence
from hardcheck.facts.packages import AptConfig

_LINE = re.compile(r'(?P<name>[^\s"]+) "(?P<value>.*)";')
_UNITS = {"": 1.0, "d": 1.0, "h": 1 / 24, "m": 1 / 1440, "s": 1 / 86400}
_INTERVAL = re.compile(r"(?P<number>[0-9]{1,9})(?P<unit>[dhms]?)")
_TRUE = frozenset({"1", "true", "yes", "on", "enable", "with"})


def parse_apt_config(host: HostEvidence) -> AptConfig:
    """What apt does by itself.

    Raises:
        ParseError: a line or an interval of another form.
    """
    single: dict[str, str] = {}
    origins: list[str] = []
    for where, line in host.get("updates.apt_config").lines():
        match = _LINE.fullmatch(line)
        if match is None:
            raise ParseError(where, "'NAME \"VALUE\";'", repr(line[:80]))
        name = match["name"].lower()
        if name in ("unattended-upgrade::origins-pattern::", "unattended-upgrade::allowed-origins::"):
            origins.append(match["value"])
        elif not name.endswith("::"):
            single[name] = match["value"]
    return AptConfig(
        enable=_on(single.get("apt::periodic::enable", "1")),
        update_lists_days=_days(single.get("apt::periodic::update-package-lists", "0")),
        unattended_upgrade_days=_days(single.get("apt::periodic::unattended-upgrade", "0")),
        origins=tuple(origins),
        automatic_reboot=_on(single.get("unattended-upgrade::automatic-reboot", "false")),
    )


def _on(value: str) -> bool:
    return value.lower() in _TRUE


def _days(value: str) -> float:
    """An interval in days; ``always`` is as often as the timer runs."""
    if value in ("", "always"):
        return 0.0 if value == "" else 1 / 1440
    match = _INTERVAL.fullmatch(value)
    if match is None:
        raise ParseError("updates.apt_config", "an interval such as 1, 12h or always", repr(value[:40]))
    return int(match["number"]) * _UNITS[match["unit"]]
