"""Many hosts at once, with hosts made up."""

from __future__ import annotations

import _thread
import threading
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardcheck.collect import fleet as fleet_module
from hardcheck.collect.fleet import EventKind, Fleet, FleetEvent, FleetResult, Opened, collect_fleet
from hardcheck.errors import Unreachable
from hardcheck.evidence import Evidence, Failure, HostEvidence, HostIdentity, Privilege, Reason


def evidence(name: str, failure: Failure | None = None, items: int = 1) -> HostEvidence:
    found = {f"k{n}": Evidence(f"k{n}", "/x", b"x") for n in range(items)}
    return HostEvidence(
        HostIdentity(name),
        "2026-01-01T00:00:00Z",
        "2026-01-01T00:00:01Z",
        "0",
        "0",
        Privilege.ROOT,
        found,
        failure,
    )


class Run:
    """A fleet of names; ``hosts`` gives those that do something special."""

    def __init__(
        self,
        hosts: dict[str, Callable[[Opened], HostEvidence]] | None = None,
        finished: tuple[str, ...] = (),
        seconds: float = 0.0,
    ) -> None:
        self.hosts, self.finished, self.seconds = hosts or {}, finished, seconds
        self.lock = threading.Lock()
        self.running = self.most = 0
        self.stored: list[str] = []
        self.events: list[FleetEvent] = []

    def collect_one(self, name: str, opened: Opened) -> HostEvidence:
        with self.lock:
            self.running += 1
            self.most = max(self.most, self.running)
        try:
            time.sleep(self.seconds)
            return self.hosts[name](opened) if name in self.hosts else evidence(name)
        finally:
            with self.lock:
                self.running -= 1

    def store(self, name: str, found: HostEvidence) -> None:
        with self.lock:
            self.stored.append(name)

    def __call__(self, names: list[str], forks: int = 4, stop: threading.Event | None = None) -> FleetResult:
        fleet = Fleet(
            name_of=str,
            collect_one=self.collect_one,
            store=self.store,
            is_finished=lambda name: name in self.finished,
            observe=self.events.append,
        )
        return collect_fleet(names, fleet, forks, stop)


def hang(opened: Opened) -> HostEvidence:
    """A host that only ends when its connection is closed."""
    closed = threading.Event()
    opened.on_break(closed.set)
    closed.wait(20)
    return evidence("hang", Failure(Reason.UNREACHABLE, "Unreachable", "broken off"))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 40), st.integers(1, 50))
def test_every_host_is_collected_once(count: int, forks: int) -> None:
    run, names = Run(), [f"h{n}" for n in range(count)]
    result = run(names, forks)
    assert sorted(run.stored) == sorted(names)
    assert result.done == tuple(names)
    assert not result.interrupted


def test_no_more_than_forks_run_at_once() -> None:
    run = Run(seconds=0.02)
    run([f"h{n}" for n in range(30)], forks=5)
    assert 2 <= run.most <= 5


def test_a_host_that_fails_costs_only_itself() -> None:
    def unreachable(opened: Opened) -> HostEvidence:
        raise Unreachable("down", "connection refused")

    def broken(opened: Opened) -> HostEvidence:
        raise ValueError("a fault of ours")

    failure = Failure(Reason.TIMEOUT, "DeadlineExceeded", "no byte for 60 s")
    run = Run(
        {
            "down": unreachable,
            "bug": broken,
            "half": lambda opened: evidence("half", failure),
            "none": lambda opened: evidence("none", failure, items=0),
        }
    )
    result = run(["a", "down", "bug", "half", "none", "b"])
    assert result == FleetResult(
        done=("a", "b"),
        failed=("half",),
        unreachable=("down", "none"),
        errors=("bug",),
        why={
            "down": "connection refused",
            "bug": "ValueError: a fault of ours",
            "half": "no byte for 60 s",
            "none": "no byte for 60 s",
        },
    )
    assert sorted(run.stored) == ["a", "b", "half", "none"]
    details = {event.host: event.detail for event in run.events if event.kind is not EventKind.STARTED}
    assert details["down"] == "connection refused"
    assert details["half"] == "no byte for 60 s"
    assert "a fault of ours" in details["bug"]


def test_finished_hosts_are_skipped_and_told() -> None:
    run = Run(finished=("a", "c"))
    result = run(["a", "b", "c"])
    assert result.skipped == ("a", "c")
    assert run.stored == ["b"]
    assert {(e.host, e.kind) for e in run.events} == {
        ("a", EventKind.SKIPPED),
        ("c", EventKind.SKIPPED),
        ("b", EventKind.STARTED),
        ("b", EventKind.DONE),
    }


def test_a_stop_closes_what_runs_and_keeps_what_is_finished(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet_module, "_GRACE_S", 0.2)
    run, stop = Run({"hang": hang}), threading.Event()
    threading.Timer(0.3, stop.set).start()
    started = time.monotonic()
    result = run(["a", "hang", *[f"h{n}" for n in range(5)], "hang2"], forks=1, stop=stop)
    assert time.monotonic() - started < 5
    assert result.done == ("a",)
    assert result.broken_off == ("hang",)
    assert result.waiting == ("h0", "h1", "h2", "h3", "h4", "hang2")
    assert result.interrupted
    assert run.stored == ["a"]


def test_an_interrupt_is_a_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet_module, "_GRACE_S", 0.2)
    run, ended = Run({"hang": hang}), threading.Event()

    def interrupt() -> None:
        """As people do: once, and again where nothing comes of it."""
        ended.wait(0.3)
        while not ended.is_set():
            _thread.interrupt_main()
            ended.wait(3)

    threading.Thread(target=interrupt, daemon=True).start()
    result = run(["a", "hang", "b"], forks=2)
    ended.set()
    assert result.done == ("a", "b")
    assert result.broken_off == ("hang",)


def test_a_host_that_cannot_be_closed_does_not_hold_the_run_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet_module, "_GRACE_S", 0.2)
    release = threading.Event()

    def deaf(opened: Opened) -> HostEvidence:
        release.wait(20)
        return evidence("deaf")

    run, stop = Run({"deaf": deaf}), threading.Event()
    stop.set()
    started = time.monotonic()
    result = run(["deaf"], stop=stop)
    assert time.monotonic() - started < 5
    assert result.broken_off == ("deaf",)
    release.set()


def test_a_connection_opened_after_the_break_is_closed_at_once() -> None:
    opened, closed = Opened(), []
    opened.break_off()
    opened.on_break(lambda: closed.append(1))
    assert closed == [1]


def test_a_store_that_fails_ends_the_run_with_its_error() -> None:
    run = Run(seconds=0.01)

    def full(name: str, found: HostEvidence) -> None:
        raise OSError(28, "No space left on device")

    run.store = full  # type: ignore[method-assign]
    with pytest.raises(OSError, match="No space left"):
        run([f"h{n}" for n in range(100)], forks=2)
    assert len([event for event in run.events if event.kind is EventKind.STARTED]) < 100
