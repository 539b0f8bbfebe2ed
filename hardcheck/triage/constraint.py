"""Refused although rules allow it: constraints, MLS and MCS, roles, bounds. Quoted, never allowed."""

from __future__ import annotations

from hardcheck.denials.model import ErrorKind, Group
from hardcheck.errors import PolicyError
from hardcheck.selinux.contexts import SecurityContext
from hardcheck.selinux.decision import Refusal, Taken
from hardcheck.triage.model import Cause, Found, Proof
from hardcheck.triage.request import categories_apart
from hardcheck.triage.selinux_case import SelinuxCase


def constraint(case: SelinuxCase, target: str = "") -> Found | None:
    """All that was refused is taken away after rules had allowed it."""
    refused = case.refused(target)
    class_ = case.class_
    if not refused or class_ is None:
        return None
    context = case.policy.context(target or case.target)
    mask = sum(class_.masks[name] for name in refused)
    _, refusals = case.policy.decider.explained(
        case.policy.enabled(), case.source_context, context, class_.value
    )
    taken = [one for one in refusals if one.permissions & mask]
    if sum({one.permissions & mask for one in taken}) & mask != mask and not _covers(taken, mask):
        return None
    quoted = [
        line for name in refused[:3] for line in case.grounds(name, target) if line.startswith("refused")
    ]
    proof = tuple(Proof(line, case.proof_of_policy) for line in dict.fromkeys(quoted))
    says = " ".join(dict.fromkeys(_in_words(case, one, context, target or case.target) for one in taken))
    return Found(Cause.CONSTRAINT, f"{says} No allow rule changes that.", proof)


def _covers(taken: list[Refusal], mask: int) -> bool:
    left = mask
    for one in taken:
        left &= ~one.permissions
    return not left


def _in_words(case: SelinuxCase, refusal: Refusal, context: SecurityContext, target: str) -> str:
    source = case.source_context
    labels, names = case.policy.labels, case.policy.names
    if refusal.by is Taken.ROLE:
        roles = names.role_names
        return f"The role {roles[source.role]} may not change to {roles[context.role]}."
    if refusal.by is Taken.BOUNDS:
        bounds = names.type_name(refusal.bounds)
        return f"{case.group.source} is bounded by {bounds}, which may not do it itself."
    if refusal.constraint is not None and refusal.constraint.about_levels:
        if categories_apart(case.source, target):
            return (
                f"The categories differ: {labels.show_range(source.range)} asks, "
                f"{labels.show_range(context.range)} owns; they are two tenants to the policy."
            )
        return (
            f"The level {labels.show_range(source.range)} of the one who asks is not cleared for "
            f"{labels.show_range(context.range)}."
        )
    apart = {"SELinux user": source.user != context.user, "role": source.role != context.role}
    differ = [what for what, differs in apart.items() if differs]
    return f"A constraint holds back what differs in {' and '.join(differ) or 'type or user'}."


def selinux_error(group: Group, case: SelinuxCase | None) -> Found | None:
    """SELINUX_ERR records: a context that cannot be, a transition that is not bounded."""
    if group.error is None:
        return None
    one = group.examples[0].selinux if group.examples else None
    proof = (
        [Proof(f"{group.error}: {one.source} to {one.target} {one.invalid}".strip(), "log")] if one else []
    )
    if group.error is ErrorKind.INVALID_CONTEXT:
        says = _invalid(one.invalid if one else "", case, proof)
    elif group.error is ErrorKind.BOUNDED_TRANSITION:
        says = (
            "Under no_new_privs, or with setcon in a threaded program, the new domain has to be bounded by "
            "the old one, or the policy has to allow nnp_transition; it does neither."
        )
    elif group.error is ErrorKind.VALIDATE_TRANSITION:
        says = "A validatetrans rule forbids this change of label."
    elif group.error is ErrorKind.BOUNDS:
        says = "A bounded type had more rights than the type that bounds it; the kernel takes them away."
    else:
        says = "The kernel refused a label or a message that the policy does not provide for."
    return Found(Cause.CONSTRAINT, f"{says} No allow rule changes that.", tuple(proof))


def _invalid(invalid: str, case: SelinuxCase | None, proof: list[Proof]) -> str:
    if case is None or not invalid:
        return "The policy does not authorise the context that would come out (user, role and type together)."
    try:
        context = case.policy.context(invalid)
    except PolicyError as error:
        proof.append(Proof(f"{error.expected}, found {error.found}", case.proof_of_policy))
        return f"The context {invalid[:200]} has a name that the policy does not define."
    roles = {role.value: role for role in case.policy.policydb.roles.records}
    type_, role = case.policy.names.type_name(context.type), case.policy.names.role_names[context.role]
    if context.role in roles and not roles[context.role].types >> (context.type - 1) & 1:
        proof.append(Proof(f"no statement: role {role} types {type_};", case.proof_of_policy))
        return (
            f"The role {role} may not have the type {type_}: the program was started from the wrong session."
        )
    return (
        f"The policy does not authorise {invalid[:200]}: its user may not have the role {role} or its level."
    )
