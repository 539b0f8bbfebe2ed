"""Which policy of a host the common question is put to, and whom that policy does not bound."""

from __future__ import annotations

from typing import Any

from hardcheck.access import AccessPolicy
from hardcheck.derive.base import DerivedFact
from hardcheck.facts import Absent
from hardcheck.facts.apparmor import LoadedProfile
from hardcheck.reasons import Reason

_LETS_ALL_PASS = frozenset({"unconfined", "default_allow"})


def active_policy(framework: str, selinux: Any, apparmor: Any) -> Any:
    """The policy that answers for this host, or why there is none."""
    if framework == "selinux":
        return selinux
    if framework == "apparmor":
        return apparmor
    return Absent(Reason.NOT_PRESENT, (), "no MAC framework is active: there is no policy to ask")


def unconfined_subjects(framework: str, policy: Any, profiles: Any) -> Any:
    """The subjects that the policy itself leaves unbounded: SELinux's unconfined types, or tasks
    without a profile and the profiles whose mode lets everything pass."""
    if framework == "selinux":
        return policy if isinstance(policy, Absent) else tuple(sorted(policy.unconfined))
    if framework == "apparmor":
        return profiles if isinstance(profiles, Absent) else ("unconfined", *_open(profiles))
    return Absent(Reason.NOT_PRESENT, (), "no MAC framework is active")


def _open(profiles: tuple[LoadedProfile, ...]) -> list[str]:
    return sorted(profile.name for profile in profiles if profile.mode in _LETS_ALL_PASS)


ACCESS_DERIVED: tuple[DerivedFact, ...] = (
    DerivedFact(
        "access.policy",
        AccessPolicy,
        "the policy of the framework that runs, to be asked",
        needs=("mac.framework",),
        derive=active_policy,
        weighs=("access.selinux", "access.apparmor"),
    ),
    DerivedFact(
        "access.unconfined",
        tuple[str, ...],
        "the domains or profiles that the policy leaves unbounded, by name",
        needs=("mac.framework",),
        derive=unconfined_subjects,
        weighs=("selinux.policy", "apparmor.profiles"),
    ),
)
