"""Applies remedies to lab hosts as a person or Ansible would, many at once, and says what each command gave.

A remedy's steps, verify or rollback run in one shell as root, in order, with nothing on standard input;
sentences (``#``) are left out. An Ansible play is made of each remedy's tasks, in one run for all hosts.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.live import lab
from tests.live.lab_hosts import inventory

SHELL_S = 900
SSH_FAILED = 255


@dataclass(frozen=True)
class Said:
    """What one command gave."""

    command: str
    status: int
    output: str


@dataclass(frozen=True)
class Task:
    """What one Ansible task gave; ``detail`` says why it failed."""

    name: str
    failed: bool
    changed: bool
    detail: str


Script = Mapping[str, Sequence[str]]
"""The commands of each rule."""


def is_command(line: str) -> bool:
    """Whether a line is for a shell; the others are sentences for a person."""
    return any(part.strip() and not part.lstrip().startswith("#") for part in line.split("\n"))


def shared_last(script: Script) -> dict[str, list[str]]:
    """The commands of each rule without the sentences; one that several rules have (to load, to reload) is
    left to the last of them, as a person does it who applies many remedies."""
    commands = {rule: [line for line in lines if is_command(line)] for rule, lines in script.items()}
    last = {line: rule for rule, lines in commands.items() for line in lines}
    return {rule: [line for line in lines if last[line] == rule] for rule, lines in commands.items()}


def shared_tasks_last(books: Mapping[str, str]) -> dict[str, list[Any]]:
    """The tasks of each rule; as with commands, one that several rules have is left to the last of them."""
    tasks = {rule: yaml.safe_load(text) for rule, text in books.items()}
    last = {json.dumps(task): rule for rule, listed in tasks.items() for task in listed}
    return {
        rule: [task for task in listed if last[json.dumps(task)] == rule] for rule, listed in tasks.items()
    }


def run_commands(host: str, commands: Script) -> dict[str, list[Said]]:
    """Run the commands of each rule in a shell of its own, as root by way of an account that may sudo:
    remedies take root's login away."""
    mark = secrets.token_hex(8)
    text = "".join(_shell(rule, lines, mark) for rule, lines in commands.items())
    for _ in range(5):
        done = subprocess.run(
            [*lab.ssh_command(host), "-l", "auditor", "sudo -n sh -s"],
            input=text.encode(),
            capture_output=True,
            timeout=SHELL_S,
        )
        if done.returncode != SSH_FAILED or done.stdout:
            break
        time.sleep(2)  # sshd is reading its settings again
    assert done.returncode == 0, (host, done.returncode, done.stderr[-2000:])
    return _read(done.stdout.decode(errors="replace"), commands, mark)


def _shell(rule: str, lines: Sequence[str], mark: str) -> str:
    body = "".join(
        f'echo "{mark} {rule}"\n'
        f'eval "$(printf %s {base64.b64encode(line.encode()).decode()} | base64 -d)"\n'
        f'echo "{mark} $?"\n'
        for line in lines
    )
    return f"(\n{body}) < /dev/null 2>&1\n"


def _read(text: str, commands: Script, mark: str) -> dict[str, list[Said]]:
    found: dict[str, list[Said]] = {rule: [] for rule in commands}
    pieces = text.split(f"{mark} ")[1:]
    for begun, ended in zip(pieces[::2], pieces[1::2], strict=True):
        rule, _, output = begun.partition("\n")
        command = commands[rule][len(found[rule])]
        found[rule].append(Said(command, int(ended.partition("\n")[0]), output))
    assert {rule: len(said) for rule, said in found.items()} == {r: len(c) for r, c in commands.items()}
    return found


def run_ansible(folder: Path, host: str, books: Mapping[str, list[Any]]) -> dict[str, list[Task]]:
    """Run the tasks of each rule as a person runs them: over SSH, by an account that may sudo.

    Args:
        folder: for the playbook and what the run writes.
        books: by rule, its tasks.

    Returns:
        What each task gave; a rule's tasks end with the first that fails.
    """
    import ansible_runner

    found: dict[str, list[Task]] = {rule: [] for rule in books}

    def on_event(event: dict[str, Any]) -> bool:
        kind, data = event.get("event"), event.get("event_data", {})
        if kind in ("runner_on_ok", "runner_on_failed", "runner_on_unreachable") and data["play"] in found:
            result = data.get("res", {})
            failed = kind != "runner_on_ok"
            detail = json.dumps(result)[-1500:] if failed else ""
            found[data["play"]].append(Task(data["task"], failed, bool(result.get("changed")), detail))
        return False

    (folder / "runner").mkdir(parents=True, exist_ok=True)
    book = folder / "all.yml"
    plays = [_GATHER | {"hosts": f"lab-{host}"}, *(_play(host, *each) for each in books.items())]
    book.write_text(yaml.safe_dump(plays, sort_keys=False))
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    ansible_runner.run(
        private_data_dir=str(folder / "runner"),
        playbook=str(book),
        inventory=str(inventory(folder, extra="ansible_become=true")),
        envvars={"ANSIBLE_PIPELINING": "1", "ANSIBLE_TIMEOUT": "60", "PATH": path},
        event_handler=on_event,
        quiet=True,
    )
    return found


_GATHER = {"gather_subset": ["!all", "min"]}


def _play(host: str, rule: str, tasks: list[Any]) -> dict[str, Any]:
    """One rule's tasks; a failure ends them and leaves the host to the next play."""
    block = {"block": tasks, "rescue": [{"ansible.builtin.meta": "noop"}]}
    return {"name": rule, "hosts": f"lab-{host}", "gather_facts": False, "tasks": [block]}
