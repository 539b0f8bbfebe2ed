"""What the next boot can use: GRUB 2 and GRUB legacy, extlinux, and Boot Loader Specification entries.

The probe takes only the lines that name entries and options, as ``FILE:LINE``::

    /boot/grub2/grub.cfg:menuentry 'Fedora (6.8.5)' --class os $menuentry_id_option 'gnulinux-6.8.5' {
    /boot/grub2/grub.cfg:        linux /vmlinuz-6.8.5 root=/dev/sda1 ro selinux=0
    /boot/grub/grubenv:kernelopts=root=/dev/sda1 ro
    uki /boot/efi/EFI/Linux/fedora.efi

An entry of the specification is a file of ``KEY VALUE`` lines, of which ``options`` may be repeated
and may name GRUB variables (``$kernelopts $tuned_params``). Not covered: which entry is the default;
all of them count.
"""

from __future__ import annotations

import re

from hardcheck.evidence import Evidence, HostEvidence, Reason
from hardcheck.facts import Absent
from hardcheck.facts.host import BootEntry, BootLoader
from hardcheck.parse.base import absent
from hardcheck.parse.kernel_cmdline import parse_options

KEYS = ("boot.loader", "boot.entries")
_LINE = re.compile(r"(?P<file>/[^:]+):\s*(?P<text>.*)")
_TITLE = re.compile(r"""(?P<word>\w+)\s+(?P<quote>["']?)(?P<title>.*?)(?P=quote)(?:\s.*)?""")
_VARIABLE = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)\}?")
_SETTING = re.compile(r"(?:set\s+)?(kernelopts|tuned_params|vt_handoff)=(.*)")
_RESCUE = re.compile(r"rescue|recovery|memtest|single user", re.IGNORECASE)
_RESCUE_PARAMETERS = frozenset({"single", "s", "S", "1", "recovery", "emergency", "rescue"})
_KERNEL_WORDS = frozenset({"linux", "linux16", "linuxefi", "kernel"})
_HARMLESS = frozenset({"vt_handoff"})  # where the console goes


def parse_boot_loader(host: HostEvidence) -> BootLoader | Absent:
    """Every boot entry of the host; Absent(NOT_PRESENT) where it has no boot loader of its own, as in a
    container or a machine that is given its kernel from outside."""
    grub, entries = host.get(KEYS[0]), host.get(KEYS[1])
    for evidence in (grub, entries):
        if evidence.reason is not None and evidence.reason is not Reason.NOT_PRESENT:
            return absent(evidence)
    lines = [line for _, line in grub.lines()]
    variables = boot_variables(lines)
    found = [*_grub_entries(lines, variables)]
    found += [specified_entry(member, variables) for member in host.members(KEYS[1])]
    opaque = tuple(line[4:] for line in lines if line.startswith("uki "))
    if not found and not opaque:
        if grub.reason is not None or grub.content == b"none\n":
            return Absent(Reason.NOT_PRESENT, KEYS, "no boot loader configuration is on this host")
        return Absent(Reason.UNPARSABLE, KEYS, "the boot loader's files name no entry with a kernel")
    return BootLoader(tuple(found), opaque)


def boot_variables(lines: list[str]) -> dict[str, str]:
    """GRUB variables; what grubenv sets is there before grub.cfg runs, which then only fills gaps."""
    values: dict[str, str] = {}
    saved: dict[str, str] = {}
    for line in lines:
        match = _LINE.fullmatch(line)
        setting = match and _SETTING.match(match["text"])
        if match and setting:
            into = saved if match["file"].endswith("/grubenv") else values
            into.setdefault(setting[1], setting[2].strip().strip("\"'"))
    return values | saved


def _grub_entries(lines: list[str], variables: dict[str, str]) -> list[BootEntry]:
    found = []
    title = source = ""
    for line in lines:
        match = _LINE.fullmatch(line)
        if match is None:
            continue
        if match["file"] != source:
            title, source = "", match["file"]
        text = match["text"]
        word = text.split(None, 1)[0].lower() if text else ""
        if word in ("menuentry", "title", "label"):
            title = entry_title(text)
        elif word in _KERNEL_WORDS:
            found.append(boot_entry(title, source, words_after(text, 2), variables))
        elif word == "append" and found:  # extlinux: the options are on a line of their own
            found[-1] = boot_entry(title, source, words_after(text, 1), variables)
    return found


def entry_title(text: str) -> str:
    """The title of a ``menuentry``, ``submenu``, ``title`` or ``label`` line; empty where it has none."""
    match = _TITLE.fullmatch(text.rstrip("{ "))
    if match is None:
        return ""
    return match["title"] if match["quote"] else text.split(None, 1)[1].strip()


def words_after(text: str, words: int) -> str:
    """What follows the first words of a line."""
    parts = text.split(None, words)
    return parts[words] if len(parts) > words else ""


def specified_entry(member: Evidence, variables: dict[str, str]) -> BootEntry:
    """One file of /boot/loader/entries."""
    path = member.key.partition(":")[2]
    title, options = "", []
    for _, line in member.lines():
        key, _, value = line.strip().partition(" ")
        if key == "title":
            title = value.strip()
        elif key == "options":
            options.append(value.strip())
    shown = title or path
    return boot_entry(shown, path, " ".join(options), variables, rescue="rescue" in path)


def boot_entry(
    title: str, source: str, options: str, variables: dict[str, str], *, rescue: bool = False
) -> BootEntry:
    """An entry with the variables of its options put in."""
    unresolved = tuple(
        dict.fromkeys(
            name for name in _VARIABLE.findall(options) if name not in variables and name not in _HARMLESS
        )
    )
    line = parse_options(_VARIABLE.sub(lambda found: variables.get(found[1], ""), options))
    rescue = rescue or bool(_RESCUE.search(title)) or not _RESCUE_PARAMETERS.isdisjoint(line.parameters)
    return BootEntry(title, source, line, rescue, unresolved)
