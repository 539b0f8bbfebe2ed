"""Runs on the lab's SELinux host: puts questions of standard input to the kernel.

Sent there by test_selinux_kernel.py as text, so it uses nothing but Python's own library (and
libselinux's binding for ``labels``). The first line of standard input names the job; every other
line is a question with fields between tabs, in JSON strings. Booleans that a job flips are put
back before it ends.
"""

import json
import os
import shutil
import subprocess
import sys
import time
import zlib
from pathlib import Path

FS = Path("/sys/fs/selinux")
SLEEP = Path("/bin/sleep")
COPY = Path("/usr/local/bin/hardcheck-live-sleep")


def ask_kernel(node, question):
    """Write one question to a transaction file of selinuxfs and read its answer; "" if refused."""
    handle = os.open(FS / node, os.O_RDWR)
    try:
        os.write(handle, question.encode())
        return os.read(handle, 4096).decode().strip("\0\n")
    except OSError:
        return ""
    finally:
        os.close(handle)


def booleans():
    return {path.name: path.read_text().split()[0] == "1" for path in (FS / "booleans").iterdir()}


def set_booleans(states):
    """Bring booleans to these states, leaving alone those that have theirs."""
    now = booleans()
    changed = {name: state for name, state in states.items() if now[name] != state}
    for name, state in changed.items():
        (FS / "booleans" / name).write_text(str(int(state)))
    if changed:
        (FS / "commit_pending_bools").write_text("1")


def answers(node, rows):
    """Each row is [question] or [question, {boolean: state}]; the booleans stay until the next such row."""
    before = booleans()
    try:
        for row in rows:
            if len(row) > 1:
                set_booleans({**before, **row[1]})
            yield ask_kernel(node, row[0])
    finally:
        set_booleans(before)


def processes():
    """Contexts of the processes that run now."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                yield (folder / "attr/current").read_text().strip("\0\n")
            except OSError:
                continue


def files(share):
    """[path, kind, label on disk, label that matchpathcon wants] of files of the root file system: of one in
    ``share``, chosen by their paths alone, all over the tree."""
    import selinux

    device = os.lstat("/").st_dev
    for folder, folders, names in os.walk("/"):
        root = Path(folder)
        folders[:] = [name for name in folders if (root / name).lstat().st_dev == device]
        for path in [folder, *(str(root / name) for name in names)]:
            if zlib.crc32(os.fsencode(path)) % share:
                continue
            try:
                mode = os.lstat(path).st_mode
                label = os.getxattr(path, "security.selinux", follow_symlinks=False).decode().strip("\0")
            except OSError:
                continue
            try:
                wanted = selinux.matchpathcon(path, mode)[1]
            except OSError:
                wanted = ""
            yield [path, mode >> 12, label, wanted]


def executions(rows):
    """[source context, label]: the context that running a file of that label from there gives, "" if none.

    A copy of sleep(1) gets the label; runcon makes the source context. The copy is removed again.
    """
    for source, label in rows:
        shutil.copyfile(SLEEP, COPY)
        try:
            COPY.chmod(0o755)
            os.setxattr(COPY, "security.selinux", label.encode())
            yield execution(source)
        except OSError:
            yield ""
        finally:
            COPY.unlink()


def execution(source):
    command = ["runcon", source, "/bin/sh", "-c", f"exec {COPY} 20"]
    null = subprocess.DEVNULL
    child = subprocess.Popen(command, stdin=null, stderr=null, stdout=null)
    try:
        return watch(child)
    finally:
        child.kill()
        child.wait()


def watch(child):
    """Return the context of the child once it runs the copy; "" if it ends before."""
    folder = Path(f"/proc/{child.pid}")
    for _ in range(100):
        time.sleep(0.05)
        if child.poll() is not None:
            return ""
        if (folder / "cmdline").read_bytes().startswith(bytes(COPY)):
            return (folder / "attr/current").read_text().strip("\0\n")
    return ""


def main():
    job, *lines = sys.stdin.read().split("\n")
    rows = [json.loads(line) for line in lines if line]
    results = {
        "access": lambda: answers("access", rows),
        "create": lambda: answers("create", rows),
        "booleans": lambda: [booleans()],
        "processes": processes,
        "files": lambda: files(*rows),
        "executions": lambda: executions(rows),
    }[job]()
    for result in results:
        print(json.dumps(result))


main()
