"""What audit standards want recorded, as demands on the rules: system calls, places, programs.

``literal`` are the calls that the benchmarks name. Beside them stand calls that lead to the same end and that
today's programs make: mv(1) renames with ``renameat2``, mount(8) of util-linux 2.39 mounts with
``move_mount``, glibc 2.33 sets the clock with ``clock_adjtime``, 32-bit programs change owners with
``chown32``. A rule that names only the first leaves the second out.

Sources: DISA STIG and CIS benchmark rules as in the control data; syscalls(2) for when calls came; calls that
came after Linux 5.0 have one number everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from hardcheck.derive.audit_coverage import Demand, real
from hardcheck.facts.audit_coverage import AuditPlaces
from hardcheck.facts.host import Kernel

BOTH = frozenset({64, 32})
_TWO_WIDTHS = frozenset({"x86_64", "amd64", "s390x", "ppc64"})
_NARROW = frozenset({"i386", "i486", "i586", "i686", "s390", "ppc", "arm", "armv6l", "armv7l"})
_OLD_CALLS = frozenset({"x86_64", "amd64", "s390x", "ppc64", "ppc64le"}) | _NARROW
"""Machines that still have the calls without ``at``; aarch64, riscv64 and loongarch64 never had them."""


class Call(msgspec.Struct, frozen=True):
    """A system call that has to be recorded. ``since`` is the kernel that has it, ``number`` its number where
    tools may not know the name; ``old``: newer machines do not have it; ``everyone``: not only what login
    sessions do."""

    name: str
    widths: frozenset[int] = BOTH
    literal: bool = True
    since: tuple[int, int] = (0, 0)
    number: int = 0
    old: bool = False
    everyone: bool = False


class Thing(msgspec.Struct, frozen=True):
    """One line of the table: ``what`` is recorded when every one of ``demands`` is."""

    group: str
    what: str
    demands: tuple[Demand, ...]
    literal: bool = True


_WIDE, _SLIM = frozenset({64}), frozenset({32})
_EXTENDED = ("setxattr", "lsetxattr", "fsetxattr", "removexattr", "lremovexattr", "fremovexattr")

CALLS: Mapping[str, tuple[Call, ...]] = {
    "time-change": (
        Call("adjtimex", everyone=True),
        Call("settimeofday", everyone=True),
        Call("clock_settime", everyone=True),
        Call("stime", _SLIM, everyone=True),
        Call("clock_adjtime", literal=False),
        Call("clock_settime64", _SLIM, literal=False, since=(5, 1), number=404),
    ),
    "network-change": (
        Call("sethostname", everyone=True),
        Call("setdomainname", everyone=True),
    ),
    "permission-change": (
        Call("chmod", old=True),
        Call("fchmod"),
        Call("fchmodat"),
        Call("chown", old=True),
        Call("fchown"),
        Call("lchown", old=True),
        Call("fchownat"),
        *(Call(name) for name in _EXTENDED),
        Call("fchmodat2", literal=False, since=(6, 6), number=452),
        Call("setxattrat", literal=False, since=(6, 13), number=463),
        Call("removexattrat", literal=False, since=(6, 13), number=466),
        *(Call(name, _SLIM, literal=False, old=True) for name in ("chown32", "fchown32", "lchown32")),
    ),
    "deletion": (
        Call("unlink", old=True),
        Call("unlinkat"),
        Call("rename", old=True),
        Call("renameat"),
        Call("rmdir", literal=False, old=True),
        Call("renameat2", literal=False, since=(3, 15)),
    ),
    "mount": (
        Call("mount"),
        Call("umount2", literal=False),
        Call("umount", _SLIM, literal=False, old=True),
        Call("move_mount", literal=False, since=(5, 2), number=429),
    ),
    "kernel-modules": (Call("init_module"), Call("finit_module"), Call("delete_module")),
}

REFUSED = (
    Call("creat", old=True),
    Call("open", old=True),
    Call("openat"),
    Call("truncate"),
    Call("ftruncate"),
    Call("open_by_handle_at", literal=False),
    Call("openat2", literal=False, since=(5, 6), number=437),
)
"""Calls whose refusal, by EACCES or EPERM, has to be recorded."""

PLACES: Mapping[str, tuple[str, ...]] = {
    "time-change": ("/etc/localtime",),
    "accounts": ("/etc/passwd", "/etc/shadow", "/etc/group", "/etc/security/opasswd"),
    "authentication": ("/etc/nsswitch.conf", "/etc/pam.d/"),
    "sudo-rules": ("/etc/sudoers", "/etc/sudoers.d/"),
}
"""Places whose changes are asked for on every host; one that ends in a slash with all below it."""

WHERE_PRESENT: Mapping[str, tuple[str, ...]] = {
    "accounts": ("/etc/gshadow",),
    "authentication": ("/etc/pam.conf",),
    "network-change": (
        *("/etc/issue", "/etc/issue.net", "/etc/hosts", "/etc/hostname", "/etc/networks", "/etc/network/"),
        *("/etc/netplan/", "/etc/NetworkManager/", "/etc/sysconfig/network"),
        "/etc/sysconfig/network-scripts/",
    ),
    "login-records": (
        *("/var/log/lastlog", "/var/lib/lastlog/", "/var/log/faillog", "/var/log/tallylog"),
        *("/run/faillock/", "/var/log/faillock/", "/var/lib/faillock/"),
    ),
    "session-records": ("/run/utmp", "/var/log/wtmp", "/var/log/btmp", "/var/lib/wtmpdb/"),
}
"""Places that are asked for where they are."""

_LINK_COUNTS = frozenset({"/etc/localtime"})
"""What changes is the link itself, not what it leads to."""


def widths(kernel: Kernel) -> tuple[int, ...]:
    """Widths of the programs that the kernel runs and that audit rules can name."""
    if kernel.machine in _NARROW:
        return (32,)
    return (64, 32) if kernel.machine in _TWO_WIDTHS else (64,)


def _release(kernel: Kernel) -> tuple[int, int]:
    parts = [int(part) for part in kernel.release.split("-")[0].split(".")[:2] if part.isdecimal()]
    return (parts[0], parts[1]) if len(parts) == 2 else (0, 0)


def _calls(calls: tuple[Call, ...], kernel: Kernel) -> Iterator[tuple[Call, int]]:
    """The calls that this kernel has, with each width that has them."""
    for call in calls:
        if call.since > _release(kernel) or (call.old and kernel.machine not in _OLD_CALLS):
            continue
        yield from ((call, width) for width in widths(kernel) if width in call.widths)


def _names(call: Call) -> frozenset[str]:
    return frozenset({call.name} | ({str(call.number)} if call.number else set()))


def call_things(kernel: Kernel) -> Iterator[Thing]:
    """System calls by group."""
    for group, calls in CALLS.items():
        for call, width in _calls(calls, kernel):
            allowed = frozenset({"a0=0"}) if call.name.startswith("clock_settime") else frozenset[str]()
            demand = Demand(width, _names(call), logins=not call.everyone, conditions=allowed)
            yield Thing(group, f"{call.name} (b{width})", (demand,), call.literal)
    for call, width in _calls(REFUSED, kernel):
        for error in ("EACCES", "EPERM"):
            demand = Demand(width, _names(call), logins=True, conditions=frozenset({f"exit=-{error}"}))
            yield Thing(
                "refused-access", f"{call.name} (b{width}) refused by {error}", (demand,), call.literal
            )
    for who, literal in (("uid", True), ("gid", False)):
        for width in widths(kernel):
            allowed = frozenset({f"-C e{who}!={who}", f"e{who}=0", "auid!=unset"})
            demand = Demand(width, frozenset({"execve"}), logins=True, conditions=allowed)
            yield Thing("changed-identity", f"execve (b{width}) with another e{who}", (demand,), literal)


def place_things(kernel: Kernel, places: AuditPlaces) -> Iterator[Thing]:
    """Places whose changes count, by group."""
    for group in dict.fromkeys((*PLACES, *WHERE_PRESENT)):
        present = [each for each in WHERE_PRESENT.get(group, ()) if each.rstrip("/") in places.files]
        for place in (*PLACES.get(group, ()), *present):
            path = place.rstrip("/")
            own = real(path, places.links)
            target = own if path in _LINK_COUNTS else places.files.get(path, own)
            what = place if target == own else f"{place} ({target})"
            yield Thing(group, what, _changes(kernel, target, recursive=place.endswith("/")))


def change_thing(kernel: Kernel, group: str, path: str, *, recursive: bool) -> Thing:
    """Changes of one place."""
    return Thing(group, path, _changes(kernel, path, recursive=recursive))


def _changes(kernel: Kernel, path: str, *, recursive: bool) -> tuple[Demand, ...]:
    return tuple(
        Demand(width, path=path, recursive=recursive, permission=permission)
        for width in widths(kernel)
        for permission in "wa"
    )


def run_things(kernel: Kernel, places: AuditPlaces) -> Iterator[Thing]:
    """Runs of programs by login sessions: each command by its name, those with a set-user bit together."""
    for name, program in places.commands.items():
        yield Thing(name, _run_words(program.path, program.target), _runs(kernel, program.target))
    for path in places.privileged:
        yield Thing("privileged", path, _runs(kernel, path))


def _run_words(path: str, target: str) -> str:
    return path if path == target else f"{path} (a link to {target})"


def _runs(kernel: Kernel, path: str) -> tuple[Demand, ...]:
    return tuple(Demand(width, path=path, permission="x", logins=True) for width in widths(kernel))
