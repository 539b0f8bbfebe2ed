"""Rules of the audit system, loaded (``auditctl -l``) and in files: audit.rules(7), auditctl(8).

One rule a line, in the options of auditctl. A watch is short for a rule on one path::

    -w /etc/selinux/ -p wa -k MAC-policy
    -a always,exit -F arch=b64 -S all -F dir=/etc/apparmor.d -F perm=wa -F key=MAC-policy
    -a exclude,never -F msgtype=CWD
    LIST_RULES: exit,always watch=/etc/shadow perm=wa key=shadow          (audit before 2.3)

What is not a rule in a file (``-D``, ``-b 8192``, ``-e 2``) is a control. A path that ends in a slash, or
that ``dir`` names, holds for everything below."""

from __future__ import annotations

import re
import shlex

from hardcheck.errors import ParseError
from hardcheck.evidence import Evidence, HostEvidence, Reason
from hardcheck.facts import Absent
from hardcheck.facts.audit import AuditFiles, AuditRule, AuditRulesFile
from hardcheck.parse.tree_files import TreeFile, tree_files

_LOADED = "audit.loaded"
_FILES = "audit.rules_files"
_COMPILED = "/etc/audit/audit.rules"
_CONTROLS = frozenset(
    {"-D", "-b", "-e", "-f", "-r", "-i", "-c", "-q", "-m", "-t", "-v", "--loginuid-immutable"}
)
_CONTROL_WORDS = ("--backlog_wait_time", "--reset-lost", "--reset_backlog_wait_time_actual", "--signal")
_GENERATED = "automatically generated from /etc/audit/rules.d"
_LISTS = frozenset({"exit", "entry", "task", "user", "exclude", "filesystem", "io_uring"})
_OLD = re.compile(r"LIST_RULES: (?P<list>[a-z_]+),(?P<action>[a-z]+) (?P<fields>.*)")
_FIELD = re.compile(r"(?P<name>[a-z0-9_]+)(?P<operator>!=|>=|<=|&=|=|>|<|&)(?P<value>.*)", re.DOTALL)


def parse_loaded_rules(host: HostEvidence) -> tuple[AuditRule, ...]:
    """The rules in the kernel, in its order; empty where it says ``No rules``.

    Raises:
        ParseError: a line of another form.
    """
    rules = []
    for where, line in host.get(_LOADED).lines():
        text = line.strip()
        if not text or text == "No rules":
            continue
        old = _OLD.fullmatch(text)
        rules.append(_old_rule(where, text, old) if old is not None else read_rule(where, text, ""))
    return tuple(rules)


def parse_audit_files(host: HostEvidence) -> AuditFiles | Absent:
    """The files of the tree, those of rules.d in the order in which augenrules joins them.

    Raises:
        ParseError: a line of another form, or a file that could not be read.
    """
    found = tree_files(host, _FILES)
    if isinstance(found, Absent):
        return found
    parts: list[TreeFile] = []
    compiled: AuditRulesFile | Absent | None = None
    for file in found:
        if isinstance(file.content, Absent):
            if file.path == _COMPILED:
                compiled = file.content
                continue
            return file.content
        if file.path == _COMPILED:
            compiled = read_rules_file(file.content, file.path)
        else:
            parts.append(file)
    parts.sort(key=lambda file: _version_order(file.path))
    return AuditFiles(
        compiled=compiled or Absent(Reason.NOT_PRESENT, (_FILES,), f"no {_COMPILED}"),
        parts=tuple(
            read_rules_file(file.content, file.path) for file in parts if isinstance(file.content, Evidence)
        ),
    )


def _version_order(path: str) -> list[tuple[int, str]]:
    """The key of ``ls -v``: digits as numbers."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"([0-9]{1,18})", path)]


def read_rules_file(evidence: Evidence, path: str) -> AuditRulesFile:
    """The rules of one file. Raises ParseError."""
    rules: list[AuditRule] = []
    controls: list[tuple[int, str]] = []
    generated = False
    for number, (where, line) in enumerate(evidence.lines(), start=1):
        text = line.strip()
        if text.startswith("#"):
            generated = generated or _GENERATED in text
        elif text:
            word = text.split()[0]
            if word in _CONTROLS or word.startswith(_CONTROL_WORDS):
                controls.append((number, " ".join(text.split())))
            else:
                rules.append(read_rule(where, text, f"{path}:{number}"))
    return AuditRulesFile(path, tuple(rules), tuple(controls), generated)


def read_rule(where: str, text: str, place: str) -> AuditRule:
    """One rule in the options of auditctl. Raises ParseError."""
    try:
        words = shlex.split(text, comments=False)
    except ValueError:
        words = text.split()
    made = _Parts()
    at = 0
    while at < len(words):
        word, value = words[at], words[at + 1] if at + 1 < len(words) else None
        if value is None or word not in _OPTIONS:
            raise ParseError(where, "an option of auditctl and its value", repr(text[:80]))
        _OPTIONS[word](made, value, where)
        at += 2
    if not made.list_:
        raise ParseError(where, "-w or -a", repr(text[:80]))
    return made.rule(" ".join(text.split()), place)


class _Parts:
    """A rule while its options are read."""

    def __init__(self) -> None:
        self.list_, self.action, self.path, self.key = "", "", "", ""
        self.recursive = False
        self.permissions: str | None = None
        self.syscalls: list[str] = []
        self.conditions: list[str] = []
        self.arch = ""
        self.prepended = False

    def watch(self, value: str, where: str) -> None:
        self.list_, self.action = "exit", "always"
        self.path = value.rstrip("/") or "/"
        self.recursive = True  # -w on a folder watches all below it; on a file there is nothing below

    def perm(self, value: str, where: str) -> None:
        self.permissions = value

    def named(self, value: str, where: str) -> None:
        self.key = value

    def add(self, value: str, where: str) -> None:
        words = value.split(",")
        lists = [word for word in words if word in _LISTS]
        actions = [word for word in words if word in ("always", "never")]
        if len(words) != 2 or len(lists) != 1 or len(actions) != 1:
            raise ParseError(where, "'-a LIST,ACTION'", repr(value[:40]))
        self.list_, self.action = lists[0], actions[0]

    def prepend(self, value: str, where: str) -> None:
        self.add(value, where)
        self.prepended = True

    def syscall(self, value: str, where: str) -> None:
        self.syscalls.extend(value.split(","))

    def compare(self, value: str, where: str) -> None:
        self.conditions.append(f"-C {value}")

    def field(self, value: str, where: str) -> None:
        match = _FIELD.fullmatch(value)
        if match is None:
            raise ParseError(where, "'-F NAME=VALUE'", repr(value[:40]))
        name, plain = match["name"], match["operator"] == "="
        if name in ("path", "dir") and plain:
            self.path = match["value"].rstrip("/") or "/"
            self.recursive = name == "dir"
        elif name == "perm" and plain:
            self.permissions = match["value"]
        elif name == "key" and plain:
            self.key = match["value"]
        elif name == "arch" and plain:
            self.arch = match["value"]
        else:
            self.conditions.append(value)

    def rule(self, text: str, place: str) -> AuditRule:
        permissions = "rwxa" if self.permissions is None and self.path else self.permissions or ""
        return AuditRule(
            list_=self.list_,
            action=self.action,
            text=text,
            path=self.path,
            recursive=self.recursive,
            permissions="".join(sorted(set(permissions), key="rwxa".find)),
            syscalls=tuple(self.syscalls),
            conditions=tuple(self.conditions),
            key=self.key,
            place=place,
            arch=self.arch,
            prepended=self.prepended,
        )


_OPTIONS = {
    "-w": _Parts.watch,
    "-p": _Parts.perm,
    "-k": _Parts.named,
    "-a": _Parts.add,
    "-A": _Parts.prepend,
    "-S": _Parts.syscall,
    "-F": _Parts.field,
    "-C": _Parts.compare,
}


def _old_rule(where: str, text: str, match: re.Match[str]) -> AuditRule:
    """A rule as audit before 2.3 lists it: ``exit,always watch=/etc/shadow perm=wa key=shadow``."""
    made = _Parts()
    made.add(f"{match['list']},{match['action']}", where)
    for word in match["fields"].split():
        name, _, value = word.partition("=")
        if name in ("watch", "dir"):
            made.path, made.recursive = value.rstrip("/") or "/", name == "dir"
        elif name == "syscall":
            made.syscalls.extend(value.split(","))
        elif name in ("perm", "key", "arch"):
            made.field(f"{name}={value}", where)
        else:
            made.conditions.append(word)
    return made.rule(" ".join(text.split()), "")
