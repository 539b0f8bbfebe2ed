"""What the other records of an event tell about a refusal: the call, the process, the paths.

SYSCALL, CWD, PATH, PROCTITLE, EXECVE and SOCKADDR; without an audit rule the kernel writes no PATH and
no CWD. Source: kernel auditsc.c.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Sequence

import msgspec

from hardcheck.denials.fields import LIMIT, number, owner
from hardcheck.denials.model import PathItem, Process, Record, SocketAddress, Syscall
from hardcheck.denials.sockaddr import read_sockaddr

_IDS = ("uid", "gid", "euid", "suid", "fsuid", "egid", "sgid", "fsgid", "ses")
_ARGUMENT = re.compile(r"a([0-9]{1,7})(?:\[[0-9]{1,7}\])?")
_SUCCESS = {"yes": True, "no": False}
_EMPTY = frozenset({"(null)", "(none)", "?"})


class Joined(msgspec.Struct, frozen=True):
    """The parts of one event; what it had no record of is empty."""

    syscall: Syscall | None = None
    caller: Record | None = None
    cwd: str = ""
    paths: tuple[PathItem, ...] = ()
    argv: tuple[str, ...] = ()
    sockaddr: SocketAddress | None = None
    avc_path: str = ""


def join(records: Sequence[Record]) -> Joined:
    """Sort the records of one event by what they tell."""
    caller = next((record for record in records if record.type == "SYSCALL"), None)
    cwd = avc_path = ""
    paths: list[PathItem] = []
    sockaddr: SocketAddress | None = None
    for record in records:
        if record.type == "PATH":
            paths.append(_path(record))
        elif record.type == "CWD":
            cwd = cwd or record.fields.get("cwd", "")
        elif record.type == "AVC_PATH":
            avc_path = avc_path or record.fields.get("path", "")
        elif record.type == "SOCKADDR":
            sockaddr = sockaddr or read_sockaddr(record.fields.get("saddr", ""))
    return Joined(
        syscall=_syscall(caller) if caller else None,
        caller=caller,
        cwd=cwd,
        paths=tuple(paths),
        argv=_argv(records),
        sockaddr=sockaddr,
        avc_path=avc_path,
    )


def process_of(record: Record, joined: Joined) -> Process:
    """The process that asked: the refusal's own fields first, then the call's."""
    own = record.fields
    pid = own.get("pid", "")
    call = joined.caller.fields if joined.caller else {}
    both = {**own, **call} if call else own
    ids = {name: found for name in _IDS if (found := owner(both.get(name, ""))) is not None}
    return Process(
        pid=number(pid) if pid else number(call.get("pid", "")),
        ppid=number(call.get("ppid", "") or own.get("parent", "")),
        comm=own.get("comm", "") or call.get("comm", ""),
        exe=known(call.get("exe", "") or own.get("exe", "")),
        argv=joined.argv,
        cwd=joined.cwd,
        auid=owner(both.get("auid", "")),
        ids=ids,
        tty=known(call.get("tty", "")),
        subject=known(both.get("subj", "")),
    )


def asked_through(record: Record) -> Process:
    """The process on whose behalf a program (D-Bus, systemd) asked: what that program wrote about it."""
    own = record.fields
    command = own.get("cmdline", "")
    return Process(
        pid=number(own.get("spid", "") or own.get("pid", "")),
        comm=own.get("comm", ""),
        argv=(command,) if command else (),
        auid=owner(own.get("auid", "")),
        ids={name: found for name in _IDS if (found := owner(own.get(name, ""))) is not None},
    )


def known(text: str) -> str:
    """A text, or empty for the kernel's words for none."""
    return "" if text in _EMPTY else text


def mode_of(text: str) -> int | None:
    """``mode`` in octal, or as interpreted: ``file,644``."""
    digits = text.rpartition(",")[2]
    return (
        int(digits, 8) if digits.isascii() and digits.isdecimal() and not set(digits) & {"8", "9"} else None
    )


def _path(record: Record) -> PathItem:
    fields = record.fields
    return PathItem(
        name=known(fields.get("name", "")),
        nametype=fields.get("nametype", "") or fields.get("objtype", ""),
        item=number(fields.get("item", "")),
        inode=number(fields.get("inode", "")),
        dev=fields.get("dev", ""),
        mode=mode_of(fields["mode"]) if len(fields.get("mode", "")) in range(1, 24) else None,
        ouid=owner(fields.get("ouid", "")),
        ogid=owner(fields.get("ogid", "")),
        context=known(fields.get("obj", "")),
    )


def _syscall(record: Record) -> Syscall:
    fields = record.fields
    called = fields.get("syscall", "")
    return Syscall(
        number=called if number(called) is not None else "",
        name="" if number(called) is not None else called,
        arch=fields.get("arch", ""),
        success=_SUCCESS.get(fields.get("success", "")),
        exit=_exit(fields.get("exit", "")),
        arguments=tuple(fields.get(name, "") for name in ("a0", "a1", "a2", "a3")),
        key=known(fields.get("key", "")),
    )


def _exit(text: str) -> int | None:
    """``-13``, or as interpreted ``EACCES(Permission denied)``."""
    code = getattr(errno, text.partition("(")[0], None) if text.startswith("E") else None
    return -code if isinstance(code, int) else number(text)


def _argv(records: Sequence[Record]) -> tuple[str, ...]:
    """Arguments of EXECVE (several records go on with each other), else those of PROCTITLE."""
    arguments: dict[int, str] = {}
    title: tuple[str, ...] = ()
    kept = 0
    for record in records:
        if record.type == "EXECVE":
            for name, value in record.fields.items():
                found = _ARGUMENT.fullmatch(name)
                if found and kept < LIMIT:
                    place = int(found[1])
                    arguments[place] = arguments.get(place, "") + value
                    kept += len(value) + 1
        elif record.type == "PROCTITLE":
            title = tuple(record.fields.get("proctitle", "").rstrip("\0").split("\0")[:1024])
    if arguments:
        return tuple(arguments[place] for place in sorted(arguments))
    return title if title != ("",) else ()
