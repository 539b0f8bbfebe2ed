"""From a refused request to the narrowest rule of a profile, as text; None where it cannot be written."""

from __future__ import annotations

import posixpath
import re

from hardcheck.apparmor import ProfileSet
from hardcheck.apparmor.globs import GlobFault
from hardcheck.apparmor.profile import Profile, escape_pattern
from hardcheck.apparmor.questions import intersection
from hardcheck.apparmor.walks import Undecided
from hardcheck.denials.model import ApparmorDenial, Group
from hardcheck.triage.danger import words_of
from hardcheck.triage.danger_list import DANGERS

_ORDER = "rwalkm"
_AS_RULE = {"c": "w", "d": "w", "w": "w", "r": "r", "a": "a", "l": "l", "k": "k", "m": "m"}
_WORD = re.compile(r"[a-z0-9_]+")
_LABEL = re.compile(r"[A-Za-z0-9_/.:@{}+-]+")
_PID = re.compile(r"/proc/[0-9]+(?=/)")
_GLOB_FROM = 4
"""From so many names of one folder on a pattern for the folder is proposed."""
MOST_RULES = 40


def file_rules(profile: Profile | None, group: Group, letters: str) -> tuple[str, ...]:
    """Rules for the paths of a group: a pattern for a folder of which many names were seen and which
    nothing dangerous lies in, else each path."""
    paths = [path for path in group.paths.values if path.startswith("/")] or (
        [group.object] if group.object.startswith("/") else []
    )
    mask = permissions_of(letters)
    if not mask:
        return ()
    owner = "owner " if _owned(group) else ""
    patterns: dict[str, None] = {}
    folders: dict[str, list[str]] = {}
    for path in paths:
        folders.setdefault(posixpath.dirname(path.rstrip("/")), []).append(path)
    for folder, members in folders.items():
        pattern = f"{escape_pattern(folder)}/*"
        if len(members) >= _GLOB_FROM and folder.count("/") >= 2 and not glob_dangers(pattern, mask):
            patterns[pattern] = None
        else:
            patterns.update((_with_variables(profile, path), None) for path in members)
    shown = [written(pattern) for pattern in patterns]
    return tuple(f"{owner}{pattern} {mask}," for pattern in shown if pattern)[:MOST_RULES]


def permissions_of(letters: str) -> str:
    """The letters of a mask as a rule has them: ``c`` and ``d`` are ``w``, ``w`` has ``a`` in it."""
    found = {_AS_RULE[letter] for letter in letters if letter in _AS_RULE}
    if "w" in found:
        found.discard("a")
    return "".join(letter for letter in _ORDER if letter in found)


def glob_dangers(pattern: str, mask: str) -> tuple[str, ...]:
    """Entries of the danger list that a pattern of paths meets with these permissions."""
    wanted = frozenset(mask)
    found = []
    for danger in DANGERS:
        for clause in danger.paths:
            if clause.access and not words_of(clause.access) & wanted:
                continue
            if any(_meet(pattern, one) for one in clause.paths):
                found.append(danger.id)
                break
    return tuple(found)


def _meet(left: str, right: str) -> bool:
    try:
        return intersection(left, right) is not None
    except (Undecided, GlobFault):
        return True  # what cannot be told apart is taken to meet


def _owned(group: Group) -> bool:
    """Whether every example is of a file that belongs to the one who asks."""
    ones = [example.apparmor for example in group.examples if example.apparmor is not None]
    return bool(ones) and all(one.fsuid is not None and one.fsuid == one.ouid for one in ones)


def _with_variables(profile: Profile | None, path: str) -> str:
    """The path as a pattern; the number of a process, new each time, as ``@{pid}`` where that is defined."""
    if profile is not None and _PID.match(path):
        scope = profile.scope
        if scope.values("PROC") is not None and scope.values("pid") is not None:
            return "@{PROC}/@{pid}" + escape_pattern(_PID.sub("", path, count=1))
    return escape_pattern(path)


def written(pattern: str) -> str:
    """A pattern as it stands in a profile, in quotes where it has blanks; empty where it has characters that
    no line of a profile may have."""
    if len(pattern) > 2000 or any(ord(char) < 32 or 127 <= ord(char) < 160 for char in pattern):
        return ""
    if '"' in pattern or any(0xD800 <= ord(char) <= 0xDFFF for char in pattern) or "\u2028" in pattern:
        return ""
    if any(mark in pattern for mark in (" ", "#", ",", "=")):
        return f'"{pattern}"'
    return pattern


def exec_rule(policy: ProfileSet | None, program: str) -> tuple[str, str]:
    """A rule to run a program, and why in this mode: its own profile where one attaches, else the
    profile of the one who runs it."""
    pattern = written(escape_pattern(program))
    if not pattern or not program.startswith("/"):
        return "", ""
    attached = policy.attached(program).name if policy is not None else ""
    if attached:
        return f"{pattern} Px,", f"it has a profile of its own, {attached}"
    return f"{pattern} ix,", "no profile attaches to it: it stays in the profile of the one who runs it"


def other_rule(kind: str, one: ApparmorDenial, wanted: tuple[str, ...]) -> str:
    """The rule for what is not a file; empty for a kind that needs a person."""
    if kind == "capability":
        known = [name for name in wanted if _WORD.fullmatch(name)]
        return f"capability {' '.join(known)}," if known else ""
    if kind == "network":
        words = [word for word in (one.family, one.sock_type) if _WORD.fullmatch(word)]
        return f"network {' '.join(words)}," if one.family and len(words) >= 1 else ""
    if kind == "signal":
        access = " ".join(word for word in ("send", "receive") if word in one.denied + one.requested)
        names = f" set=({one.signal})" if _WORD.fullmatch(one.signal) else ""
        return f"signal ({access or 'send'}){names} peer={_label(one.peer)}," if _label(one.peer) else ""
    if kind == "change_hat":
        return ""
    if kind == "dbus":
        return _dbus(one)
    if kind == "unix":
        return _unix(one)
    return "userns create," if kind == "userns" else ""


def _label(name: str) -> str:
    return name if _LABEL.fullmatch(name) and len(name) < 512 else ""


def _unix(one: ApparmorDenial) -> str:
    access = [word for word in one.denied.split() if _WORD.fullmatch(word)]
    words = [
        "unix",
        f"({', '.join(access)})" if access else "",
        f"type={one.sock_type}" if one.sock_type else "",
    ]
    peer = _label(one.peer)
    return " ".join(word for word in (*words, f"peer=(label={peer})" if peer else "") if word) + ","


def _dbus(one: ApparmorDenial) -> str:
    access = next((word for word in ("send", "receive", "bind") if word in one.denied), "")
    extra = {name: one.extra.get(name, "") for name in ("bus", "path", "interface", "member")}
    parts = [f"{name}={text}" for name, text in extra.items() if text and _LABEL.fullmatch(text)]
    peer = _label(one.peer)
    if not access or not parts:
        return ""
    tail = f" peer=(label={peer})" if peer and access != "bind" else ""
    return f"dbus ({access}) {' '.join(parts)}{tail},"
