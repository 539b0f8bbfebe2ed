"""Running a probe here: under each shell, with each set of tools, as root or as an account that is not."""

from __future__ import annotations

import atexit
import functools
import os
import re
import resource
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec

from hardcheck.collect.base import Source
from hardcheck.collect.decode import Decoded, decode
from hardcheck.collect.probe import build_probe
from hardcheck.collect.redact import Redactor
from tests.corpora import need_tool

NONCE = "00112233445566778899aabbccddeeff"
NOBODY = 65534
_APPLETS = "sh head tail stat sha256sum readlink timeout setsid id od tr sleep ls cat echo yes true printf"


class Shell(msgspec.Struct, frozen=True):
    """A shell and the tools it finds. ``tools``: system, busybox, or untimed (without timeout)."""

    name: str
    command: tuple[str, ...]
    tools: str = "system"


SHELLS = (
    Shell("dash", ("dash",)),
    Shell("bash", ("bash", "--posix")),
    Shell("busybox", ("busybox", "sh"), "busybox"),
    Shell("untimed", ("dash",), "untimed"),
)
DASH = SHELLS[0]


class Ran(msgspec.Struct, frozen=True):
    """Both streams of one run, and what they decode to."""

    stdout: bytes
    stderr: bytes
    status: int
    decoded: Decoded


@functools.cache
def _folder_of(tools: str) -> str:
    """A folder of links that every account can search, for the rest of the test run."""
    folder = Path(tempfile.mkdtemp(prefix="hardcheck-tools-"))
    folder.chmod(0o755)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for name in _APPLETS.split():
        if tools == "untimed" and name == "timeout":
            continue
        target = need_tool("busybox") if tools == "busybox" else shutil.which(name)
        if target is not None:
            (folder / name).symlink_to(target)
    return str(folder)


def probe_for(shell: Shell, sources: Sequence[Source]) -> bytes:
    """The probe, with its fixed PATH replaced where the shell's tools are others."""
    script = build_probe(sources)
    if shell.tools == "system":
        return script
    return re.sub(rb"(?m)^PATH=\S+", b"PATH=" + _folder_of(shell.tools).encode(), script, count=1)


def run(
    shell: Shell,
    sources: Sequence[Source],
    *arguments: str,
    user: int | None = None,
    nonce: str = NONCE,
    script: bytes | None = None,
) -> Ran:
    """Run the probe of ``sources`` and decode it. No file can grow: a probe that writes one dies of it."""
    need_tool(shell.command[0])
    text = probe_for(shell, sources) if script is None else script
    account = {} if user is None or os.geteuid() != 0 else {"user": user, "group": user, "extra_groups": []}
    done = subprocess.run(
        [*shell.command, "-s", "--", nonce, *arguments],
        input=text,
        capture_output=True,
        timeout=60,
        cwd="/",
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)),
        **account,  # type: ignore[arg-type]
    )
    limit = next((int(word[2:]) for word in arguments if word.startswith("b=")), None)
    decoded = decode(done.stdout, done.stderr, nonce, sources, Redactor(), limit)
    return Ran(done.stdout, done.stderr, done.returncode, decoded)
