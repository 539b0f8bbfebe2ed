"""Readiness as a fact: what was withheld of either framework is no silence."""

from __future__ import annotations

from typing import Any

import pytest

from hardcheck.denials.model import LogHealth, LogSummary
from hardcheck.derive.denial_triage import READINESS, derive_readiness
from hardcheck.facts import Absent, Reason
from hardcheck.facts.apparmor import LoadedProfile

GONE = Absent(Reason.NOT_PRESENT)
DENIED = Absent(Reason.DENIED, ("apparmor/profiles",))
LOG = LogSummary((), (), LogHealth())
COMPLAINING = (LoadedProfile("app", "complain"),)


def facts(**known: Any) -> list[Any]:
    """The values of `READINESS`, not present where nothing is said."""
    return [known.get(name.replace(".", "_"), GONE) for name in READINESS]


def test_a_complaining_profile_is_a_subject() -> None:
    found = derive_readiness(
        LOG, (), *facts(selinux_permissive=GONE, apparmor_profiles=COMPLAINING, apparmor_unattached=())
    )
    assert not isinstance(found, Absent)
    assert [(one.kind, one.name, one.verdict) for one in found] == [("profile", "app", "unknown")]


@pytest.mark.parametrize("withheld", ["selinux_permissive", "apparmor_profiles", "selinux_kernel"])
def test_a_state_that_was_withheld_leaves_no_list(withheld: str) -> None:
    known: dict[str, Any] = {"selinux_permissive": (), "apparmor_profiles": (), "apparmor_unattached": ()}
    assert derive_readiness(LOG, (), *facts(**known)) == ()
    assert derive_readiness(LOG, (), *facts(**{**known, withheld: DENIED})) == DENIED


def test_what_runs_without_its_profile_is_needed_for_profiles_only() -> None:
    withheld: dict[str, Any] = {"selinux_permissive": (), "apparmor_unattached": DENIED}
    assert derive_readiness(LOG, (), *facts(**withheld, apparmor_profiles=COMPLAINING)) == DENIED
    assert derive_readiness(LOG, (), *facts(**withheld, apparmor_profiles=())) == ()
