"""Plugins of the audit daemon, and where audisp-remote(8) sends records.

``KEYWORD = VALUE`` a line, as in auditd.conf::

    active = yes
    direction = out
    path = /sbin/audisp-syslog

The daemon reads plugins.d of /etc/audit since version 3, of /etc/audisp before; a file's name ends in
``.conf``. Source: auditd-plugins(5), audisp-remote.conf(5).
"""

from __future__ import annotations

import posixpath

from hardcheck.evidence import HostEvidence
from hardcheck.facts import Absent
from hardcheck.facts.audit_daemon import AuditPlugin, AuditPlugins
from hardcheck.parse.auditd_conf import read_settings
from hardcheck.parse.tree_files import TreeFile, tree_files

_KEY = "audit.plugins"
_REMOTE = "audisp-remote.conf"


def parse_audit_plugins(host: HostEvidence) -> AuditPlugins | Absent:
    """The plugins by name, and the settings of audisp-remote; empty where there is none.

    Raises:
        ParseError: a line without ``=``.
    """
    found = tree_files(host, _KEY)
    if isinstance(found, Absent):
        return found
    plugins: dict[str, AuditPlugin] = {}
    remote: dict[str, str] = {}
    for file in sorted(found, key=_new_place_last):
        if isinstance(file.content, Absent):
            return file.content
        settings = read_settings(file.content)
        name = posixpath.basename(file.path)
        if name == _REMOTE:
            remote = settings
        else:
            active = settings.get("active", "no").lower() == "yes"
            name = name.removesuffix(".conf")
            plugins[name] = AuditPlugin(name, active, settings.get("path", ""), file.path)
    return AuditPlugins(tuple(plugins[name] for name in sorted(plugins)), remote)


def _new_place_last(file: TreeFile) -> tuple[bool, str]:
    return (file.path.startswith("/etc/audit/"), file.path)
