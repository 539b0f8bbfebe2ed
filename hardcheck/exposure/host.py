"""A host as the exposure page sees it: its facts, its policy, and what is known of its files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from hardcheck.access import AccessPolicy
from hardcheck.derive import DERIVED
from hardcheck.derive.assemble import assemble, fact_specs
from hardcheck.evidence import HostEvidence
from hardcheck.facts import Absent, Facts
from hardcheck.facts.labels import FileLabel
from hardcheck.facts.mac import Confined
from hardcheck.facts.processes import Process
from hardcheck.parse import PARSERS
from hardcheck.reasons import Reason


class Host:
    """One host. ``policy`` is the one that questions go to: the loaded one, or one that was assumed;
    ``enforced`` are the domains and profiles that are assumed to be enforced, ``restarted`` the processes
    that are assumed to run with another label, by number."""

    def __init__(
        self,
        name: str,
        facts: Facts,
        policy: AccessPolicy | Absent | None = None,
        enforced: frozenset[str] = frozenset(),
        restarted: Mapping[int, tuple[str, Confined]] | None = None,
    ) -> None:
        self.name, self.facts, self.enforced = name, facts, enforced
        self.restarted: Mapping[int, tuple[str, Confined]] = restarted or {}
        self.policy: AccessPolicy | Absent = facts["access.policy"] if policy is None else policy

    @property
    def framework(self) -> str:
        """``selinux``, ``apparmor``, ``neither``, or ``unknown``."""
        framework = self.facts["mac.framework"]
        return "unknown" if isinstance(framework, Absent) else str(framework)

    @cached_property
    def unconfined(self) -> frozenset[str] | Absent:
        """The domains or profiles that the policy leaves unbounded."""
        names = self.facts["access.unconfined"]
        return names if isinstance(names, Absent) else frozenset(names)

    @cached_property
    def logged_only(self) -> frozenset[str]:
        """The domains or profiles whose denials are only logged, those assumed enforced left out."""
        found: frozenset[str] = frozenset()
        if self.framework == "selinux" and not isinstance(self.facts["selinux.policy"], Absent):
            found = frozenset(self.facts["selinux.policy"].permissive)
        elif self.framework == "apparmor" and not isinstance(self.facts["apparmor.profiles"], Absent):
            profiles = self.facts["apparmor.profiles"]
            found = frozenset(profile.name for profile in profiles if profile.mode == "complain")
        return found - self.enforced

    @cached_property
    def files(self) -> Mapping[str, FileLabel]:
        """The files whose label, owner and mode were seen, by path; empty where none was."""
        labels = self.facts["labels.files"]
        return {} if isinstance(labels, Absent) else {file.path: file for file in labels.files}

    @cached_property
    def users(self) -> Mapping[int, str]:
        """Account names by number; the first of each."""
        return {user.uid: user.name for user in reversed(tuple(self.each("accounts.users")))}

    @cached_property
    def groups(self) -> Mapping[str, frozenset[int]] | Absent:
        """The groups that each account is a member of by the group file."""
        groups = self.facts["accounts.groups"]
        if isinstance(groups, Absent):
            return groups
        found: dict[str, set[int]] = {}
        for group in groups:
            for member in group.members:
                found.setdefault(member, set()).add(group.gid)
        return {name: frozenset(gids) for name, gids in found.items()}

    def each(self, name: str) -> Iterator[Any]:
        """The elements of a fact that is a sequence; none where it is Absent. Only for what adds
        objects to ask about, never for a verdict."""
        value = self.facts[name]
        return iter(()) if isinstance(value, Absent) else iter(value)

    def state_of(self, pid: int) -> tuple[str, Confined | Absent]:
        """The subject of a process and how it is confined."""
        return self.restarted.get(pid) or self._states.get(pid, ("", _UNSEEN))

    def label_of(self, process: Process) -> str | Absent:
        """The label that a process runs with, as the kernel shows it, or the one that is assumed."""
        return self.restarted[process.pid][0] if process.pid in self.restarted else process.label

    @cached_property
    def _states(self) -> dict[int, tuple[str, Confined | Absent]]:
        return {one.pid: (one.subject, one.state) for one in self.each("mac.subjects")}

    @cached_property
    def logins(self) -> frozenset[int]:
        """The processes that belong to no service: login sessions."""
        return frozenset(one.pid for one in self.each("mac.subjects") if not one.service)

    def assuming(self, policy: AccessPolicy | Absent, enforced: frozenset[str] = frozenset()) -> Host:
        """The same host with another policy."""
        return Host(self.name, self.facts, policy, self.enforced | enforced, self.restarted)


_UNSEEN = Absent(Reason.NOT_COLLECTED, ("processes.files",), "the process was not seen")


def host_of(evidence: HostEvidence) -> Host:
    """A host by its evidence; what was not collected is Absent there, and its answers unknown."""
    return Host(evidence.host.name, assemble(evidence, PARSERS, DERIVED, fact_specs(PARSERS, DERIVED)))
