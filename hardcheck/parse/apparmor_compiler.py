"""What the host's apparmor_parser makes of the profiles: its version, and the features it is told to assume.

``/etc/apparmor/parser.conf`` holds long options of apparmor_parser(8), one a line without the dashes::

    policy-features=/usr/share/apparmor-features/features

That file says what holds for policy without an abi statement. Without the line the parser's own default does.
"""

from __future__ import annotations

import re

from hardcheck.apparmor import Features, parse_features
from hardcheck.errors import ParseError
from hardcheck.evidence import HostEvidence
from hardcheck.facts import Absent
from hardcheck.parse import package_lists
from hardcheck.reasons import Reason

ELSEWHERE = "apparmor.files_elsewhere"
TREE = "apparmor.files"
KEYS = (ELSEWHERE, *package_lists.KEYS)
_UNREAD = (Reason.DENIED, Reason.TRUNCATED, Reason.TIMEOUT)
_PACKAGES = ("apparmor", "apparmor-parser")
_CONFIG = "/etc/apparmor/parser.conf"
_PINNED = re.compile(r"^[ \t]*policy-features[ \t]*[= \t][ \t]*(\S+)", re.MULTILINE)
_VERSION = re.compile(r"(?:[0-9]{1,4}:)?([0-9]{1,4})\.([0-9]{1,4})(?:\.([0-9]{1,4}))?", re.ASCII)


def pinned_features(host: HostEvidence) -> tuple[Features | None, str]:
    """The features that the configuration names, and the path of their file.

    (None, "") where none are named or there is no configuration; (None, PATH) where that file, or the
    configuration itself, could not be read.
    """
    config = host.get(f"{ELSEWHERE}:{_CONFIG}")
    if config.reason in _UNREAD:
        return None, _CONFIG
    named = _PINNED.findall(config.content.decode("utf-8", "replace")) if config.reason is None else []
    if not named:
        return None, ""
    path = named[-1]
    for key in (ELSEWHERE, TREE):
        evidence = host.get(f"{key}:{path}")
        if evidence.reason is None:
            return parse_features("pinned", evidence.content.decode("utf-8", "replace")), path
    return None, path


def parser_version(host: HostEvidence) -> tuple[int, ...] | None:
    """The version of the package that apparmor_parser comes from, None where it was not seen."""
    try:
        packages = package_lists.parse_packages(host)
    except ParseError:
        return None
    if isinstance(packages, Absent):
        return None
    for name in _PACKAGES:
        for package in packages.installed.get(name, ()):
            match = _VERSION.match(package.version)
            if match is not None:
                return tuple(int(part or 0) for part in match.groups())
    return None
