"""Runs on the audited host: does what a plan says, under the profiles it names, and says what came of it.

Standard library only. ``python3 apparmor_prober.py`` as root, with a plan (gzip, JSON) on standard input; the
results come on standard output. A plan is a list of groups; each group is one child process that changes to
a profile and then does its questions. A result is ``ok`` or the name of an errno (and for an exec the label
that it led to). Every file the plan touches lies below a folder of its own.
"""

# Each question is one system call, under the name that the system has for it.
# ruff: noqa: PTH101, PTH103, PTH108, PTH115, PTH120, PTH123, PTH211

import ctypes
import errno
import fcntl
import gzip
import json
import mmap
import os
import resource
import signal
import socket
import stat
import sys
import time

from apparmor_doings import LIBC, call, do_hat, do_use, listeners

AT_FDCWD = -100
CLONE_NEWNS = 0x20000


def drop_capabilities():
    """Give up every capability, so that only the policy decides."""
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    call(LIBC.capset, header, (ctypes.c_uint32 * 6)())


def change_profile(name):
    """Confine this process; the kernel takes the name from a write to attr/current."""
    with open("/proc/self/attr/current", "w") as attribute:
        attribute.write("changeprofile " + name)


# -- what a question does ---------------------------------------------------------------------------


def opens(path, flags):
    os.close(os.open(path, flags | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK, 0o777))


def locks(path, kind):
    handle = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    finally:
        os.close(handle)


def maps(path):
    handle = os.open(path, os.O_RDONLY)
    try:
        mmap.mmap(handle, 4096, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_EXEC).close()
    finally:
        os.close(handle)


FILE_DOINGS = {
    "read": lambda p: opens(p, os.O_RDONLY),
    "list": lambda p: opens(p, os.O_RDONLY | os.O_DIRECTORY),
    "write": lambda p: opens(p, os.O_WRONLY),
    "append": lambda p: opens(p, os.O_WRONLY | os.O_APPEND),
    "read-write": lambda p: opens(p, os.O_RDWR),
    "read-append": lambda p: opens(p, os.O_RDWR | os.O_APPEND),
    "truncate-open": lambda p: opens(p, os.O_WRONLY | os.O_TRUNC),
    "create": lambda p: opens(p, os.O_WRONLY | os.O_CREAT | os.O_EXCL),
    "create-append": lambda p: opens(p, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL),
    "truncate": lambda p: os.truncate(p, 0),
    "unlink": os.unlink,
    "mkdir": os.mkdir,
    "rmdir": os.rmdir,
    "fifo": os.mkfifo,
    "symlink": lambda p: os.symlink("nowhere", p),
    "chmod": lambda p: os.chmod(p, 0o775),
    "lock-shared": lambda p: locks(p, fcntl.LOCK_SH),
    "lock-exclusive": lambda p: locks(p, fcntl.LOCK_EX),
    "map": maps,
    "rename": os.rename,
    "link": os.link,
    "stat": os.stat,
}


def prepare(question):
    """Make what a file question needs, before anything is confined."""
    doing, path = question["do"], question["path"]
    if question.get("given"):
        return
    os.makedirs(os.path.dirname(path), mode=0o777, exist_ok=True)
    if doing in ("list", "rmdir"):
        os.makedirs(path, exist_ok=True)
    elif doing not in ("create", "create-append", "mkdir", "fifo", "symlink"):
        with open(path, "wb") as out:
            out.write(b"x" * 4096)
    if "other" in question:
        os.makedirs(os.path.dirname(question["other"]), mode=0o777, exist_ok=True)
    if os.path.lexists(path):
        os.chmod(path, 0o777)
        os.chown(path, question["uid"], question["uid"])


def do_file(question):
    arguments = [question["path"]]
    if "other" in question:
        arguments.append(question["other"])
    FILE_DOINGS[question["do"]](*arguments)


def do_socket(question):
    socket.socket(question["family"], question["type"], question.get("protocol", 0)).close()


def do_capability(question):
    CAPABILITY_DOINGS[question["name"]](question)


def prctl_drop():
    call(LIBC.prctl, 24, 40, 0, 0, 0)  # PR_CAPBSET_DROP of checkpoint_restore


def chattr(path):
    handle = os.open(path, os.O_RDONLY)
    try:
        fcntl.ioctl(handle, 0x40086602, (ctypes.c_long * 1)(0x80010))  # immutable, with the extent flag
        fcntl.ioctl(handle, 0x40086602, (ctypes.c_long * 1)(0x80000))
    finally:
        os.close(handle)


def lease(path):
    handle = os.open(path, os.O_RDONLY)
    try:
        fcntl.fcntl(handle, 1024, fcntl.F_RDLCK)  # F_SETLEASE
    finally:
        os.close(handle)


def make_node(path):
    if os.path.lexists(path):
        os.unlink(path)
    os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 3))


def bind_low(question):
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as one:
        one.bind(("127.0.0.1", 997))


def force_buffer(question):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.setsockopt(socket.SOL_SOCKET, 33, 4096)  # SO_RCVBUFFORCE


# Each needs exactly one capability of a root process (and file and socket rules, which the profiles give).
CAPABILITY_DOINGS = {
    "chown": lambda q: os.chown(q["given"], 12, 12),
    "dac_override": lambda q: opens(q["closed"], os.O_WRONLY),
    "fowner": lambda q: os.chmod(q["theirs"], 0o777),
    "setgid": lambda q: os.setresgid(77, 77, 77),
    "setuid": lambda q: os.setresuid(77, 77, 77),
    "setpcap": lambda q: prctl_drop(),
    "linux_immutable": lambda q: chattr(q["mine"]),
    "net_bind_service": bind_low,
    "net_admin": force_buffer,
    "net_raw": lambda q: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1).close(),
    "sys_module": lambda q: call(LIBC.syscall, 176, b"hardcheck_no_such_module", 0x800),
    "sys_chroot": lambda q: os.chroot("/"),
    "sys_pacct": lambda q: call(LIBC.acct, b"/nonexistent/hardcheck"),
    "sys_admin": lambda q: call(LIBC.sethostname, socket.gethostname().encode(), len(socket.gethostname())),
    "sys_boot": lambda q: call(LIBC.syscall, 169, 1, 2, 3, 0),
    "sys_nice": lambda q: os.setpriority(os.PRIO_PROCESS, 0, -5),
    "mknod": lambda q: make_node(q["node"]),
    "lease": lambda q: lease(q["theirs"]),
    "kill": lambda q: os.kill(q["pid"], 0),
    "sys_rawio": lambda q: call(LIBC.iopl, 3),
    "ipc_lock": lambda q: _lock_memory(),
    "sys_resource": lambda q: _raise_limit(),
}
# What shows that the capability was there although the call as a whole was wrong.
BEYOND = {"sys_module": "ENOENT", "sys_pacct": "ENOENT", "sys_boot": "EINVAL"}


def _lock_memory():
    resource.setrlimit(resource.RLIMIT_MEMLOCK, (0, 0))
    call(LIBC.mlockall, 2)


def _raise_limit():
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (4096, 4096))


def do_signal(question):
    os.kill(question["pid"], question["signal"])


def do_ptrace(question):
    pid = question["pid"]
    if question["how"] == "read":
        os.readlink(f"/proc/{pid}/exe")
        return
    call(LIBC.ptrace, 16, pid, 0, 0)
    os.waitpid(pid, 0x40000000)  # __WALL
    call(LIBC.ptrace, 17, pid, 0, 0)


def do_mount(question):
    kind = question["do"]
    if kind == "umount":
        call(LIBC.umount2, question["point"].encode(), 0)
    elif kind == "pivot_root":
        call(LIBC.syscall, 155, question["new"].encode(), question["old"].encode())
    else:
        source, fstype = question["source"], question["fstype"]
        arguments = [source.encode(), question["point"].encode(), fstype.encode() or None]
        call(LIBC.mount, *arguments, ctypes.c_ulong(question["flags"]), None)


def do_change(question):
    change_profile(question["to"])


KINDS = {
    "file": do_file,
    "socket": do_socket,
    "capability": do_capability,
    "signal": do_signal,
    "ptrace": do_ptrace,
    "mount": do_mount,
    "change": do_change,
    "use": do_use,
    "hat": do_hat,
}


def outcome(question):
    try:
        KINDS[question["kind"]](question)
    except OSError as error:
        name = errno.errorcode.get(error.errno, str(error.errno))
        beyond = question["kind"] == "capability" and BEYOND.get(question.get("name")) == name
        return "ok" if beyond else name
    return "ok"


# -- processes -------------------------------------------------------------------------------------


def forked(work):
    """Run ``work`` in a child and return what it returns, by way of a pipe."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        try:
            made = work()
        except BaseException as error:
            made = f"prober: {error!r}"
        data = json.dumps(made).encode()
        while data:
            data = data[os.write(writer, data) :]
        os._exit(0)
    os.close(writer)
    data = b""
    while chunk := os.read(reader, 1 << 16):
        data += chunk
    os.close(reader)
    os.waitpid(child, 0)
    return json.loads(data) if data else "prober: died"


def group_results(group):
    """Do the questions of one group in one confined child."""

    def work():
        if group.get("drop", True):
            drop_capabilities()
        if group["profile"]:
            change_profile(group["profile"])
        return [outcome(question) for question in group["questions"]]

    return forked(work)


def single_results(group):
    """Do each question in a child of its own: they change the process or its mounts."""

    def one(question):
        if group.get("mounts"):
            call(LIBC.unshare, CLONE_NEWNS)
            call(LIBC.mount, b"none", b"/", None, ctypes.c_ulong(0x44000), None)  # rprivate
            for setup in question.get("setup", ()):
                do_mount(setup)
        if group.get("drop", True):
            drop_capabilities()
        if group["profile"]:
            change_profile(group["profile"])
        return outcome(question)

    return [forked(lambda q=question: one(q)) for question in group["questions"]]


def exec_results(group):
    """Execute programs from the profile; a program that runs waits to be asked for its label."""
    results = []
    for question in group["questions"]:
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reader)
            try:
                drop_capabilities()
                if group["profile"]:
                    change_profile(group["profile"])
                os.execv(question["path"], [question["path"]])
            except OSError as error:
                os.write(writer, errno.errorcode.get(error.errno, "?").encode())
            os._exit(0)
        os.close(writer)
        failure = os.read(reader, 100).decode()  # empty once the exec closed the pipe
        os.close(reader)
        label = ""
        if not failure:
            settle(child)
            with open(f"/proc/{child}/attr/current") as attribute:
                label = attribute.read().strip()
            end(child)
        os.waitpid(child, 0)
        results.append([failure or "ok", label])
    return results


def settle(child):
    """Wait until a program that was executed runs and waits, or is dead: its label is the new one then."""
    calm = 0
    for _ in range(2000):
        with open(f"/proc/{child}/stat") as stat_file:
            state = stat_file.read().rsplit(")", 1)[1].split()[0]
        calm = calm + 1 if state in "SZ" else 0
        if calm > 3:
            return
        time.sleep(0.003)


def end(child):
    """Kill a process of ours; one whose profile takes no signal from here ends by its own alarm."""
    try:
        os.kill(child, signal.SIGKILL)
    except PermissionError:
        sys.stderr.write(f"{child} takes no signal\n")


def peer_process(profile):
    """Start a task that does nothing under a profile, may be traced, and takes no signal to heart."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        for number in (1, 2, 10, 12, 15, 17, 28):
            signal.signal(number, signal.SIG_IGN)
        call(LIBC.prctl, 0x59616D61, ctypes.c_ulong(-1 & (1 << 64) - 1), 0, 0, 0)  # PR_SET_PTRACER_ANY
        drop_capabilities()
        signal.alarm(200)
        if profile:
            change_profile(profile)
        os.write(writer, b"x")
        while True:
            time.sleep(600)
    os.close(writer)
    os.read(reader, 1)
    os.close(reader)
    return child


def peer_results(group):
    """Signals and ptrace between two profiles."""
    target = peer_process(group["target"])
    try:
        for question in group["questions"]:
            question["pid"] = target
        return single_results(group)
    finally:
        end(target)
        os.waitpid(target, 0)


def keep_quiet(quiet):
    """Log no denials: thousands of records cost more time than the denials."""
    with open("/sys/module/apparmor/parameters/audit", "w") as parameter:
        parameter.write("quiet_denied" if quiet else "normal")


RUNNERS = {"group": group_results, "single": single_results, "exec": exec_results, "peer": peer_results}


def main():
    os.umask(0)
    kept = listeners()
    plan = json.loads(gzip.decompress(sys.stdin.buffer.read()))
    for group in plan:
        for question in group["questions"]:
            if question["kind"] == "file":
                prepare(question)
    results = []
    for group in plan:
        keep_quiet(group["quiet"])
        results.append(RUNNERS[group["how"]](group))
    keep_quiet(False)
    json.dump(results, sys.stdout)
    for listener in kept:
        listener.close()


if __name__ == "__main__":
    main()
