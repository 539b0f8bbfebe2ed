"""Names that the policy does not define: a module is missing, was removed, or is of another time."""

from __future__ import annotations

from hardcheck.denials.model import Group
from hardcheck.triage.model import Cause, Cure, Found, Proof, Step
from hardcheck.triage.selinux_case import SelinuxCase


def raw_label(group: Group) -> Found | None:
    """A label on disk or of a process that the loaded policy does not know (srawcon, trawcon)."""
    for example in group.examples:
        one = example.selinux
        if one is None or not (one.raw_source or one.raw_target):
            continue
        raw = one.raw_target or one.raw_source
        says = (
            f"The label {raw[:200]} is not known to the loaded policy, so that the kernel treats it as "
            "unlabeled: the module that defines it is missing, or the label is of another policy."
        )
        steps: list[Step] = [Step("command", ("semodule", "-lfull"))]
        path = next(iter(group.paths.values), "")
        if one.raw_target and path.startswith("/"):
            steps.append(Step("command", ("restorecon", "-v", "-F", "--", path)))
        note = "Install the module that defines the type (or its package) again, or give the label anew."
        steps.append(Step("note", text=note))
        proof = (Proof(f"the record has the raw label {raw[:200]}", "log"),)
        return Found(Cause.MODULE, says, proof, Cure("Bring the module back or relabel", tuple(steps)))
    return None


def unknown_names(case: SelinuxCase) -> Found | None:
    """The record names types, roles or a class that this host's policy does not have."""
    if not case.unknown:
        return None
    says = (
        "The record has names that this policy does not define: it was written under another policy, or a "
        "module has been removed since."
    )
    proof = tuple(Proof(text, case.proof_of_policy) for text in case.unknown)
    steps = (
        Step("command", ("semodule", "-lfull")),
        Step("note", text="Give the policy that was loaded when the record was written: --policy FILE."),
    )
    return Found(Cause.MODULE, says, proof, Cure("Look for the module that defines them", steps))
