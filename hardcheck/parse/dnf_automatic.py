"""Settings of dnf-automatic(8): automatic.conf, an ini file with the section ``[commands]``.

yum-cron.conf of older systems has the same section, with ``update_cmd`` for ``upgrade_type``.
"""

from __future__ import annotations

import re

from hardcheck.evidence import Evidence, HostEvidence, Reason
from hardcheck.facts import Absent
from hardcheck.facts.packages import DnfAutomatic
from hardcheck.parse.tree_files import tree_files

_KEY = "updates.dnf_config"
_TRUE = frozenset({"yes", "true", "1", "on"})
_SECTION = re.compile(r"\[(?P<name>[^\]]+)\]\s*(?:[#;].*)?")
_SETTING = re.compile(r"(?P<name>[A-Za-z_]+)\s*[=:]\s*(?P<value>.*)")


def parse_dnf_automatic(host: HostEvidence) -> DnfAutomatic | Absent:
    """The settings of the first of the files that is there. Raises ParseError for the listing."""
    files = tree_files(host, _KEY)
    if isinstance(files, Absent):
        return files
    if not files:
        return Absent(Reason.NOT_PRESENT, (_KEY,), "neither dnf-automatic nor yum-cron is configured")
    file = files[0]
    if isinstance(file.content, Absent):
        return file.content
    commands = _section(file.content, "commands")
    return DnfAutomatic(
        apply_updates=commands.get("apply_updates", "no").lower() in _TRUE,
        upgrade_type=commands.get("upgrade_type", commands.get("update_cmd", "default")),
        file=file.path,
    )


def _section(evidence: Evidence, wanted: str) -> dict[str, str]:
    """The settings of one section, names in small letters; lines of another form are passed over."""
    here, values = "", {}
    for _, line in evidence.lines():
        text = line.strip()
        section = _SECTION.fullmatch(text)
        if section is not None:
            here = section["name"].strip()
        elif here == wanted and text[:1] not in ("#", ";"):
            setting = _SETTING.fullmatch(text)
            if setting is not None:
                values[setting["name"].lower()] = setting["value"].strip()
    return values
