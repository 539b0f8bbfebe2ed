"""Derived facts on mandatory access control: states reconciled from several sources, and who is confined."""

from __future__ import annotations

from typing import Literal

import msgspec

from hardcheck.facts.base import Absent

FrameworkName = Literal["selinux", "apparmor", "neither"]
SelinuxMode = Literal["enforcing", "permissive", "disabled"]
SelinuxAtBoot = Literal["enforcing", "permissive", "disabled", "differs"]
ApparmorNow = Literal["enabled", "without profiles", "disabled"]
ApparmorAtBoot = Literal["enabled", "without profiles", "disabled", "differs"]
Confined = Literal["enforced", "permissive", "unconfined"]


class StateSource(msgspec.Struct, frozen=True):
    """One place that says something about the mode, and what it says."""

    source: str
    says: str


class BootOutcome(msgspec.Struct, frozen=True):
    """What a boot entry leads to. ``source`` is its file, or ``/proc/cmdline`` where the host has no
    boot loader of its own and is taken to be started again as it was."""

    entry: str
    source: str
    state: str

    @property
    def shown(self) -> str:
        """``ENTRY (FILE): STATE`` for people."""
        return f"{self.entry} ({self.source}): {self.state}"


class SelinuxModes(msgspec.Struct, frozen=True):
    """SELinux's mode now, as configured, and after the next boot.

    ``now`` is ``disabled`` also where SELinux is on without a policy. ``at_boot`` weighs the
    configuration, the kernel options of every service entry of the boot loader, and which security module
    they select; ``differs`` where the entries part. ``verdict`` is one name for both: ``enforcing``,
    ``enforcing now, permissive after the next boot``, ...; Absent where one of the two was not seen
    and the other is as it should be. ``shown`` says what is known in any case.
    """

    now: SelinuxMode
    configured: Literal["enforcing", "permissive", "disabled", "invalid"] | Absent
    at_boot: SelinuxAtBoot | Absent
    verdict: str | Absent
    boot: tuple[BootOutcome, ...] = ()
    sources: tuple[StateSource, ...] = ()

    @property
    def shown(self) -> str:
        """The verdict, or what is known of it, for people."""
        return mode_words(self.now, self.at_boot)


class ApparmorModes(msgspec.Struct, frozen=True):
    """AppArmor now and after the next boot. ``without profiles``: the module is on, and the service
    that loads the profiles is not enabled (or, now, none is loaded)."""

    now: ApparmorNow | Absent
    at_boot: ApparmorAtBoot | Absent
    verdict: str | Absent
    boot: tuple[BootOutcome, ...] = ()
    sources: tuple[StateSource, ...] = ()

    @property
    def shown(self) -> str:
        """The verdict, or what is known of it, for people."""
        return mode_words(self.now, self.at_boot)


class BootSwitches(msgspec.Struct, frozen=True):
    """Options that switch a MAC framework off or to permissive, by where they stand.

    ``running`` are those of the running kernel, ``next`` of boot entries (``ENTRY: OPTION``),
    ``generated`` of the files that new entries are made from (``FILE: OPTION``).
    """

    running: tuple[str, ...] | Absent
    next: tuple[str, ...] | Absent
    generated: tuple[str, ...] | Absent


class Subject(msgspec.Struct, frozen=True):
    """A process under the framework that is active.

    ``subject`` is its SELinux type or AppArmor profile. ``state``: ``enforced`` when a denial is
    refused, ``permissive`` when it is only logged (permissive domain or system, complain mode),
    ``unconfined`` when the policy puts no bound on it; Absent where the policy that decides could not
    be read.
    ``service``: it belongs to a system service, not to a login session or the kernel.
    """

    pid: int
    name: str
    unit: str
    program: str
    uid: int
    label: str
    subject: str
    state: Confined | Absent
    service: bool

    @property
    def shown(self) -> str:
        """``NAME (pid N, UNIT) in LABEL`` for people."""
        where = f", {self.unit}" if self.unit else ""
        return f"{self.name} (pid {self.pid}{where}) in {self.label}"


class ListeningSubject(msgspec.Struct, frozen=True):
    """A listening socket and a process that holds it. ``local`` when only this host can reach it."""

    protocol: str
    address: str
    port: int
    local: bool
    name: str
    pid: int
    unit: str
    label: str
    subject: str
    state: Confined | Absent

    @property
    def shown(self) -> str:
        """``NAME (UNIT) on PROTOCOL ADDRESS:PORT in LABEL`` for people."""
        where = f" ({self.unit})" if self.unit else ""
        address = f"[{self.address}]" if ":" in self.address else self.address
        return f"{self.name}{where} on {self.protocol} {address}:{self.port} in {self.label}"


class PermissiveDomain(msgspec.Struct, frozen=True):
    """A SELinux type whose denials are only logged, with its processes. ``local``: made so on this host."""

    type_: str
    processes: tuple[str, ...]
    local: bool | Absent

    @property
    def shown(self) -> str:
        """The type and its processes for people."""
        return f"{self.type_}: {', '.join(self.processes) or 'no process now'}"


class BooleanChange(msgspec.Struct, frozen=True):
    """A boolean that is not as the policy has it, or will not stay as it is.

    ``default`` is the policy's own value, Absent where the host does not keep it; ``after_boot`` what
    the next boot brings; ``local`` tells that it was set persistently on this host.
    """

    name: str
    default: bool | Absent
    now: bool
    pending: bool
    after_boot: bool | Absent
    local: bool = False

    @property
    def off_default(self) -> bool | Absent:
        """Whether its value now is not the policy's own."""
        return self.default if isinstance(self.default, Absent) else self.now != self.default

    @property
    def stays(self) -> bool | Absent:
        """Whether a commit and a boot leave it as it is now."""
        if self.pending != self.now:
            return False
        return self.after_boot if isinstance(self.after_boot, Absent) else self.after_boot == self.now

    @property
    def shown(self) -> str:
        """``NAME: on now, off by default, off after the next boot`` for people."""
        words = [f"{_word(self.now)} now"]
        if not isinstance(self.default, Absent):
            words.append(f"{_word(self.default)} by default")
        if self.pending != self.now:
            words.append(f"{_word(self.pending)} pending")
        if not isinstance(self.after_boot, Absent) and self.after_boot != self.now:
            words.append(f"{_word(self.after_boot)} after the next boot")
        return f"{self.name}: {', '.join(words)}"


def mode_words(now: str | Absent, at_boot: str | Absent) -> str:
    """One name for the state now and the one after the next boot."""
    current = f"unknown ({now.reason})" if isinstance(now, Absent) else now
    if isinstance(at_boot, Absent):
        return f"{current} now, unknown ({at_boot.reason}) after the next boot"
    if at_boot == "differs":
        return f"{current} now, after the next boot it depends on the boot entry"
    return current if at_boot == current else f"{current} now, {at_boot} after the next boot"


def _word(on: bool) -> str:
    return "on" if on else "off"
