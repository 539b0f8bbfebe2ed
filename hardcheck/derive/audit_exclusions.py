"""Audit rules that throw records of mandatory access control away.

On the exclude list a match drops the record, whichever action the rule has (kernel/audit.c
``audit_filter``); on the user list it does so with ``never``. A rule that names no ``msgtype`` drops every
kind for those it names. AppArmor writes its records with the type AVC too (``common_lsm_audit``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from hardcheck.facts import Absent
from hardcheck.facts.audit import AuditRule, PersistentRules
from hardcheck.facts.audit_coverage import AuditExclusion

KINDS: Mapping[str, int] = {
    "USER_AVC": 1107,
    "USER_SELINUX_ERR": 1122,
    "AVC": 1400,
    "SELINUX_ERR": 1401,
    "AVC_PATH": 1402,
    "MAC_POLICY_LOAD": 1403,
    "MAC_STATUS": 1404,
    "MAC_CONFIG_CHANGE": 1405,
    "APPARMOR_AUDIT": 1501,
    "APPARMOR_ALLOWED": 1502,
    "APPARMOR_DENIED": 1503,
    "APPARMOR_STATUS": 1505,
    "APPARMOR_ERROR": 1506,
}
"""Kinds of records that speak of mandatory access control, with their numbers (linux/audit.h, libaudit.h)."""

_USER = range(1100, 1200)
_FIELD = re.compile(r"msgtype(!=|>=|<=|=|>|<)(.*)", re.DOTALL)


def mac_exclusions(
    loaded: tuple[AuditRule, ...], kept: PersistentRules | Absent
) -> tuple[AuditExclusion, ...] | Absent:
    """The rules that are loaded, then those that boot loads and that are not among them."""
    now = [_exclusion(rule) for rule in loaded]
    found = [each for each in now if each is not None]
    if isinstance(kept, Absent):
        return tuple(found) if found else kept
    texts = {each.loses: each for each in found}
    for rule in kept.rules:
        each = _exclusion(rule)
        if each is not None and each.loses not in texts:
            found.append(each)
    return tuple(found)


def _exclusion(rule: AuditRule) -> AuditExclusion | None:
    if rule.list_ == "exclude":
        kinds = dict(KINDS)
    elif rule.list_ == "user" and rule.action == "never":
        kinds = {name: number for name, number in KINDS.items() if number in _USER}
    else:
        return None
    if not rule.conditions:
        return None  # a rule without a field matches nothing on these lists
    loses = tuple(name for name, number in kinds.items() if _matches(rule, name, number))
    return AuditExclusion(rule.text, loses, rule.place) if loses else None


def _matches(rule: AuditRule, name: str, number: int) -> bool:
    for condition in rule.conditions:
        match = _FIELD.fullmatch(condition)
        if match is None:
            continue
        operator, text = match[1], match[2]
        if text.isdecimal() and len(text) <= 10:
            bound = int(text)
        elif text in KINDS:
            bound = KINDS[text]
        elif operator in ("=", "!="):
            bound = -1  # a kind that is not in the table
        else:
            return True
        holds = {
            "=": number == bound,
            "!=": number != bound,
            ">=": number >= bound,
            "<=": number <= bound,
            ">": number > bound,
            "<": number < bound,
        }
        if not holds[operator]:
            return False
    return True
