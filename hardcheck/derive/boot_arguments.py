"""Parameters of the kernel now, after the next boot and for entries made later, and the safeguards they
decide.

The entry that counts is the one that boots next. Where that cannot be told (a boot loader other than GRUB
2), all entries that are not for rescue count, and have to agree. What the kernel does without a parameter is
taken from the running one: an entry with a kernel of another build may part from it.
Source: kernel Documentation/admin-guide/kernel-parameters.txt and hw-vuln; mm/page_poison.c; mm/slub.c.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from hardcheck.facts import Absent, Reason
from hardcheck.facts.boot import BootChoice, Firmware, KernelArgument, Protections, Safeguard
from hardcheck.facts.host import BootDefaults, BootEntry, BootLoader, CommandLine

NAMES = (
    "init_on_free",
    "lockdown",
    "mitigations",
    "noexec",
    "nopti",
    "nospectre_v2",
    "page_poison",
    "pti",
    "slab_debug",
    "slub_debug",
    "spectre_v2",
    "vsyscall",
)
UNSET, FLAG = "not set", "set"
_ON = frozenset({"1", "on", "y", "yes", "true", FLAG})

Line = Mapping[str, str]  # parameter to value, only those of NAMES that are there
Judge = Callable[[Line, Mapping[str, str]], bool | None]


def arguments(
    now: CommandLine | Absent,
    choice: BootChoice | Absent,
    loader: BootLoader | Absent,
) -> dict[str, KernelArgument]:
    """The parameters of `NAMES`, by name."""
    lines, by = _next(now, choice, loader)
    found = {}
    for name in NAMES:
        after = lines if isinstance(lines, Absent) else _agreed(name, lines)
        running = now if isinstance(now, Absent) else _value(now, name)
        found[name] = KernelArgument(name, running, after, by)
    return found


def generated(defaults: BootDefaults) -> dict[str, str]:
    """The parameters of `NAMES` in the files that boot entries are made from."""
    found = {}
    for name in NAMES:
        said = [_value(line, name) for line in defaults.options.values()]
        found[name] = next((value for value in said if value != UNSET), UNSET)
    return found


def _next(
    now: CommandLine | Absent, choice: BootChoice | Absent, loader: BootLoader | Absent
) -> tuple[tuple[CommandLine, ...] | Absent, str]:
    """The command lines that the next boot may have, and whose they are."""
    if isinstance(loader, Absent):
        if loader.reason is not Reason.NOT_PRESENT:
            return loader, "boot loader not read"
        return (now if isinstance(now, Absent) else (now,)), "no boot loader: started as now"
    entries: Iterable[BootEntry]
    if isinstance(choice, Absent):
        if loader.opaque:
            detail = f"options are inside the image {loader.opaque[0]}"
            return Absent(Reason.NOT_COLLECTED, ("boot.loader",), detail[:300]), loader.opaque[0]
        entries, by = loader.service_entries, f"{len(loader.service_entries)} boot entries"
    else:
        entries, by = (choice.entry,), f"{choice.by}: {choice.entry.title} in {choice.entry.source}"
    lines = []
    for entry in entries:
        if entry.unresolved:
            detail = f"{entry.source}: the variable {entry.unresolved[0]} is not known"
            return Absent(Reason.NOT_COLLECTED, ("boot.loader",), detail[:300]), by
        lines.append(entry.options)
    if not lines:
        return Absent(Reason.UNPARSABLE, ("boot.loader",), "the boot loader has no entry with options"), by
    return tuple(lines), by


def _value(line: CommandLine, name: str) -> str:
    value = line.value(name)
    if value is not None:
        return value
    return FLAG if name in line.parameters else UNSET


def _agreed(name: str, lines: Iterable[CommandLine]) -> str | Absent:
    values = sorted({_value(line, name) for line in lines})
    if len(values) == 1:
        return values[0]
    detail = f"boot entries differ on {name}: {', '.join(values)}"
    return Absent(Reason.NOT_COLLECTED, ("boot.loader",), detail[:300])


def page_tables(found: Mapping[str, KernelArgument], state: Protections) -> Safeguard:
    """Isolation of the kernel's page tables, against Meltdown."""
    return _reported("page table isolation", "meltdown", found, state, _isolation_off)


def branch_targets(found: Mapping[str, KernelArgument], state: Protections) -> Safeguard:
    """Protection of branch targets, against Spectre variant 2."""
    return _reported("protection of branch targets", "spectre_v2", found, state, _branches_off)


def _line(found: Mapping[str, KernelArgument], *, after: bool) -> dict[str, str] | Absent:
    values: dict[str, str] = {}
    for name, argument in found.items():
        value = argument.after_boot if after else argument.now
        if isinstance(value, Absent):
            return value
        if value != UNSET:
            values[name] = value
    return values


def _by(found: Mapping[str, KernelArgument], *names: str) -> str:
    """What decides it after boot: the parameters by name, and whose they are."""
    said = [f"{n}={found[n].after_boot}" for n in names if found[n].after_boot not in (UNSET,)]
    words = [text for text in said if "=Absent" not in text]
    return f"{' '.join(words) or 'no parameter'}; {found[names[0]].set_by}"[:300]


def _isolation_off(line: Line) -> bool:
    off = "off" in line.get("mitigations", "").split(",") and line.get("pti") != "on"
    return "nopti" in line or line.get("pti") == "off" or off


def _branches_off(line: Line) -> bool:
    off = "off" in line.get("mitigations", "").split(",") and line.get("spectre_v2", "auto") == "auto"
    return "nospectre_v2" in line or line.get("spectre_v2") == "off" or off


def _reported(
    name: str,
    report: str,
    found: Mapping[str, KernelArgument],
    state: Protections,
    off: Callable[[Line], bool],
) -> Safeguard:
    """A protection that the kernel reports on. It is there after boot unless a parameter takes it away;
    where it is missing now with none that does, the kernel has none."""
    names = (
        ("pti", "nopti", "mitigations")
        if report == "meltdown"
        else ("spectre_v2", "nospectre_v2", "mitigations")
    )
    by = _by(found, *names)
    if isinstance(state.reports, Absent):
        return Safeguard(name, state.reports, state.reports, by)
    text = state.reports.get(report)
    if text is None:
        unseen = Absent(
            Reason.NOT_PRESENT, ("kernel.protections",), f"the kernel does not report on {report}"
        )
        return Safeguard(name, unseen, unseen, by)
    now = not text.lower().startswith("vulnerable")
    before, after = _line(found, after=False), _line(found, after=True)
    if isinstance(after, Absent):
        return Safeguard(name, now, after, by)
    if text == "Not affected":
        return Safeguard(name, True, True, "the processor is not affected")
    lacking = not now and not isinstance(before, Absent) and not off(before)
    return Safeguard(name, now, not off(after) and not lacking, f"{text.split(';')[0][:80]}; {by}")


def vsyscall(
    found: Mapping[str, KernelArgument], state: Protections, build: Mapping[str, str] | Absent
) -> Safeguard:
    """Removal of the vsyscall page."""
    name, by, now = "removal of the vsyscall page", _by(found, "vsyscall"), not state.vsyscall
    after = found["vsyscall"].after_boot
    if isinstance(after, Absent):
        return Safeguard(name, now, after, by)
    if after != UNSET:
        return Safeguard(name, now, after == "none", by)
    if isinstance(build, Absent):
        return Safeguard(name, now, build, by)
    if "LEGACY_VSYSCALL_NONE" not in build:
        unseen = Absent(
            Reason.NOT_PRESENT, ("sysctl.values",), "the default of the kernel's build is not known"
        )
        return Safeguard(name, now, unseen, by)
    left_out = build["LEGACY_VSYSCALL_NONE"] == "y"
    return Safeguard(name, now, left_out, f"{'' if left_out else 'not '}left out of the kernel's build; {by}")


def freed_pages(found: Mapping[str, KernelArgument], build: Mapping[str, str] | Absent) -> Safeguard:
    """Clearing or poisoning of freed pages."""
    return _by_arguments("clearing or poisoning of freed pages", found, build, _freed_pages)


def freed_memory(found: Mapping[str, KernelArgument], build: Mapping[str, str] | Absent) -> Safeguard:
    """Clearing or poisoning of all memory that the kernel frees."""
    return _by_arguments("clearing or poisoning of freed memory", found, build, _freed_memory)


def _freed_pages(line: Line, options: Mapping[str, str]) -> bool | None:
    """None: the kernel's build would tell, and is not known."""
    cleared = _cleared(line, options)
    if cleared:
        return True
    if line.get("page_poison", "").lower() in _ON:
        return options["PAGE_POISONING"] == "y" if "PAGE_POISONING" in options else None
    return cleared


def _freed_memory(line: Line, options: Mapping[str, str]) -> bool | None:
    flags = line.get("slub_debug", line.get("slab_debug", ""))
    if flags == FLAG or ("P" in flags.upper() and "," not in flags):
        return True
    return _cleared(line, options)


def _cleared(line: Line, options: Mapping[str, str]) -> bool | None:
    if "init_on_free" in line:
        return line["init_on_free"].lower() in _ON
    if "INIT_ON_FREE_DEFAULT_ON" in options:
        return options["INIT_ON_FREE_DEFAULT_ON"] == "y"
    return None if not options else False


def _by_arguments(
    name: str,
    found: Mapping[str, KernelArgument],
    build: Mapping[str, str] | Absent,
    judge: Judge,
) -> Safeguard:
    options = {} if isinstance(build, Absent) else build
    states: list[bool | Absent] = []
    for after in (False, True):
        line = _line(found, after=after)
        verdict = line if isinstance(line, Absent) else judge(line, options)
        if verdict is None:
            unseen = Absent(Reason.NOT_PRESENT, ("sysctl.values",), "the kernel's build is not known")
            verdict = build if isinstance(build, Absent) else unseen
        states.append(verdict)
    return Safeguard(name, states[0], states[1], _by(found, "init_on_free", "page_poison", "slub_debug"))


def no_execute(found: Mapping[str, KernelArgument], state: Protections) -> Safeguard:
    """Memory for data that cannot be run."""
    name, by = "no-execute protection", _by(found, "noexec")
    flag: bool | Absent = Absent(Reason.NOT_PRESENT, ("kernel.protections",), "/proc/cpuinfo has no flags")
    if state.no_execute is not None:
        flag = state.no_execute
    now, after = (
        value if isinstance(value, Absent) else (False if value == "off" else flag)
        for value in (found["noexec"].now, found["noexec"].after_boot)
    )
    return Safeguard(name, now, after, by)


def lockdown(
    found: Mapping[str, KernelArgument],
    build: Mapping[str, str] | Absent,
    level: str | Absent,
    modules: tuple[str, ...] | Absent,
    firmware: Firmware | Absent,
) -> Safeguard:
    """Lockdown comes by its parameter, by the kernel's build, or (in the kernels of distributions) with
    Secure Boot."""
    name, by = "lockdown of the kernel", _by(found, "lockdown")
    options = {} if isinstance(build, Absent) else build
    now: bool | Absent
    if isinstance(level, Absent):
        missing = level.reason is Reason.NOT_PRESENT
        if missing and not isinstance(modules, Absent) and "lockdown" not in modules:
            return Safeguard(name, False, False, "this kernel has no lockdown")
        now = level
    else:
        now = level in ("integrity", "confidentiality")
    after = found["lockdown"].after_boot
    if isinstance(after, Absent):
        return Safeguard(name, now, after, by)
    if after in ("integrity", "confidentiality"):
        return Safeguard(name, now, True, by)
    if any(options.get(f"LOCK_DOWN_KERNEL_FORCE_{each}") == "y" for each in ("INTEGRITY", "CONFIDENTIALITY")):
        return Safeguard(name, now, True, "the kernel's build")
    if now is True and found["lockdown"].now == UNSET:
        if isinstance(firmware, Absent) or isinstance(firmware.secure_boot, Absent):
            unseen = firmware if isinstance(firmware, Absent) else firmware.secure_boot
            return Safeguard(name, now, unseen if isinstance(unseen, Absent) else True, by)
        if firmware.secure_boot:
            return Safeguard(name, now, True, "Secure Boot")
    return Safeguard(name, now, False, by)
