"""Make a world of what the user has: a host's evidence, a SELinux policy file, a folder of profiles."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from hardcheck.ask.world import World, labels_by_path
from hardcheck.errors import BundleError, PolicyError, UsageError
from hardcheck.selinux.access import SelinuxPolicy
from hardcheck.selinux.policy import Policy

if TYPE_CHECKING:  # slow to import, and a question about a policy file may need neither
    from hardcheck.evidence import HostEvidence
    from hardcheck.selinux.file_contexts import FileContexts

POLICY_MAGIC = b"\x8c\xff\x7c\xf9"


def is_policy_file(path: Path) -> bool:
    """Whether a file begins as a kernel policy of SELinux does."""
    try:
        with path.open("rb") as file:
            return file.read(4) == POLICY_MAGIC
    except OSError:
        return False


def world_of_policy(path: Path, file_contexts: Path | None) -> World:
    """A SELinux policy file, with file_contexts (a file, or the folder that holds it) where given.

    Raises:
        PolicyError: one of them is damaged or of a version not known.
    """
    contexts = None
    if file_contexts is not None:
        from hardcheck.selinux.file_contexts import FileContexts

        contexts = FileContexts.read(file_contexts)
    policy = SelinuxPolicy(Policy.read(path), contexts)
    return World("selinux", policy, str(path), label_of=_label_of(contexts))


def world_of_profiles(folder: Path) -> World:
    """A folder of AppArmor profiles as /etc/apparmor.d is one; faults of single files cost only those."""
    from hardcheck.apparmor import ProfileSet
    from hardcheck.apparmor.access import AppArmorPolicy

    profiles = ProfileSet.read(folder)
    if not profiles.files:
        raise UsageError(f"{folder}: no AppArmor profile in this folder")
    return World("apparmor", AppArmorPolicy(profiles), str(folder))


def world_of_host(host: HostEvidence) -> World:
    """A host by its evidence.

    Raises:
        BundleError: its policy was not collected, or it runs no MAC framework.
    """
    from hardcheck.derive import DERIVED
    from hardcheck.derive.assemble import assemble, fact_specs
    from hardcheck.facts import Absent
    from hardcheck.parse import PARSERS

    facts = assemble(host, PARSERS, DERIVED, fact_specs(PARSERS, DERIVED))
    name = host.host.name
    framework, policy = facts["mac.framework"], facts["access.policy"]
    if isinstance(policy, Absent):
        raise BundleError(name, f"its policy cannot be asked: {policy.reason}: {policy.detail}")
    contexts = policy.file_contexts if isinstance(policy, SelinuxPolicy) else None
    return World(
        framework,
        policy,
        name,
        facts["processes.all"],
        labels_by_path(facts["labels.files"]),
        _label_of(contexts),
    )


def _label_of(contexts: FileContexts | None) -> Callable[[str, str], str]:
    def label_of(path: str, kind: str) -> str:
        if contexts is None:
            return ""
        try:
            return contexts.match(path, kind) or ""
        except PolicyError:
            return ""  # an expression too large to match: no label can be said

    return label_of
