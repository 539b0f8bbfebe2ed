"""The byte pipe below an SSH connection: a TCP socket, or one end of a ProxyCommand."""

from __future__ import annotations

import contextlib
import socket
import subprocess
from collections.abc import Callable

from hardcheck.errors import DeadlineExceeded, Unreachable

_MAX_ADDRESSES = 4
_END_GRACE_S = 1.0


def open_tcp(name: str, host: str, port: int, timeout_s: float) -> socket.socket:
    """Connect to the first address that answers, at most four are tried.

    Nagle's algorithm is off: the small packets of a login would each wait for the delayed
    acknowledgement of the one before (40 ms).

    Raises:
        Unreachable: no such name, refused, no route. DeadlineExceeded: no answer in time.
    """
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        words = error.strerror if isinstance(error, OSError) else "not a host name"
        raise Unreachable(name, f"cannot resolve {host}: {words}") from None
    failure: OSError = OSError("no address")
    for family, kind, protocol, _, address in addresses[:_MAX_ADDRESSES]:
        connection = socket.socket(family, kind, protocol)
        try:
            connection.settimeout(timeout_s)
            connection.connect(address)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        except OSError as error:
            connection.close()
            failure = error
            continue
        return connection
    if isinstance(failure, TimeoutError):
        raise DeadlineExceeded(name, f"no connection to {host} port {port} within {timeout_s:g} s")
    raise Unreachable(name, f"{host} port {port}: {failure.strerror or failure}")


def shut(connection: socket.socket) -> None:
    """Close a socket so that a thread which waits for its bytes wakes up."""
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()


def open_proxy_command(name: str, command: str) -> tuple[socket.socket, Callable[[], None]]:
    """Run a ProxyCommand, the user's own, with a socket as its input and output; also return what ends it.

    Raises:
        Unreachable: no process could be started.
    """
    ours, theirs = socket.socketpair()
    try:
        process = subprocess.Popen(
            ["/bin/sh", "-c", f"exec {command}"],
            stdin=theirs.fileno(),
            stdout=theirs.fileno(),
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        ours.close()
        raise Unreachable(name, f"ProxyCommand: {error.strerror}") from None
    finally:
        theirs.close()

    def end() -> None:
        shut(ours)
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_END_GRACE_S)
            return
        process.kill()
        process.wait()

    return ours, end
