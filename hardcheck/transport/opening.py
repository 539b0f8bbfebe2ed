"""From an `Access` to its transport: what the transports of one run share is made here, once, when needed."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import msgspec

from hardcheck.transport.access import Access, Way
from hardcheck.transport.base import Transport
from hardcheck.transport.local import LocalTransport
from hardcheck.transport.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable

    from hardcheck.transport.ansible_site import AnsibleSite
    from hardcheck.transport.host_keys import HostKeys
    from hardcheck.transport.ssh_context import SshContext


class Options(msgspec.Struct, frozen=True):
    """What a command line says about connections.

    ``host_keys`` None: strict, unless a host's own configuration accepts new keys. ``ask`` gets the question
    for the passphrase of a key and returns None for no answer. ``inventories`` and the vault are for Ansible;
    ``sudo_password`` is its become password (the other transports get theirs with each `Access`).
    """

    host_keys: HostKeys | None = None
    ssh_password: Secret | None = None
    ask: Callable[[str], Secret | None] | None = None
    ssh_config: Path | None = None
    inventories: tuple[str, ...] = ()
    vault_password_files: tuple[str, ...] = ()
    vault_ids: tuple[str, ...] = ()
    sudo_password: Secret | None = None
    connect_s: float = 15.0


class Ways:
    """Opens the transports of a run; a context manager that closes what they share."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._lock = threading.Lock()
        self._ssh: SshContext | None = None
        self._ansible: AnsibleSite | None = None

    def open(self, name: str, access: Access) -> Transport:
        """The transport of a host; nothing is connected before its first use. Any thread may call this."""
        if access.way is Way.LOCAL:
            return LocalTransport(name, access.sudo)
        if access.way is Way.SSH:
            from hardcheck.transport.ssh import SshTransport

            return SshTransport(name, access.ssh, access.sudo, self._ssh_context())
        from hardcheck.transport.ansible import AnsibleTransport

        site = self._ansible_site()
        if not access.listed:
            site.add_host(name, _host_variables(access))
        return AnsibleTransport(name, access.sudo, site)

    def prepare(self, accesses: Iterable[Access]) -> None:
        """Load the keys of all hosts now, in this thread: passphrases are asked for here and not later.

        Raises:
            ConfigError: an SSH configuration file has a fault.
        """
        for access in accesses:
            if access.way is Way.SSH:
                self._ssh_context().load_keys(access.ssh)

    def close(self) -> None:
        """Close what is shared: jump hosts, Ansible's runs."""
        with self._lock:
            ssh, ansible = self._ssh, self._ansible
            self._ssh = self._ansible = None
        if ssh is not None:
            ssh.close()
        if ansible is not None:
            ansible.close()

    def __enter__(self) -> Ways:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ssh_context(self) -> SshContext:
        options = self._options
        with self._lock:
            if self._ssh is None:
                with _without_invoke():
                    from hardcheck.transport.ssh_context import SshContext, SshOptions

                self._ssh = SshContext(
                    SshOptions(options.host_keys, options.ssh_password, options.ask, options.ssh_config)
                )
            return self._ssh

    def _ansible_site(self) -> AnsibleSite:
        from hardcheck.transport.ansible_run import AnsibleSetup
        from hardcheck.transport.ansible_site import AnsibleSite

        options = self._options
        with self._lock:
            if self._ansible is None:
                self._ansible = AnsibleSite(
                    AnsibleSetup(
                        inventories=options.inventories,
                        vault_password_files=options.vault_password_files,
                        vault_ids=options.vault_ids,
                        become=True if options.sudo_password else None,
                        become_password=options.sudo_password,
                        connect_s=options.connect_s,
                    )
                )
            return self._ansible


@contextlib.contextmanager
def _without_invoke() -> Iterator[None]:
    """paramiko imports invoke for ``Match exec`` alone and goes without where it is missing; it takes a
    third of the start, and SSH configuration is read by `hardcheck.transport.ssh_config`."""
    missing: dict[str, Any] = {} if "invoke" in sys.modules else {"invoke": None}
    sys.modules.update(missing)
    try:
        yield
    finally:
        for name in missing:
            del sys.modules[name]


def _host_variables(access: Access) -> dict[str, object]:
    """What Ansible needs to know of a host that its inventory does not have."""
    found: dict[str, object] = {"ansible_host": access.ssh.address}
    if access.ssh.port:
        found["ansible_port"] = access.ssh.port
    if access.ssh.user:
        found["ansible_user"] = access.ssh.user
    return found
