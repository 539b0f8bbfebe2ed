"""Who may change what is started, what the next boot starts, and which protections of the kernel are in
force."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from hardcheck.facts.base import Absent
from hardcheck.facts.host import BootEntry


class BootAuth(msgspec.Struct, frozen=True):
    """GRUB's superusers, and the accounts that have a password in its files. No hash is kept.

    ``places`` are FILE of every statement about superusers and passwords.
    """

    superusers: tuple[str, ...]
    with_password: tuple[str, ...]
    plain_passwords: tuple[str, ...] = ()
    places: tuple[str, ...] = ()

    @property
    def protected(self) -> bool:
        """Whether a superuser is named who has a password: without both, GRUB asks nobody."""
        return any(name in self.with_password for name in self.superusers)


class Firmware(msgspec.Struct, frozen=True):
    """``uefi``: the host was started by UEFI. ``secure_boot`` and ``setup_mode`` are its variables;
    ``shim_validates`` is False where shim was told to start what nobody signed."""

    uefi: bool
    secure_boot: bool | Absent
    setup_mode: bool | Absent
    shim_validates: bool | Absent


class Protections(msgspec.Struct, frozen=True):
    """What the running kernel says of its processor. ``no_execute`` is None where the processor's flags do
    not speak of it; ``vsyscall`` is the mode of that page (``--xp``, ``r-xp``), empty where there is none;
    ``reports`` are the files of /sys/devices/system/cpu/vulnerabilities, name to text."""

    machine: str
    no_execute: bool | None
    vsyscall: str
    reports: Mapping[str, str] | Absent

    @property
    def x86(self) -> bool:
        """Whether it is a processor of the x86 family."""
        return self.machine in ("x86_64", "i386", "i486", "i586", "i686")

    @property
    def vulnerable(self) -> tuple[str, ...] | Absent:
        """The faults of the processor that the kernel says are open, with its words."""
        if isinstance(self.reports, Absent):
            return self.reports
        return tuple(
            f"{name}: {text}"
            for name, text in sorted(self.reports.items())
            if text.lower().startswith("vulnerable") or "; vulnerable" in text.lower()
        )


class BootChoice(msgspec.Struct, frozen=True):
    """The entry that the next boot takes, and what says so (``default 0``, ``saved_entry ID``)."""

    entry: BootEntry
    by: str


class KernelArgument(msgspec.Struct, frozen=True):
    """One parameter of the kernel: its value now and after the next boot.

    A parameter that is there without a value has the value ``set``; one that is not there ``not set``.
    ``set_by`` is the boot entry with its file.
    """

    name: str
    now: str | Absent
    after_boot: str | Absent
    set_by: str

    @property
    def shown(self) -> str:
        """``NAME now 1, after boot not set (ENTRY, FILE)``."""

        def said(value: str | Absent) -> str:
            return "not known" if isinstance(value, Absent) else value

        return f"{self.name} now {said(self.now)}, after boot {said(self.after_boot)} ({self.set_by})"


class Safeguard(msgspec.Struct, frozen=True):
    """A protection that the boot decides: in force now, and after the next boot, and by what."""

    name: str
    now: bool | Absent
    after_boot: bool | Absent
    by: str

    @property
    def state(self) -> str | Absent:
        """``on, after boot off (WHY)``; Absent where one of the two was not seen and the other is on."""
        if self.now is False or self.after_boot is False:
            return f"{_on(self.now)}, after boot {_on(self.after_boot)} ({self.by})"
        for part in (self.now, self.after_boot):
            if isinstance(part, Absent):
                return part
        return f"on, after boot on ({self.by})"

    @property
    def shown(self) -> str:
        """``NAME now on, after boot off (WHY)``."""
        return f"{self.name} now {_on(self.now)}, after boot {_on(self.after_boot)} ({self.by})"


def _on(value: bool | Absent) -> str:
    return "not known" if isinstance(value, Absent) else ("on" if value else "off")
