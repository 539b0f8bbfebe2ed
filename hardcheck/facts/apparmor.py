"""AppArmor on one host: kernel state, loaded profiles, the profile tree on disk, the service."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

import msgspec

from hardcheck.facts.base import Absent

ProfileMode = Literal["enforce", "complain", "kill", "unconfined", "prompt", "user", "default_allow", "mixed"]


class ApparmorKernel(msgspec.Struct, frozen=True):
    """/sys/module/apparmor/parameters. ``parameters`` are those that the account may read."""

    enabled: bool
    parameters: Mapping[str, str]


class LoadedProfile(msgspec.Struct, frozen=True):
    """A profile in the kernel. ``name`` is whole: ``parent//child``, ``:ns://name`` in a namespace."""

    name: str
    mode: ProfileMode

    @property
    def confines(self) -> bool:
        """Whether a denied access is refused."""
        return self.mode in ("enforce", "kill")


class ProfileEntry(msgspec.Struct, frozen=True):
    """A profile's folder in securityfs. ``raw_digest`` is of the binary as it was loaded, SHA-1 or
    SHA-256 by its length, empty where the kernel keeps none; ``loaded_at`` is when it was last loaded or
    replaced (UTC), None where that could not be seen; ``attachment`` is empty where the kernel does
    not tell."""

    name: str
    mode: str
    attachment: str = ""
    raw_digest: str = ""
    loaded_at: datetime | None = None


class AaStatus(msgspec.Struct, frozen=True):
    """The exit status of aa-status(8) and what it means."""

    exit_status: int
    meaning: Literal["in force", "disabled", "no policy loaded", "control files missing", "not permitted"]


class ServiceState(msgspec.Struct, frozen=True):
    """What systemd says of a unit; ``unit_file`` is ``enabled``, ``disabled``, ``masked``, ... or empty."""

    load: str
    active: str
    sub: str
    unit_file: str
    result: str


class CacheFile(msgspec.Struct, frozen=True):
    """A compiled profile kept for the next boot: its digest (SHA-1 or SHA-256) and time (UTC)."""

    path: str
    digest: str
    modified: datetime


class SourceTimes(msgspec.Struct, frozen=True):
    """When files of the profile tree were last modified and changed (inode), UTC, by path."""

    modified: Mapping[str, datetime]
    changed: Mapping[str, datetime]


class DiskProfile(msgspec.Struct, frozen=True):
    """A profile in the text of /etc/apparmor.d: the file that has it, and its mode by flags and links.

    ``stub``: it only names a program, to let it make user namespaces, and allows everything else.
    """

    name: str
    file: str
    mode: ProfileMode
    attachment: str
    disabled: bool
    stub: bool
    grants_capabilities: tuple[str, ...] = ()
    writes_everything: bool = False
    mounts: bool = False
    ptraces_others: bool = False


class ProfileTree(msgspec.Struct, frozen=True):
    """The text of all profiles. ``faults`` are files that could not be read as profiles, one line each;
    ``links`` are what lies in disable/ and force-complain/, name to folder; ``local_changes`` are
    files under local/ that hold rules."""

    profiles: tuple[DiskProfile, ...]
    faults: tuple[str, ...]
    disabled: tuple[str, ...]
    force_complain: tuple[str, ...]
    local_changes: tuple[str, ...]


class ProfileCheck(msgspec.Struct, frozen=True):
    """A loaded profile set beside its text.

    ``state``: ``same`` when nothing that it is made from was touched since it was loaded, ``changed``
    when something was modified after that, ``uncertain`` when a file was replaced with an older
    date or only its inode changed, or the times could not be seen, ``no_text`` when no file has it.
    ``files`` are the texts that decided.
    """

    name: str
    mode: str
    state: Literal["same", "changed", "uncertain", "no_text"]
    file: str = ""
    files: tuple[str, ...] = ()
    detail: str | Absent = ""
