"""The two PHP sites of the lab hosts: what each serves and reads, and a drafted folder sent there."""

from __future__ import annotations

import io
import logging
import re
import subprocess
import sys
import tarfile
import time
from pathlib import Path

from tests.live import lab

LOGGER = logging.getLogger(__name__)
SITES = ("a.example", "b.example")
FOLDER = "/root/confine"
ASK = """
for s in a b; do
    echo "page $s $(curl -s -H "Host: $s.example" http://127.0.0.1/index.php)"
    for o in a b; do
        body=$(curl -s -H "Host: $s.example" "http://127.0.0.1/read.php?f=/srv/www/$o.example/secret")
        echo "read $s $o ${body:-nothing}"
    done
done
"""
PLANT = "cp -p /srv/www/a.example/read.php /srv/www/b.example/read.php"


def raw(name: str, command: str, *, stdin: bytes = b"") -> bytes:
    """Run a command as root; building a policy under emulation takes its time."""
    started = time.monotonic()
    done = subprocess.run(lab.ssh_command(name, command), input=stdin, capture_output=True, timeout=900)
    LOGGER.info("%s: %.0f s: %.60s", name, time.monotonic() - started, command.strip())
    assert done.returncode == 0, (
        f"{name}: {command}: {done.returncode}: {done.stderr.decode(errors='replace')}"
    )
    return done.stdout


def on_host(name: str, command: str) -> str:
    return raw(name, command).decode(errors="replace")


def hardcheck(*words: str | Path) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "hardcheck", *map(str, words)]
    return subprocess.run(command, capture_output=True, timeout=1000)


def send(name: str, folder: Path) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.add(folder, ".")
    command = f"rm -rf {FOLDER}; mkdir {FOLDER}; tar -C {FOLDER} -xf -"
    raw(name, command, stdin=packed.getvalue())


def pages(text: str) -> dict[str, str]:
    return dict(re.findall(r"^page (\w) (.*)$", text, re.MULTILINE))


def reads(text: str) -> dict[str, str]:
    return {f"{s}{o}": body for s, o, body in re.findall(r"^read (\w) (\w) (.*)$", text, re.MULTILINE)}


SERVED = {"a": "a.example", "b": "b.example"}
ALL_READ = {
    "aa": "secret of a.example",
    "ab": "secret of b.example",
    "ba": "secret of a.example",
    "bb": "secret of b.example",
}
APART = ALL_READ | {"ab": "denied", "ba": "denied"}


def since_then(log: str, since: int) -> str:
    """The records of an audit log from a time on, in seconds: what earlier runs left is not these tests'."""
    kept = []
    for line in log.splitlines(keepends=True):
        found = re.search(r"audit\((\d+)", line)
        if found and int(found[1]) >= since:
            kept.append(line)
    return "".join(kept)
