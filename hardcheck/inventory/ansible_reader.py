"""Read an inventory with Ansible's own classes, in a process of its own; not imported by the others.

Run with ``python -m`` by `hardcheck.inventory.ansible_process`: one JSON object on standard input (sources,
pattern, limit, vault_password_files, vault_ids), one on standard output: ``{"hosts": [...]}`` or
``{"error": {"kind", "where", "text"}}``. Importing Ansible takes half a second and changes the process
(signal handlers, locale), which is why it is kept out of ours.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from hardcheck.inventory.ansible_faults import Fault, first_line, parse_fault

_HIDDEN = frozenset({
    "environment", "group_names", "groups", "hostvars", "inventory_dir", "inventory_file",
    "inventory_hostname", "inventory_hostname_short", "omit", "play_hosts", "playbook_dir", "role_names",
    "vars",
})  # fmt: skip
_SSH_OPTIONS = (
    "host", "port", "remote_user", "password", "private_key_file", "ssh_args", "ssh_common_args",
    "ssh_extra_args", "host_key_checking",
)  # fmt: skip
_VAULTED_CLASSES = frozenset({"EncryptedString", "AnsibleVaultEncryptedUnicode"})
_VAULT_HEADER = b"$ANSIBLE_VAULT"


def main() -> None:
    """Answer one question; standard output holds nothing but the answer."""
    answer_to = os.dup(1)
    os.dup2(2, 1)  # whatever Ansible or its plugins print
    request = json.load(sys.stdin)
    start_ansible()
    answer: dict[str, Any]
    try:
        answer = {"hosts": read(request)}
    except Fault as fault:
        answer = {"error": {"kind": fault.kind, "where": fault.where, "text": fault.text}}
    with os.fdopen(answer_to, "w", encoding="utf-8") as out:
        json.dump(answer, out)


def start_ansible() -> None:
    """Settings and plugins, once in a process, before anything else of Ansible is imported."""
    os.environ["ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED"] = "1"
    os.environ["ANSIBLE_HOST_PATTERN_MISMATCH"] = "error"
    from ansible.plugins.loader import init_plugin_loader

    init_plugin_loader()


def read(request: dict[str, Any]) -> list[dict[str, Any]]:
    """Load the sources and describe every host that the limit leaves."""
    from ansible.errors import AnsibleError
    from ansible.inventory.manager import InventoryManager
    from ansible.vars.manager import VariableManager

    try:
        loader = _loader(request)
    except AnsibleError as error:
        raise Fault("config", "vault password", first_line(error)) from error
    try:
        inventory = InventoryManager(loader=loader, sources=request["sources"])
    except AnsibleError as error:
        raise parse_fault(error, loader) from error
    try:
        inventory.get_hosts(request["pattern"])
        if request["limit"]:
            inventory.subset(request["limit"])
        hosts = inventory.get_hosts(request["pattern"], order="inventory")
    except AnsibleError as error:
        text = first_line(error).replace(", ignoring", "")
        raise Fault("usage", ", ".join(request["sources"]), text) from error
    describe = _Describer(loader, VariableManager(loader=loader, inventory=inventory))
    described = []
    for host in hosts:
        try:
            described.append(describe.host(host))
        except (AnsibleError, ValueError, TypeError) as error:
            raise Fault("config", f"host {host.name}", first_line(error)) from error
    return described


def _loader(request: dict[str, Any]) -> Any:
    """A loader that has the vault passwords and notes which names came out of vaulted files."""
    from ansible.cli import CLI
    from ansible.parsing.dataloader import DataLoader
    from ansible.plugins.loader import become_loader, connection_loader

    class Loader(DataLoader):  # type: ignore[misc] # ansible has no type information
        def __init__(self) -> None:
            super().__init__()
            self.sealed_names: set[str] = set()

        def load_from_file(self, file_name: str, *args: Any, **kwargs: Any) -> Any:
            data = super().load_from_file(file_name, *args, **kwargs)
            if _is_vaulted_file(self.path_dwim(file_name)):
                self.sealed_names |= _names(data)
            return data

    connection_loader.get("ssh", class_only=True)  # makes its options known to the configuration
    become_loader.get("sudo", class_only=True)
    loader = Loader()
    secrets = CLI.setup_vault_secrets(
        loader,
        vault_ids=list(request["vault_ids"]),
        vault_password_files=list(request["vault_password_files"]),
        ask_vault_pass=False,
        auto_prompt=False,
    )
    loader.set_vault_secrets(secrets)
    return loader


class _Describer:
    """Turns Ansible's view of a host into plain data."""

    def __init__(self, loader: Any, variables: Any) -> None:
        self._loader, self._variables = loader, variables

    def host(self, host: Any) -> dict[str, Any]:
        """Name, groups, variables without secrets by origin, and the connection's settings."""
        own = self._variables.get_vars(host=host, include_hostvars=False, stage="all")
        plain, withheld = {}, []
        for name, value in own.items():
            if name in _HIDDEN or name.startswith("ansible_"):
                continue
            if name in self._loader.sealed_names or _holds_vaulted(value):
                withheld.append(name)
            else:
                plain[name] = _plain(value)
        return {
            "name": host.name,
            "groups": sorted(g.name for g in host.get_groups() if g.name not in ("all", "ungrouped")),
            "variables": plain,
            "withheld": sorted(withheld),
            "connection": self._connection(host, own),
        }

    def _connection(self, host: Any, own: dict[str, Any]) -> dict[str, Any]:
        from ansible import constants
        from ansible.template import Templar

        variables = dict(own)
        templar = Templar(loader=self._loader, variables=self._variables.get_vars(host=host))
        for name, value in own.items():
            if not name.startswith("ansible_"):
                continue
            if type(value).__name__ in _VAULTED_CLASSES:
                variables[name] = str(value)  # decrypts
            elif isinstance(value, str) and ("{{" in value or "{%" in value):
                variables[name] = templar.template(value)
        get = constants.config.get_config_value
        settings = {
            option: get(option, plugin_type="connection", plugin_name="ssh", variables=variables)
            for option in _SSH_OPTIONS
        }
        settings["become_password"] = get(
            "become_pass", plugin_type="become", plugin_name="sudo", variables=variables
        )
        settings["connection"] = variables.get("ansible_connection") or constants.DEFAULT_TRANSPORT
        settings["become_method"] = variables.get("ansible_become_method") or constants.DEFAULT_BECOME_METHOD
        return {name: _scalar(value) for name, value in settings.items()}


def _is_vaulted_file(path: str) -> bool:
    try:
        with Path(path).open("rb") as file:
            return file.read(len(_VAULT_HEADER)) == _VAULT_HEADER
    except OSError:
        return False


def _names(data: Any) -> set[str]:
    """Every mapping key of a document, at any depth."""
    if isinstance(data, dict):
        found = {str(key) for key in data}
        return found.union(*(_names(value) for value in data.values()))
    if isinstance(data, list):
        return set().union(*(_names(value) for value in data))
    return set()


def _holds_vaulted(value: Any) -> bool:
    if type(value).__name__ in _VAULTED_CLASSES:
        return True
    if isinstance(value, dict):
        return any(_holds_vaulted(part) for part in value.values())
    return isinstance(value, (list, tuple)) and any(_holds_vaulted(part) for part in value)


def _plain(value: Any) -> Any:
    """JSON data without Ansible's own string classes."""
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    return _scalar(value)


def _scalar(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return str(value)


if __name__ == "__main__":
    main()
