"""The mode now, as configured and after the next boot, reconciled into one named verdict.

How libselinux settles the mode at boot (load_policy.c): ``SELINUX=disabled`` ends it; otherwise the first
``enforcing=`` of the command line goes before the configuration; a configuration without a known word
means permissive. The profiles of AppArmor are loaded by apparmor.service.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

from hardcheck.derive.lsm_order import EXCLUSIVE, selected_module, switched_off
from hardcheck.facts import Absent, Reason
from hardcheck.facts.apparmor import ApparmorKernel, LoadedProfile, ServiceState
from hardcheck.facts.host import BootLoader, CommandLine
from hardcheck.facts.mac import (
    ApparmorAtBoot,
    ApparmorModes,
    ApparmorNow,
    BootOutcome,
    SelinuxAtBoot,
    SelinuxMode,
    SelinuxModes,
    StateSource,
    mode_words,
)
from hardcheck.facts.selinux import SelinuxConfig, SelinuxKernel, Sestatus

_UNIT_RUNS = frozenset({"enabled", "enabled-runtime", "static", "generated", "linked", "indirect"})


def derive_selinux_modes(
    kernel: SelinuxKernel | Absent,
    config: SelinuxConfig | Absent,
    sestatus: Sestatus | Absent,
    command_line: CommandLine | Absent,
    loader: BootLoader | Absent,
    build: Mapping[str, str] | Absent,
    active: tuple[str, ...] | Absent,
) -> SelinuxModes | Absent:
    """Reconcile everything that speaks of SELinux's mode; Absent when the mode now could not be seen."""
    now: SelinuxMode
    if isinstance(kernel, Absent):
        if kernel.reason is not Reason.NOT_PRESENT:
            return kernel
        now = "disabled"
    elif not kernel.policy_loaded:
        now = "disabled"
    else:
        now = "enforcing" if kernel.enforcing else "permissive"

    def settle(line: CommandLine) -> str | None:
        module = selected_module(line, build, command_line, _active_module(active))
        if module is None:
            return None
        return _mode_at_boot(line, module, config, now)

    boot = _outcomes(loader, command_line, settle)
    at_boot = _one_state(boot)
    if isinstance(at_boot, Absent) and isinstance(config, Absent) and config.reason is not Reason.NOT_PRESENT:
        at_boot = config  # the nearer reason
    configured = config if isinstance(config, Absent) else config.mode
    return SelinuxModes(
        now=now,
        configured=configured,
        at_boot=at_boot if isinstance(at_boot, Absent) else cast(SelinuxAtBoot, at_boot),
        verdict=_verdict(now, at_boot, "enforcing"),
        boot=() if isinstance(boot, Absent) else boot,
        sources=_selinux_sources(kernel, config, sestatus, command_line, boot),
    )


def derive_apparmor_modes(
    kernel: ApparmorKernel | Absent,
    profiles: tuple[LoadedProfile, ...] | Absent,
    service: ServiceState | Absent,
    command_line: CommandLine | Absent,
    loader: BootLoader | Absent,
    build: Mapping[str, str] | Absent,
    active: tuple[str, ...] | Absent,
) -> ApparmorModes | Absent:
    """Reconcile everything that speaks of AppArmor; Absent when it could not be seen whether it is on."""
    now: ApparmorNow | Absent
    if isinstance(kernel, Absent) and kernel.reason is not Reason.NOT_PRESENT:
        return kernel
    if isinstance(kernel, Absent) or not kernel.enabled:
        now = "disabled"
    elif isinstance(profiles, Absent):
        now = profiles
    else:
        now = "enabled" if profiles else "without profiles"

    def settle(line: CommandLine) -> str | None:
        module = selected_module(line, build, command_line, _active_module(active))
        if module is None:
            return None
        if module != "apparmor":
            return "disabled"
        if isinstance(service, Absent):
            return None
        return "enabled" if service.unit_file in _UNIT_RUNS else "without profiles"

    boot = _outcomes(loader, command_line, settle)
    at_boot = _one_state(boot)
    sources = [
        StateSource(
            "/sys/module/apparmor/parameters/enabled",
            _said(kernel, lambda state: "Y" if state.enabled else "N"),
        ),
        StateSource("loaded profiles", _said(profiles, lambda loaded: str(len(loaded)))),
        StateSource("apparmor.service", _said(service, lambda s: s.unit_file or s.load)),
        *_boot_sources(command_line, boot),
    ]
    return ApparmorModes(
        now=now,
        at_boot=at_boot if isinstance(at_boot, Absent) else cast(ApparmorAtBoot, at_boot),
        verdict=_verdict(now, at_boot, "enabled"),
        boot=() if isinstance(boot, Absent) else boot,
        sources=tuple(sources),
    )


def _active_module(active: tuple[str, ...] | Absent) -> str | None:
    if isinstance(active, Absent):
        return None
    return next((name for name in active if name in EXCLUSIVE), "")


def _mode_at_boot(
    line: CommandLine, module: str, config: SelinuxConfig | Absent, now: SelinuxMode
) -> str | None:
    if module != "selinux" or switched_off(line, "selinux"):
        return "disabled"
    if isinstance(config, Absent):
        if config.reason is not Reason.NOT_PRESENT:
            return None
        # Without the file no policy type is configured, and a system that never had one loads none.
        return "disabled" if now == "disabled" else "permissive"
    if config.mode == "disabled":
        return "disabled"
    for parameter in line.parameters:
        if parameter.startswith("enforcing="):
            return "enforcing" if _number(parameter.removeprefix("enforcing=")) else "permissive"
    return "permissive" if config.mode == "invalid" else config.mode


def _number(text: str) -> bool:
    """atoi(3) and then whether it is not zero."""
    digits = text[1:] if text[:1] in ("-", "+") else text
    lead = digits[: len(digits) - len(digits.lstrip("0123456789"))]
    return bool(lead.strip("0"))


def _outcomes(
    loader: BootLoader | Absent, running: CommandLine | Absent, settle: Callable[[CommandLine], str | None]
) -> tuple[BootOutcome, ...] | Absent:
    """What every service entry leads to, or the running command line again where there is no loader."""
    if isinstance(loader, Absent):
        if loader.reason is not Reason.NOT_PRESENT:
            return loader
        if isinstance(running, Absent):
            return running
        state = settle(running)
        return (BootOutcome("started as now", "/proc/cmdline", state or "unknown"),)
    if loader.opaque:
        return Absent(
            Reason.NOT_COLLECTED, ("boot.loader",), f"options are inside the image {loader.opaque[0]}"
        )
    found = []
    for entry in loader.service_entries:
        state = None if entry.unresolved else settle(entry.options)
        found.append(BootOutcome(entry.title or "boot entry", entry.source, state or "unknown"))
    if not found:
        return Absent(Reason.UNPARSABLE, ("boot.loader",), "the boot loader has no entry with options")
    return tuple(found)


def _one_state(boot: tuple[BootOutcome, ...] | Absent) -> str | Absent:
    if isinstance(boot, Absent):
        return boot
    states = {outcome.state for outcome in boot}
    if "unknown" in states:
        unknown = next(outcome for outcome in boot if outcome.state == "unknown")
        return Absent(
            Reason.NOT_COLLECTED,
            ("boot.loader", "kernel.config"),
            f"what {unknown.entry} ({unknown.source}) leads to cannot be told",
        )
    return states.pop() if len(states) == 1 else "differs"


def _verdict(now: str | Absent, at_boot: str | Absent, good: str) -> str | Absent:
    """One name for the two states; Absent where one was not seen and the other is good."""
    if isinstance(at_boot, Absent) and (isinstance(now, Absent) or now == good):
        return at_boot
    if isinstance(now, Absent) and at_boot == good:
        return now
    return mode_words(now, at_boot)


def _said(value: object, words: Callable[..., str]) -> str:
    if isinstance(value, Absent):
        return "not there" if value.reason is Reason.NOT_PRESENT else f"unknown ({value.reason})"
    return words(value)


def _selinux_sources(
    kernel: SelinuxKernel | Absent,
    config: SelinuxConfig | Absent,
    sestatus: Sestatus | Absent,
    command_line: CommandLine | Absent,
    boot: tuple[BootOutcome, ...] | Absent,
) -> tuple[StateSource, ...]:
    def of_kernel(state: SelinuxKernel) -> str:
        if not state.policy_loaded:
            return "no policy loaded"
        return "enforcing" if state.enforcing else "permissive"

    def of_sestatus(state: Sestatus) -> str:
        return state.mode if isinstance(state.mode, str) else ("enabled" if state.enabled else "disabled")

    return (
        StateSource("/sys/fs/selinux/enforce", _said(kernel, of_kernel)),
        StateSource("sestatus", _said(sestatus, of_sestatus)),
        StateSource("/etc/selinux/config", _said(config, lambda c: c.mode)),
        *_boot_sources(command_line, boot),
    )


def _boot_sources(
    command_line: CommandLine | Absent, boot: tuple[BootOutcome, ...] | Absent
) -> tuple[StateSource, ...]:
    def of_line(line: CommandLine) -> str:
        words = ("selinux=", "enforcing=", "apparmor=", "security=", "lsm=")
        return " ".join(p for p in line.parameters if p.startswith(words)) or "says nothing"

    def of_boot(outcomes: tuple[BootOutcome, ...]) -> str:
        return "; ".join(dict.fromkeys(outcome.shown for outcome in outcomes))

    return (
        StateSource("/proc/cmdline", _said(command_line, of_line)),
        StateSource("next boot", _said(boot, of_boot)),
    )
