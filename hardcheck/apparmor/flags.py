"""The flags of a profile: its mode, and how paths and denials are treated (apparmor.d(5), "flags")."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from hardcheck.apparmor.rules.signal import signal_name


class ProfileMode(StrEnum):
    """What a denial means: see `stops`. The names are those of the flags."""

    ENFORCE = "enforce"
    COMPLAIN = "complain"
    KILL = "kill"
    UNCONFINED = "unconfined"
    PROMPT = "prompt"
    DEFAULT_ALLOW = "default_allow"

    @property
    def stops(self) -> bool:
        """Whether an access that no rule allows is refused."""
        return self in (ProfileMode.ENFORCE, ProfileMode.KILL, ProfileMode.PROMPT)


class Flags(msgspec.Struct, frozen=True):
    """``others`` are the flags that are neither mode nor audit, as written."""

    mode: ProfileMode = ProfileMode.ENFORCE
    audit: bool = False
    others: tuple[str, ...] = ()

    def has(self, flag: str) -> bool:
        """Whether a plain flag such as ``attach_disconnected`` is set."""
        return flag in self.others


_PLAIN = frozenset(
    (
        *("debug", "chroot_relative", "namespace_relative", "mediate_deleted", "delegate_deleted"),
        *("attach_disconnected", "no_attach_disconnected", "chroot_attach", "chroot_no_attach"),
        *("interruptible", "attach_disconnected.ipc"),
    )
)
_MODES = frozenset(str(mode) for mode in ProfileMode)
_CONFLICTS = (
    ("chroot_relative", "namespace_relative"),
    ("mediate_deleted", "delegate_deleted"),
    ("attach_disconnected", "no_attach_disconnected"),
    ("attach_disconnected.ipc", "no_attach_disconnected"),
    ("chroot_attach", "chroot_no_attach"),
)
# errno(3) names of Linux, whatever the system that this runs on.
_ERROR_NAMES = (
    "E2BIG EACCES EADDRINUSE EADDRNOTAVAIL EADV EAFNOSUPPORT EAGAIN EALREADY EBADE EBADF EBADFD "
    "EBADMSG EBADR EBADRQC EBADSLT EBFONT EBUSY ECANCELED ECHILD ECHRNG ECOMM ECONNABORTED "
    "ECONNREFUSED ECONNRESET EDEADLK EDESTADDRREQ EDOM EDOTDOT EDQUOT EEXIST EFAULT EFBIG EHOSTDOWN "
    "EHOSTUNREACH EIDRM EILSEQ EINPROGRESS EINTR EINVAL EIO EISCONN EISDIR EISNAM EKEYEXPIRED "
    "EKEYREJECTED EKEYREVOKED EL2HLT EL2NSYNC EL3HLT EL3RST ELIBACC ELIBBAD ELIBEXEC ELIBMAX ELIBSCN "
    "ELNRNG ELOOP EMEDIUMTYPE EMFILE EMLINK EMSGSIZE EMULTIHOP ENAMETOOLONG ENAVAIL ENETDOWN "
    "ENETRESET ENETUNREACH ENFILE ENOANO ENOBUFS ENOCSI ENODATA ENODEV ENOENT ENOEXEC ENOKEY ENOLCK "
    "ENOLINK ENOMEDIUM ENOMEM ENOMSG ENONET ENOPKG ENOPROTOOPT ENOSPC ENOSR ENOSTR ENOSYS ENOTBLK "
    "ENOTCONN ENOTDIR ENOTEMPTY ENOTNAM ENOTRECOVERABLE ENOTSOCK ENOTSUP ENOTTY ENOTUNIQ ENXIO "
    "EOVERFLOW EOWNERDEAD EPERM EPFNOSUPPORT EPIPE EPROTO EPROTONOSUPPORT EPROTOTYPE ERANGE EREMCHG "
    "EREMOTE EREMOTEIO ERESTART ERFKILL EROFS ESHUTDOWN ESOCKTNOSUPPORT ESPIPE ESRCH ESRMNT ESTALE "
    "ESTRPIPE ETIME ETIMEDOUT ETOOMANYREFS ETXTBSY EUCLEAN EUNATCH EUSERS EWOULDBLOCK EXDEV EXFULL"
)
_ERRORS = frozenset(_ERROR_NAMES.split())
_VALUED = ("attach_disconnected.path", "attach_disconnected.ipc", "kill.signal", "error")


def read_flags(written: tuple[tuple[str, int], ...]) -> Flags | tuple[str, int]:
    """Return the flags, or what is wrong and the place of the flag at fault."""
    mode: ProfileMode | None = None
    audit = False
    others: dict[str, None] = {}
    values: dict[str, str] = {}
    for flag, at in written:
        if flag in _MODES:
            if mode is not None and mode != flag:
                return f"flag '{flag}' conflicts with '{mode}'", at
            mode = ProfileMode(flag)
        elif flag == "audit":
            audit = True
        elif flag in _PLAIN:
            others[flag] = None
        else:
            name, equals, value = flag.partition("=")
            if name not in _VALUED or not equals:
                return f"'{flag}' is no flag of profiles", at
            wrong = _wrong_value(name, value)
            if wrong or values.setdefault(name, value) != value:
                return wrong or f"flag '{name}' has two values", at
            others[flag] = None
            if name.startswith("attach_disconnected"):
                others["attach_disconnected" if name.endswith("path") else name] = None
        for left, right in _CONFLICTS:
            if left in others and right in others:
                return f"flags '{left}' and '{right}' conflict", at
    return Flags(mode or ProfileMode.ENFORCE, audit, tuple(others))


def _wrong_value(name: str, value: str) -> str:
    if name == "kill.signal":
        return "" if signal_name(value) else f"'{value}' is no signal"
    if name == "error":
        return "" if value.upper() in _ERRORS else f"'{value}' is no error code"
    return "" if value.startswith(("/", "@{")) else f"'{name}' takes an absolute path"
