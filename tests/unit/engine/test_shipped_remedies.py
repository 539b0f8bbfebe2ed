"""Remedies of the shipped rules: shell that parses, Ansible that is Ansible, and nothing weakened."""

from __future__ import annotations

import re
import subprocess

import pytest
import yaml

from hardcheck.engine.remedy import fill
from tests.unit.engine import shipped

WEAKENING = re.compile(
    r"setenforce\s+(0|permissive)|SELINUX=(permissive|disabled)|\b(selinux|apparmor|enforcing|audit)=0\b"
    r"|aa-(complain|disable|teardown)\b|semanage\s+permissive\s+(-a|--add)|semodule\s+(-DB|-d\b)|audit2allow"
    r"|(ufw|firewall-cmd)\b.*\b(disable|panic-off)|nft\s+flush|iptables\s+-(F|P\s+\w+\s+ACCEPT)"
    r"|systemctl\s+(\S+\s+)*(stop|disable|mask)\s.*\b(auditd|fail2ban|firewalld|apparmor|nftables|ufw)\b"
    r"|chmod\s+\S*(777|a\+w|o\+w)|--nogpgcheck|--allow-unauthenticated|unconfined_t\b|auditctl\s+-(e\s*0|D)\b"
)
TAKEN_OUT = re.compile(r"--remove-args=\S*\"[^\"]*\"|--remove-args=\S+|\bs/[^/]*/|regexp:.*|-F path=\S+")
"""What a remedy removes or replaces (kernel options, the search side of a substitution), and programs whose
runs it has recorded."""

PLACEHOLDER = re.compile(
    r"[ /](FILE|UNIT|DOMAIN|PROFILE|SITE|ACCOUNT|SERVICE|PROGRAM|TYPE|MODULE|FOLDER|HOST|PATH|DEVICE|PATTERN)"
    r"(?![\w\"'=])"
)
CHANGING = re.compile(
    r"^\s*(systemctl (start|stop|restart|reload|enable|disable|mask|unmask|daemon-reload)|setsebool|mount "
    r"|restorecon (?!.*(-\w*n))|chmod|chown|chcon|semodule -[iredBX]|augenrules --load|update-grub|rm|mv|cp"
    r"|sed -i|sysctl (-w|-p|--system)|(apt-get|dnf|zypper) (install|remove|upgrade)|setenforce"
    r"|apparmor_parser (?!.*--skip-kernel-load))\b"
)

NAMES = ("php-fpm//a b", "$(id)", "-x")


RULES = [path.stem for path in shipped.RULE_FILES]


def commands(texts: tuple[str, ...]) -> list[str]:
    return [line for text in texts for line in text.split("\n") if not line.lstrip().startswith("#")]


@pytest.mark.parametrize("name", RULES)
def test_a_remedy_weakens_nothing(name: str) -> None:
    for remedy in shipped.rules()[name].info.remedies:
        for line in [*commands(remedy.steps), *commands((remedy.ansible,))]:
            assert not WEAKENING.search(TAKEN_OUT.sub("", line)), line


@pytest.mark.parametrize("name", RULES)
def test_the_commands_of_a_remedy_are_shell_also_when_filled_with_hostile_names(name: str) -> None:
    remedies = shipped.rules()[name].info.remedies
    for each in (*fill(remedies, NAMES), *fill(remedies, ())):
        script = "\n".join([*each.steps, *each.verify, *each.rollback])
        checked = subprocess.run(["sh", "-n"], input=script.encode(), capture_output=True, check=False)
        assert checked.returncode == 0, checked.stderr.decode() + script


@pytest.mark.parametrize("name", RULES)
def test_a_command_of_a_remedy_is_complete_as_it_stands(name: str) -> None:
    for remedy in shipped.rules()[name].info.remedies:
        found = [*commands(remedy.steps), *commands(remedy.verify), *commands(remedy.rollback)]
        assert [line for line in found if PLACEHOLDER.search(line)] == []


@pytest.mark.parametrize("name", RULES)
def test_what_verifies_a_remedy_changes_nothing(name: str) -> None:
    for remedy in shipped.rules()[name].info.remedies:
        assert [line for line in commands(remedy.verify) if CHANGING.search(line)] == []


class _Loader(yaml.SafeLoader):
    """Knows Ansible's ``!unsafe``."""


_Loader.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))


@pytest.mark.parametrize("name", RULES)
def test_the_ansible_of_a_remedy_is_a_list_of_named_tasks_with_full_module_names(name: str) -> None:
    for remedy in fill(shipped.rules()[name].info.remedies, NAMES):
        tasks = yaml.load(remedy.ansible, Loader=_Loader) if remedy.ansible else []
        assert isinstance(tasks, list)
        for task in tasks:
            assert task.get("name"), task
            assert any(re.fullmatch(r"\w+\.\w+\.\w+", key) for key in task) or "block" in task, task


def test_every_fact_a_rule_reads_has_evidence_to_point_at() -> None:
    for name, rule in shipped.rules().items():
        for side in rule.sides.values():
            assert side.evidence, (name, side.framework)
