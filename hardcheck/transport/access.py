"""How to reach one host, as data: what an inventory or a word on the command line says about it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from hardcheck.transport.secret import Secret


class Way(StrEnum):
    """Which transport reaches a host."""

    LOCAL = "local"
    SSH = "ssh"
    ANSIBLE = "ansible"


class SshAccess(msgspec.Struct, frozen=True):
    """Where to connect, before ``~/.ssh/config`` has its say.

    ``address`` is what one would give ssh(1): a name, an alias, an IP address. ``port`` 0 and
    ``user`` "" leave it to the configuration. ``options`` are ``-o`` options, keyword in lower
    case, which win over the configuration files; ``config_file`` is ``-F``.
    """

    address: str
    port: int = 0
    user: str = ""
    identity_files: tuple[str, ...] = ()
    options: Mapping[str, str] = {}
    config_file: str = ""
    password: Secret | None = None


class Sudo(msgspec.Struct, frozen=True):
    """How to become root: not at all, or by sudo with or without a password."""

    allowed: bool = True
    password: Secret | None = None


class Access(msgspec.Struct, frozen=True):
    """The way to a host and what it takes. ``listed``: Ansible's inventory knows the host by its name;
    otherwise Way.ANSIBLE takes the address, port and user of ``ssh``."""

    way: Way
    ssh: SshAccess = SshAccess("")
    sudo: Sudo = Sudo()
    listed: bool = False
