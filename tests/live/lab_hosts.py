"""The lab hosts as the live tests see them: where they are and how to reach each account."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.live import lab

NAMES = tuple(lab.HOSTS)


def on_host(name: str, command: str, *, check: bool = True, stdin: bytes = b"") -> str:
    """Run a command as root on a lab host and give its standard output."""
    done = subprocess.run(lab.ssh_command(name, command), input=stdin, capture_output=True, timeout=300)
    if check and done.returncode:
        raise AssertionError(f"{name}: {command}: {done.returncode}: {done.stderr.decode(errors='replace')}")
    return done.stdout.decode(errors="replace")


def inventory(folder: Path, user: str = "auditor", extra: str = "") -> Path:
    """An inventory of all lab hosts for one account; ``extra`` are more variables for each host."""
    hosts = (
        f"lab-{host.name} ansible_host=127.0.0.1 ansible_port={host.port} ansible_user={user} "
        f"ansible_ssh_private_key_file={lab.LAB}/id_lab ansible_python_interpreter=/usr/bin/python3 "
        f"ansible_ssh_common_args='-o UserKnownHostsFile={lab.LAB}/known_hosts' {extra}"
        for host in lab.HOSTS.values()
    )
    path = folder / f"{user}.ini"
    path.write_text("\n".join(("[lab]", *hosts)) + "\n")
    return path
