"""Loopback hosts for the benchmark: sshd of OpenSSH, and a recorded answer in place of the probe's work.

What is measured is the client. On one machine the probe itself would take the processors that the client
needs, so the port ``recorded`` answers at once with what the probe printed on this machine before; the
port ``plain`` is an ordinary sshd for ssh(1) and Ansible. All listen on 127.0.0.1 only.
"""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

from hardcheck.collect import SOURCES
from hardcheck.collect.probe import build_probe
from hardcheck.transport.access import Sudo
from hardcheck.transport.base import Limits
from hardcheck.transport.local import LocalTransport

NONCE = "0123456789abcdef0123456789abcdef"

HOST = """#!/bin/sh
# Stands in for a login shell: "... WORD MODE DIGEST NONCE t=SECONDS" is the end of hardcheck's line.
set -f
set -- $SSH_ORIGINAL_COMMAND
shift $(($# - 5))
cat >/dev/null
echo "$1 root" >&2
sed "s/{nonce}/$4/" {folder}/stdout
sed "s/{nonce}/$4/" {folder}/stderr >&2
[ {hold} = 0 ] || sleep {hold}
echo "$1 exit 0" >&2
"""


def set_up() -> None:
    """Install what the benchmark needs and the machine lacks: OpenSSH's server and client.

    A server that is installed and whose program is not there was switched off by somebody: it stays so.
    """
    if shutil.which("sshd", path="/usr/sbin:/sbin") and shutil.which("ssh") and shutil.which("xargs"):
        return
    if Path("/var/lib/dpkg/info/openssh-server.list").exists():
        sys.exit("bench: OpenSSH is installed here but switched off or incomplete; nothing is measured")
    if os.geteuid() != 0:
        sys.exit("bench: install openssh-server and openssh-client first, or run this as root")
    wait = ["-o", "DPkg::Lock::Timeout=300"]
    command = [
        "apt-get",
        *wait,
        "install",
        "-y",
        "--no-install-recommends",
        "openssh-server",
        "openssh-client",
    ]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


class Hosts:
    """The folder of keys, answers and inventories, and the sshd that serve them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.user = getpass.getuser()
        self.processes: list[subprocess.Popen[bytes]] = []
        for name in ("host_key", "user_key"):
            keygen = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(folder / name)]
            subprocess.run(keygen, check=True)
        self.size = self._record()
        self.known_hosts = folder / "known_hosts"
        self.known_hosts.touch()

    def _record(self) -> int:
        """Run the probe here once and keep its answer; returns its size in bytes."""
        streams = LocalTransport("here", Sudo()).run_probe(build_probe(SOURCES), [NONCE, "t=200"], Limits())
        if streams.failure is not None:
            sys.exit(f"bench: the probe failed here: {streams.failure}")
        (self.folder / "stdout").write_bytes(streams.stdout)
        (self.folder / "stderr").write_bytes(streams.stderr)
        size = len(streams.stdout) + len(streams.stderr)
        (self.folder / "bytes").write_bytes(streams.stdout + streams.stderr)
        return size

    def serve(self, forced: bool, hold_s: int = 0) -> int:
        """Start an sshd, with the recorded answer (held open for a while) or an ordinary one; its port."""
        number = len(self.processes)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = int(free.getsockname()[1])
        text = (
            f"ListenAddress 127.0.0.1\nPort {port}\nHostKey {self.folder}/host_key\nPidFile none\nUsePAM no\n"
            f"AuthorizedKeysFile {self.folder}/user_key.pub\nStrictModes no\nPermitRootLogin yes\n"
            "MaxStartups 2000\nLoginGraceTime 0\nPasswordAuthentication no\n"
            "KbdInteractiveAuthentication no\nLogLevel QUIET\n"
        )
        if forced:
            program = self.folder / f"host{number}"
            program.write_text(HOST.format(nonce=NONCE, folder=self.folder, hold=hold_s))
            program.chmod(0o755)
            text += f"ForceCommand {program}\n"
        config = self.folder / f"sshd_config{number}"
        config.write_text(text)
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)
        sshd = shutil.which("sshd", path="/usr/sbin:/sbin") or "sshd"
        self.processes.append(subprocess.Popen([sshd, "-D", "-f", str(config)], start_new_session=True))
        self._wait_for(port)
        with self.known_hosts.open("a") as file:
            key = (self.folder / "host_key.pub").read_text().split()
            file.write(f"[127.0.0.1]:{port} {key[0]} {key[1]}\n")
        return port

    def inventory(self, name: str, port: int, count: int) -> Path:
        """An Ansible inventory of ``count`` names for one port."""
        path = self.folder / f"{name}.ini"
        lines = [f"host{n:04d}" for n in range(count)]
        path.write_text(
            "[fleet]\n" + "\n".join(lines) + "\n[fleet:vars]\nansible_host=127.0.0.1\n"
            f"ansible_port={port}\nansible_user={self.user}\nansible_python_interpreter={sys.executable}\n"
            f"ansible_ssh_private_key_file={self.folder}/user_key\n"
            f"ansible_ssh_common_args='-o UserKnownHostsFile={self.known_hosts} -o IdentitiesOnly=yes'\n"
        )
        return path

    def plain_list(self, port: int, count: int) -> tuple[Path, Path]:
        """The same hosts as ssh(1) gets them: a list of names, and a home folder with its configuration."""
        path, home = self.folder / f"hosts{count}.txt", self.folder / f"home{port}"
        path.write_text("".join(f"host{n:04d}\n" for n in range(count)))
        (home / ".ssh").mkdir(parents=True, exist_ok=True)
        shutil.copy(self.ssh_config(port), home / ".ssh" / "config")
        return path, home

    def ssh_config(self, port: int) -> Path:
        """The same hosts for ssh(1), with curve25519 (its default key exchange costs six times as much)."""
        path = self.folder / f"ssh_config{port}"
        path.write_text(
            f"Host *\n HostName 127.0.0.1\n Port {port}\n User {self.user}\n"
            f" IdentityFile {self.folder}/user_key\n IdentitiesOnly yes\n"
            f" UserKnownHostsFile {self.known_hosts}\n KexAlgorithms curve25519-sha256\n LogLevel ERROR\n"
        )
        return path

    def close(self) -> None:
        for process in self.processes:
            process.terminate()
            process.wait()

    def _wait_for(self, port: int) -> None:
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        sys.exit("bench: sshd does not listen")
