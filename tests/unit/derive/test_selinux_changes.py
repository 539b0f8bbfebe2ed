"""What was changed on a host beside the distribution's policy, and what cannot be told of it."""

from __future__ import annotations

from hardcheck.derive.selinux_changes import (
    derive_boolean_changes,
    derive_local_policy,
    derive_permissive_domains,
    derive_policy_state,
)
from hardcheck.facts import Absent, Reason
from hardcheck.facts.mac import Subject
from hardcheck.facts.selinux import (
    Boolean,
    LoadedPolicy,
    LocalBoolean,
    LocalPolicy,
    SelinuxConfig,
    SelinuxKernel,
    Sestatus,
)

DENIED, MISSING = Absent(Reason.DENIED), Absent(Reason.TOOL_MISSING)
GONE = Absent(Reason.NOT_PRESENT)


def policy(permissive: tuple[str, ...] = (), **booleans: bool) -> LoadedPolicy:
    return LoadedPolicy("", "", 33, True, "deny", 1, permissive, frozenset(), booleans)


def local(**more: object) -> LocalPolicy:
    return LocalPolicy("semanage export", **more)  # type: ignore[arg-type]


def cron() -> Subject:
    return Subject(281, "cron", "cron.service", "", 0, "", "crond_t", "permissive", True)


def test_the_store_answers_where_semanage_could_not() -> None:
    store = LocalPolicy("module store")
    assert derive_local_policy(local(), store).source == "semanage export"  # type: ignore[union-attr]
    assert derive_local_policy(MISSING, store) == store
    assert derive_local_policy(DENIED, DENIED) == DENIED


def test_a_permissive_type_is_named_with_its_processes() -> None:
    (found,) = derive_permissive_domains(policy(("crond_t",)), local(permissive=("crond_t",)), (cron(),))  # type: ignore[misc]
    assert (found.type_, found.processes, found.local) == ("crond_t", ("cron (pid 281)",), True)


def test_a_permissive_type_of_the_distribution_is_not_local() -> None:
    (found,) = derive_permissive_domains(policy(("new_t",)), local(), DENIED)  # type: ignore[misc]
    assert (found.local, found.processes) == (False, ())


def test_without_the_policy_the_local_ones_prove_some_and_never_none() -> None:
    assert derive_permissive_domains(DENIED, local(), ()) == DENIED
    found = derive_permissive_domains(DENIED, local(permissive=("crond_t",)), ())
    assert [domain.type_ for domain in found] == ["crond_t"]  # type: ignore[union-attr]


def test_a_boolean_is_set_beside_its_default_and_its_next_boot() -> None:
    booleans = {
        "kept": Boolean(now=False, pending=False),
        "persistent": Boolean(now=True, pending=True),
        "for_now": Boolean(now=True, pending=True),
        "pending": Boolean(now=False, pending=True),
    }
    default = policy(kept=False, persistent=False, for_now=False, pending=False)
    found = derive_boolean_changes(booleans, default, local(booleans=(LocalBoolean("persistent", True),)))
    told = {change.name: (change.off_default, change.stays) for change in found}  # type: ignore[union-attr]
    assert told == {"persistent": (True, True), "for_now": (True, False), "pending": (False, False)}


def test_without_the_defaults_an_untouched_look_proves_nothing() -> None:
    booleans = {"a": Boolean(now=True, pending=True)}
    assert derive_boolean_changes(booleans, DENIED, local()) == DENIED
    (found,) = derive_boolean_changes(booleans, GONE, local(booleans=(LocalBoolean("a", True),)))  # type: ignore[misc]
    assert (found.local, found.off_default) == (True, GONE)


def test_without_the_local_changes_the_next_boot_is_not_known() -> None:
    booleans = {"a": Boolean(now=True, pending=True)}
    (found,) = derive_boolean_changes(booleans, policy(a=False), DENIED)  # type: ignore[misc]
    assert (found.off_default, found.stays) == (True, DENIED)
    assert derive_boolean_changes(booleans, DENIED, DENIED) == DENIED


def test_a_change_is_told_in_words() -> None:
    booleans = {"a": Boolean(now=True, pending=False)}
    (found,) = derive_boolean_changes(booleans, policy(a=False), local())  # type: ignore[misc]
    assert found.shown == "a: on now, off by default, off pending, off after the next boot"


def test_the_policy_in_the_kernel_is_set_beside_the_configured_one() -> None:
    kernel = SelinuxKernel(True, True, True, 33, True, False, False)
    config = SelinuxConfig("enforcing", "targeted")
    status = Sestatus(True, "targeted", "enforcing", "enforcing")
    assert derive_policy_state(kernel, config, status).matches is True
    assert derive_policy_state(kernel, SelinuxConfig("enforcing", "mls"), status).matches is False
    assert derive_policy_state(kernel, DENIED, status).matches == DENIED
    assert derive_policy_state(kernel, config, MISSING).matches == MISSING
    empty = SelinuxKernel(True, False, True, 33, True, False, False)
    assert derive_policy_state(empty, config, status).matches is False
