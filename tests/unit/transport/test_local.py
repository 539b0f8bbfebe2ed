"""The local transport: limits, and nothing left running."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from hardcheck.errors import AnswerTooLarge, DeadlineExceeded, Unreachable
from hardcheck.transport.access import Sudo
from hardcheck.transport.base import Limits
from hardcheck.transport.local import LocalTransport


def local() -> LocalTransport:
    return LocalTransport("local", Sudo(allowed=False))


def test_both_streams_are_read_together() -> None:
    script = (
        b"for n in 1 2 3 4 5 6 7 8 9 10; do head -c 100000 /dev/zero; head -c 100000 /dev/zero >&2; done\n"
    )
    streams = local().run_probe(script, [], Limits())
    assert (len(streams.stdout), len(streams.stderr)) == (1_000_000, 1_000_000)
    assert streams.failure is None


def test_an_endless_answer_is_cut_off_and_its_process_ended(tmp_path: Path) -> None:
    script = f"echo $$ > {tmp_path}/pid; cat /dev/zero\n".encode()
    streams = local().run_probe(script, [], Limits(max_stdout=1000))
    assert isinstance(streams.failure, AnswerTooLarge)
    assert len(streams.stdout) == 1000
    assert _gone(int((tmp_path / "pid").read_text()))


def test_a_hanging_probe_is_ended_with_what_it_started(tmp_path: Path) -> None:
    script = f"echo $$ > {tmp_path}/pid; echo here; sleep 60\n".encode()
    streams = local().run_probe(script, [], Limits(idle_s=0.3))
    assert isinstance(streams.failure, DeadlineExceeded)
    assert streams.stdout == b"here\n"
    assert _gone(int((tmp_path / "pid").read_text()))


def test_the_total_limit_holds_over_both_runs() -> None:
    transport = local()
    limits = Limits(total_s=1.0)
    assert transport.run_probe(b"sleep 0.7\n", [], limits).failure is None
    started = time.monotonic()
    assert isinstance(transport.run_probe(b"sleep 5\n", [], limits).failure, DeadlineExceeded)
    assert time.monotonic() - started < 4


def test_another_thread_can_break_off() -> None:
    transport = local()
    threading.Timer(0.3, transport.close).start()
    started = time.monotonic()
    assert transport.run_probe(b"sleep 30\n", [], Limits()).failure is not None
    assert time.monotonic() - started < 5
    transport.close()


def test_a_machine_without_a_shell_is_unreachable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unreachable, match="cannot start a process"):
        local().run_probe(b"", [], Limits())


def _gone(pid: int) -> bool:
    for _ in range(100):
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.02)
    return False
