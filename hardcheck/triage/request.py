"""One refused access in the words that causes, the danger list and the policies have in common."""

from __future__ import annotations

import msgspec

from hardcheck.denials.model import ApparmorDenial, Denial, Framework, Group

MANY = 64
"""Paths, profiles or ports of one group that are looked at one by one."""
_NULL = "//null-"
_OPERATIONS = {
    "exec": "exec",
    "capable": "capability",
    "ptrace": "ptrace",
    "signal": "signal",
    "mount": "mount",
    "remount": "mount",
    "umount": "umount",
    "pivotroot": "pivot_root",
    "change_profile": "change_profile",
    "change_onexec": "change_profile",
    "stack": "change_profile",
    "change_hat": "change_hat",
    "userns_create": "userns",
    "uring_sqpoll": "io_uring",
    "uring_override": "io_uring",
}
_SOCKET_OPERATIONS = frozenset(
    [
        "create",
        "bind",
        "connect",
        "listen",
        "accept",
        "sendmsg",
        "recvmsg",
        "getsockname",
        "getpeername",
        "getsockopt",
        "setsockopt",
        "getattr",
        "getopt",
        "setopt",
        "shutdown",
        "sock_shutdown",
        "send",
        "receive",
        "file_perm",
    ]
)


class Request(msgspec.Struct, frozen=True):
    """What was asked for.

    ``source`` is a SELinux type or an AppArmor profile, ``target`` a type or the peer's label. ``class_`` is
    SELinux's class; for AppArmor the kind of rule that would allow it: file exec capability network unix
    ptrace signal mount umount pivot_root change_profile change_hat dbus userns io_uring mqueue. ``wanted``
    are permissions, or letters and words of the mask; for a capability its name. ``apart``: the two
    contexts have categories of which neither holds the other's.
    """

    framework: Framework
    source: str
    target: str
    class_: str
    wanted: tuple[str, ...]
    path: str = ""
    exe: str = ""
    apart: bool = False


def requests_of(group: Group) -> tuple[Request, ...]:
    """The requests of a group: one for each path that was kept, one where it has none."""
    if group.framework == "apparmor":
        return _apparmor_requests(group)
    exe = next(iter(group.exes.values), "") or next(iter(group.comms.values), "")
    wanted = group.wanted
    apart = any(categories_apart(*pair.split(" ", 1)) for pair in group.pairs.values if " " in pair)
    base = Request("selinux", group.source, group.target, group.class_, wanted, "", exe, apart)
    paths = list(group.paths.values)[:MANY] or [""]
    return tuple(msgspec.structs.replace(base, path=path) for path in paths)


def _apparmor_requests(group: Group) -> tuple[Request, ...]:
    exe = next(iter(group.exes.values), "") or next(iter(group.comms.values), "")
    kind = kind_of(group.examples[0]) if group.examples else _OPERATIONS.get(group.class_, "file")
    wanted = group.wanted
    if kind == "capability":
        wanted = tuple(dict.fromkeys(_capabilities(group))) or (group.object,)
    base = Request("apparmor", group.source, group.target, kind, wanted, "", exe)
    if kind not in ("file", "exec", "mount", "umount", "pivot_root"):
        return (base,)
    names = list(group.paths.values)[:MANY] or [group.object]
    return tuple(msgspec.structs.replace(base, path=name) for name in names)


def _capabilities(group: Group) -> list[str]:
    found = [example.apparmor.capability for example in group.examples if example.apparmor is not None]
    return [name for name in found if name]


def kind_of(denial: Denial) -> str:
    """The kind of AppArmor rule that a denial is about."""
    one = denial.apparmor
    if one is None:
        return ""
    if one.operation in _OPERATIONS:
        return _OPERATIONS[one.operation]
    if one.operation.startswith("dbus") or one.class_ == "dbus":
        return "dbus"
    if "mqueue" in one.class_ or one.operation.startswith("mqueue"):
        return "mqueue"
    if one.family == "unix":
        return "unix" if not one.name.startswith("/") else "file"
    if one.family or one.class_ == "net" or (one.operation in _SOCKET_OPERATIONS and one.sock_type):
        return "network"
    return "file"


def profile_parts(one: ApparmorDenial) -> tuple[str, ...]:
    """The profiles of a stack without namespaces' first mark, and without learning children."""
    return tuple(learning_parent(part)[0] for part in one.stack)


def learning_parent(profile: str) -> tuple[str, str]:
    """The profile and, of a learning child ``PROFILE//null-PROGRAM``, the program; "" for any other."""
    parent, mark, program = profile.partition(_NULL)
    return (parent, program) if mark else (profile, "")


def categories_apart(source: str, target: str) -> bool:
    """Whether two contexts have MCS categories on both sides that have none in common: two tenants."""
    left, right = _categories(source), _categories(target)
    return bool(left) and bool(right) and not left & right


def _categories(context: str) -> frozenset[str]:
    """The categories of the low level, ranges taken apart as far as they are small."""
    parts = context.split(":", 3)
    if len(parts) < 4:
        return frozenset()
    level = parts[3].partition("-")[0].partition(":")[2]
    found: set[str] = set()
    for item in level.split(",")[:MANY]:
        first, dot, last = item.partition(".")
        if dot and first[1:].isdecimal() and last[1:].isdecimal() and len(last) < 6 and len(first) < 6:
            found.update(f"c{number}" for number in range(int(first[1:]), int(last[1:]) + 1))
        elif item:
            found.add(item)
    return frozenset(found)
