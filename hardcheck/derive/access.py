"""Which policy of a host the common question is put to: the one of the framework that runs."""

from __future__ import annotations

from typing import Any

from hardcheck.access import AccessPolicy
from hardcheck.derive.base import DerivedFact
from hardcheck.facts import Absent
from hardcheck.reasons import Reason


def active_policy(framework: str, selinux: Any, apparmor: Any) -> Any:
    """The policy that answers for this host, or why there is none."""
    if framework == "selinux":
        return selinux
    if framework == "apparmor":
        return apparmor
    return Absent(Reason.NOT_PRESENT, (), "no MAC framework is active: there is no policy to ask")


ACCESS_DERIVED: tuple[DerivedFact, ...] = (
    DerivedFact(
        "access.policy",
        AccessPolicy,
        "the policy of the framework that runs, to be asked",
        needs=("mac.framework",),
        derive=active_policy,
        weighs=("access.selinux", "access.apparmor"),
    ),
)
