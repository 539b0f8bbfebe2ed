"""Audit rules: what boot will load, and where that parts from what is loaded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hardcheck.facts import Absent, Reason
from hardcheck.facts.audit import AuditFiles, AuditRule, AuditRulesFile, PersistentRules, RulesDrift

_UNSET = ("4294967295", "-1")
_KERNEL_FAILURE = 1  # AUDIT_FAIL_PRINTK, kernel/audit.c


def persistent(files: AuditFiles) -> PersistentRules | Absent:
    """What auditd loads at boot: rules.d joined by augenrules(8), or audit.rules by itself.

    augenrules puts ``-D`` first and ``-e`` last; in audit.rules their place counts: ``-D`` removes what
    stands above it, and nothing below ``-e 2`` is loaded.
    """
    compiled = files.compiled
    if files.parts and (isinstance(compiled, Absent) or compiled.generated):
        controls = [text for part in files.parts for _, text in part.controls]
        locks = [text for text in controls if text.startswith("-e ")]
        return _persistent(
            "rules.d",
            [rule for part in files.parts for rule in part.rules],
            (),
            controls,
            immutable=locks[-1:] == ["-e 2"],
        )
    if isinstance(compiled, Absent):
        if compiled.reason is Reason.NOT_PRESENT:
            return PersistentRules("audit.rules", (), (), immutable=False)
        return compiled
    return _in_order(compiled)


def _in_order(file: AuditRulesFile) -> PersistentRules:
    cleared = max((line for line, text in file.controls if text == "-D"), default=0)
    locked = min((line for line, text in file.controls if text == "-e 2" and line > cleared), default=None)
    rules: list[AuditRule] = []
    refused: list[AuditRule] = []
    for rule in file.rules:
        line = int(rule.place.rpartition(":")[2])
        if line < cleared:
            continue
        (rules if locked is None or line < locked else refused).append(rule)
    controls = [text for line, text in file.controls if locked is None or line <= locked]
    return _persistent("audit.rules", rules, tuple(refused), controls, immutable=locked is not None)


def _persistent(
    source: str,
    rules: Sequence[AuditRule],
    refused: tuple[AuditRule, ...],
    controls: Iterable[str],
    *,
    immutable: bool,
) -> PersistentRules:
    """``-A`` puts a rule before those that are there; the others come in the order of the files."""
    words = [text.split() for text in controls]
    modes = [each[1] for each in words if each[0] == "-f" and len(each) == 2 and each[1] in ("0", "1", "2")]
    return PersistentRules(
        source=source,
        rules=(
            *(rule for rule in reversed(rules) if rule.prepended),
            *(rule for rule in rules if not rule.prepended),
        ),
        refused=refused,
        immutable=immutable,
        loginuid_immutable=["--loginuid-immutable"] in words,
        failure=int(modes[-1]) if modes else _KERNEL_FAILURE,
    )


def drift(loaded: tuple[AuditRule, ...], kept: PersistentRules) -> RulesDrift:
    """Rules that are only in one of the two. Architectures and the order of fields do not count."""
    now = {_canonical(rule) for rule in loaded}
    boot = {_canonical(rule) for rule in kept.rules}
    return RulesDrift(
        not_loaded=tuple(f"{rule.text} ({rule.place})" for rule in kept.rules if _canonical(rule) not in now),
        not_persistent=tuple(rule.text for rule in loaded if _canonical(rule) not in boot),
    )


def _canonical(rule: AuditRule) -> tuple[object, ...]:
    conditions = frozenset(_unset(condition) for condition in rule.conditions)
    syscalls = frozenset(rule.syscalls) - {"all"}
    return (rule.list_, rule.action, rule.path, rule.permissions, syscalls, conditions, rule.key)


def _unset(condition: str) -> str:
    """``auid!=4294967295`` and ``auid!=-1`` are ``auid!=unset``."""
    for word in _UNSET:
        if condition.endswith(f"={word}"):
            return condition.removesuffix(word) + "unset"
    return condition
