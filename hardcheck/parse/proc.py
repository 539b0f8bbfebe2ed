"""Processes, from the lines that ``grep -H`` takes from the files of proc(5), and ``stat -c %N``::

    1/status:Name:\tsystemd
    392/attr/current:system_u:system_r:sshd_t:s0
    492/attr/apparmor/current:php-fpm (complain)
    492/cgroup:0::/system.slice/php8.2-fpm.service
    '492/exe' -> '/usr/sbin/php-fpm8.2'

Every line begins with the file it is from, so a process cannot write a line about another. The kernel
escapes line ends in ``Name``; arguments are separated by NULs. Where two lines give one process
two programs (only an odd ``stat`` and a file name with a line end in it can), the program is Absent.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Literal

import msgspec

from hardcheck.errors import ParseError
from hardcheck.evidence import Evidence, HostEvidence, Privilege, Reason
from hardcheck.facts import Absent
from hardcheck.facts.processes import Process
from hardcheck.parse.base import absent

FILES, PROGRAMS, PROGRAM_LABELS = "processes.files", "processes.programs", "labels.files"
KEYS = (FILES, PROGRAMS, PROGRAM_LABELS)

_LINE = re.compile(
    r"(?P<pid>[0-9]{1,10})/(?P<file>status|cgroup|cmdline|attr/current|attr/apparmor/current):(?P<text>.*)"
)
_EXE = re.compile(r"['\"](?P<pid>[0-9]{1,10})/exe['\"]")
_PROGRAM = re.compile(r"['\"](?P<pid>[0-9]{1,10})/exe['\"] -> (?P<target>.+)")
_PROGRAM_LABEL = re.compile(r"(?P<label>\S+)\t(?P<pid>[0-9]{1,10})/exe")
_UNIT = re.compile(r"/([^/]+\.(?:service|scope|socket|mount|timer))(?=/|$)")
_ESCAPE = re.compile(r"\\([0-7]{3}|.)", re.DOTALL)
_SECCOMP: Mapping[str, Literal["off", "strict", "filter"]] = {"0": "off", "1": "strict", "2": "filter"}
_NO_LABEL = Absent(Reason.DENIED, (FILES,), "the label of the process could not be read")


class _Parts(msgspec.Struct):
    """What the files say of one process, before it is put together."""

    status: dict[str, str] = msgspec.field(default_factory=dict)
    labels: list[str] = msgspec.field(default_factory=list)
    cgroup: str = ""
    arguments: list[str] = msgspec.field(default_factory=list)
    programs: list[str] = msgspec.field(default_factory=list)
    program_label: str = ""


def parse_processes(host: HostEvidence) -> tuple[Process, ...] | Absent:
    """Every process by pid. DENIED where /proc hides other accounts' processes from this account.

    Raises:
        ParseError: a process without the lines that every kernel writes.
    """
    files = host.get(FILES)
    hidden = _hidden(host, files)
    if hidden is not None:
        return hidden
    parts: dict[int, _Parts] = {}
    for _, line in files.lines():
        match = _LINE.fullmatch(line)
        if match is not None:
            _take(parts, int(match["pid"]), match["file"], match["text"])
    if not parts:
        raise ParseError(files.key, "PID/status:NAME: VALUE", repr(files.text()[:60]))
    # Seen first and gone two files later: it ended while the files were read.
    parts = {pid: part for pid, part in parts.items() if part.labels or part.cgroup}
    programs = host.get(PROGRAMS)
    _read_programs(programs, host.get(PROGRAM_LABELS), parts)
    there = {int(match["pid"]) for match in map(_EXE.match, _whole_lines(programs)) if match is not None}
    return tuple(
        _process(pid, part, _no_program(programs, pid, there)) for pid, part in sorted(parts.items())
    )


def _no_program(programs: Evidence, pid: int, named: Collection[int]) -> Absent:
    """Why a process has none; one that is not even named ended before the programs were read."""
    if programs.reason is not None:
        return absent(programs)
    if not named:
        return Absent(Reason.UNPARSABLE, (programs.key,), "it names no process at all")
    if pid not in named:
        return Absent(Reason.NOT_PRESENT, (programs.key,), "it had ended when the programs were read")
    return Absent(Reason.DENIED, (programs.key,), "the program of another account's process needs root")


def _hidden(host: HostEvidence, files: Evidence) -> Absent | None:
    """hidepid= on /proc shows an ordinary account its own processes only."""
    if host.privilege is not Privilege.NONE:
        return None
    for _, line in files.lines():
        if line.startswith("proc /proc ") or " /proc proc " in line:
            options = line.split(" ")[3].split(",") if len(line.split(" ")) > 3 else []
            for option in options:
                if option.startswith("hidepid=") and option not in ("hidepid=0", "hidepid=off"):
                    return Absent(Reason.DENIED, (files.key,), f"/proc is mounted with {option}")
        break
    return None


def _take(parts: dict[int, _Parts], pid: int, file: str, text: str) -> None:
    """Note one line. What is not in ``status``, the first file read, began later and is left out."""
    if file == "status":
        name, _, value = text.partition(":")
        parts.setdefault(pid, _Parts()).status.setdefault(name, value.strip(" \t"))
    elif pid in parts:
        part = parts[pid]
        if file == "cgroup":
            part.cgroup = text.split(":", 2)[-1]
        elif file == "cmdline":
            part.arguments.append(text)
        else:
            part.labels.append(text)


def _read_programs(programs: Evidence, labels: Evidence, parts: dict[int, _Parts]) -> None:
    for line in _whole_lines(programs):
        match = _PROGRAM.fullmatch(line)
        if match is not None and int(match["pid"]) in parts:
            parts[int(match["pid"])].programs.append(_unquoted(match["target"]))
    for line in _whole_lines(labels):
        match = _PROGRAM_LABEL.fullmatch(line)
        if match is not None and int(match["pid"]) in parts:
            parts[int(match["pid"])].program_label = match["label"]


def _whole_lines(evidence: Evidence) -> list[str]:
    """The lines, without the last where it was cut off: half a path is another path."""
    lines = [line for _, line in evidence.lines()]
    return lines[:-1] if evidence.reason is not None and not evidence.content.endswith(b"\n") else lines


def _unquoted(text: str) -> str:
    """A name as GNU stat quotes it: ``'plain'``, ``"it's"``, ``'a'$'\\n''b'``."""
    out = []
    position = 0
    while position < len(text):
        dollar = text.startswith("$'", position)
        start = position + (2 if dollar else 1)
        end = text.find(text[start - 1], start)
        if text[start - 1] not in "'\"" or end < 0:
            return text.strip("'\"")
        piece = text[start:end]
        out.append(_ESCAPE.sub(_escaped, piece) if dollar else piece)
        position = end + 1
    return "".join(out)


def _escaped(match: re.Match[str]) -> str:
    letters = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "v": "\v", "f": "\f"}
    code = match[1]
    return chr(int(code, 8)) if len(code) == 3 else letters.get(code, code)


def _process(pid: int, part: _Parts, no_program: Absent) -> Process:
    status = part.status
    where = f"{FILES}:{pid}"
    uids = _numbers(where, status, "Uid")
    gids = _numbers(where, status, "Gid")
    parent = _number(where, status, "PPid", 10)
    kernel = "VmSize" not in status
    program: str | Absent = no_program
    if kernel:
        program = Absent(Reason.NOT_PRESENT, (PROGRAMS,), "a thread of the kernel")
    elif len(set(part.programs)) == 1:
        program = part.programs[0]
    elif part.programs:
        program = Absent(Reason.UNPARSABLE, (PROGRAMS,), "two programs are named for one process")
    unit = _UNIT.findall(part.cgroup)
    no_new = status.get("NoNewPrivs")
    return Process(
        pid=pid,
        parent=parent,
        name=status.get("Name", ""),
        uid=uids[0],
        effective_uid=uids[1],
        gid=gids[0],
        kernel=kernel,
        label="\n".join(part.labels).rstrip("\x00\n") if part.labels else _NO_LABEL,
        program=program,
        program_label=part.program_label,
        arguments=tuple("\n".join(part.arguments).rstrip("\x00").split("\x00")) if part.arguments else (),
        unit=unit[-1] if unit else "",
        control_group=part.cgroup,
        capabilities=_number(where, status, "CapEff", 16),
        bounding=_number(where, status, "CapBnd", 16),
        ambient=_number(where, {"CapAmb": "0", **status}, "CapAmb", 16),
        no_new_privileges=_unsaid("NoNewPrivs") if no_new is None else no_new == "1",
        seccomp=_SECCOMP.get(status.get("Seccomp", ""), _unsaid("Seccomp")),
    )


def _unsaid(name: str) -> Absent:
    return Absent(Reason.NOT_PRESENT, (FILES,), f"this kernel writes no {name}")


def _number(where: str, status: Mapping[str, str], name: str, base: int) -> int:
    text = status.get(name, "")
    try:
        if len(text) <= 32:
            return int(text, base)
    except ValueError:
        pass
    raise ParseError(f"{where}:{name}", "a number", repr(text[:40]))


def _numbers(where: str, status: Mapping[str, str], name: str) -> tuple[int, int]:
    """Real and effective id."""
    words = status.get(name, "").split()
    if len(words) < 2 or not all(word.isascii() and word.isdecimal() and len(word) < 12 for word in words):
        raise ParseError(f"{where}:{name}", "four numbers", repr(status.get(name, "")[:40]))
    return int(words[0]), int(words[1])
