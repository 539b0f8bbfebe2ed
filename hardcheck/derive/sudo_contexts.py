"""The SELinux role and type in which sudo runs any command: ``ROLE=`` and ``TYPE=`` of a rule, or of
Defaults."""

from __future__ import annotations

import re

from hardcheck.facts import Absent, Reason
from hardcheck.facts.accounts import SudoContext, Sudoers

_DEFAULT = re.compile(r"(?:^|, ?)(?P<name>role|type) ?= ?(?P<value>[A-Za-z0-9_]+)(?=,|$)")


def sudo_contexts(sudoers: Sudoers) -> tuple[SudoContext, ...] | Absent:
    """Every rule beside root's that gives any command. Defaults of one user or command are not weighed.

    A file that was not read may have such rules, or the defaults of all others: Absent.
    """
    if isinstance(sudoers.unread, Absent):
        return sudoers.unread
    if sudoers.unread:
        return Absent(Reason.NOT_COLLECTED, ("accounts.sudoers",), f"{sudoers.unread[0]} was not read")
    defaults = {"role": "", "type": ""}
    for text, _ in sudoers.defaults:
        for match in _DEFAULT.finditer(text.strip()):
            defaults[match["name"]] = match["value"]
    return tuple(
        SudoContext(rule.who, rule.role or defaults["role"], rule.type_ or defaults["type"], rule.place)
        for rule in sudoers.rules
        if rule.who not in ("root", "#0") and "ALL" in re.split(r"[\s,]+", rule.commands)
    )
