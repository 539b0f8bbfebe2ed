"""The question, the answer, and what a policy must offer to be asked.

``selinux/access.py`` and ``apparmor/access.py`` implement `AccessPolicy`, so the engine asks one
question and never learns which framework answers.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Protocol

import msgspec

_MODE = re.compile(r" \((?:enforce|complain|kill|unconfined|prompt|user|mixed)\)$")


class Action(StrEnum):
    """What is done; the closed set of the common model. Native permissions go through `Native`."""

    READ = "read"
    WRITE = "write"
    APPEND = "append"
    CREATE = "create"
    DELETE = "delete"
    EXECUTE = "execute"
    MMAP_EXECUTE = "mmap-execute"
    LINK = "link"
    LOCK = "lock"
    TRANSITION = "transition"
    CONNECT = "connect"
    BIND = "bind"
    SEND = "send"
    SIGNAL = "signal"
    PTRACE = "ptrace"
    MOUNT = "mount"
    USE = "use"  # a capability
    LOAD_MODULE = "load-module"
    SET_POLICY = "set-policy"


class Subject(msgspec.Struct, frozen=True):
    """Who acts, already resolved: a SELinux context (or bare domain) or an AppArmor profile name.

    ``name`` is ``system_u:system_r:httpd_t:s0``, ``httpd_t``, ``/usr/sbin/nginx`` or
    ``php-fpm//a.example``; ``shown`` is what the user called it (``nginx``, ``pid 412``).
    """

    name: str
    shown: str = ""


class Path(msgspec.Struct, frozen=True, tag="path"):
    """A file. ``context`` is its SELinux context where known; ``owner`` whether the subject owns it."""

    path: str
    kind: str = "file"  # file dir lnk_file sock_file fifo_file chr_file blk_file
    context: str = ""
    owner: bool = False


class Port(msgspec.Struct, frozen=True, tag="port"):
    """A port of the network; ``address`` empty means any."""

    protocol: str  # tcp udp sctp dccp
    number: int
    address: str = ""


class Capability(msgspec.Struct, frozen=True, tag="capability"):
    """A capability of capabilities(7), in lower case without CAP_: ``sys_admin``."""

    name: str


class Native(msgspec.Struct, frozen=True, tag="native"):
    """A framework's own words: SELinux target context or type, class and permission;
    AppArmor rule kind (``class_``), permission and the object's text (``target``)."""

    target: str
    class_: str
    permission: str


Object = Path | Port | Capability | Subject | Native


class Verdict(StrEnum):
    """What comes of it when the subject tries."""

    ALLOWED = "allowed"
    DENIED = "denied"
    LOGGED = "logged"  # not allowed, yet only logged: permissive or complain
    UNKNOWN = "unknown"


class AccessAnswer(msgspec.Struct, frozen=True):
    """What the loaded policy says to: may ``subject`` do ``action`` to ``object``?

    ``allowed`` is by the policy's own rules, with booleans and variables as they stand;
    ``enforced`` is False in a permissive domain or complain mode, where a denial is only logged;
    ``audited`` says whether this access, allowed or denied, would leave an audit record;
    ``because`` are the AV rules, constraints or profile lines that decided, in the policy's language;
    ``outside`` is what this model does not weigh (DAC, seccomp, capabilities);
    ``leads_to`` is the subject after an exec, empty otherwise;
    ``unknown`` is empty, or why no answer could be had (then ``allowed`` means nothing).
    """

    allowed: bool
    enforced: bool
    audited: bool
    because: tuple[str, ...]
    outside: tuple[str, ...] = ()
    leads_to: str = ""
    unknown: str = ""

    @property
    def verdict(self) -> Verdict:
        """The answer in one word."""
        if self.unknown:
            return Verdict.UNKNOWN
        if self.allowed:
            return Verdict.ALLOWED
        return Verdict.DENIED if self.enforced else Verdict.LOGGED


def subject_name(label: str) -> str:
    """The domain of a SELinux context, or the profile of an AppArmor label without its mode."""
    parts = label.split(":")
    if len(parts) >= 3 and not label.startswith((":", "/")):
        return parts[2]
    return _MODE.sub("", label)


class AccessPolicy(Protocol):
    """A loaded policy that can be asked.

    ``silent`` are subjects that are loaded and whose rules are not known: `who_may` cannot name them.
    """

    framework: str  # "selinux" or "apparmor"
    silent: tuple[str, ...]

    def may(self, subject: Subject, action: Action, object_: Object) -> AccessAnswer:
        """Answer one question; a subject or object the policy does not know gives ``unknown``."""
        ...

    def who_may(self, action: Action, object_: Object) -> tuple[Subject, ...]:
        """Every subject (domain or profile) that may, sorted by name; permissive ones included
        only when a rule allows it."""
        ...

    def what_may(self, subject: Subject, action: Action) -> tuple[str, ...]:
        """What the subject may do this to: path patterns, ports or types, sorted."""
        ...
