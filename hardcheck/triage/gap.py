"""A true gap of a SELinux policy: the smallest rule that allows what was denied, as .te and as CIL."""

from __future__ import annotations

import re

import msgspec

from hardcheck.selinux.avtab import RuleKind, key_of
from hardcheck.selinux.policy import Policy
from hardcheck.triage.model import Cause, Cure, Found, Proof, Step
from hardcheck.triage.selinux_case import SelinuxCase

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
_NO_INTERFACE = (
    "A raw rule: the interface files of the host's policy were not collected, so that no interface of the "
    "reference policy can be proposed. Where selinux-policy-devel is at hand, look there first."
)


def gap(case: SelinuxCase, target_type: str) -> Found | None:
    """The rule for exactly the permissions that were refused; None for names that are none."""
    refused = case.refused(case.with_type(target_type)) if case.class_ else case.group.wanted
    rule = allow_rule(case.group.source, target_type, case.group.class_, refused)
    if rule is None:
        return None
    source, target, class_ = case.group.source, target_type, case.group.class_
    proof = [Proof(line, case.proof_of_policy) for name in refused[:2] for line in case.grounds(name)[:2]]
    after = with_rule(case.policy, source, target, class_, refused)
    left = SelinuxCase(case.group, case.world, after).refused(case.with_type(target_type))
    if left:
        quoted = SelinuxCase(case.group, case.world, after).grounds(left[0], case.with_type(target_type))
        more = tuple(Proof(line, case.proof_of_policy) for line in quoted if line.startswith("refused"))
        says = f"No rule allows this, and with one a constraint would still refuse {' '.join(left)}."
        return Found(Cause.CONSTRAINT, says, (*proof, *more))
    steps = (
        Step("te", text=rule),
        Step("cil", text=cil_rule(source, target, class_, refused)),
        Step("note", text=_NO_INTERFACE),
    )
    cure = Cure(
        "Add the smallest rule in a module of its own",
        steps,
        True,
    )
    says = (
        f"The label, the domain and the booleans are in order: the policy simply has no rule for {source} to "
        f"{' '.join(refused)} {target}:{class_}. Ask first whether the service should do it at all."
    )
    return Found(Cause.GAP, says, tuple(dict.fromkeys(proof)), cure)


def allow_rule(source: str, target: str, class_: str, permissions: tuple[str, ...]) -> str | None:
    """``allow A B:C { p q };``; None where a name is none of the policy language: logs are hostile."""
    names = (source, target, class_, *permissions)
    if not permissions or not all(_NAME.fullmatch(name) and len(name) < 129 for name in names):
        return None
    shown = "self" if source == target else target
    return f"allow {source} {shown}:{class_} {{ {' '.join(sorted(permissions))} }};"


def cil_rule(source: str, target: str, class_: str, permissions: tuple[str, ...]) -> str:
    """The same in CIL; names are checked by `allow_rule`."""
    shown = "self" if source == target else target
    return f"(allow {source} {shown} ({class_} ({' '.join(sorted(permissions))})))"


def with_rule(policy: Policy, source: str, target: str, class_: str, permissions: tuple[str, ...]) -> Policy:
    """The same policy with one more allow rule, to be asked; the booleans stay as they are set."""
    names = policy.names
    known = names.classes.get(class_)
    if known is None or source not in names.types or target not in names.types:
        return policy
    mask = sum(known.masks.get(name, 0) for name in permissions)
    key = key_of(names.types[source], names.types[target], known.value, RuleKind.ALLOW)
    rules = policy.policydb.rules
    plain = {**rules.plain, key: rules.plain.get(key, 0) | mask}
    changed = msgspec.structs.replace(policy.policydb, rules=msgspec.structs.replace(rules, plain=plain))
    return Policy(changed).with_booleans(dict(policy.booleans))
