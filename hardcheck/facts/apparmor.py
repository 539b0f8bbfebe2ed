"""AppArmor on one host: kernel state, loaded profiles, the profile tree on disk, the service."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Literal

import msgspec

from hardcheck.facts.base import Absent
from hardcheck.reasons import Reason

ProfileMode = Literal["enforce", "complain", "kill", "unconfined", "prompt", "user", "default_allow", "mixed"]

# Made by container and package runtimes at run time, without a file in /etc/apparmor.d.
GENERATED = re.compile(
    r"docker-default|libpod.*|containers-default.*|crio-.*|cri-containerd.*|snap[.-].*|/snap/.*"
    r"|lxc-.*|lxd-.*|incus-.*|libvirt-[0-9a-f-]{36}.*|virt-.*|:.*|.*//null-.*",
    re.DOTALL,
)


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
    """A profile in the text on disk.

    ``file`` is below /etc/apparmor.d, ``sources`` every file that it is made from, whole paths.
    ``parent`` is set for a child profile or hat. ``disabled``: its file is named in disable/. ``stub``: in
    unconfined or default-allow mode with no rule but one for user namespaces: made to give a program
    a name, not to confine it. The rest is what its rules grant: capabilities that undo confinement,
    writing anywhere, mounting, ptrace of others; Absent where the text has faults or is not on disk.
    """

    name: str
    file: str
    mode: ProfileMode
    attachment: str
    disabled: bool
    stub: bool
    parent: str = ""
    sources: tuple[str, ...] = ()
    strong_capabilities: tuple[str, ...] | Absent = ()
    writes_everywhere: bool | Absent = False
    mounts: bool | Absent = False
    traces_others: bool | Absent = False

    @property
    def confines(self) -> bool:
        """Whether its text refuses what no rule allows."""
        return self.mode in ("enforce", "kill")


WeaknessKind = Literal[
    "complain",
    "unconfined-mode",
    "userns-stub",
    "default-allow",
    "disabled",
    "broken",
    "broad-file",
    "broad-capability",
    "unconfined-exec",
    "unconfined-shell",
    "bare-rule",
    "write-and-exec",
    "dangerous-include",
    "unused-variable",
    "attaches-to-nothing",
    "overlapping-attachment",
    "stale-abi",
]


class ProfileWeakness(msgspec.Struct, frozen=True):
    """Something weak that the text of a profile shows by itself.

    ``profile`` is a profile's whole name, or a file's below /etc/apparmor.d where none is at fault alone.
    ``where`` is FILE:LINE, ``rule`` the rule's text or empty. ``certain`` is Absent where a search had to be
    given up, or the text could not be read: the weakness may be there or not.
    """

    kind: WeaknessKind
    profile: str
    where: str
    detail: str
    rule: str = ""
    certain: bool | Absent = True


class ProfileTree(msgspec.Struct, frozen=True):
    """The text of all profiles. ``faults`` are what apparmor_parser would refuse, one line each; ``unread``
    files whose content could not be had; ``disabled`` and ``force_complain`` the names in those
    folders; ``local_changes`` the files under local/ that hold rules. Faults and local changes are
    Absent instead of empty while there are files unread."""

    profiles: tuple[DiskProfile, ...]
    faults: tuple[str, ...] | Absent
    unread: tuple[str, ...]
    disabled: tuple[str, ...]
    force_complain: tuple[str, ...]
    local_changes: tuple[str, ...] | Absent


class ProfileCheck(msgspec.Struct, frozen=True):
    """A loaded profile set beside its text.

    ``state``: ``same`` when nothing that it is made from was touched since it was loaded, ``changed``
    when something was modified after that, ``uncertain`` when a file was replaced by one with an
    older date or only its inode changed (then its content may differ or not), ``no text`` when no file
    has it. ``files`` are those that decided.
    """

    name: str
    mode: ProfileMode
    state: Literal["same", "changed", "uncertain", "no text"] | Absent
    files: tuple[str, ...] = ()

    @property
    def outdated(self) -> bool | Absent:
        """Whether the kernel holds something else than the text says, as far as that can be told."""
        if isinstance(self.state, Absent):
            return self.state
        if self.state == "uncertain":
            touched = f"touched after {self.name} was loaded: {', '.join(self.files)}"
            return Absent(Reason.NOT_COLLECTED, ("apparmor.loaded",), touched)
        return self.state == "changed"

    @property
    def shown(self) -> str:
        """The profile, and the files that decided, for people."""
        return f"{self.name}: {', '.join(self.files)}" if self.files else self.name


class ProfileStanding(msgspec.Struct, frozen=True):
    """A loaded profile with its processes. ``stub`` is Absent where no text of it could be read."""

    name: str
    mode: ProfileMode
    stub: bool | Absent
    processes: tuple[str, ...]

    @property
    def shown(self) -> str:
        """The profile, its mode and its processes, for people."""
        return f"{self.name} ({self.mode}): {', '.join(self.processes) or 'no process now'}"


class Unattached(msgspec.Struct, frozen=True):
    """A process that runs unconfined although a loaded profile is for its program; or may be one, where
    its program is Absent and ``profile`` empty."""

    process: str
    program: str | Absent
    profile: str

    @property
    def shown(self) -> str:
        """Process, program and profile for people."""
        if isinstance(self.program, Absent):
            return f"{self.process}: its program was not seen"
        return f"{self.process}: {self.program} has the profile {self.profile}"
