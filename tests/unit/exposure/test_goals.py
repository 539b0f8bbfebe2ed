"""The attack goals that ship, and what their files may hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from hardcheck.engine.heads import NOT_RULES
from hardcheck.engine.load import load_rules
from hardcheck.errors import ConfigError, UsageError
from hardcheck.exposure.goals import load_goal, load_goals, pick_goals
from hardcheck.resources import resource_folder
from tests.unit.exposure.hosts import SPECS

GOOD = "id: one\ntitle: One\nwhy: Because.\nseverity: high\n"


def test_all_goals_are_read_and_the_severest_come_first() -> None:
    goals = load_goals()
    assert len(goals) >= 25
    assert [goal.severity.weight for goal in goals] == sorted(
        (goal.severity.weight for goal in goals), reverse=True
    )
    assert any(goal.chain for goal in goals)


def test_rules_of_an_audit_leave_the_attack_goals_out() -> None:
    rules = load_rules(resource_folder("rules"), SPECS)
    assert not {rule.id for rule in rules} & {goal.id for goal in load_goals()}
    assert (resource_folder("rules") / "exposure").is_dir()
    assert "exposure" in NOT_RULES


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        GOOD + "ask: []\n",
        GOOD + "ask: [read /etc/shadow]\nchain: 3\n",
        GOOD + "chain: 99\n",
        GOOD + "ask: [fly to /moon]\n",
        GOOD + "ask: ['read {object}']\n",
        GOOD + "ask: [read /etc/shadow]\nobjects: logs\n",
        GOOD + "ask: ['read {object}']\nobjects: everything\n",
        GOOD + "ask: {selinux: [read /etc/shadow]}\n",
        GOOD + "ask: [{ask: read /etc/shadow, address: 192.0.2.1}]\n",
        GOOD + "ask: [{ask: read /etc/shadow, kind: cupboard}]\n",
        GOOD.replace("one", "two") + "ask: [read /etc/shadow]\n",
        GOOD.replace("high", "terrible") + "ask: [read /etc/shadow]\n",
        "- a list\n",
    ],
)
def test_a_file_that_is_no_goal_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "one.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"one\.yaml"):
        load_goal(path)


def test_a_goal_that_does_not_exist_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="read-password-hashes"):
        pick_goals(load_goals(), ("read-password-hash",))


def test_a_folder_without_goals_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="attack goals"):
        load_goals(tmp_path)
