"""Kernel settings now against after the next boot, with the file and line that make the value.

systemd-sysctl(8) joins the files of sysctl.d(5): of several files of one name that of /etc wins over /run,
/usr/local/lib and /usr/lib; names are sorted, later lines win, a key that is named outright is left out of
every glob. /etc/sysctl.conf counts only where a link in a folder leads to it. ``sysctl --system`` of procps
puts /run first and reads /etc/sysctl.conf last; it makes the values where systemd is not the first process.
ufw applies its own file after either.

Not weighed: what other programs set later (tuned, docker, a udev rule), and values of single interfaces.
"""

from __future__ import annotations

import fnmatch
import posixpath
from collections.abc import Iterable, Mapping

import msgspec

from hardcheck.derive.sysctl_defaults import kernel_default
from hardcheck.facts import Absent, Reason
from hardcheck.facts.host import CommandLine
from hardcheck.facts.sysctl import SysctlFile, SysctlFiles, SysctlReading, SysctlSetting, SysctlValue

_SYSTEMD = ("/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d", "/lib/sysctl.d")
_PROCPS = ("/run/sysctl.d", "/etc/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d", "/lib/sysctl.d")
_CONF = "/etc/sysctl.conf"
_FOLLOWS = {  # one kernel variable by another name, or one that the kernel changes with the other
    "net.ipv4.ip_forward": ("net.ipv4.conf.all.forwarding",),
    "net.ipv4.conf.all.forwarding": ("net.ipv4.ip_forward",),
    "net.ipv4.conf.default.forwarding": ("net.ipv4.conf.all.forwarding", "net.ipv4.ip_forward"),
    "net.ipv6.conf.default.forwarding": ("net.ipv6.conf.all.forwarding",),
    "net.ipv6.conf.default.disable_ipv6": ("net.ipv6.conf.all.disable_ipv6",),
}
_NOT_SET = Absent(Reason.NOT_PRESENT, ("sysctl.files",), "no file sets it")
_NO_DEFAULT = Absent(
    Reason.NOT_PRESENT,
    ("sysctl.files", "sysctl.values"),
    "no file sets it, and the kernel's own start value is not known",
)


class Assignments(msgspec.Struct, frozen=True):
    """What a run over the files assigns. ``hidden`` is why a file that could not be read may have
    changed everything that no later file sets."""

    settings: Mapping[str, SysctlSetting]
    hidden: Absent | None

    def of(self, key: str) -> SysctlSetting | Absent | None:
        """The assignment of a key: None where there is none, Absent where that is not known."""
        named = self.settings.get(key)
        if named is not None:
            return named if named.value is not None else self.hidden
        globs = [each for each in self.settings.values() if each.value is not None and _covers(each.key, key)]
        return globs[-1] if globs and self.hidden is None else self.hidden


def sysctl_values(
    reading: SysctlReading,
    files: SysctlFiles | Absent,
    options: Mapping[str, str] | Absent,
    command_line: CommandLine | Absent,
) -> dict[str, SysctlValue]:
    """Every setting that was asked for, by key."""
    arguments = _arguments(command_line)
    known = {} if isinstance(options, Absent) else options
    if isinstance(files, Absent):
        return {key: SysctlValue(key, now, files, files) for key, now in reading.values.items()}
    systemd, procps = assign(files, _SYSTEMD, conf=False), assign(files, _PROCPS, conf=True)
    boot, other = (systemd, procps) if reading.systemd else (procps, systemd)
    values = {}
    for key, now in reading.values.items():
        if isinstance(now, Absent) and now.reason is Reason.NOT_PRESENT:
            values[key] = SysctlValue(key, now, now, now)
            continue
        after, by = _after(key, boot, arguments, kernel_default(key, known, reading.version))
        differs = _differs(key, after, other) if reading.systemd else ""
        values[key] = SysctlValue(key, now, after, by, differs)
    return values


def settings(values: Mapping[str, SysctlValue]) -> tuple[SysctlValue, ...]:
    """The same as a list, by key."""
    return tuple(values[key] for key in sorted(values))


def assign(files: SysctlFiles, folders: Iterable[str], *, conf: bool) -> Assignments:
    """Run over the files in the order of boot: the first folder that has a name wins it."""
    chosen: dict[str, SysctlFile] = {}
    for folder in folders:
        for file in files.files:
            if posixpath.dirname(file.path) == folder:
                chosen.setdefault(posixpath.basename(file.path), file)
    order = [chosen[name] for name in sorted(chosen)]
    if conf:
        order += [file for file in files.files if file.path == _CONF]
    if files.ufw is not None:
        order.append(files.ufw)
    settings: dict[str, SysctlSetting] = {}
    hidden: Absent | None = None
    for file in order:
        if isinstance(file.settings, Absent):
            settings, hidden = {}, file.settings
            continue
        for setting in file.settings:
            settings.pop(setting.key, None)
            settings[setting.key] = setting
    return Assignments(settings, hidden)


def _after(
    key: str, boot: Assignments, arguments: Mapping[str, str], default: str | None
) -> tuple[str | Absent, str | Absent]:
    """The value after boot, and what makes it."""
    found = boot.of(key)
    for other in _FOLLOWS.get(key, ()):
        found = boot.of(other) if found is None else found
    if isinstance(found, Absent):
        return found, found
    if found is not None and found.value is not None:
        return found.value, found.place
    if key in arguments:
        return arguments[key], "kernel command line"
    if default is not None:
        return default, "kernel default"
    return _NO_DEFAULT, _NOT_SET


def _differs(key: str, after: str | Absent, other: Assignments) -> str:
    """What ``sysctl --system`` would make of the files, where that is another value."""
    found = other.of(key)
    if not isinstance(found, SysctlSetting) or found.value is None or found.value == after:
        return ""
    return f"{found.value} ({found.place})"


def _arguments(command_line: CommandLine | Absent) -> dict[str, str]:
    """``sysctl.KEY=VALUE`` of the kernel's command line, and ``norandmaps``."""
    if isinstance(command_line, Absent):
        return {}
    found = {}
    for parameter in command_line.parameters:
        name, equals, value = parameter.partition("=")
        if parameter == "norandmaps":
            found["kernel.randomize_va_space"] = "0"
        elif equals and name.startswith(("sysctl.", "sysctl/")):
            found[name[len("sysctl.") :].replace("/", ".")] = value
    return found


def _covers(pattern: str, key: str) -> bool:
    """Whether a glob names the key; ``*`` does not reach over a dot, as in a path."""
    if not any(mark in pattern for mark in "*?["):
        return False
    parts, names = pattern.split("."), key.split(".")
    return len(parts) == len(names) and all(
        fnmatch.fnmatchcase(name, part) for part, name in zip(parts, names, strict=True)
    )
