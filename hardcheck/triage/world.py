"""The host that a denial came from, as far as its evidence goes: never this machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from hardcheck.facts import Absent
from hardcheck.reasons import Reason

if TYPE_CHECKING:  # slow to import, and a log of one framework needs nothing of the other
    from hardcheck.apparmor import ProfileSet
    from hardcheck.facts.apparmor import ProfileCheck, ProfileEntry
    from hardcheck.facts.labels import FileLabel
    from hardcheck.facts.mac import ListeningSubject
    from hardcheck.facts.processes import Process
    from hardcheck.facts.selinux import LocalPolicy
    from hardcheck.facts.web import Site
    from hardcheck.refpolicy.interfaces import Interfaces
    from hardcheck.selinux.file_contexts import FileContexts
    from hardcheck.selinux.policy import Policy

_NOT_GIVEN = Absent(Reason.NOT_COLLECTED, (), "only a log was given")


class World(msgspec.Struct, frozen=True):
    """What is known of one host beside its log; what is not known is Absent with the reason.

    ``names`` are the host's own names: groups of a log that names others are not judged by this host's
    policy. Empty where a policy was given by hand, which then counts for all. ``digest`` names the policy
    that was asked (``sha256:...``). ``interfaces`` are files beside the log, not the host's.
    """

    name: str = ""
    names: tuple[str, ...] = ()
    selinux: Policy | Absent = _NOT_GIVEN
    file_contexts: FileContexts | Absent = _NOT_GIVEN
    digest: str = ""
    enforcing: bool | Absent = _NOT_GIVEN
    labels: Mapping[str, FileLabel] | Absent = _NOT_GIVEN
    customizable: frozenset[str] | Absent = _NOT_GIVEN
    local: LocalPolicy | Absent = _NOT_GIVEN
    profiles: ProfileSet | Absent = _NOT_GIVEN
    checks: tuple[ProfileCheck, ...] | Absent = _NOT_GIVEN
    loaded: tuple[ProfileEntry, ...] | Absent = _NOT_GIVEN
    processes: tuple[Process, ...] | Absent = _NOT_GIVEN
    listeners: tuple[ListeningSubject, ...] | Absent = _NOT_GIVEN
    sites: tuple[Site, ...] | Absent = _NOT_GIVEN
    interfaces: Interfaces | Absent = _NOT_GIVEN

    def is_of(self, hosts: Mapping[str, int]) -> bool:
        """Whether a log that names these hosts is of this one; a log without names is."""
        if not self.names or not hosts:
            return True
        own = {name.partition(".")[0].lower() for name in self.names}
        return any(host.partition(".")[0].lower() in own for host in hosts)


class Table(Protocol):
    """Facts by name, as `hardcheck.facts.Facts` or a plain mapping has them."""

    def __getitem__(self, name: str, /) -> Any:
        """The value or Absent of a fact."""
        ...


FACTS = (
    "access.policy",
    "selinux.policy",
    "labels.files",
    "selinux.customizable_types",
    "selinux.local",
    "apparmor.checks",
    "apparmor.entries",
    "processes.all",
    "mac.listeners",
    "web.sites",
    "host.kernel",
)
"""The facts that `world_of_facts` looks at."""


def without_host() -> World:
    """A log alone."""
    return World()


def world_of_policy(policy: Policy, contexts: FileContexts | None = None, digest: str = "") -> World:
    """A policy given by hand beside a log: it counts for every host that the log names."""
    absent = Absent(Reason.NOT_COLLECTED, (), "no file_contexts was given")
    return World(selinux=policy, file_contexts=contexts or absent, digest=digest)


def world_of_profiles(profiles: ProfileSet) -> World:
    """AppArmor profiles given by hand beside a log."""
    return World(profiles=profiles)


def world_of_facts(name: str, facts: Table) -> World:
    """A host by its facts. A framework that does not run there is Absent."""
    from hardcheck.apparmor.access import AppArmorPolicy
    from hardcheck.selinux.access import SelinuxPolicy

    policy = facts["access.policy"]
    selinux: Policy | Absent = _framework(policy, "SELinux")
    contexts: FileContexts | Absent = _framework(policy, "SELinux")
    profiles: ProfileSet | Absent = _framework(policy, "AppArmor")
    enforcing: bool | Absent = _framework(policy, "SELinux")
    digest = ""
    if isinstance(policy, SelinuxPolicy):
        selinux, enforcing = policy.policy, policy.enforcing
        contexts = policy.file_contexts or Absent(
            Reason.NOT_COLLECTED, ("selinux.file_contexts",), "file_contexts was not collected"
        )
        loaded = facts["selinux.policy"]
        digest = "" if isinstance(loaded, Absent) else f"sha256:{loaded.sha256}"
    elif isinstance(policy, AppArmorPolicy):
        profiles = policy.policy
    labels = facts["labels.files"]
    return World(
        name,
        _names(facts),
        selinux,
        contexts,
        digest,
        enforcing,
        labels if isinstance(labels, Absent) else {file.path: file for file in labels.files},
        facts["selinux.customizable_types"],
        facts["selinux.local"],
        profiles,
        facts["apparmor.checks"],
        facts["apparmor.entries"],
        facts["processes.all"],
        facts["mac.listeners"],
        facts["web.sites"],
    )


def _framework(policy: Any, wanted: str) -> Absent:
    if isinstance(policy, Absent):
        return policy
    return Absent(Reason.NOT_PRESENT, (), f"{wanted} is not what runs on this host")


def _names(facts: Table) -> tuple[str, ...]:
    kernel = facts["host.kernel"]
    node = "" if isinstance(kernel, Absent) else kernel.nodename
    return tuple(dict.fromkeys(word for word in (node,) if word))
