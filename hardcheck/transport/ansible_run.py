"""One run of ansible-playbook for a batch of hosts, through ansible-runner.

Everything ansible-runner writes (the play, events, its own log) lies in a private temporary directory that
is removed at the end. Facts are not gathered; the play is one ``raw`` task.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shlex
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from hardcheck.transport.secret import Secret

_LOG = logging.getLogger(__name__)
_NO_RESULT = "ansible gave no result for it"
_POLL_S = 1
_RESULTS = {
    "runner_on_ok": "ok",
    "runner_on_failed": "failed",
    "runner_on_unreachable": "unreachable",
    "runner_on_skipped": "skipped",
}


class AnsibleSetup(msgspec.Struct, frozen=True):
    """How a site reaches its hosts: what ansible-playbook is given beside the play.

    ``become`` None leaves it to the inventory; True asks for it where the inventory does not say;
    False forbids it. ``hosts`` are hosts beside the inventory, with their variables.
    """

    inventories: tuple[str, ...] = ()
    vault_password_files: tuple[str, ...] = ()
    vault_ids: tuple[str, ...] = ()
    hosts: Mapping[str, Mapping[str, object]] = {}
    become: bool | None = None
    become_password: Secret | None = None
    connect_s: float = 15.0
    total_s: float = 300.0


class HostResult(msgspec.Struct, frozen=True):
    """What Ansible said of one host: "ok", "failed", "unreachable", "skipped" or "none"."""

    state: str
    message: str = ""
    stdout: str = ""
    stderr: str = ""


def run_batch(
    setup: AnsibleSetup,
    commands: Mapping[str, str],
    tell: Callable[[str, HostResult], None],
    cancelled: Callable[[], bool],
) -> None:
    """Run one command line a host, all at once; ``tell`` is called for each, in any order, exactly once.

    A line finds in its environment, as HARDCHECK_BECOME, whether Ansible's become is in force: yes or no.
    """
    import ansible_runner

    left = set(commands)
    log: list[str] = []

    def on_event(event: dict[str, Any]) -> bool:
        state = _RESULTS.get(event.get("event", ""))
        data = event.get("event_data", {})
        if state is not None and data.get("host") in left:
            left.discard(data["host"])
            tell(data["host"], _result(state, data.get("res", {})))
        elif state is None and event.get("stdout"):
            log.append(str(event["stdout"])[:500])
            del log[:-20]
        return False  # nothing is to be kept on disk

    with tempfile.TemporaryDirectory(prefix="hardcheck-ansible-") as name:
        folder = Path(name)
        with _become_password(folder, setup.become_password) as password_arguments:
            ansible_runner.run(
                private_data_dir=name,
                project_dir=str(Path.cwd()),
                playbook=str(_write_play(folder, setup, commands)),
                inventory=[*(str(Path(i).absolute()) if "," not in i else i for i in setup.inventories),
                           *_write_hosts(folder, setup.hosts)],
                limit=f"@{_write(folder / 'limit', chr(10).join(sorted(commands)))}",
                forks=len(commands),
                cmdline=" ".join([*_vault_arguments(setup), *password_arguments]),
                envvars=_environment(setup),
                settings={"pexpect_timeout": _POLL_S},
                suppress_env_files=True,
                quiet=True,
                timeout=int(setup.total_s + setup.connect_s + 30),
                event_handler=on_event,
                cancel_callback=cancelled,
            )  # fmt: skip
    why = next((line for line in reversed(log) if "ERROR" in line or "fatal" in line.lower()), "")
    for host in sorted(left):
        tell(host, HostResult("none", f"{_NO_RESULT}{': ' + why if why else ''}"))


def _result(state: str, res: Mapping[str, Any]) -> HostResult:
    return HostResult(
        state=state,
        message=str(res.get("msg", "")),
        stdout=str(res.get("stdout", "")),
        stderr=str(res.get("stderr", "") or res.get("module_stderr", "")),
    )


def _write(path: Path, text: str) -> Path:
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")
    return path


def _write_play(folder: Path, setup: AnsibleSetup, commands: Mapping[str, str]) -> Path:
    """The play, as JSON, which is YAML too."""
    default = str(bool(setup.become)).lower()
    in_force = "{{ 'yes' if ansible_become | default(" + default + ") | bool else 'no' }}"
    variables: dict[str, object] = {"hardcheck_lines": dict(commands)}
    if setup.become is False:  # a keyword of the play is weaker than an inventory's variable
        variables["ansible_become"] = False
    play: dict[str, object] = {
        "name": "hardcheck",
        "hosts": "all",
        "gather_facts": False,
        "vars": variables,
        "tasks": [
            {
                "name": "probe",
                "ansible.builtin.raw": (
                    f"env HARDCHECK_BECOME={in_force} {{{{ hardcheck_lines[inventory_hostname] }}}}"
                ),
                "changed_when": False,
                "timeout": max(1, int(setup.total_s)),
            }
        ],
    }
    if setup.become is not None:
        play["become"] = setup.become
    return _write(folder / "probe.json", msgspec.json.encode([play]).decode())


def _write_hosts(folder: Path, hosts: Mapping[str, Mapping[str, object]]) -> list[str]:
    """An inventory of the hosts that no other has."""
    if not hosts:
        return []
    return [str(_write(folder / "hosts.yml", msgspec.json.encode({"all": {"hosts": hosts}}).decode()))]


def _vault_arguments(setup: AnsibleSetup) -> Iterator[str]:
    for file in setup.vault_password_files:
        yield f"--vault-password-file {shlex.quote(str(Path(file).absolute()))}"
    for vault_id in setup.vault_ids:
        yield f"--vault-id {shlex.quote(vault_id)}"


def _environment(setup: AnsibleSetup) -> dict[str, str]:
    scripts = str(Path(sys.executable).parent)
    return {
        "PATH": os.pathsep.join([scripts, os.environ.get("PATH", os.defpath)]),
        "ANSIBLE_TIMEOUT": str(max(1, int(setup.connect_s))),
        "ANSIBLE_RETRY_FILES_ENABLED": "False",
        "ANSIBLE_NOCOLOR": "1",
        "MAX_EVENT_RES": str(1 << 31),  # ansible-runner drops results above 700,000 characters otherwise
        "ANSIBLE_DEPRECATION_WARNINGS": "False",
        "HARDCHECK_SSH_PASSWORD": "",  # not for Ansible, which would pass it on and log its environment
    }


@contextlib.contextmanager
def _become_password(folder: Path, password: Secret | None) -> Iterator[list[str]]:
    """Hand the become password over in a named pipe: it is in no file, argument or environment."""
    if password is None:
        yield []
        return
    pipe = folder / "become"
    os.mkfifo(pipe, mode=0o600)
    writer = threading.Thread(target=_feed, args=(pipe, password), daemon=True)
    writer.start()
    try:
        yield [f"--become-password-file {pipe}"]
    finally:
        with contextlib.suppress(OSError):  # nobody read it: end the writer's wait
            os.close(os.open(pipe, os.O_RDONLY | os.O_NONBLOCK))
        writer.join(1)


def _feed(pipe: Path, password: Secret) -> None:
    with contextlib.suppress(OSError), pipe.open("w", encoding="utf-8") as file:
        file.write(password.reveal() + "\n")
