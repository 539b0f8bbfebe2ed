"""SELinux on one host: kernel state, configuration, booleans, the module store, local changes, the policy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from hardcheck.facts.base import Absent

Mode = Literal["enforcing", "permissive", "disabled"]


class SelinuxKernel(msgspec.Struct, frozen=True):
    """selinuxfs. ``policy_loaded`` is False where SELinux is switched on and was never given a policy:
    then nothing is confined, whatever ``enforcing`` says.

    ``checkreqprot`` True: the kernel checks the protection that was asked for, not the one applied.
    """

    enforcing: bool
    policy_loaded: bool
    mls: bool
    policy_version: int
    deny_unknown: bool
    reject_unknown: bool
    checkreqprot: bool | Absent


class SelinuxConfig(msgspec.Struct, frozen=True):
    """/etc/selinux/config as libselinux reads it. ``mode`` is ``invalid`` where SELINUX= is missing or has
    a word that libselinux does not know (the boot is permissive then); ``written`` is that word."""

    mode: Literal["enforcing", "permissive", "disabled", "invalid"]
    policy_type: str | Absent
    written: str = ""


class Sestatus(msgspec.Struct, frozen=True):
    """sestatus(8). What it does not print is Absent."""

    enabled: bool
    loaded_policy: str | Absent
    mode: Literal["enforcing", "permissive"] | Absent
    configured: str | Absent


class PolicyState(msgspec.Struct, frozen=True):
    """Whether a policy is loaded, and whether it is of the configured type. ``configured`` and
    ``loaded_name`` are names as ``targeted``; ``matches`` whether they are the same."""

    loaded: bool
    configured: str | Absent
    loaded_name: str | Absent
    matches: bool | Absent


class Boolean(msgspec.Struct, frozen=True):
    """One boolean in the kernel: value in force, and the one that a commit would bring."""

    now: bool
    pending: bool


class LocalBoolean(msgspec.Struct, frozen=True):
    """A boolean set persistently on this host."""

    name: str
    on: bool


class LocalFcontext(msgspec.Struct, frozen=True):
    """A file context added on this host. ``kind`` is the letter of semanage-fcontext(8), ``a`` for all;
    ``type_`` is ``<<none>>`` where files shall get no label; ``equal_to`` the other path of an
    equivalence."""

    pattern: str
    type_: str
    kind: str = "a"
    equal_to: str = ""


class LocalPort(msgspec.Struct, frozen=True):
    """A port definition added on this host; ``ports`` is ``8081`` or ``8081-8090``."""

    protocol: str
    ports: str
    type_: str


class LocalLogin(msgspec.Struct, frozen=True):
    """A login mapping added on this host; ``level`` is its range or empty."""

    login: str
    user: str
    level: str = ""


class LocalPolicy(msgspec.Struct, frozen=True):
    """What was changed on this host beside the distribution's policy, and where that was read:
    ``semanage export`` or the files of the module store. ``others`` are records of other kinds, in
    the words of their source (users, interfaces, nodes, Infiniband)."""

    source: Literal["semanage export", "module store"]
    booleans: tuple[LocalBoolean, ...] = ()
    fcontexts: tuple[LocalFcontext, ...] = ()
    ports: tuple[LocalPort, ...] = ()
    logins: tuple[LocalLogin, ...] = ()
    permissive: tuple[str, ...] = ()
    disabled_modules: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


class Module(msgspec.Struct, frozen=True):
    """One policy module. ``priority`` is 100 for the distribution's base set, by custom 200 for its
    packages, 400 for what an administrator installs; 0 in a store that has none."""

    name: str
    priority: int
    enabled: bool = True
    language: str = ""

    @property
    def local(self) -> bool:
        """Whether it was installed above the distribution's priorities, other than by
        ``semanage permissive`` (which makes a module of its own for every type)."""
        return self.priority > 200 and not self.name.startswith("permissive_")


class StoreState(msgspec.Struct, frozen=True):
    """Flags of the module store. ``dontaudit_disabled``: the policy was built by ``semodule -DB``, and
    every silenced denial is logged. ``policy_files`` are the sha256 of the policies on disk, by path."""

    stores: tuple[str, ...]
    dontaudit_disabled: bool
    policy_files: Mapping[str, str] = {}


class Login(msgspec.Struct, frozen=True):
    """One line of seusers: which SELinux user a login gets. ``login`` is a name, ``%group`` or
    ``__default__``."""

    login: str
    user: str
    level: str = ""


class LoadedPolicy(msgspec.Struct, frozen=True):
    """The policy that the kernel holds (or, where that could not be read, the one on disk).

    ``unconfined`` are the types to which the policy grants what it grants its unconfined domains;
    ``booleans`` are their states at the time it was written.
    """

    sha256: str
    origin: str
    version: int
    mls: bool
    handle_unknown: Literal["allow", "deny", "reject"]
    types: int
    permissive: tuple[str, ...]
    unconfined: frozenset[str]
    booleans: Mapping[str, bool]


class LabelCheck(msgspec.Struct, frozen=True):
    """A path whose label was looked at. ``expected`` is what file_contexts says, empty where it defines no
    label, Absent where it could not be told; ``customizable``: restorecon(8) leaves this type alone."""

    path: str
    kind: str
    label: str
    expected: str | Absent
    customizable: bool = False

    @property
    def type_(self) -> str:
        """The type of its label, or the whole label where that is not a context."""
        return context_type(self.label)

    @property
    def differs(self) -> bool | Absent:
        """Whether restorecon(8) would change its type."""
        if isinstance(self.expected, Absent):
            return self.expected
        if not self.expected or self.customizable:
            return False
        return self.type_ != context_type(self.expected)

    @property
    def shown(self) -> str:
        """``PATH: TYPE, should be TYPE`` for people."""
        if isinstance(self.expected, Absent) or not self.expected:
            return f"{self.path}: {self.type_}"
        return f"{self.path}: {self.type_}, should be {context_type(self.expected)}"


def context_type(context: str) -> str:
    """The type of ``user:role:type[:range]``; a text of another form as it is."""
    parts = context.split(":", 3)
    return parts[2] if len(parts) >= 3 else context
