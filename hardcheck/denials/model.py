"""What a log says about mandatory access control: refusals, changes of state, and how whole the log is.

A text that a record does not have is empty, a number that it does not have is None: neither is ever
guessed. Times are UTC. Texts are hostile: whoever shows them escapes them. Bytes that are not UTF-8
stand as ``\\xNN``. Where a set or a list is bounded, ``more`` beside it counts what was left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Literal

import msgspec

Framework = Literal["selinux", "apparmor"]
_LATEST = 1 << 35  # seconds; the calendar of Python ends at the year 9999


class Outcome(StrEnum):
    """What became of the access."""

    DENIED = "denied"
    WOULD_DENY = "would_deny"  # permissive=1 or complain mode: let through and logged
    GRANTED = "granted"  # allowed, and the policy asked for a record (auditallow, audit)
    UNKNOWN = "unknown"  # refused by the policy; the record does not say whether that was enforced


class ErrorKind(StrEnum):
    """What a SELINUX_ERR record is about."""

    INVALID_CONTEXT = "invalid_context"  # a transition or a write asks for a context the policy forbids
    BOUNDED_TRANSITION = "bounded_transition"  # the new domain is not bounded by the old one (nnp, setcon)
    VALIDATE_TRANSITION = "validate_transition"  # a relabel that a validatetrans constraint forbids
    BOUNDS = "bounds"  # a bounded type had more than its parent has; taken away
    OTHER = "other"


class EventId(msgspec.Struct, frozen=True, order=True):
    """What joins the records of one event. The serial begins anew at each boot."""

    node: str
    seconds: int
    milliseconds: int
    serial: int

    @property
    def at(self) -> datetime | None:
        """When the event was; None for an id that was scrubbed to zeros or lies past the calendar."""
        if not 0 < self.seconds <= _LATEST:
            return None
        return datetime.fromtimestamp(self.seconds, UTC).replace(microsecond=self.milliseconds * 1000)


class Where(msgspec.Struct, frozen=True):
    """A line of a log, counted from 1; in the journal's export format, an entry."""

    file: str
    line: int


class Record(msgspec.Struct, frozen=True):
    """One record. ``fields`` are by name with hexadecimal text decoded, the first of a name wins;
    ``verdict`` and ``permissions`` are SELinux's words before the fields; ``text`` is what was read."""

    type: str
    fields: Mapping[str, str]
    where: Where
    verdict: str = ""
    permissions: tuple[str, ...] = ()
    text: str = ""


class Event(msgspec.Struct, frozen=True):
    """Records with one id, in the order of the log; ``id`` is None for a line without one."""

    id: EventId | None
    at: datetime | None
    records: tuple[Record, ...]
    host: str = ""


class PathItem(msgspec.Struct, frozen=True):
    """A PATH record. ``nametype`` is PARENT, NORMAL, CREATE, DELETE or UNKNOWN; ``dev`` is ``MM:mm``."""

    name: str
    nametype: str = ""
    item: int | None = None
    inode: int | None = None
    dev: str = ""
    mode: int | None = None
    ouid: int | None = None
    ogid: int | None = None
    context: str = ""


class Syscall(msgspec.Struct, frozen=True):
    """The call that met the refusal. ``exit`` is negative for an errno; ``success`` is of the whole call,
    which may go on without what was refused."""

    number: str
    name: str = ""
    arch: str = ""
    success: bool | None = None
    exit: int | None = None
    arguments: tuple[str, ...] = ()
    key: str = ""


class SocketAddress(msgspec.Struct, frozen=True):
    """A decoded SOCKADDR: inet, inet6, unix, netlink or a number; an abstract address begins with ``@``."""

    family: str
    address: str = ""
    port: int | None = None


class Process(msgspec.Struct, frozen=True):
    """Who asked. ``auid`` is None when no login stands behind it (boot, a service) and ``ids`` has the
    other ids that were recorded by name (uid gid euid suid fsuid egid sgid fsgid ses)."""

    pid: int | None = None
    ppid: int | None = None
    comm: str = ""
    exe: str = ""
    argv: tuple[str, ...] = ()
    cwd: str = ""
    auid: int | None = None
    ids: Mapping[str, int] = {}
    tty: str = ""
    subject: str = ""


class SelinuxDenial(msgspec.Struct, frozen=True):
    """SELinux's side. Contexts are as recorded (``user:role:type[:range]``, or ``ssid=N``'s number);
    ``raw_source`` and ``raw_target`` are labels that the policy does not know.

    ``extra`` has the rest of the record by name: path name dev ino ioctlcmd capability src dest laddr
    lport faddr fport netif key nlmsg_type ... ``manager`` is the program that decided for a USER_AVC
    (dbus-daemon, systemd), ``error`` is set for SELINUX_ERR, where ``source`` and ``target`` are the old
    and the new context and ``invalid`` the one that cannot be.
    """

    source: str
    target: str
    class_: str
    permissions: tuple[str, ...]
    permissive: bool | None = None
    raw_source: str = ""
    raw_target: str = ""
    extra: Mapping[str, str] = {}
    manager: str = ""
    error: ErrorKind | None = None
    invalid: str = ""


class ApparmorDenial(msgspec.Struct, frozen=True):
    """AppArmor's side, under the kernel's names; ``verdict`` is its word (DENIED ALLOWED AUDIT KILLED).

    ``profile`` is the label as recorded: hats and children behind ``//``, a stack joined by ``//&``.
    ``requested`` and ``denied`` are the masks, whatever their fields are named; D-Bus has only ``denied``.
    ``error`` is the errno, positive. ``local`` and ``foreign`` are ``ADDRESS:PORT`` ends of a socket.
    ``extra`` has the rest by name.
    """

    verdict: str
    operation: str
    profile: str
    class_: str = ""
    namespace: str = ""
    name: str = ""
    requested: str = ""
    denied: str = ""
    target: str = ""
    peer: str = ""
    info: str = ""
    error: int | None = None
    fsuid: int | None = None
    ouid: int | None = None
    family: str = ""
    sock_type: str = ""
    protocol: str = ""
    local: str = ""
    foreign: str = ""
    capability: str = ""
    signal: str = ""
    fstype: str = ""
    srcname: str = ""
    flags: str = ""
    hostname: str = ""
    extra: Mapping[str, str] = {}

    @property
    def stack(self) -> tuple[str, ...]:
        """The profiles that confine together."""
        return tuple(self.profile.split("//&"))


class Denial(msgspec.Struct, frozen=True):
    """One access that the policy refused, would have refused, or let through with a record.

    ``path`` is the object's full path and ``path_from`` how it is known: ``record`` (the refusal's own
    field), ``inode`` or ``name`` (a PATH record that fits), ``cwd`` (a relative name joined to it), or
    empty when only a last component, or nothing, is known. Exactly one of ``selinux`` and ``apparmor``
    is set.
    """

    framework: Framework
    outcome: Outcome
    at: datetime | None
    id: EventId | None
    where: Where
    host: str = ""
    process: Process = Process()
    syscall: Syscall | None = None
    paths: tuple[PathItem, ...] = ()
    sockaddr: SocketAddress | None = None
    path: str = ""
    path_from: str = ""
    selinux: SelinuxDenial | None = None
    apparmor: ApparmorDenial | None = None


class ChangeKind(StrEnum):
    """Kinds of changes of state."""

    POLICY = "policy"  # a SELinux policy was loaded
    MODE = "mode"  # setenforce, or SELinux switched off
    BOOLEAN = "boolean"
    PROFILE = "profile"  # an AppArmor profile was loaded, replaced or removed
    CONFIG = "config"  # any other record of a MAC configuration change (semanage, unlabeled traffic, ...)
    APPARMOR = "apparmor"  # another AppArmor STATUS, HINT or ERROR
    AUDIT = "audit"  # auditd or the audit settings: start, end, failure, enabled, backlog, lost rules
    LABEL = "label"  # the kernel met a label that the policy does not know
    BOOT = "boot"
    SHUTDOWN = "shutdown"


class StateChange(msgspec.Struct, frozen=True):
    """One change, with who made it. ``name`` is the boolean, profile, or setting, ``old`` and ``new``
    its values; ``operation`` is the record's own word (profile_replace, DAEMON_END ...). ``ok`` is
    None where the record does not tell. ``argv`` is the command, where it was joined."""

    kind: ChangeKind
    at: datetime | None
    where: Where
    name: str = ""
    old: str = ""
    new: str = ""
    operation: str = ""
    ok: bool | None = None
    process: Process = Process()
    host: str = ""
    id: EventId | None = None
    info: str = ""


class Bounded(msgspec.Struct, frozen=True):
    """The first distinct values that were seen, with how often, and how many lines had others."""

    values: Mapping[str, int] = {}
    more: int = 0


class Group(msgspec.Struct, frozen=True):
    """Denials of one cause, counted.

    ``source`` and ``target`` are SELinux types, or an AppArmor profile and its peer or exec target.
    ``class_`` is SELinux's object class or AppArmor's kind (file exec net cap mount ptrace signal dbus ...);
    ``wanted`` the union of permissions, or of the letters (words for sockets, D-Bus and queues) of the
    denied mask; ``object`` what else tells one cause from another: a port (``tcp 9999``), a label that the
    policy does not know, AppArmor's name (``/srv/www/*`` when many names of one directory were folded),
    capability, signal or D-Bus interface. ``info`` is AppArmor's text where that is a cause of its own.

    ``pairs`` are full source and target contexts, joined by a blank. ``paths`` are the objects. ``by_day``
    is ``YYYY-MM-DD`` to lines of that day. ``examples`` are whole denials: the first, then the first with
    each further permission or executable. ``succeeded`` counts those whose system call went on to succeed.
    ``cached``: SELinux wrote a line per miss of its cache only (permissive), so the count is no frequency.
    """

    framework: Framework
    outcome: Outcome
    source: str
    target: str
    class_: str
    wanted: tuple[str, ...]
    object: str
    count: int
    first: datetime | None
    last: datetime | None
    comms: Bounded
    exes: Bounded
    paths: Bounded
    pairs: Bounded
    pids: Bounded
    hosts: Bounded
    by_day: Mapping[str, int]
    examples: tuple[Denial, ...]
    info: str = ""
    succeeded: int = 0
    error: ErrorKind | None = None
    cached: bool = False

    @property
    def rate(self) -> float | None:
        """Lines an hour between the first and the last; None for fewer than two times."""
        if self.first and self.last and self.last > self.first:
            return (self.count - 1) * 3600 / (self.last - self.first).total_seconds()
        return None


class Damage(msgspec.Struct, frozen=True):
    """A line that speaks of MAC and could not be read: why, and its beginning."""

    where: Where
    why: str
    text: str


class Lost(msgspec.Struct, frozen=True):
    """Records were dropped: ``why`` is backlog, rate_limit, suppressed, audit_lost, disk, dispatcher,
    journal, or printed (not in the kernel's ring, but in the audit log); ``count`` is how many, where
    told, and ``total`` the kernel's sum since boot."""

    why: str
    where: Where
    at: datetime | None = None
    count: int | None = None
    total: int | None = None


class Gap(msgspec.Struct, frozen=True):
    """A time without a record though records could be expected; ``why`` is auditd_down, boot or clock."""

    why: str
    since: datetime
    until: datetime | None


class UnitRuns(msgspec.Struct, frozen=True):
    """A systemd unit's starts and stops."""

    unit: str
    starts: int
    stops: int
    first: datetime | None
    last: datetime | None
    failed: int = 0


class LogHealth(msgspec.Struct, frozen=True):
    """How far the logs can be relied on.

    ``records`` are those that concern MAC; ``doubles`` of them stood in two logs and count once.
    ``damaged`` lines speak of MAC and could not be read, ``foreign`` ones are records that another
    program wrote into its own message, which proves nothing; ``damages`` has the first of both.
    ``cut_lines`` were longer than a line may be. ``dontaudit_off`` says what shows that silenced denials
    were logged, ``assumed`` what was taken for granted (the zone of a time), ``unreadable`` which files
    ended before their end (a damaged rotation).
    """

    lines: int = 0
    size: int = 0
    records: int = 0
    doubles: int = 0
    first: datetime | None = None
    last: datetime | None = None
    damaged: int = 0
    foreign: int = 0
    damages: tuple[Damage, ...] = ()
    lost: tuple[Lost, ...] = ()
    more_lost: int = 0
    gaps: tuple[Gap, ...] = ()
    cut_lines: int = 0
    ungrouped: int = 0
    dontaudit_off: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Nothing damaged, lost, left out or cut."""
        return not any((self.damaged, self.lost, self.gaps, self.ungrouped, self.cut_lines, self.unreadable))


class LogSummary(msgspec.Struct, frozen=True):
    """All that was read from one or more logs; groups with the most lines first, changes by time.
    ``units`` are what the log has of restarts, ``sources`` the logs with an answer."""

    groups: tuple[Group, ...]
    changes: tuple[StateChange, ...]
    health: LogHealth
    sources: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    units: tuple[UnitRuns, ...] = ()
    more_changes: int = 0
    denials: int = 0
