"""Runs on a lab host inside a service: tries what an attacker would, and says what the kernel gave.

Standard library only. ``python3 -c TEXT PLAN [PROFILE]``: PLAN is JSON, a list of attempts, each a list of a
verb and its words; PROFILE is an AppArmor profile to change to first. One line of JSON comes out: the label
it ran with, and for each attempt ``ok``, ``no`` or ``-`` with an errno's name where neither can be said.
Files are opened and never written to; what is created is removed by the test.
"""

# ruff: noqa: SIM115, PTH119, PTH123

import ctypes
import errno
import json
import os
import signal
import socket
import subprocess
import sys

LIBC = ctypes.CDLL(None, use_errno=True)
REFUSED = (errno.EACCES, errno.EPERM)
SEIZE = 0x4206
INIT_MODULE = 175  # of x86-64
QUIET = {"perl": ["-e", "0"], "php": ["-v"]}


def call(function, *args):
    """Call libc; raise OSError where it returns -1."""
    if function(*args) == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def opened(path, flags):
    os.close(os.open(path, flags | os.O_NOCTTY | os.O_NONBLOCK, 0o600))


def read(path):
    opened(path, os.O_RDONLY)


def write(path):
    opened(path, os.O_WRONLY)


def append(path):
    opened(path, os.O_WRONLY | os.O_APPEND)


def create(path):
    opened(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)


def execute(path):
    name = os.path.basename(path).rstrip("0123456789.")
    subprocess.run([path, *QUIET.get(name, ["-c", "exit()" if name == "python" else ":"])],
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   check=False, close_fds=False)  # fmt: skip


def connect(port, address):
    with socket.socket() as sock:
        sock.setblocking(False)
        number = sock.connect_ex((address, port))
    if number in REFUSED:
        raise OSError(number, "")


def bind(port):
    with socket.socket() as sock:
        try:
            sock.bind(("127.0.0.1", port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise


def raw():
    socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW).close()


def packet():
    socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()


def ptrace(pid):
    """In a child: what it has seized is free again when it ends, and never was stopped."""
    child = os.fork()
    if not child:
        os._exit(ctypes.get_errno() if LIBC.ptrace(SEIZE, pid, 0, 0) == -1 else 0)
    number = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if number:
        raise OSError(number, "")


def memory(pid):
    read(f"/proc/{pid}/mem")


def kill_init():
    """The first process is told to end and ignores it; whether one may tell it is asked before."""
    os.kill(1, signal.SIGKILL)


def load_module():
    """The kernel asks for the right first, and then finds that this is no module."""
    try:
        call(LIBC.syscall, INIT_MODULE, b"no module", 9, b"")
    except OSError as error:
        if error.errno in REFUSED:
            raise


def load_policy(path):
    """The kernel asks for the right first, and then finds that this is no policy."""
    handle = os.open(path, os.O_WRONLY)
    try:
        os.write(handle, b"no policy")
    except OSError as error:
        if error.errno in REFUSED:
            raise
    finally:
        os.close(handle)


def mount():
    call(LIBC.mount, b"probe", b"/mnt", b"tmpfs", 0, None)
    LIBC.umount(b"/mnt")


VERBS = {
    function.__name__: function
    for function in (read, write, append, create, execute, connect, bind, raw, packet, ptrace, memory,
                     kill_init, load_module, load_policy, mount)
}  # fmt: skip


def outcome(verb, *words):
    try:
        VERBS[verb](*words)
    except OSError as error:
        return "no" if error.errno in REFUSED else "- " + errno.errorcode.get(error.errno, "?")
    return "ok"


def main():
    own = open("/proc/self/attr/current")  # a profile may refuse it later
    if len(sys.argv) > 2:
        with open("/proc/self/attr/current", "w") as file:
            file.write("changeprofile " + sys.argv[2])
    results = [outcome(*attempt) for attempt in json.loads(sys.argv[1])]
    label = own.read().strip("\0\n")
    print("PROBE " + json.dumps([label, results], separators=(",", ":")), flush=True)


main()
