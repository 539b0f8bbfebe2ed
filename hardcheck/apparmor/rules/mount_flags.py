"""The option words of mount rules and the mount(2) flags they stand for (linux/mount.h)."""

from __future__ import annotations

RDONLY, NOSUID, NODEV, NOEXEC, SYNCHRONOUS, REMOUNT = 1, 2, 4, 8, 16, 32
MAND, DIRSYNC, NOSYMFOLLOW, NOATIME, NODIRATIME = 64, 128, 256, 1 << 10, 1 << 11
BIND, MOVE, REC, SILENT, POSIXACL = 1 << 12, 1 << 13, 1 << 14, 1 << 15, 1 << 16
UNBINDABLE, PRIVATE, SLAVE, SHARED, RELATIME = 1 << 17, 1 << 18, 1 << 19, 1 << 20, 1 << 21
IVERSION, STRICTATIME, LAZYTIME, NOUSER = 1 << 23, 1 << 24, 1 << 25, 1 << 31

PROPAGATION = UNBINDABLE | PRIVATE | SLAVE | SHARED
ALL_FLAGS = (
    (RDONLY | NOSUID | NODEV | NOEXEC | SYNCHRONOUS | REMOUNT | MAND | DIRSYNC | NOSYMFOLLOW)
    | (NOATIME | NODIRATIME | BIND | REC | MOVE | SILENT | POSIXACL | PROPAGATION)
    | (RELATIME | IVERSION | STRICTATIME | LAZYTIME)
)
_PER_MOUNT = NOSUID | NOEXEC | NODEV | NOATIME | NODIRATIME | RELATIME | STRICTATIME
COMMANDS = MOVE | REMOUNT | BIND | REC | PROPAGATION
BIND_FLAGS = BIND | REC
MOVE_FLAGS = MOVE
MAKE_FLAGS = ALL_FLAGS & ~_PER_MOUNT
REMOUNT_FLAGS = ALL_FLAGS & ~MOVE_FLAGS
NEW_FLAGS = ALL_FLAGS & ~COMMANDS

# word -> (flags it sets, flags it says are unset)
OPTIONS: dict[str, tuple[int, int]] = {
    "ro": (RDONLY, 0),
    "r": (RDONLY, 0),
    "read-only": (RDONLY, 0),
    "rw": (0, RDONLY),
    "w": (0, RDONLY),
    "suid": (0, NOSUID),
    "nosuid": (NOSUID, 0),
    "dev": (0, NODEV),
    "nodev": (NODEV, 0),
    "exec": (0, NOEXEC),
    "noexec": (NOEXEC, 0),
    "sync": (SYNCHRONOUS, 0),
    "async": (0, SYNCHRONOUS),
    "remount": (REMOUNT, 0),
    "mand": (MAND, 0),
    "nomand": (0, MAND),
    "dirsync": (DIRSYNC, 0),
    "symfollow": (0, NOSYMFOLLOW),
    "nosymfollow": (NOSYMFOLLOW, 0),
    "atime": (0, NOATIME),
    "noatime": (NOATIME, 0),
    "diratime": (0, NODIRATIME),
    "nodiratime": (NODIRATIME, 0),
    "bind": (BIND, 0),
    "B": (BIND, 0),
    "move": (MOVE, 0),
    "M": (MOVE, 0),
    "rbind": (BIND | REC, 0),
    "R": (BIND | REC, 0),
    "verbose": (SILENT, 0),
    "silent": (SILENT, 0),
    "loud": (0, SILENT),
    "acl": (POSIXACL, 0),
    "noacl": (0, POSIXACL),
    "relatime": (RELATIME, 0),
    "norelatime": (0, RELATIME),
    "iversion": (IVERSION, 0),
    "noiversion": (0, IVERSION),
    "strictatime": (STRICTATIME, 0),
    "nostrictatime": (0, STRICTATIME),
    "lazytime": (LAZYTIME, 0),
    "nolazytime": (0, LAZYTIME),
    "user": (0, NOUSER),
    "nouser": (NOUSER, 0),
}
for _word, _flag in (
    ("unbindable", UNBINDABLE),
    ("private", PRIVATE),
    ("slave", SLAVE),
    ("shared", SHARED),
):
    OPTIONS[_word] = OPTIONS[f"make-{_word}"] = (_flag, 0)
    OPTIONS[f"r{_word}"] = OPTIONS[f"make-r{_word}"] = (_flag | REC, 0)
