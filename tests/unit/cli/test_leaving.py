"""The end of the program: everything is written, what was registered runs, and the exit code is kept."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

REGISTERED = "import atexit; atexit.register(print, 'registered')"
THREAD = "import threading, time; threading.Thread(target=lambda: (time.sleep(0.3), print('thread'))).start()"
LEAVE = "from hardcheck.cli.app import leave; print('said'); leave(3)"


@pytest.mark.parametrize(
    ("before", "out"),
    [
        ("pass", "said\n"),
        (REGISTERED, "said\nregistered\n"),
        (THREAD, "said\nthread\n"),
        ("import sys; sys.stderr.close()", "said\n"),
    ],
)
def test_it_leaves_as_the_interpreter_would(before: str, out: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"{before}\n{LEAVE}"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (3, out)


def test_what_cannot_be_written_is_told_by_the_exit_code() -> None:
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-c", LEAVE]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode not in (0, 3)
    assert "No space left" in done.stderr
