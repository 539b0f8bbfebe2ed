"""What the probe's fragment takes of an audit log: refusals with their parts, and nothing of the rest."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from hardcheck.collect.base import ShellSource
from hardcheck.collect.denials import MOST_LINES, SOURCES
from hardcheck.parse import denials as parsing
from tests.unit.denials.logs import denials
from tests.unit.denials.test_forms import audit_log

SHELLS = [shell for shell in (["dash"], ["bash", "--posix"], ["busybox", "sh"]) if shutil.which(shell[0])]
NOISE = (
    "type=USER_ACCT msg=audit(1795233070.1:3): pid=1\ntype=SYSCALL msg=audit(1795233070.2:4): exe=x pid=2\n"
)


def collected(shell: list[str], tmp_path: Path, content: str, tools: tuple[str, ...] = ()) -> bytes:
    log = tmp_path / "audit.log"
    log.write_text(content)
    path = "/usr/bin:/bin"
    if tools:
        folder = tmp_path / "bin"
        folder.mkdir()
        for tool in tools:
            (folder / tool).symlink_to(str(shutil.which(tool)))
        path = str(folder)
    source = SOURCES[0]
    assert isinstance(source, ShellSource)
    script = source.body.replace("/var/log/audit/audit.log", str(log))
    command = [str(shutil.which(shell[0])), *shell[1:], "-c", script]
    run = subprocess.run(command, capture_output=True, env={"PATH": path, "LC_ALL": "C"}, check=True)
    assert run.stderr == b""
    return run.stdout


@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
@pytest.mark.parametrize("order", [(0, 1, 2, 3, 4), (3, 2, 1, 0, 4)])
def test_parts_come_with_their_refusal(shell: list[str], order: tuple[int, ...], tmp_path: Path) -> None:
    content = collected(shell, tmp_path, NOISE + audit_log(order=order) + NOISE)
    assert content.startswith(b"window type=USER_ACCT msg=audit(1795233070.1:3): pid=1\n")
    assert (content.count(b"SYSCALL"), content.count(b"PROCTITLE")) == (1, 0)
    (found,) = denials(content.partition(b"\n")[2])
    assert (found.path, found.process.exe) == ("/srv/www/x", "/usr/sbin/nginx")


def test_without_awk_the_refusals_alone_are_taken(tmp_path: Path) -> None:
    tools = ("tail", "grep", "wc", "cat")
    content = collected(SHELLS[0], tmp_path, audit_log(), tools)
    (found,) = denials(content.partition(b"\n")[2])
    assert found.process.exe == ""


def test_a_log_longer_than_is_kept_begins_with_a_whole_line_and_is_told_to_be_cut(tmp_path: Path) -> None:
    content = collected(SHELLS[0], tmp_path, audit_log() * 5000)
    lines = content.splitlines()
    assert lines[0].startswith(b"window type=")
    assert lines[1].startswith(b"type=")
    assert len(lines) == MOST_LINES + 1 == parsing._MOST_LINES + 1
