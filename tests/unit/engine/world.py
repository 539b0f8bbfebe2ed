"""A small world of facts for the engine's own tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from textwrap import dedent
from typing import Any

import msgspec

from hardcheck.engine.evaluate import evaluate
from hardcheck.engine.load import compile_rule
from hardcheck.engine.rule import Rule
from hardcheck.errors import ConfigError
from hardcheck.facts import Absent, FactSpec, fixed_facts
from hardcheck.findings import EvidenceRef, Finding


class Mode(StrEnum):
    ENFORCE = "enforce"
    COMPLAIN = "complain"


class Profile(msgspec.Struct, frozen=True):
    name: str
    mode: Mode
    pids: tuple[int, ...] = ()
    attached: bool | Absent = True

    @property
    def used(self) -> bool:
        return bool(self.pids)


class Config(msgspec.Struct, frozen=True):
    mode: str
    line: int = 0
    note: str | None = None


class Setting(msgspec.Struct, frozen=True):
    now: str
    after: str | Absent


SPECS: dict[str, FactSpec] = {
    name: FactSpec(name, type_, name, evidence)
    for name, type_, evidence in [
        ("mac.framework", str, ("mac.lsm",)),
        ("selinux.config", Config, ("selinux.config",)),
        ("selinux.enforcing", bool, ("selinux.enforce",)),
        ("selinux.permissive_types", tuple[str, ...], ("selinux.policy",)),
        ("apparmor.profiles", tuple[Profile, ...], ("apparmor.profiles",)),
        ("apparmor.modes", frozenset[Mode], ("apparmor.profiles",)),
        ("sysctl.values", Mapping[str, Setting], ("sysctl.now", "sysctl.files")),
        ("ports", Mapping[int, str], ("ss",)),
        ("count", int, ("count",)),
    ]
}

HEAD = """\
id: a-rule
title: A rule
severity: high
topic: mac.state
rationale: Because.
sources: [selinux(8)]
"""
REMEDY = "{steps: ['true'], verify: ['true'], rollback: ['true'], may_break: nothing}"


def plain_rule(check: str, more: str = "") -> Rule:
    """A rule without sides, with the check and more top-level keys as YAML."""
    text = f"{HEAD}check: {check}\nremedies: [{REMEDY}]\n{dedent(more)}"
    return compile_rule(text.encode(), "a-rule.yaml", SPECS)


def ref(key: str) -> EvidenceRef:
    return EvidenceRef(key, "", "", 0)


def judge(rule: Rule | str, **facts: Any) -> Finding:
    """The finding of a rule, or of a check as YAML; in fact names ``__`` stands for the dot."""
    values = {name.replace("__", "."): value for name, value in facts.items()}
    rule = plain_rule(rule) if isinstance(rule, str) else rule
    return evaluate(rule, fixed_facts(SPECS, values), "web1", ref)


def fault_of(call: Callable[[], object]) -> str:
    """What a call refuses its input with, empty when it takes it; any other error goes through."""
    try:
        call()
    except ConfigError as error:
        return str(error)
    return ""
