"""Ask Ansible about an inventory, in a process of its own (see `hardcheck.inventory.ansible_reader`)."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from hardcheck.errors import ConfigError, UsageError
from hardcheck.inventory.model import Vault

_TIMEOUT_S = 300
_HOST_NAME = re.compile(r"[^\x00-\x20\x7f\ud800-\udfff/\\]{1,253}")


class Settings(msgspec.Struct, frozen=True):
    """What Ansible would use to reach a host; None where nothing is set."""

    host: str
    connection: str
    become_method: str
    port: int | None = None
    remote_user: str | None = None
    password: str | None = None
    private_key_file: str | None = None
    ssh_args: str | None = None
    ssh_common_args: str | None = None
    ssh_extra_args: str | None = None
    host_key_checking: bool | None = None
    become_password: str | None = None

    def __repr__(self) -> str:
        return f"Settings(host={self.host!r}, connection={self.connection!r})"  # never the passwords


class ListedHost(msgspec.Struct, frozen=True):
    """One host of an inventory. ``withheld`` are the names of variables that came from a vault."""

    name: str
    groups: tuple[str, ...]
    variables: dict[str, object]
    withheld: tuple[str, ...]
    connection: Settings


class _Fault(msgspec.Struct, frozen=True):
    kind: str
    where: str
    text: str


class _Answer(msgspec.Struct, frozen=True):
    hosts: tuple[ListedHost, ...] = ()
    error: _Fault | None = None


def list_hosts(sources: Sequence[str], pattern: str, limit: str, vault: Vault) -> tuple[ListedHost, ...]:
    """The hosts of the sources that a pattern fits and the limit leaves, in the inventory's order.

    Raises:
        ConfigError: a source that cannot be read, a value that cannot be had.
        UsageError: a pattern that fits no host.
    """
    request = {
        "sources": list(sources),
        "pattern": pattern,
        "limit": limit,
        "vault_password_files": list(vault.password_files),
        "vault_ids": list(vault.ids),
    }
    where = ", ".join(sources)
    package = str(Path(__file__).resolve().parent.parent.parent)
    path = os.pathsep.join([package, *filter(None, [os.environ.get("PYTHONPATH")])])
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "hardcheck.inventory.ansible_reader"],
            input=msgspec.json.encode(request),
            capture_output=True,
            env={**os.environ, "PYTHONPATH": path},
            timeout=_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ConfigError(where, f"an inventory that can be read within {_TIMEOUT_S} s") from None
    except OSError as error:
        raise ConfigError(where, "a Python that can run Ansible", error.strerror or "") from None
    try:
        answer = msgspec.json.decode(done.stdout, type=_Answer)
    except (msgspec.DecodeError, UnicodeDecodeError):
        last = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        raise ConfigError(where, "an inventory that Ansible can read", "".join(last)[:200]) from None
    if answer.error is not None:
        if answer.error.kind == "usage":
            raise UsageError(f"{answer.error.where}: {answer.error.text}")
        raise ConfigError(answer.error.where, "an inventory that Ansible can read", answer.error.text[:300])
    for host in answer.hosts:
        if not _HOST_NAME.fullmatch(host.name):
            raise ConfigError(where, "host names without spaces and control characters", ascii(host.name))
    return answer.hosts
