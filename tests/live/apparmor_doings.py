"""Runs on the audited host beside the prober: what is done with sockets, message queues and namespaces.

Standard library only. Listeners are opened before anything is confined, so that there is someone to reach.
"""

import ctypes
import os
import socket
import struct

LIBC = ctypes.CDLL(None, use_errno=True)
NAME = "\0hardcheck-live"
INET = ("127.0.0.1", 9797)
CLONE_NEWUSER = 0x10000000


def call(function, *args):
    """Call libc; raise OSError where it returns -1."""
    result = function(*args)
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def listeners():
    """Open one listener for each kind of connection; they stay open as long as they are kept."""
    opened = []
    for type_ in (socket.SOCK_STREAM, socket.SOCK_SEQPACKET, socket.SOCK_DGRAM):
        opened.append(socket.socket(socket.AF_UNIX, type_))
        opened[-1].bind(f"{NAME}-{int(type_)}")
    opened.append(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
    opened[-1].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    opened[-1].bind(INET)
    for one in opened:
        if one.type != socket.SOCK_DGRAM:
            one.listen(4096)
    return opened


def unix_bind(type_):
    with socket.socket(socket.AF_UNIX, type_) as one:
        one.bind(f"{NAME}-{os.getpid()}-{int(type_)}")


def unix_connect(type_):
    with socket.socket(socket.AF_UNIX, type_) as one:
        one.connect(f"{NAME}-{int(type_)}")


def inet_bind(type_):
    with socket.socket(socket.AF_INET, type_) as one:
        one.bind(("127.0.0.1", 0))


def inet_connect(type_):
    with socket.socket(socket.AF_INET, type_) as one:
        one.connect(INET)


def userns(_):
    call(LIBC.unshare, CLONE_NEWUSER)


def queue(_):
    handle = call(LIBC.mq_open, b"/hardcheck-live", os.O_CREAT | os.O_RDWR, 0o600, None)
    os.close(handle)
    call(LIBC.mq_unlink, b"/hardcheck-live")


def sysv_queue(_):
    made = call(LIBC.msgget, 0, 0o600)  # IPC_PRIVATE
    call(LIBC.msgctl, made, 0, None)


def _aligned(data, boundary):
    return data + b"\0" * (-len(data) % boundary)


def _dbus_call(serial, member):
    """A method call of org.freedesktop.DBus without arguments, in the wire format of the specification."""
    fields = b""
    for code, signature, value in (
        (1, b"o", b"/org/freedesktop/DBus"),
        (2, b"s", b"org.freedesktop.DBus"),
        (3, b"s", member),
        (6, b"s", b"org.freedesktop.DBus"),
    ):
        fields = _aligned(fields, 8) + struct.pack("<BB", code, 1) + signature + b"\0"
        fields += struct.pack("<I", len(value)) + value + b"\0"
    head = struct.pack("<cBBBIII", b"l", 1, 0, 1, 0, serial, len(fields))
    return _aligned(head + fields, 8)


def dbus(_):
    """Say hello to the system bus and ask it for its names; EACCES where it refuses by policy."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as bus:
        bus.settimeout(20)
        bus.connect("/run/dbus/system_bus_socket")
        bus.sendall(b"\0AUTH EXTERNAL " + str(os.geteuid()).encode().hex().encode() + b"\r\n")
        if not bus.recv(512).startswith(b"OK"):
            raise PermissionError(13, "not let in")
        bus.sendall(b"BEGIN\r\n" + _dbus_call(1, b"Hello") + _dbus_call(2, b"ListNames"))
        seen = b""
        while b"org.freedesktop.systemd1" not in seen:
            if b"AccessDenied" in seen:
                raise PermissionError(13, "refused")
            chunk = bus.recv(4096)
            if not chunk:
                raise ConnectionError(104, "closed")
            seen += chunk


USES = {
    "unix-bind": unix_bind,
    "unix-connect": unix_connect,
    "inet-bind": inet_bind,
    "inet-connect": inet_connect,
    "userns": userns,
    "mqueue": queue,
    "sysv-queue": sysv_queue,
    "dbus": dbus,
}


def do_use(question):
    USES[question["how"]](question.get("type", 0))


def do_hat(question):
    """Change to a hat; the kernel takes the token, which leads back, and the hats from attr/current."""
    with open("/proc/self/attr/current", "w") as attribute:  # noqa: PTH123
        attribute.write(f"changehat {0x5EED:016x}^{question['hat']}\0")
