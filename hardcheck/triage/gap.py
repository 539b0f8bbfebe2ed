"""A true gap of a SELinux policy: the smallest rule that allows what was denied, as .te and as CIL."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from hardcheck.triage.interface_fit import interface_for, why_none
from hardcheck.triage.model import Cause, Cure, Found, Proof, Step
from hardcheck.triage.openings import Openings
from hardcheck.triage.selinux_case import SelinuxCase

RULE = re.compile(r"allow (\S+) (\S+):(\S+) \{ ([^}]*) \};")
"""The text of a step of the kind te."""
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")


def gap(case: SelinuxCase, openings: Openings, target_type: str) -> Found | None:
    """The rule for exactly the permissions that were refused, and an interface in its place where one fits;
    None for names that are none."""
    refused = case.refused(case.with_type(target_type)) if case.class_ else case.group.wanted
    rule = allow_rule(case.group.source, target_type, case.group.class_, refused)
    if rule is None:
        return None
    source, target, class_ = case.group.source, target_type, case.group.class_
    proof = [Proof(line, case.proof_of_policy) for name in refused[:2] for line in case.grounds(name)[:2]]
    left = case.refused_with(refused, case.with_type(target_type)) if case.class_ else {}
    if left:
        quoted = next(iter(left.values()))
        more = tuple(Proof(line, case.proof_of_policy) for line in quoted)
        says = f"No rule allows this, and with one a constraint would still refuse {' '.join(left)}."
        return Found(Cause.CONSTRAINT, says, (*proof, *more))
    interface = interface_for(case, openings, target, refused)
    steps = [Step("te", text=rule), Step("cil", text=cil_rule(source, target, class_, refused))]
    if interface is None:
        steps.append(Step("note", text=why_none(case.world)))
    cure = Cure("Add the smallest rule in a module of its own", tuple(steps), True, interface=interface)
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


def allow_rules(steps: Iterable[Step]) -> Iterator[tuple[str, str, str, tuple[str, ...]]]:
    """Source, target, class and permissions of the rules that a cure adds, read from their text."""
    for step in steps:
        found = RULE.fullmatch(step.text) if step.kind == "te" else None
        if found is not None:
            source, target, class_, wanted = found.groups()
            yield source, source if target == "self" else target, class_, tuple(wanted.split())
