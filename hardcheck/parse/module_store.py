"""The SELinux module store: its modules, its flags, and the files with this host's changes.

``semodule -lfull`` is ``PRIORITY NAME LANGUAGE [disabled]``; the listing of the store's folders says the same
without a language (``100/apache``, ``disabled/amtu``)::

    400 permissive_crond_t cil
    100 amtu               pp  disabled

The last lines of that listing are digests of the policies on disk. The ``*.local`` files are what
libsemanage writes for each kind of record::

    booleans.local        httpd_can_network_connect=1
    file_contexts.local   /srv/www(/.*)?    system_u:object_r:httpd_sys_content_t:s0
    ports.local           portcon tcp 8081 system_u:object_r:http_port_t:s0
    seusers.local         alice:staff_u:s0-s0:c0.c1023
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from hardcheck.errors import ParseError
from hardcheck.evidence import Evidence, HostEvidence, Reason
from hardcheck.facts import Absent
from hardcheck.facts.selinux import (
    LocalBoolean,
    LocalFcontext,
    LocalLogin,
    LocalPolicy,
    LocalPort,
    Module,
    StoreState,
    context_type,
)
from hardcheck.parse.base import absent
from hardcheck.parse.fragment_lines import is_absent, not_present
from hardcheck.parse.selinux_config import parse_selinux_config

MODULES, LISTING, FILES = "selinux.modules", "selinux.store_listing", "selinux.store"
_MODULE = re.compile(
    r"(?P<priority>[0-9]{1,4})\s+(?P<name>\S+)\s+(?P<language>\S+)(?:\s+(?P<off>disabled))?\s*"
)
_FOLDER = re.compile(r"(?P<priority>[0-9]{1,4})/(?P<name>[^/]+)")
_DIGEST = re.compile(r"([0-9a-f]{64}) [ *](/.*)")
_FCONTEXT = re.compile(r"(?P<pattern>/.*?)\s+(?:(?P<kind>-[bcdpls-])\s+)?(?P<context>\S+)\s*")
_PORT = re.compile(r"portcon\s+(?P<protocol>\w+)\s+(?P<ports>[0-9-]+)\s+(?P<context>\S+)\s*")
_KINDS = {"--": "f", "-d": "d", "-c": "c", "-b": "b", "-s": "s", "-l": "l", "-p": "p"}


def parse_modules(host: HostEvidence) -> tuple[Module, ...] | Absent:
    """Every module, as semodule lists them, or from the store's folders where it could not be run.

    Raises:
        ParseError: a line of another form.
    """
    listed = host.get(MODULES)
    if listed.reason is None:
        return tuple(_module(where, line) for where, line in listed.lines() if line.strip())
    folders = host.get(LISTING)
    if folders.reason is not None:
        return absent(listed if folders.reason is Reason.NOT_COLLECTED else folders)
    if is_absent(folders):
        return not_present(folders, "no module store under /var/lib/selinux or /etc/selinux")
    return _modules_of_folders(_configured_store(host, folders))


def _lines(listing: Evidence) -> list[str]:
    lines = [line for _, line in listing.lines()]
    if not lines or not lines[0].startswith("store "):
        raise ParseError(listing.key, "'store FOLDER' in the first line", repr("".join(lines[:1])[:80]))
    return lines


def _configured_store(host: HostEvidence, folders: Evidence) -> list[str]:
    """The listing of the configured policy's store; of all where no type is configured.

    Raises:
        ParseError: it does not begin with a store.
    """
    folder = _configured_folder(host)
    wanted, lines = True, []
    for line in _lines(folders):
        if line.startswith("store "):
            wanted = folder in line
        elif wanted:
            lines.append(line)
    return lines


def _configured_folder(host: HostEvidence) -> str:
    """``/TYPE/`` of the configured policy, ``/`` where none is configured."""
    if host.get("selinux.config").reason is None:
        policy_type = parse_selinux_config(host).policy_type
        if isinstance(policy_type, str):
            return f"/{policy_type}/"
    return "/"


def _module(where: str, line: str) -> Module:
    match = _MODULE.fullmatch(line)
    if match is None:
        raise ParseError(where, "PRIORITY NAME LANGUAGE [disabled]", repr(line[:80]))
    return Module(match["name"], int(match["priority"]), match["off"] is None, match["language"])


def _modules_of_folders(lines: Iterable[str]) -> tuple[Module, ...]:
    entries, disabled = [], set()
    for line in lines:
        match = _FOLDER.fullmatch(line)
        if match is not None:
            entries.append((match["name"], int(match["priority"])))
        elif line.startswith("disabled/"):
            disabled.add(line.removeprefix("disabled/"))
        elif line.endswith(".pp") and "/" not in line:
            entries.append((line.removesuffix(".pp"), 0))
    return tuple(Module(name, priority, name not in disabled) for name, priority in entries)


def parse_store_state(host: HostEvidence) -> StoreState | Absent:
    """Which stores there are, and whether the policy was built without dontaudit rules.

    Raises:
        ParseError: the listing does not begin with a store.
    """
    listing = host.get(LISTING)
    if is_absent(listing):
        return not_present(listing, "no module store under /var/lib/selinux or /etc/selinux")
    every = _lines(listing)
    digests = {match[2]: match[1] for match in map(_DIGEST.fullmatch, every) if match is not None}
    stores = tuple(line.removeprefix("store ") for line in every if line.startswith("store "))
    flags = _configured_store(host, listing)
    return StoreState(stores, any(line.startswith("dontaudit-disabled ") for line in flags), digests)


def parse_store_files(host: HostEvidence) -> LocalPolicy | Absent:
    """The local changes from the store's own files, where semanage could not be asked.

    Raises:
        ParseError: a line of a form that libsemanage does not write.
    """
    listing, folders = host.get(FILES), host.get(LISTING)
    if folders.reason is not None:
        return absent(folders)
    if is_absent(folders):
        return not_present(folders, "no module store under /var/lib/selinux or /etc/selinux")
    if listing.reason not in (None, Reason.NOT_PRESENT):
        return absent(listing)
    modules = _modules_of_folders(_configured_store(host, folders))
    found: dict[str, list[object]] = {"booleans": [], "file_contexts": [], "ports": [], "seusers": []}
    others: list[str] = []
    folder = _configured_folder(host)
    for member in host.members(FILES):
        if folder not in member.key:
            continue
        if member.reason is not None:
            return absent(member)
        kind = member.key.rpartition("/")[2].removesuffix(".local")
        for where, line in _records(member):
            if kind in found:
                found[kind].append(_READERS[kind](where, line))
            else:
                others.append(f"{kind}: {line}")
    return LocalPolicy(
        "module store",
        tuple(item for item in found["booleans"] if isinstance(item, LocalBoolean)),
        tuple(item for item in found["file_contexts"] if isinstance(item, LocalFcontext)),
        tuple(item for item in found["ports"] if isinstance(item, LocalPort)),
        tuple(item for item in found["seusers"] if isinstance(item, LocalLogin)),
        tuple(m.name.removeprefix("permissive_") for m in modules if m.name.startswith("permissive_")),
        tuple(m.name for m in modules if not m.enabled),
        tuple(others),
    )


def _records(member: Evidence) -> Iterable[tuple[str, str]]:
    return ((where, line) for where, line in member.lines() if line.strip() and not line.startswith("#"))


def _boolean(where: str, line: str) -> LocalBoolean:
    name, _, value = line.partition("=")
    if value.strip() not in ("0", "1"):
        raise ParseError(where, "NAME=0 or NAME=1", repr(line[:80]))
    return LocalBoolean(name.strip(), value.strip() == "1")


def _fcontext(where: str, line: str) -> LocalFcontext:
    match = _FCONTEXT.fullmatch(line)
    if match is None:
        raise ParseError(where, "PATTERN [KIND] CONTEXT", repr(line[:80]))
    kind = _KINDS[match["kind"]] if match["kind"] else "a"
    return LocalFcontext(match["pattern"], context_type(match["context"]), kind)


def _port(where: str, line: str) -> LocalPort:
    match = _PORT.fullmatch(line)
    if match is None:
        raise ParseError(where, "portcon PROTOCOL PORTS CONTEXT", repr(line[:80]))
    return LocalPort(match["protocol"], match["ports"], context_type(match["context"]))


def _login(where: str, line: str) -> LocalLogin:
    parts = line.strip().split(":", 2)
    if len(parts) < 2:
        raise ParseError(where, "LOGIN:USER[:LEVEL]", repr(line[:80]))
    return LocalLogin(parts[0], parts[1], parts[2] if len(parts) > 2 else "")


_READERS = {"booleans": _boolean, "file_contexts": _fcontext, "ports": _port, "seusers": _login}
