"""Installed packages that matter, updates that wait, how updates come, and whether a reboot is due."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from hardcheck.facts.base import Absent


class Package(msgspec.Struct, frozen=True):
    """One installed package. ``version`` is the package manager's own text, with the epoch for rpm."""

    name: str
    version: str
    architecture: str = ""


class Packages(msgspec.Struct, frozen=True):
    """Those of the packages asked for that are installed. ``manager`` is dpkg or rpm."""

    manager: str
    installed: Mapping[str, tuple[Package, ...]]


class PendingUpdate(msgspec.Struct, frozen=True):
    """One update that waits. ``installed`` is empty when the metadata does not say; ``origin`` is the archive
    or the advisory."""

    package: str
    installed: str
    available: str
    origin: str
    security: bool

    @property
    def shown(self) -> str:
        """``openssl 3.0.1 -> 3.0.2 (Debian-Security)``."""
        before = f"{self.installed} -> " if self.installed else ""
        return f"{self.package} {before}{self.available} ({self.origin})"


class UpdateMetadata(msgspec.Struct, frozen=True):
    """What the package manager knows without the network.

    ``age_days`` is of the newest metadata on the host, Absent when there is none;
    ``security_source`` is whether a source of security updates is among it.
    """

    pending: tuple[PendingUpdate, ...]
    age_days: int | Absent
    security_source: bool


class SecurityUpdates(msgspec.Struct, frozen=True):
    """Security updates that wait, by metadata that is fresh enough to say so."""

    pending: tuple[PendingUpdate, ...]
    age_days: int


class AptConfig(msgspec.Struct, frozen=True):
    """apt.conf(5) as far as automatic updates go. Intervals in days; 0 is never.

    ``origins`` are the patterns that unattended-upgrades takes updates from.
    """

    enable: bool
    update_lists_days: float
    unattended_upgrade_days: float
    origins: tuple[str, ...]
    automatic_reboot: bool


class DnfAutomatic(msgspec.Struct, frozen=True):
    """automatic.conf of dnf-automatic."""

    apply_updates: bool
    upgrade_type: str
    file: str


class AutomaticUpdates(msgspec.Struct, frozen=True):
    """Whether security updates are installed without a person. ``mechanism`` is unattended-upgrades,
    dnf-automatic or none; ``gaps`` say what is missing, in words."""

    mechanism: str
    on: bool
    gaps: tuple[str, ...] = ()


class RebootState(msgspec.Struct, frozen=True):
    """The running kernel, those on disk, and the marks of packages that want a reboot.

    ``version`` is the build text of the running kernel; ``boot_readable`` is False when /boot could not be
    listed.
    """

    running: str
    version: str
    images: tuple[str, ...]
    modules: tuple[str, ...]
    boot_readable: bool
    marked: bool
    marked_by: tuple[str, ...] = ()


class RebootNeeded(msgspec.Struct, frozen=True):
    """Whether what is installed takes a reboot to be what runs. ``reasons`` is empty when not."""

    needed: bool
    reasons: tuple[str, ...]
    running: str
    newest: str | Absent
