"""Which entry GRUB 2 takes at the next boot: the value of ``default``, grubenv, and the menu.

``grub.cfg`` sets ``default`` to a number, a title, an id, or a path of them through submenus (``1>2``); most
take ``${saved_entry}`` of grubenv, and ``${next_entry}`` goes first where it is set, for one boot.
``blscfg`` puts the entries of /boot/loader/entries there, newest first by the name of the file, which is
their id as well::

    /boot/grub2/grub.cfg:   set default="${next_entry}"
    /boot/grub2/grub.cfg:   set default="${saved_entry}"
    /boot/grub2/grubenv:saved_entry=0123456789abcdef-5.14.0-427.el9.x86_64
    /boot/grub/grub.cfg:submenu 'Advanced options' $menuentry_id_option 'gnulinux-advanced' {

Source: GRUB manual, "default" and "Environment block"; grub-core/normal/menu.c ``get_entry_index_by_name``.
Not covered: GRUB legacy, systemd-boot, and a default that a person sets in firmware.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence

import msgspec

from hardcheck.evidence import HostEvidence, Reason
from hardcheck.facts import Absent
from hardcheck.facts.boot import BootChoice
from hardcheck.facts.host import BootEntry
from hardcheck.parse.base import absent
from hardcheck.parse.boot_loader import (
    KEYS,
    boot_entry,
    boot_variables,
    entry_title,
    specified_entry,
    words_after,
)

_LINE = re.compile(r"(?P<file>/[^:]+):\s*(?P<text>.*)")
_DEFAULT = re.compile(r"(?:set\s+)?default=(?P<value>.*)")
_SAVED = re.compile(r"(?P<name>saved_entry|next_entry)=(?P<value>.*)")
_ID = re.compile(r"(?:\$\{?menuentry_id_option\}?|--id[ =])\s*['\"]?(?P<id>[^'\"\s{]+)")
_MENUS = ("/boot/grub2/grub.cfg", "/boot/grub/grub.cfg")
_PARTS = re.compile(r"[0-9]{1,18}|[A-Za-z]{1,64}|~|\^")
_MAX_LEVELS = 8


class _Item(msgspec.Struct):
    """One line of a menu: an entry, or a submenu with its own lines."""

    title: str
    id: str
    items: list[_Item]
    entry: BootEntry | None = None
    submenu: bool = False


def parse_boot_choice(host: HostEvidence) -> BootChoice | Absent:
    """The entry of the next boot; Absent(NOT_PRESENT) where GRUB 2 has no menu here."""
    grub = host.get(KEYS[0])
    if grub.reason is not None:
        return absent(grub)
    entries = host.get(KEYS[1])
    if entries.reason is not None and entries.reason is not Reason.NOT_PRESENT:
        return absent(entries)
    lines = [line for _, line in grub.lines()]
    found = [match for match in map(_LINE.fullmatch, lines) if match is not None]
    menu_file = next((path for path in _MENUS if any(m["file"] == path for m in found)), None)
    if menu_file is None:
        return Absent(Reason.NOT_PRESENT, KEYS, "GRUB 2 has no menu on this host")
    variables = boot_variables(lines)
    specified = [
        _Item(entry.title, posixpath.basename(entry.source).removesuffix(".conf"), [], entry)
        for entry in (specified_entry(member, variables) for member in host.members(KEYS[1]))
    ]
    specified.sort(key=lambda item: _version(item.id), reverse=True)
    custom = posixpath.join(posixpath.dirname(menu_file), "custom.cfg")
    texts = [(m["file"], m["text"]) for path in (menu_file, custom) for m in found if m["file"] == path]
    menu = _menu(texts, variables, specified)
    wanted, by = _wanted(found, menu_file)
    chosen = _find(menu, wanted)
    if chosen is None:
        return Absent(Reason.NOT_COLLECTED, KEYS, f"no entry of the menu is {by}"[:300])
    return BootChoice(chosen, by)


def _menu(
    texts: Sequence[tuple[str, str]], variables: dict[str, str], specified: Sequence[_Item]
) -> list[_Item]:
    """The top of the menu. A ``}`` that closes nothing ends a function of the script."""
    top: list[_Item] = []
    open_: list[_Item] = []
    for file, text in texts:
        word = text.split(None, 1)[0] if text else ""
        here = open_[-1].items if open_ else top
        if word in ("menuentry", "submenu"):
            match = _ID.search(text)
            item = _Item(entry_title(text), match["id"] if match else "", [], None, word == "submenu")
            here.append(item)
            if len(open_) < _MAX_LEVELS:
                open_.append(item)
        elif word == "}" and open_:
            open_.pop()
        elif word == "blscfg":
            here.extend(specified)
        elif word in ("linux", "linux16", "linuxefi") and open_ and open_[-1].entry is None:
            open_[-1].entry = boot_entry(open_[-1].title, file, words_after(text, 2), variables)
    return top


def _wanted(found: Sequence[re.Match[str]], menu_file: str) -> tuple[str, str]:
    """What ``default`` comes to, and what says so."""
    saved: dict[str, str] = {}
    value = "0"
    for match in found:
        setting, default = _SAVED.fullmatch(match["text"]), _DEFAULT.fullmatch(match["text"])
        if setting is not None and match["file"].endswith("/grubenv"):
            saved.setdefault(setting["name"], setting["value"].strip())
        elif default is not None and match["file"] == menu_file and "next_entry" not in match["text"]:
            value = default["value"].strip().strip("\"'")
    if saved.get("next_entry"):
        return saved["next_entry"], f"next_entry {saved['next_entry']}"[:200]
    if "saved_entry" in value:
        kept = saved.get("saved_entry", "") or "0"
        return kept, f"saved_entry {kept}"[:200]
    return value or "0", f"default {value or '0'}"[:200]


def _find(menu: Sequence[_Item], wanted: str) -> BootEntry | None:
    """The entry that a number, a title, an id or a path of them names."""
    here: Sequence[_Item] = menu
    item: _Item | None = None
    for part in _steps(menu, wanted):
        if part.isdecimal() and len(part) < 6:
            item = here[int(part)] if int(part) < len(here) else None
        else:
            item = next((each for each in here if part in (each.id, each.title)), None)
        if item is None:
            return None
        here = item.items
    while item is not None and item.submenu:  # a submenu by itself starts its own default, the first
        item = item.items[0] if item.items else None
    return None if item is None else item.entry


def _steps(menu: Sequence[_Item], wanted: str) -> list[str]:
    """The parts of a path. A whole title may hold a ``>`` of its own."""
    if any(wanted in (item.id, item.title) for item in menu):
        return [wanted]
    return [part.strip() for part in wanted.split(">", _MAX_LEVELS)]


def _version(name: str) -> list[tuple[int, int, str]]:
    """A key that sorts names of entries as rpm sorts versions: numbers by value, above words."""
    return [(1, int(part), "") if part.isdecimal() else (0, 0, part) for part in _PARTS.findall(name)]
