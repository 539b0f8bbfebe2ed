"""Whether audit rules record a thing, as the kernel decides it.

The kernel asks the rules of the exit list in their order, those on a path and those on system calls alike
(each has a priority by its place); the first whose fields all match decides, ``always`` or ``never``. A rule
of the task list decides before any system call is made. A rule counts for a thing when it matches each
of its occurrences: the system call in the width asked for, the place itself and not a link to it, everyone
who is asked about. A thing that several rules record between them (one for each width, one for each
permission) is recorded.

- A rule without ``arch`` that names system calls holds for the native width alone: calls are numbers.
- A rule on a path without system calls holds for both widths, by what a call does (``perm``).
- A watch follows links in the folders of its path, not one at its end (kernel/audit_watch.c,
  ``kern_path_locked``); a rule on a folder (``dir``) follows all of them.
- ``never`` rules that leave out a single service (no login identity, and one account, program or domain) or a
  place for a rule that is about system calls are told and tolerated.

Not weighed: rules of the file system list, limits of the rate of records, records that were lost.
Source: kernel/auditsc.c ``audit_filter_rules``, ``audit_filter_inode_name``; auditctl(8).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from hardcheck.facts.audit import AuditRule

_UNSET = (1 << 32) - 1
FIRST_LOGIN = 1000
"""UID_MIN as every supported distribution ships it; logins that audit standards ask about begin there."""

_CONDITION = re.compile(r"(?P<name>[a-z0-9_]+)(?P<operator>!=|>=|<=|=|>|<)(?P<value>.*)", re.DOTALL)
_WIDTHS = {
    **dict.fromkeys(("b64", "x86_64", "aarch64", "ppc64", "ppc64le", "s390x", "riscv64"), 64),
    **dict.fromkeys(("b32", "i386", "i486", "i586", "i686", "ppc", "s390", "arm", "armeb", "armv7l"), 32),
}
_ERRORS = {"-1": "-EPERM", "-13": "-EACCES"}
_NAMES_A_SERVICE = frozenset({"uid", "euid", "exe", "subj_type"})
_OF_FILES = frozenset(
    {
        *("open", "openat", "openat2", "creat", "open_by_handle_at", "truncate", "ftruncate", "write"),
        *("rename", "renameat", "renameat2", "unlink", "unlinkat", "link", "linkat", "symlink", "symlinkat"),
        *("mkdir", "mkdirat", "rmdir", "mknod", "mknodat", "chmod", "fchmod", "fchmodat", "fchmodat2"),
        *("chown", "fchown", "lchown", "fchownat", "setxattr", "lsetxattr", "fsetxattr"),
        *("removexattr", "lremovexattr", "fremovexattr"),
    }
)
_RUNS = frozenset({"execve", "execveat"})


class Demand(msgspec.Struct, frozen=True):
    """One thing that has to be recorded, in one width.

    Either ``calls``, names and numbers of one system call, or ``path`` with one of the ``permissions`` of
    ``rwxa``; ``recursive`` asks for all below it. ``logins``: only what login sessions do is asked
    about. ``conditions`` are fields that a rule may have because the thing itself has them.
    """

    width: int
    calls: frozenset[str] = frozenset()
    path: str = ""
    recursive: bool = False
    permission: str = ""
    logins: bool = False
    conditions: frozenset[str] = frozenset()


class Found(msgspec.Struct, frozen=True):
    """The rule that records a thing, or None; ``note`` is what comes nearest and why it does not, or what
    is left out of a record that counts."""

    rule: AuditRule | None
    note: str = ""


def recorded(demand: Demand, rules: Sequence[AuditRule], links: Mapping[str, str]) -> Found:
    """Whether ``rules``, in the kernel's order, record the thing. ``links`` are folders that are links."""
    note = ""
    for rule in rules:
        if rule.action == "never" and rule.list_ == "task" and not _apart(rule, demand):
            return Found(None, f"{rule.text}: no system call is recorded at all")
        if rule.list_ == "exclude" and "msgtype=SYSCALL" in rule.conditions:
            return Found(None, f"{rule.text}: records of system calls are thrown away")
    for at, rule in enumerate(rules):
        if rule.action != "always" or rule.list_ != "exit" or not _about(rule, demand, links):
            continue
        shortfall = _shortfall(rule, demand)
        if not shortfall:
            shortfall, told = _silenced(demand, rules[:at], links)
            if not shortfall:
                return Found(rule, told)
        note = note or shortfall
    return Found(None, note)


def real(path: str, links: Mapping[str, str]) -> str:
    """The path with links among its folders followed, the last part as it is."""
    for link, target in links.items():
        if path.startswith(link + "/"):
            return target.rstrip("/") + path[len(link) :]
    return path


def covers(rule: AuditRule, path: str, links: Mapping[str, str], *, recursive: bool) -> bool:
    """Whether a rule's path is the place asked for, or a folder that holds it."""
    at = real(rule.path, links)
    at = links.get(at, at) if rule.recursive else at
    if at == path:
        return rule.recursive or not recursive
    return rule.recursive and path.startswith(at.rstrip("/") + "/")


def _every_call(rule: AuditRule) -> bool:
    return not rule.syscalls or "all" in rule.syscalls


def _about(rule: AuditRule, demand: Demand, links: Mapping[str, str]) -> bool:
    """Whether a rule speaks of the thing at all."""
    if demand.calls:
        return not rule.path and (_every_call(rule) or bool(demand.calls & set(rule.syscalls)))
    if rule.path:
        return covers(rule, demand.path, links, recursive=demand.recursive)
    if demand.permission == "x" and _RUNS & set(rule.syscalls):
        return True
    return _every_call(rule) and not rule.permissions


def _shortfall(rule: AuditRule, demand: Demand) -> str:
    """Why a rule that speaks of the thing does not record each of its occurrences."""
    if not _width_matches(rule, demand):
        why = "" if rule.arch else " (without arch a call is a number, which means another call there)"
        return f"{rule.text}: not for {demand.width}-bit programs{why}"
    if demand.path and rule.path and demand.permission not in rule.permissions:
        return f"{rule.text}: without the permissions {demand.permission}"
    if demand.calls and rule.permissions:
        return f"{rule.text}: only where perm={rule.permissions}"
    if demand.path and not _every_call(rule):
        runs = demand.permission == "x" and "execve" in rule.syscalls
        if not runs:
            return f"{rule.text}: only for {', '.join(rule.syscalls[:6])}"
    narrowing = [each for each in rule.conditions if not _holds(each, demand)]
    return f"{rule.text}: only where {', '.join(narrowing)}" if narrowing else ""


def _width_matches(rule: AuditRule, demand: Demand) -> bool:
    if rule.arch:
        return _WIDTHS.get(rule.arch) == demand.width
    return _every_call(rule) or demand.width == 64


def _holds(condition: str, demand: Demand) -> bool:
    """Whether a field of a rule is true of every occurrence of the thing."""
    plain = normal(condition)
    if plain in demand.conditions:
        return True
    if plain == "success=0" and any(each.startswith("exit=-E") for each in demand.conditions):
        return True
    match = _CONDITION.fullmatch(plain)
    if match is None or match["name"] != "auid" or not demand.logins:
        return False
    value = _identity(match["value"])
    if value is None:
        return False
    at_least, below = FIRST_LOGIN, _UNSET
    return {
        ">=": value <= at_least,
        ">": value < at_least,
        "<": value >= below,
        "<=": value >= below - 1,
        "!=": value < at_least or value >= below,
        "=": False,
    }[match["operator"]]


def _identity(text: str) -> int | None:
    if text in ("unset", "-1"):
        return _UNSET
    return int(text) if text.isdecimal() and len(text) <= 10 else None


def normal(condition: str) -> str:
    """One form for what is written in several: ``-C euid!=uid``, ``exit=-13``, ``a0=0x0``, ``auid!=-1``."""
    if condition.startswith("-C "):
        match = _CONDITION.fullmatch(condition[3:])
        if match is None:
            return condition
        first, second = sorted((match["name"], match["value"]))
        return f"-C {first}{match['operator']}{second}"
    match = _CONDITION.fullmatch(condition)
    if match is None:
        return condition
    name, operator, value = match["name"], match["operator"], match["value"]
    if name == "exit":
        value = _ERRORS.get(value, value)
    if re.fullmatch(r"0x0{1,8}", value):
        value = "0"
    if value in ("-1", str(_UNSET)) and name.endswith("uid"):
        value = "unset"
    return f"{name}{operator}{value}"


def _apart(rule: AuditRule, demand: Demand) -> bool:
    """Whether a ``never`` rule's fields are true of no occurrence of the thing."""
    for condition in rule.conditions:
        plain = normal(condition)
        match = _CONDITION.fullmatch(plain)
        if match is None:
            continue
        name, operator, text = match["name"], match["operator"], match["value"]
        if name == "exit" and operator == "=":
            asked = [each for each in demand.conditions if each.startswith("exit=")]
            if asked and plain not in asked:
                return True
        if name == "auid" and demand.logins:
            value = _identity(text)
            if value is not None and (
                (operator == "=" and not FIRST_LOGIN <= value < _UNSET)
                or (operator == "<" and value <= FIRST_LOGIN)
                or (operator == "<=" and value < FIRST_LOGIN)
            ):
                return True
    return False


def _silenced(demand: Demand, before: Sequence[AuditRule], links: Mapping[str, str]) -> tuple[str, str]:
    """An earlier rule that keeps the record from being made, and what is left out that may be."""
    told = ""
    for rule in _nevers(demand, before, links):
        if demand.calls and rule.path:
            told = told or f"but for {rule.path}: {rule.text}"
        elif _one_service(rule):
            told = told or f"but for one service: {rule.text}"
        else:
            which = "comes first" if not rule.conditions else "comes first, and leaves out whom it names"
            return f"{rule.text}: {which}", ""
    return "", told


def _nevers(demand: Demand, before: Sequence[AuditRule], links: Mapping[str, str]) -> Iterator[AuditRule]:
    for rule in before:
        if rule.action != "never" or rule.list_ != "exit" or not _width_matches(rule, demand):
            continue
        if _apart(rule, demand) or not _overlaps(rule, demand, links):
            continue
        yield rule


def _overlaps(rule: AuditRule, demand: Demand, links: Mapping[str, str]) -> bool:
    calls = set(rule.syscalls)
    if demand.calls:
        return _every_call(rule) or bool(demand.calls & calls)
    if rule.path:
        below = demand.recursive and real(rule.path, links).startswith(demand.path.rstrip("/") + "/")
        if not (below or covers(rule, demand.path, links, recursive=False)):
            return False
        if demand.permission not in rule.permissions:
            return False
    touching = _RUNS if demand.permission == "x" else _OF_FILES
    return _every_call(rule) or bool(calls & touching)


def _one_service(rule: AuditRule) -> bool:
    """Whether a rule leaves out one service alone: without a login identity, and named."""
    fields = [match for match in map(_CONDITION.fullmatch, map(normal, rule.conditions)) if match is not None]
    unset = any(match[0] == "auid=unset" for match in fields)
    named = any(
        match["name"] in _NAMES_A_SERVICE and match["operator"] == "=" and match["value"] not in ("0", "root")
        for match in fields
    )
    return unset and named
