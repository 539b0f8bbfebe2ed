"""Which system a host runs and how its kernel is started."""

from __future__ import annotations

from typing import Literal

import msgspec

Family = Literal["debian", "rhel", "suse", "arch", "alpine", "other"]

_FAMILIES: dict[str, Family] = {
    "debian": "debian",
    "ubuntu": "debian",
    "rhel": "rhel",
    "fedora": "rhel",
    "centos": "rhel",
    "suse": "suse",
    "opensuse": "suse",
    "sles": "suse",
    "arch": "arch",
    "alpine": "alpine",
}


class OsRelease(msgspec.Struct, frozen=True):
    """os-release(5). Fields that the file does not have are empty, as that page defines them."""

    id: str
    version_id: str = ""
    name: str = ""
    pretty_name: str = ""
    id_like: tuple[str, ...] = ()

    @property
    def family(self) -> Family:
        """The distribution family by ID, then by ID_LIKE in its order."""
        for word in (self.id, *self.id_like):
            family = _FAMILIES.get(word) or _FAMILIES.get(word.split("-")[0])
            if family is not None:
                return family
        return "other"


class Kernel(msgspec.Struct, frozen=True):
    """uname(2): ``release`` is ``6.1.0-56-cloud-amd64``, ``version`` the build's own text."""

    nodename: str
    release: str
    version: str
    machine: str


class CommandLine(msgspec.Struct, frozen=True):
    """A kernel command line, split at blanks outside double quotes as the kernel does."""

    parameters: tuple[str, ...]

    def value(self, name: str) -> str | None:
        """The value of the last ``name=value``; None where there is none."""
        prefix = name + "="
        return next((p[len(prefix) :] for p in reversed(self.parameters) if p.startswith(prefix)), None)


class BootEntry(msgspec.Struct, frozen=True):
    """One entry of the boot loader's menu. ``rescue``: for repair by hand, not for service.

    ``unresolved`` names the variables in the options whose value is not known.
    """

    title: str
    source: str
    options: CommandLine
    rescue: bool = False
    unresolved: tuple[str, ...] = ()


class BootLoader(msgspec.Struct, frozen=True):
    """What the next boot can use. ``opaque`` are unified kernel images, whose options are inside."""

    entries: tuple[BootEntry, ...]
    opaque: tuple[str, ...] = ()

    @property
    def service_entries(self) -> tuple[BootEntry, ...]:
        """Every entry that is not for rescue."""
        return tuple(entry for entry in self.entries if not entry.rescue)


class BootDefaults(msgspec.Struct, frozen=True):
    """Kernel options of the files that boot loader entries are generated from, FILE to options."""

    options: dict[str, CommandLine]
