"""What all SSH connections of a run share: configuration, known hosts, keys, jump hosts, time limits."""

from __future__ import annotations

import functools
import getpass
import os
import shlex
import socket
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
import paramiko

from hardcheck.errors import ConfigError, TransportError, Unreachable
from hardcheck.transport.access import SshAccess
from hardcheck.transport.base import Limits
from hardcheck.transport.dialogue import one_line
from hardcheck.transport.host_keys import HostKeys, HostKeyStore
from hardcheck.transport.keys import AskPassphrase, KeyRing
from hardcheck.transport.secret import Secret
from hardcheck.transport.ssh_config import Setting, read_ssh_config
from hardcheck.transport.ssh_login import log_in, start_session
from hardcheck.transport.ssh_lookup import Caller, SshHost, look_up
from hardcheck.transport.ssh_socket import open_proxy_command, open_tcp, shut
from hardcheck.transport.watchdog import Watchdog

_MAX_HOPS = 8
PASSWORD_VARIABLE = "HARDCHECK_SSH_PASSWORD"  # noqa: S105 - the name of a variable


class SshOptions(msgspec.Struct, frozen=True):
    """What the user chose for all hosts. ``password`` is offered to hosts that have none of their own,
    ``ask`` gets the question for a key's passphrase; ``config_file`` replaces the usual two."""

    host_keys: HostKeys | None = None
    password: Secret | None = None
    ask: AskPassphrase | None = None
    config_file: Path | None = None


class Connection:
    """An open, logged-in connection, with what lies below it. ``close`` ends all of it."""

    def __init__(self, transport: paramiko.Transport, below: Callable[[], None]) -> None:
        self.transport = transport
        self._below = below

    def close(self) -> None:
        """Close; safe to call twice and from any thread."""
        self._below()  # first: its end wakes the transport's thread
        self.transport.close()


class SshContext:
    """Opens connections. Made once for a run, used by all of its threads, closed at its end."""

    def __init__(
        self,
        options: SshOptions,
        environ: Mapping[str, str] = os.environ,
        home: Path | None = None,
    ) -> None:
        self._environ = environ
        self._options = options
        self._caller = Caller(getpass.getuser(), home or Path.home())
        self._password = options.password or _password_from(environ)
        self._keys = KeyRing(options.ask)
        self._host_keys = HostKeyStore(options.host_keys)
        self._lock = threading.Lock()
        self._configs: dict[Path | None, tuple[Setting, ...]] = {}
        self._jumps: dict[tuple[str, ...], _SharedConnection] = {}
        self.watchdog = Watchdog()

    def host(self, access: SshAccess) -> SshHost:
        """What the configuration says about a host.

        Raises:
            ConfigError: a configuration file or option has a fault.
        """
        overrides = {key: _words(key, value) for key, value in access.options.items()}
        if access.user:
            overrides["user"] = (access.user,)
        if access.port:
            overrides["port"] = (str(access.port),)
        if access.identity_files:
            overrides["identityfile"] = access.identity_files
        file = Path(access.config_file) if access.config_file else self._options.config_file
        return look_up(access.address, self._settings(file), overrides, self._caller, self._environ)

    def load_keys(self, access: SshAccess) -> None:
        """Load the keys that are named for a host, now: so that a passphrase is asked for before a
        progress display starts, by the thread that owns the terminal.

        Raises:
            ConfigError: a configuration file or option has a fault.
        """
        host = self.host(access)
        if not host.agent:
            for path in host.identity_files:
                if host.identities_given or path.exists():
                    self._keys.load(path)

    def connect(self, name: str, access: SshAccess, limits: Limits) -> Connection:
        """Reach a host and log in.

        Raises:
            TransportError: not reached, not trusted or not let in.
        """
        try:
            return self._connect(name, self.host(access), access.password or self._password, limits, ())
        except ConfigError as error:
            raise Unreachable(name, str(error)) from None

    def close(self) -> None:
        """Close what is shared; connections belong to their users."""
        with self._lock:
            jumps = list(self._jumps.values())
            self._jumps.clear()
        for jump in jumps:
            jump.close()
        self.watchdog.close()

    def _connect(
        self, name: str, host: SshHost, password: Secret | None, limits: Limits, via: tuple[str, ...]
    ) -> Connection:
        timeout_s = host.connect_timeout_s or limits.connect_s
        pipe, below = self._open_pipe(name, host, limits, timeout_s, via)
        try:
            # Two phases with a limit each (key exchange, login), and a last resort for both.
            with self.watchdog.limit(3 * timeout_s, below):
                transport = start_session(pipe, name, host, self._host_keys, timeout_s)
                try:
                    log_in(transport, name, host, self._keys, password)
                except TransportError:
                    transport.close()
                    raise
        except TransportError:
            below()
            raise
        return Connection(transport, below)

    def _open_pipe(
        self, name: str, host: SshHost, limits: Limits, timeout_s: float, via: tuple[str, ...]
    ) -> tuple[socket.socket | paramiko.Channel, Callable[[], None]]:
        """The pipe to a host and what closes it: through jump hosts, a command, or directly."""
        hops = via or host.proxy_jump
        if hops:
            return self._open_through(name, host, hops, limits, timeout_s)
        if host.proxy_command:
            return open_proxy_command(name, host.proxy_command)
        connection = open_tcp(name, host.hostname, host.port, timeout_s)
        return connection, functools.partial(shut, connection)

    def _open_through(
        self, name: str, host: SshHost, hops: tuple[str, ...], limits: Limits, timeout_s: float
    ) -> tuple[socket.socket | paramiko.Channel, Callable[[], None]]:
        if len(hops) > _MAX_HOPS:
            raise Unreachable(name, f"more than {_MAX_HOPS} jump hosts")
        jump = self._jump(hops)
        target = (host.hostname, host.port)
        try:
            transport = jump.get(lambda: self._connect_jump(hops, limits)).transport
            channel = transport.open_channel("direct-tcpip", target, ("127.0.0.1", 0), timeout=timeout_s)
        except TransportError as error:
            raise type(error)(name, f"jump host {error}") from None
        except (paramiko.SSHException, EOFError, OSError) as error:
            words = one_line((str(error) or type(error).__name__).encode())
            raise Unreachable(name, f"jump host {hops[-1]} does not reach {host.hostname}: {words}") from None
        return channel, channel.close

    def _connect_jump(self, hops: tuple[str, ...], limits: Limits) -> Connection:
        """Connect to the last hop through those before it. Each hop has its own configuration; the first
        hop's own ProxyJump counts, as with ssh -J."""
        access = _hop_access(hops[-1])
        host = self.host(access)
        own = host.proxy_jump
        if len(hops) == 1 and own and hops[-1] in own:
            raise Unreachable(hops[-1], "is its own jump host")
        return self._connect(hops[-1], host, None, limits, hops[:-1])

    def _jump(self, hops: tuple[str, ...]) -> _SharedConnection:
        with self._lock:
            return self._jumps.setdefault(hops, _SharedConnection())

    def _settings(self, file: Path | None) -> tuple[Setting, ...]:
        with self._lock:
            if file not in self._configs:
                home = self._caller.home
                files = [file] if file else [home / ".ssh" / "config", Path("/etc/ssh/ssh_config")]
                self._configs[file] = tuple(s for path in files for s in read_ssh_config(path, home))
            return self._configs[file]


class _SharedConnection:
    """A jump host's connection: opened by the first who needs it, opened again when it broke."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connection: Connection | None = None

    def get(self, connect: Callable[[], Connection]) -> Connection:
        """The connection, made by ``connect`` when there is none that lives."""
        with self._lock:
            if self._connection is None or not self._connection.transport.is_active():
                if self._connection is not None:
                    self._connection.close()
                self._connection = connect()
            return self._connection

    def close(self) -> None:
        """Close it."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()


def _hop_access(hop: str) -> SshAccess:
    """``[user@]host[:port]`` or ``ssh://[user@]host[:port]`` of a ProxyJump."""
    text = hop.removeprefix("ssh://").rstrip("/")
    user, _, address = text.rpartition("@")
    port = 0
    head, colon, tail = address.rpartition(":")
    if colon and tail.isdigit() and (":" not in head or head.endswith("]")):
        address, port = head, int(tail)
    return SshAccess(address.strip("[]"), port=port, user=user)


def _words(key: str, value: str) -> tuple[str, ...]:
    """The words of an option's value as a configuration line would have them; a command stays whole."""
    if key == "proxycommand":
        return (value,)
    try:
        return tuple(shlex.split(value))
    except ValueError:
        raise ConfigError(f"option {key}", "a closing quote", repr(value[:60])) from None


def _password_from(environ: Mapping[str, str]) -> Secret | None:
    value = environ.get(PASSWORD_VARIABLE, "")
    return Secret(value) if value else None
