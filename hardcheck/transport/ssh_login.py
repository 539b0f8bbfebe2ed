"""From a byte pipe to a logged-in SSH connection: key exchange, the host's key, the account's keys."""

from __future__ import annotations

import functools
import logging
import socket
import threading
from collections.abc import Callable, Iterable, Sequence

import paramiko
from paramiko.packet import Packetizer

from hardcheck.errors import AuthenticationFailed, DeadlineExceeded, TransportError, Unreachable
from hardcheck.transport.dialogue import one_line
from hardcheck.transport.host_keys import HostKeyStore
from hardcheck.transport.keys import Candidate, KeyRing
from hardcheck.transport.secret import Secret
from hardcheck.transport.ssh_lookup import SshHost

_LOG_CHANNEL = "hardcheck.transport.paramiko"
_MAX_PACKET = 256 * 1024  # OpenSSH's own limit (packet.c, PACKET_MAX_SIZE)
_MAX_KEYS = 5  # sshd counts each; MaxAuthTries is 6, and a password may follow
_POLL_S = 2.0  # paramiko looks ten times a second whether it was closed; `shut` wakes it when it was
_MAX_NAMED = 2  # of what was offered, in an error
KEEPALIVE_S = 15


class _BoundedPacketizer(Packetizer):
    """Refuses packets that no SSH server sends, instead of reading up to 4 GiB into memory."""

    def read_all(self, n: int, check_rekey: bool = False) -> bytes:
        """Read ``n`` bytes of one packet."""
        if n > _MAX_PACKET:
            raise paramiko.SSHException(f"a packet of {n} bytes")
        return super().read_all(n, check_rekey)


def start_session(
    pipe: socket.socket | paramiko.Channel,
    name: str,
    host: SshHost,
    host_keys: HostKeyStore,
    timeout_s: float,
) -> paramiko.Transport:
    """Exchange keys and check who it is. The caller closes the transport, also after an error.

    Raises:
        HostKeyRejected: see `hardcheck.transport.host_keys`. Unreachable: not an SSH server, no common
            algorithm. DeadlineExceeded: too slow.
    """
    transport = paramiko.Transport(pipe, packetizer_class=_BoundedPacketizer)
    pipe.settimeout(_POLL_S)
    try:
        _set_up(transport, host_keys.known_algorithms(host), timeout_s)
        done = threading.Event()
        transport.start_client(event=done)
        if not done.wait(timeout_s):
            raise DeadlineExceeded(name, f"no SSH key exchange within {timeout_s:g} s")
        if not transport.is_active():
            raise transport.get_exception() or EOFError()
        key = transport.get_remote_server_key()
        host_keys.check(name, host, key.get_name(), key.asbytes())
    except TransportError:
        transport.close()
        raise
    except (paramiko.SSHException, EOFError, OSError) as error:
        transport.close()
        raise Unreachable(name, f"SSH: {_words(error)}") from None
    transport.set_keepalive(host.keepalive_s or KEEPALIVE_S)
    return transport


def log_in(
    transport: paramiko.Transport, name: str, host: SshHost, keys: KeyRing, password: Secret | None
) -> None:
    """Offer keys, then the password, until the account is open.

    Raises:
        AuthenticationFailed: with what was offered and why the rest was not.
        Unreachable: the connection broke off.
    """
    attempt = _Attempt(transport, name, host)
    notes: list[str] = []
    if attempt.offer_keys(keys.candidates(host), notes):
        return
    if password is not None and attempt.offer_password(password):
        return
    if not attempt.offer_nothing():
        raise AuthenticationFailed(name, attempt.summary(notes, password is not None))


class _Attempt:
    """One login: what was offered, and what the host would take."""

    def __init__(self, transport: paramiko.Transport, name: str, host: SshHost) -> None:
        self._transport, self._name, self._host = transport, name, host
        self._offered: list[str] = []
        self._accepted: Sequence[str] = ()

    def offer_keys(self, candidates: Iterable[Candidate | str], notes: list[str]) -> bool:
        """Offer keys in turn until one opens; ``notes`` gets a sentence for each that cannot be offered."""
        for candidate in candidates:
            if isinstance(candidate, str):
                notes.append(candidate)
                continue
            if len(self._offered) == _MAX_KEYS:
                notes.append(f"no more than {_MAX_KEYS} keys are tried (set IdentitiesOnly and IdentityFile)")
                break
            self._offered.append(candidate.source)
            if self._try(functools.partial(self._offer_key, candidate.key)):
                return True
            if not self._takes("publickey"):
                break
        return False

    def offer_password(self, password: Secret) -> bool:
        """Offer the password, by keyboard-interactive where the host has only that."""
        if not self._takes("password", "keyboard-interactive"):
            return False
        self._offered.append("password")
        return self._try(lambda: self._transport.auth_password(self._host.user, password.reveal()))

    def summary(self, notes: list[str], has_password: bool) -> str:
        """One line: who, what was offered, what else could be done."""
        offered = ", ".join(self._offered[:_MAX_NAMED]) or "nothing to offer"
        if len(self._offered) > _MAX_NAMED:
            offered += f" and {len(self._offered) - _MAX_NAMED} more"
        text = f"{self._host.user}@{self._host.hostname} refused: {offered}"
        if self._accepted:
            text += f"; the host takes {', '.join(self._accepted)}"
        if not has_password and "password" in self._accepted:
            text += " (no password was given)"
        return one_line("; ".join([text, *notes]).encode())

    def _offer_key(self, key: paramiko.PKey) -> list[str]:
        """Wait once for the answer; paramiko would look ten times a second."""
        answered = threading.Event()
        self._transport.auth_publickey(self._host.user, key, answered)
        handler = self._transport.auth_handler
        if handler is None or not answered.wait(self._transport.auth_timeout):
            raise paramiko.AuthenticationException("timeout")
        return handler.wait_for_response(answered)

    def offer_nothing(self) -> bool:
        """Ask what the host takes, when there is nothing to offer; a few hosts let in anybody."""
        return not self._offered and self._try(lambda: self._transport.auth_none(self._host.user))

    def _takes(self, *methods: str) -> bool:
        """True unless the host said that it takes none of these."""
        return not self._accepted or any(method in self._accepted for method in methods)

    def _try(self, authenticate: Callable[[], list[str]]) -> bool:
        """One attempt; True when the account is open, False when something else may be offered."""
        try:
            more = authenticate()
        except paramiko.BadAuthenticationType as error:
            self._accepted = tuple(str(method) for method in error.allowed_types)
        except paramiko.AuthenticationException as error:
            if not self._transport.is_active():
                raise AuthenticationFailed(
                    self._name, f"the host broke off after {', '.join(self._offered)}: {_words(error)}"
                ) from None
            if "timeout" in str(error).lower():
                limit_s = self._transport.auth_timeout
                raise DeadlineExceeded(self._name, f"no answer to the login within {limit_s:g} s") from None
        except (paramiko.SSHException, EOFError, OSError) as error:
            raise Unreachable(self._name, f"SSH: {_words(error)}") from None
        else:
            self._accepted = tuple(more)  # empty: logged in; else the methods that must follow
            return not more
        return False


def _set_up(transport: paramiko.Transport, known: Sequence[str], timeout_s: float) -> None:
    transport.banner_timeout = timeout_s
    transport.handshake_timeout = timeout_s
    transport.auth_timeout = timeout_s
    transport.channel_timeout = timeout_s
    logging.getLogger(_LOG_CHANNEL).addHandler(logging.NullHandler())
    transport.set_log_channel(_LOG_CHANNEL)
    options = transport.get_security_options()
    options.kex = tuple(sorted(options.kex, key=lambda kex: kex.startswith("diffie-hellman")))
    first = [algorithm for algorithm in known if algorithm in options.key_types]
    options.key_types = (*first, *(a for a in options.key_types if a not in first))


def _words(error: BaseException) -> str:
    """A foreign error as one short line."""
    text = str(error) or (
        "the host closed the connection" if isinstance(error, EOFError) else type(error).__name__
    )
    return one_line(text.encode())
