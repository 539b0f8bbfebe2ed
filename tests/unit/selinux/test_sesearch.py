"""Rule searches give the lines of sesearch, and sets of types those that its rules add up to."""

from __future__ import annotations

import functools
import re
import subprocess

import msgspec
import pytest

from hardcheck.selinux import Policy
from hardcheck.selinux.avtab import RuleKind
from hardcheck.selinux.sets import ruled_sources, ruled_targets
from tests.corpora import need_tool
from tests.unit.selinux.policies import debian, debian_folder

DOMAINS = ("httpd_t", "sshd_t", "unconfined_t", "user_t", "mysqld_t")
TARGETS = ("shadow_t", "etc_t", "httpd_sys_content_t", "init_t", "http_port_t")
KINDS = {
    "--allow": RuleKind.ALLOW,
    "--auditallow": RuleKind.AUDITALLOW,
    "--dontaudit": RuleKind.DONTAUDIT,
    "--type_trans": RuleKind.TYPE_TRANSITION,
}


@functools.cache
def sesearch(*options: str) -> list[str]:
    command = [need_tool("sesearch"), *options, str(debian_folder() / "policy.33")]
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    return sorted(line.strip() for line in run.stdout.splitlines() if line)


def found(kind: RuleKind, source: str = "", target: str = "") -> list[str]:
    policy = debian()

    def values(name: str) -> tuple[int, ...] | None:
        return policy.decider.attributes(policy.names.types[name]) if name else None

    lines = []
    for rule in policy.rules.search([kind], values(source), values(target)):
        text = rule.text(policy.statements)
        if rule.condition is not None:
            text += f" [ {policy.statements.expression(rule.condition.block)} ]:{rule.condition.when}"
        lines.append(text)
    if kind is RuleKind.TYPE_TRANSITION:
        lines += by_name(policy, source, target)
    return sorted(lines)


def by_name(policy: Policy, source: str, target: str) -> list[str]:
    type_name = policy.names.type_name
    return [
        f"type_transition {type_name(value)} {type_name(key.parent)}:"
        f"{policy.names.classes_by_value[key.class_].name} {type_name(new)} {key.name};"
        for key, data in policy.policydb.filename_transitions.by_key.items()
        for sources, new in data
        for value in policy.names.type_names
        if sources >> (value - 1) & 1
        and (not source or type_name(value) == source)
        and (not target or type_name(key.parent) == target)
    ]


def normal(lines: list[str]) -> list[str]:
    """Lines with the words of each condition sorted: setools turns operands round and leaves out
    parentheses (``a || b && c`` for ``(a || b) && c``)."""
    return sorted(re.sub(r"\[(.*)\]", sorted_words, line) for line in lines)


def sorted_words(condition: re.Match[str]) -> str:
    return f"[{' '.join(sorted(re.findall(r'[^ ()!]+|!', condition[1])))}]"


SLOW = pytest.mark.slow  # each question costs most of a second of sesearch


@pytest.mark.parametrize("option", [*KINDS])
@pytest.mark.parametrize("domain", [DOMAINS[0], *(pytest.param(name, marks=SLOW) for name in DOMAINS[1:])])
def test_the_rules_of_a_domain_are_those_of_sesearch(domain: str, option: str) -> None:
    expected = sesearch(option, "-s", domain)
    assert normal(found(KINDS[option], source=domain)) == normal(expected)
    assert expected or option == "--auditallow"


@pytest.mark.parametrize("option", [*KINDS])
@pytest.mark.parametrize("target", [pytest.param(name, marks=SLOW) for name in TARGETS])
def test_the_rules_about_a_target_are_those_of_sesearch(target: str, option: str) -> None:
    expected = sesearch(option, "-t", target)
    assert normal(found(KINDS[option], target=target)) == normal(expected)


RULE = re.compile(r"allow (\S+) (\S+):(\S+) \{? ?([^}]*?) ?\}?;$")


def expanded(lines: list[str], side: int) -> dict[tuple[str, str], set[str]]:
    """The types that unconditional lines name on one side, by class and permission."""
    policy = debian()
    sets: dict[tuple[str, str], set[str]] = {}
    for line in lines:
        match = RULE.fullmatch(line)
        if match:
            types = policy.types.names(policy.types.named(match[side]))
            for permission in match[4].split():
                sets.setdefault((match[3], permission), set()).update(types)
    return sets


@functools.cache
def unconditional() -> Policy:
    """Debian's policy without its conditional rules."""
    return Policy(msgspec.structs.replace(debian().policydb, conditionals=()))


@pytest.mark.parametrize("domain", [DOMAINS[0], *(pytest.param(name, marks=SLOW) for name in DOMAINS[1:])])
def test_what_a_domain_may_do_is_what_sesearch_lists(domain: str) -> None:
    policy = unconditional()
    expected = expanded(sesearch("--allow", "-s", domain), side=2)
    for (class_name, permission), types in expected.items():
        class_ = policy.names.classes[class_name]
        source = policy.names.types[domain]
        given = ruled_targets(policy, source, class_, class_.masks[permission])
        assert set(policy.types.names(given)) == types, (class_name, permission)


@pytest.mark.parametrize("target", [TARGETS[0], *(pytest.param(name, marks=SLOW) for name in TARGETS[1:])])
def test_who_may_do_it_to_a_target_is_what_sesearch_lists(target: str) -> None:
    policy = unconditional()
    expected = expanded(sesearch("--allow", "-t", target), side=1)
    for (class_name, permission), types in expected.items():
        class_ = policy.names.classes[class_name]
        value, every = policy.names.types[target], policy.types.every
        given = ruled_sources(policy, value, class_, class_.masks[permission], among=every)
        assert set(policy.types.names(given)) == types, (class_name, permission)
