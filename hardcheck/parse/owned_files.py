"""Owners and modes of the files that hold MAC policy and boot options, from the listings of trees.

Links are not among them: what they lead to is, where it lies in the tree. The probe lists boot loader
files by itself, without their content, as ``owner MODE UID GID PATH`` among other lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from hardcheck.evidence import HostEvidence, Reason, parse_listing
from hardcheck.facts import Absent
from hardcheck.facts.files import OwnedFile
from hardcheck.parse.base import absent

SELINUX_TREES = ("selinux.config_files", "selinux.contexts", "selinux.file_contexts")
APPARMOR_TREES = ("apparmor.files",)
BOOT = "boot.loader"
_OWNER = re.compile(r"owner ([0-7]{1,4}) ([0-9]{1,10}) ([0-9]{1,10}) (/.*)")


def parse_selinux_files(host: HostEvidence) -> tuple[OwnedFile, ...] | Absent:
    """What lies under /etc/selinux, and /etc/sestatus.conf."""
    return _files(host, SELINUX_TREES)


def parse_apparmor_files(host: HostEvidence) -> tuple[OwnedFile, ...] | Absent:
    """What lies under /etc/apparmor.d."""
    return _files(host, APPARMOR_TREES)


def parse_boot_files(host: HostEvidence) -> tuple[OwnedFile, ...] | Absent:
    """The boot loader's own files."""
    found = {}
    for _, line in host.get(BOOT).lines():
        match = _OWNER.fullmatch(line)
        if match is not None:
            found[match[4]] = OwnedFile(match[4], f"{int(match[1], 8):04o}", int(match[2]), int(match[3]))
    if not found:
        return Absent(Reason.NOT_PRESENT, (BOOT,), "no boot loader configuration is on this host")
    return tuple(found[path] for path in sorted(found))


def _files(host: HostEvidence, trees: Iterable[str]) -> tuple[OwnedFile, ...] | Absent:
    found: dict[str, OwnedFile] = {}
    missing: Absent | None = None
    for key in trees:
        listing = host.get(key)
        if listing.reason is Reason.NOT_PRESENT:
            missing = missing or absent(listing)
            continue
        if listing.reason is not None:
            return absent(listing)
        for entry in parse_listing(listing):
            if entry.kind == "l":
                continue
            if entry.mode is None or entry.uid is None or entry.gid is None:
                return Absent(Reason.DENIED, (key,), f"owner and mode of {entry.path} could not be read")
            found[entry.path] = OwnedFile(entry.path, f"{entry.mode:04o}", entry.uid, entry.gid)
    if not found and missing is not None:
        return missing
    return tuple(found[path] for path in sorted(found))
