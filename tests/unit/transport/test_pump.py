"""The limits of one run, with time and host made up."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from hardcheck.errors import AnswerTooLarge, DeadlineExceeded, ProbeNotStarted, Unreachable
from hardcheck.transport.access import Sudo
from hardcheck.transport.base import Limits, Streams
from hardcheck.transport.dialogue import Dialogue
from hardcheck.transport.pump import pump

LIMITS = Limits()
Step = tuple[float, bytes, bytes]


class FakeHost:
    """Plays steps (seconds after the one before, stdout, stderr); takes ``rate`` bytes of input at a time."""

    def __init__(self, steps: Callable[[bytes], list[Step]], rate: int = 7, lost: bool = False) -> None:
        self.make_steps, self.rate, self.lost = steps, rate, lost
        self.time = 0.0
        self.received = b""
        self.input_ended = False
        self.steps: list[Step] = []
        self.due = 0.0

    def run(self, limits: Limits = LIMITS, script: bytes = b"script") -> Streams:
        dialogue = Dialogue(script, [], Sudo())
        self.steps = self.make_steps(dialogue.argv[5].encode())
        self.due = self.steps[0][0] if self.steps else 0.0
        return pump(self, dialogue, "web1", limits, limits.total_s, lambda: self.time)

    def wait(self, seconds: float) -> None:
        self.time = min(self.time + seconds, max(self.due, self.time)) if self.steps else self.time + seconds

    def read(self) -> tuple[bytes, bytes]:
        if self.steps and self.time >= self.due:
            _, out, err = self.steps.pop(0)
            self.due = self.time + (self.steps[0][0] if self.steps else 0.0)
            return out, err
        if not self.steps and self.lost:
            raise Unreachable("web1", "lost")
        return b"", b""

    def write(self, data: memoryview) -> int:
        self.received += bytes(data[: self.rate])
        return min(self.rate, len(data))

    def end_input(self) -> None:
        self.input_ended = True

    def ended(self) -> bool:
        return not self.steps


def whole(word: bytes) -> list[Step]:
    return [(0.1, b"", word + b" none\n"), (0.1, b"out", b"err"), (0.1, b"", word + b" exit 0\n")]


@given(st.integers(1, 50), st.binary(min_size=1, max_size=100))
def test_the_whole_script_arrives_however_slowly_it_is_taken(rate: int, script: bytes) -> None:
    host = FakeHost(whole, rate)
    streams = host.run(script=script)
    assert host.received == script
    assert host.input_ended
    assert (streams.stdout, streams.stderr, streams.exit_status, streams.failure) == (b"out", b"err", 0, None)


def test_an_answer_of_exactly_the_limit_is_whole() -> None:
    limits = Limits(max_stdout=3, max_stderr=1000)
    assert FakeHost(whole).run(limits).failure is None
    cut = FakeHost(whole).run(Limits(max_stdout=2))
    assert isinstance(cut.failure, AnswerTooLarge)
    assert cut.stdout == b"ou"


def test_a_pause_shorter_than_the_idle_limit_is_no_fault() -> None:
    def slow(word: bytes) -> list[Step]:
        return [(50.0, b"", word + b" none\n"), (50.0, b"a", b""), (50.0, b"", word + b" exit 0\n")]

    assert FakeHost(slow).run(Limits(idle_s=60, total_s=300)).failure is None
    assert isinstance(FakeHost(slow).run(Limits(idle_s=40, total_s=300)).failure, DeadlineExceeded)
    assert isinstance(FakeHost(slow).run(Limits(idle_s=60, total_s=120)).failure, DeadlineExceeded)


def test_a_lost_connection_keeps_what_came() -> None:
    streams = FakeHost(lambda word: [(0, b"", word + b" none\n"), (0, b"half", b"")], lost=True).run()
    assert streams.stdout == b"half"
    assert isinstance(streams.failure, Unreachable)


def test_a_background_job_that_holds_the_streams_open_is_not_waited_for() -> None:
    host = FakeHost(lambda word: [*whole(word), (500.0, b"late", b"")])
    streams = host.run()
    assert streams.failure is None
    assert streams.stdout == b"out"
    assert host.time < 10


def test_silence_is_not_a_start() -> None:
    streams = FakeHost(lambda word: []).run()
    assert isinstance(streams.failure, ProbeNotStarted)
    assert "nothing was said" in str(streams.failure)


@given(st.lists(st.tuples(st.floats(0, 5), st.binary(max_size=50), st.binary(max_size=50)), max_size=20))
def test_any_host_ends_in_streams(steps: list[Step]) -> None:
    host = FakeHost(lambda word: list(steps))
    streams = host.run(Limits(idle_s=3, total_s=30, max_stdout=200, max_stderr=200))
    assert streams.failure is not None
    assert len(streams.stdout) <= 200
    assert host.time < 35
