"""What a profile can be asked about: one structure for each kind of object, and the actions on it."""

from __future__ import annotations

import msgspec

from hardcheck.apparmor.answers.messages import BIND, EAVESDROP, RECEIVE, SEND, Message
from hardcheck.apparmor.answers.mounts import MountRequest
from hardcheck.apparmor.permissions import APPEND, EXEC, LINK, LOCK, MMAP, READ, WRITE
from hardcheck.apparmor.rules.io_uring import IO_URING_ACCESS
from hardcheck.apparmor.rules.mqueue import MQUEUE_ACCESS
from hardcheck.apparmor.rules.network import SOCKET_ACCESS
from hardcheck.apparmor.rules.ptrace import PTRACE_ACCESS


class FileObject(msgspec.Struct, frozen=True):
    """A path as the kernel sees it (links resolved, folders with a slash at the end).

    ``owner``: the file belongs to the user of the task.
    """

    path: str
    owner: bool = True


class LinkObject(msgspec.Struct, frozen=True):
    """A hard link: ``target`` gets the further name ``name``; ``owner`` is about ``target``."""

    name: str
    target: str
    owner: bool = True


class CapabilityObject(msgspec.Struct, frozen=True):
    """A capability in lower case, without CAP_."""

    name: str


class SocketObject(msgspec.Struct, frozen=True):
    """A socket by family and type; ``local`` and ``peer`` are (address, port) where known."""

    family: str
    type_: str
    local: tuple[str, int] | None = None
    peer: tuple[str, int] | None = None


class UnixObject(msgspec.Struct, frozen=True):
    """A unix socket without a path: ``@name`` or ``none``; ``label`` is the label of the other end."""

    type_: str
    address: str
    peer: str = ""
    label: str = ""


class SignalObject(msgspec.Struct, frozen=True):
    """A signal by name (``term``), to or from a task labelled ``peer``."""

    signal: str
    peer: str


class PeerObject(msgspec.Struct, frozen=True):
    """A task labelled ``label``."""

    label: str


class UmountObject(msgspec.Struct, frozen=True):
    """What is mounted at ``point`` (with a slash at the end)."""

    point: str


class PivotObject(msgspec.Struct, frozen=True):
    """pivot_root(2)."""

    new_root: str
    old_root: str


class ProfileObject(msgspec.Struct, frozen=True):
    """A label to change to, at the exec of ``executable`` if that is not empty."""

    label: str
    executable: str = ""


class HatObject(msgspec.Struct, frozen=True):
    """A hat of the profile."""

    name: str


class UsernsObject(msgspec.Struct, frozen=True):
    """User namespaces."""


class QueueObject(msgspec.Struct, frozen=True):
    """A message queue: ``/name`` (posix) or a number (sysv)."""

    name: str
    label: str = ""


class IoUringObject(msgspec.Struct, frozen=True):
    """An io_uring; ``label`` is whose credentials are taken."""

    label: str = ""


AaObject = (
    FileObject
    | LinkObject
    | CapabilityObject
    | SocketObject
    | UnixObject
    | SignalObject
    | PeerObject
    | Message
    | MountRequest
    | UmountObject
    | PivotObject
    | ProfileObject
    | HatObject
    | UsernsObject
    | QueueObject
    | IoUringObject
)


def _words(access: dict[str, int]) -> dict[str, int]:
    """The access words of a rule without their short forms."""
    return {word: bits for word, bits in access.items() if len(word) > 2}


# object -> (class of rules, action -> bits)
ACTIONS: dict[type[AaObject], tuple[str, dict[str, int]]] = {
    FileObject: (
        "file",
        {
            "read": READ,
            "write": WRITE,
            "append": APPEND,
            "create": WRITE,
            "delete": WRITE,
            "execute": EXEC,
            "link": LINK,
            "lock": LOCK,
            "mmap-execute": MMAP,
            "rename": READ | WRITE,
        },
    ),
    LinkObject: ("file", {"link": LINK}),
    CapabilityObject: ("capability", {"use": 1}),
    SocketObject: ("network", _words(SOCKET_ACCESS)),
    UnixObject: ("unix", _words(SOCKET_ACCESS)),
    SignalObject: ("signal", {"send": 2, "signal": 2, "receive": 4}),
    PeerObject: (
        "ptrace",
        {word: bits for word, bits in PTRACE_ACCESS.items() if len(word) > 2} | {"ptrace": 2},
    ),
    Message: ("dbus", {"send": SEND, "receive": RECEIVE, "eavesdrop": EAVESDROP, "bind": BIND}),
    MountRequest: ("mount", {"mount": 1}),
    UmountObject: ("mount", {"umount": 1}),
    PivotObject: ("mount", {"pivot-root": 1}),
    ProfileObject: ("file", {"transition": 1}),
    HatObject: ("file", {"transition": 1}),
    UsernsObject: ("userns", {"create": 1}),
    QueueObject: ("mqueue", _words(MQUEUE_ACCESS)),
    IoUringObject: ("io_uring", dict(IO_URING_ACCESS)),
}

# What AppArmor does not weigh when it allows, by class of rules.
OUTSIDE: dict[str, tuple[str, ...]] = {
    "file": ("file owner, mode and ACL", "capabilities", "seccomp"),
    "capability": ("whether the process holds the capability", "seccomp"),
    "network": ("capabilities", "firewall", "seccomp"),
    "unix": ("file owner and mode", "seccomp"),
    "signal": ("user ids", "the other end's profile", "seccomp"),
    "ptrace": ("user ids", "Yama", "the other end's profile", "seccomp"),
    "mount": ("capability sys_admin", "seccomp"),
    "dbus": ("the bus daemon's own policy", "the other end's profile"),
    "userns": ("sysctl limits", "seccomp"),
    "mqueue": ("file owner and mode", "seccomp"),
    "io_uring": ("seccomp",),
}
