"""Inventories that Ansible reads. Each case starts its own process, so a few cases ask much."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hardcheck.errors import ConfigError, UsageError
from hardcheck.evidence import HostEvidence, HostIdentity, Privilege
from hardcheck.evidence.bundle import BundleWriter
from hardcheck.inventory.model import Target, Vault
from hardcheck.inventory.targets import Request, resolve_targets
from hardcheck.transport.access import SshAccess, Sudo, Way
from hardcheck.transport.secret import Secret

EXAMPLE = Path(__file__).resolve().parents[3] / "inventory.example"
VAULT_PASSWORD = "the vault's own"

INVENTORY = """\
[web]
web1 ansible_host=192.0.2.1 ansible_port=2222 rack=7
web2 ansible_host="{{ inventory_hostname }}.example.net" ansible_user=deploy

[db]
db1 ansible_connection=community.docker.docker
db2 ansible_become_method=doas
here ansible_connection=local

[web:vars]
ansible_user=auditor
ansible_ssh_private_key_file=~/.ssh/id_audit
ansible_ssh_common_args='-o ProxyJump=gate -o UserKnownHostsFile=/etc/kh -o StrictHostKeyChecking=accept-new'
ansible_become_password=sudo-secret
site=Bern
db_password=hunter2

[prod:children]
web
db
"""


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    path = tmp_path / "inventory.ini"
    path.write_text(INVENTORY)
    return path


ASK_ALL = """
import json, os, sys
from hardcheck.inventory.ansible_faults import Fault
from hardcheck.inventory.ansible_reader import read, start_ansible

start_ansible()
for request in json.load(sys.stdin):
    if os.fork() == 0:  # Ansible reads inventories once in a process
        try:
            answer = {"hosts": read(request)}
        except Fault as fault:
            answer = {"error": vars(fault)}
        print("@@" + json.dumps(answer), flush=True)
        os._exit(0)
    os.wait()
"""


def ask_reader(questions: list[tuple[Path, str]]) -> list[dict[str, Any]]:
    """Put several questions at the price of one: starting Ansible is what takes the time."""
    requests = [
        {
            "sources": [str(source)],
            "pattern": "all",
            "limit": limit,
            "vault_password_files": [],
            "vault_ids": [],
        }
        for source, limit in questions
    ]
    done = subprocess.run(
        [sys.executable, "-c", ASK_ALL],
        input=json.dumps(requests),
        capture_output=True,
        text=True,
        check=True,
    )
    return [json.loads(line.removeprefix("@@")) for line in done.stdout.splitlines() if line.startswith("@@")]


def by_name(targets: tuple[Target, ...]) -> dict[str, Target]:
    return {target.identity.name: target for target in targets}


def test_hosts_come_with_groups_variables_and_connection(inventory: Path) -> None:
    targets = by_name(resolve_targets(Request(inventory=str(inventory))))
    assert list(targets) == ["web1", "web2", "db1", "db2", "here"]
    web1 = targets["web1"]
    assert web1.identity == HostIdentity(
        name="web1",
        address="192.0.2.1",
        port=2222,
        user="auditor",
        transport="ssh",
        groups=("prod", "web"),
        variables={"rack": "7", "site": "Bern"},
    )
    assert web1.access is not None
    assert web1.access.sudo == Sudo(password=Secret("sudo-secret"))
    ssh = web1.access.ssh
    assert (ssh.address, ssh.port, ssh.user, ssh.identity_files) == (
        "192.0.2.1", 2222, "auditor", ("~/.ssh/id_audit",),
    )  # fmt: skip
    assert ssh.options["proxyjump"] == "gate"
    assert ssh.options["userknownhostsfile"] == "/etc/kh"
    assert ssh.options["stricthostkeychecking"] == "accept-new"
    assert targets["web2"].identity.address == "web2.example.net"
    assert targets["web2"].identity.user == "deploy"
    ways = {name: target.access.way for name, target in targets.items() if target.access}
    assert ways == {
        "web1": Way.SSH, "web2": Way.SSH, "db1": Way.ANSIBLE, "db2": Way.ANSIBLE, "here": Way.LOCAL,
    }  # fmt: skip
    assert "sudo-secret" not in repr(targets)
    assert "hunter2" not in repr(targets)


def test_words_and_limit_are_ansibles_patterns(inventory: Path) -> None:
    request = Request(words=("web", "db1"), inventory=str(inventory), limit="prod:!web2")
    assert list(by_name(resolve_targets(request))) == ["web1", "db1"]


def test_a_pattern_that_fits_nothing_is_a_usage_error(inventory: Path) -> None:
    with pytest.raises(UsageError, match=r"Could not match supplied host pattern: nope"):
        resolve_targets(Request(words=("web1", "nope"), inventory=str(inventory)))


def test_a_limit_that_fits_or_leaves_nothing_is_a_usage_error(inventory: Path) -> None:
    answers = ask_reader([(inventory, "nope"), (inventory, "web1,nope*"), (inventory, "web1:!web")])
    assert [answer.get("error", {}).get("kind") for answer in answers] == ["usage", "usage", None]
    assert answers[2] == {"hosts": []}


def test_a_folder_with_variables_a_script_and_a_vault(tmp_path: Path) -> None:
    folder = tmp_path / "inv"
    (folder / "group_vars" / "web").mkdir(parents=True)
    (folder / "host_vars").mkdir()
    (folder / "10-static.yml").write_text("web: {hosts: {web1: {}}}\n")
    script = folder / "20-dynamic"
    script.write_text(
        '#!/bin/sh\necho \'{"cloud": {"hosts": ["vm1"]}, "_meta": {"hostvars": {"vm1": {"zone": "a"}}}}\'\n'
    )
    script.chmod(0o755)
    (folder / "group_vars" / "web" / "plain.yml").write_text("tier: front\nuses: '{{ hidden_word }}'\n")
    sealed = folder / "group_vars" / "web" / "sealed.yml"
    sealed.write_text("hidden_word: lighthouse\nansible_become_password: sealed-sudo\n")
    password = tmp_path / "vault-password"
    password.write_text(VAULT_PASSWORD)
    subprocess.run(
        [
            str(Path(sys.executable).parent / "ansible-vault"),
            *("encrypt", "--vault-password-file", str(password), str(sealed)),
        ],
        check=True,
        capture_output=True,
    )
    vault = Vault(password_files=(str(password),))
    targets = by_name(resolve_targets(Request(inventory=str(folder), vault=vault)))
    assert targets["vm1"].identity.variables == {"zone": "a"}
    assert targets["vm1"].identity.groups == ("cloud",)
    assert targets["web1"].identity.variables == {"tier": "front", "uses": "{{ hidden_word }}"}
    assert targets["web1"].access is not None
    assert targets["web1"].access.sudo.password == Secret("sealed-sudo")
    with pytest.raises(ConfigError) as caught:
        resolve_targets(Request(inventory=str(folder)))
    assert "vault" in str(caught.value).lower()
    assert "\n" not in str(caught.value)


def test_an_inventory_that_does_not_parse_is_one_line_with_its_place(tmp_path: Path) -> None:
    cases = {
        "a.ini": ("web1\n\n[web\nweb2\n", "a.ini:3", "closing bracket"),
        "b.ini": ("[web]\nweb1\nweb2 not a pair\n", "b.ini:3", "key=value"),
        "c.yml": ("all:\n  hosts:\n    web1: [\n", "c.yml:4", "YAML"),
        "d.yml": ("all:\n  hosts: 5\n", "d.yml", "requires a dictionary"),
        "e.sh": ("#!/bin/sh\nexit 3\n", "e.sh", "exit code 3"),
    }
    for name, (text, _, _) in cases.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "e.sh").chmod(0o755)
    answers = ask_reader([(tmp_path / name, "") for name in cases])
    for answer, (_, place, words) in zip(answers, cases.values(), strict=True):
        assert answer["error"]["kind"] == "config"
        assert answer["error"]["where"] == str(tmp_path / place)
        assert words in answer["error"]["text"]
        assert "\n" not in answer["error"]["text"]


def test_a_broken_inventory_is_a_config_error(tmp_path: Path) -> None:
    (tmp_path / "a.ini").write_text("[web\n")
    with pytest.raises(
        ConfigError, match=r"a\.ini:1: expected an inventory that Ansible can read, found a section"
    ):
        resolve_targets(Request(inventory=str(tmp_path / "a.ini")))


def test_an_inventory_that_is_not_there_and_an_empty_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        resolve_targets(Request(inventory=str(tmp_path / "none")))
    (tmp_path / "empty").write_text("# nobody\n")
    with pytest.raises(ConfigError, match="at least one host"):
        resolve_targets(Request(inventory=str(tmp_path / "empty")))


def test_a_plain_list_is_read_without_ansible(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hardcheck.inventory.ansible_process.subprocess.run", None)
    (tmp_path / "hosts").write_text("web1\nroot@web2:2222\n")
    request = Request(inventory=str(tmp_path / "hosts"), limit="web2*")
    (target,) = resolve_targets(request)
    assert target.identity.name == "web2:2222"
    assert target.access is not None
    assert target.access.ssh == SshAccess("web2", 2222, "root")


def test_words_alone_need_no_inventory() -> None:
    request = Request(words=("local", "root@web1:2222", "[2001:db8::1]:22"), sudo=Sudo(allowed=False))
    local, web, v6 = resolve_targets(request)
    assert (local.identity.name, web.identity.name, v6.identity.name) == (
        "local",
        "web1:2222",
        "[2001:db8::1]:22",
    )
    assert local.access is not None
    assert local.access.way is Way.LOCAL
    assert not local.access.sudo.allowed


def test_a_bundle_or_a_folder_of_bundles_stands_in_for_hosts(tmp_path: Path) -> None:
    for name in ("web1", "web2"):
        evidence = HostEvidence(
            HostIdentity(name),
            "2026-01-01T00:00:00Z",
            "2026-01-01T00:00:01Z",
            "0.1.0",
            "0" * 64,
            Privilege.ROOT,
            {},
        )
        BundleWriter().write(evidence, tmp_path / f"{name}.evidence.zip")
    targets = resolve_targets(Request(words=(f"{tmp_path}/", "web3")))
    assert [(t.identity.name, t.bundle is not None) for t in targets] == [
        ("web1", True),
        ("web2", True),
        ("web3", False),
    ]


@pytest.mark.parametrize(
    "request_",
    [
        Request(),
        Request(words=("web1",), limit="x"),
        Request(words=("a b",)),
        Request(words=("none.zip",)),
        Request(words=("web1", "root@web1")),
        Request(words=("web1",), way=Way.LOCAL),
        Request(words=("local",), way=Way.SSH),
    ],
)
def test_what_cannot_be_is_a_usage_error(request_: Request) -> None:
    with pytest.raises(UsageError):
        resolve_targets(request_)


def test_the_example_inventory_is_read_by_ansible_and_by_us() -> None:
    listed = subprocess.run(
        [str(Path(sys.executable).parent / "ansible-inventory"), "-i", str(EXAMPLE), "--list"],
        capture_output=True,
        check=True,
        env={**os.environ, "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "1"},
    )
    assert set(json.loads(listed.stdout)["_meta"]["hostvars"]) >= {"web1", "web2", "db1", "bastion"}
    targets = by_name(resolve_targets(Request(inventory=str(EXAMPLE))))
    assert {"prod", "web", "db"} <= {group for target in targets.values() for group in target.identity.groups}
    assert any(target.access and target.access.ssh.options.get("proxyjump") for target in targets.values())
    assert any(target.identity.variables for target in targets.values())
    assert any(target.access and target.access.way is Way.ANSIBLE for target in targets.values())
