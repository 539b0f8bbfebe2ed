"""Not the framework's doing: never refused, refused by ordinary permissions anyway, or allowed by now."""

from __future__ import annotations

from hardcheck.denials.model import Denial, Group, Outcome
from hardcheck.triage.model import Cause, Cure, Effect, Found, Proof, Step
from hardcheck.triage.selinux_case import SelinuxCase

DAC_CAPABILITIES = frozenset({"dac_override", "dac_read_search", "fowner", "chown"})
"""Asked for only where modes and owners of files have already said no (capable_wrt_inode_uidgid)."""
_READING = frozenset({"dac_override", "dac_read_search"})


def effect_of(group: Group) -> Effect:
    """What became of the accesses, by the records alone."""
    if group.outcome is Outcome.GRANTED:
        return Effect.LOGGED
    if group.outcome is Outcome.WOULD_DENY:
        return Effect.WOULD_BE
    return Effect.REFUSED if group.outcome is Outcome.DENIED else Effect.UNSAID


def granted(group: Group) -> Found | None:
    """Allowed, with a record because a rule asks for one."""
    if group.outcome is not Outcome.GRANTED:
        return None
    rule = "an auditallow rule" if group.framework == "selinux" else "an audit rule"
    return Found(Cause.NOT_MAC, f"This was allowed; {rule} asks for the record.", (Proof("granted", "log"),))


def done_without(group: Group, capabilities: tuple[str, ...], *, danger: bool) -> Found | None:
    """Refused, enforced, and every system call went on to succeed: the program tries and does without.

    The kernel asks for one capability and then for another that does as well, so with capabilities this
    holds whatever they are; what is else on the danger list is never put aside so.
    """
    if group.outcome is not Outcome.DENIED or not 0 < group.count <= group.succeeded:
        return None
    if danger and not capabilities:
        return None
    what = "asked for a right that it can do without" if capabilities else "tried something it can do without"
    says = f"It was refused and every call succeeded all the same: the program {what}."
    return Found(Cause.NOT_MAC, says, (Proof(f"success=yes in all {group.count} records", "log"),))


def ordinary_permissions(group: Group, capabilities: tuple[str, ...]) -> Found | None:
    """A capability that the kernel asks for only after file modes refused: the modes are to be put right."""
    if not capabilities or not set(capabilities) <= DAC_CAPABILITIES or not set(capabilities) & _READING:
        return None
    proof = [
        Proof(f"the kernel asks for capability {name} only when owner and mode have refused already", "log")
        for name in capabilities
    ]
    steps = []
    for example in group.examples:
        for item in example.paths:
            if item.mode is None or item.nametype == "PARENT":
                continue
            proof.append(_item_proof(example, item.name, item.mode, item.ouid))
            steps.append(Step("command", ("ls", "-ld", "--", item.name)))
    steps.append(
        Step(
            "note",
            text="Let the account of the service own what it needs, or give it the group: chown, chgrp, "
            "chmod on the file and its folders. Do not give the capability: it passes over every mode on the "
            "host.",
        )
    )
    says = (
        "Ordinary file permissions refuse this. The capability would only be needed to pass over them, so "
        "owner and mode are what is wrong."
    )
    return Found(Cause.NOT_MAC, says, tuple(proof[:6]), Cure("Correct owner and mode", tuple(steps[-4:])))


def _item_proof(example: Denial, name: str, mode: int, ouid: int | None) -> Proof:
    who = example.process.ids.get("fsuid")
    return Proof(f"{name}: mode {mode & 0o7777:04o}, owner {ouid}, asked for by uid {who}", "log")


def allowed_by_now(case: SelinuxCase) -> Found | None:
    """The loaded policy allows all of it: it was changed since, or the record is of another state."""
    if case.unknown or not case.wanted or case.refused():
        return None
    text = (
        f"allow {case.group.source} {case.group.target}:{case.group.class_} "
        f"{{ {' '.join(case.wanted)} }} is in force"
    )
    says = (
        "The policy that is loaded now allows this. It, a boolean or the label was changed after the denial, "
        "or another rule of the same call refused first."
    )
    return Found(Cause.NOW_ALLOWED, says, (Proof(text, case.proof_of_policy),))


def although_refused(group: Group, cause: Cause) -> str:
    """A remark on calls that succeeded although something in them was refused."""
    succeeded = group.outcome is Outcome.DENIED and group.succeeded and group.succeeded >= group.count
    if succeeded and cause is not Cause.NOT_MAC:
        return "Every call succeeded all the same: the program can do without what was refused."
    return ""
