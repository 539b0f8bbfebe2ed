"""A real sshd of OpenSSH on 127.0.0.1, for one test."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.corpora import need_tool

if TYPE_CHECKING:
    from tests.unit.transport.conftest import World


def start_sshd(folder: Path, world: World) -> tuple[subprocess.Popen[bytes], int]:
    """Start it in the foreground; wait until it listens."""
    sshd = need_tool("sshd")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # its privilege separation folder
    folder.mkdir()
    authorized = folder / "authorized_keys"
    authorized.write_text(f"{world.key.get_name()} {world.key.get_base64()}\n")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    config = folder / "sshd_config"
    config.write_text(
        f"ListenAddress 127.0.0.1\nPort {port}\nHostKey {world.home / 'host_key'}\nPidFile none\n"
        f"AuthorizedKeysFile {authorized}\nStrictModes no\nUsePAM no\nPasswordAuthentication no\n"
        "KbdInteractiveAuthentication no\nPermitRootLogin yes\nAllowTcpForwarding yes\n"
    )
    process = subprocess.Popen(
        [sshd, "-D", "-e", "-f", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    end = time.monotonic() + 10
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if process.poll() is not None:
                pytest.skip("sshd does not start here")
            time.sleep(0.05)
            continue
        with world.known_hosts.open("a") as file:
            file.write(f"[127.0.0.1]:{port} {world.host_key.get_name()} {world.host_key.get_base64()}\n")
        return process, port
    process.terminate()
    pytest.skip("sshd does not listen")
