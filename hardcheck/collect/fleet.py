"""Many hosts at once: so many threads, one host each, and nothing kept in memory of a finished one."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

import msgspec

from hardcheck.errors import TransportError
from hardcheck.evidence import HostEvidence

_LOG = logging.getLogger(__name__)
DEFAULT_FORKS = 32
_LOOK_UP_S = 0.5  # how often the main thread, which is waiting, looks for an interrupt
_GRACE_S = 3.0

T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)


class EventKind(StrEnum):
    """What became of a host."""

    STARTED = "started"
    DONE = "done"
    FAILED = "failed"  # in part: what came before the failure is kept
    UNREACHABLE = "unreachable"
    SKIPPED = "skipped"  # finished in an earlier run
    BROKEN_OFF = "broken_off"  # by an interrupt; to be done again
    ERROR = "error"  # a fault of ours; the host is counted as not collected


class FleetEvent(msgspec.Struct, frozen=True):
    """For a progress display. ``seconds`` is how long the host took, ``detail`` why it failed."""

    kind: EventKind
    host: str
    seconds: float = 0.0
    detail: str = ""


class FleetResult(msgspec.Struct, frozen=True):
    """The hosts by name, each in one of these; ``waiting`` were never begun. ``why`` has what is wrong with
    each that failed, was not reached, or met a fault of ours."""

    done: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    unreachable: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    broken_off: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    why: dict[str, str] = {}

    @property
    def interrupted(self) -> bool:
        """True when hosts are left for another run."""
        return bool(self.broken_off or self.waiting)


class Opened:
    """What one host has open, so that an interrupt can close it from another thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._close: Callable[[], None] | None = None
        self._broken_off = False

    def on_break(self, close: Callable[[], None]) -> None:
        """Tell how to break off; called at once when that was asked for already."""
        with self._lock:
            self._close = close
            now = self._broken_off
        if now:
            close()

    def break_off(self) -> None:
        """Close what is open, now or as soon as it is opened."""
        with self._lock:
            self._broken_off = True
            close = self._close
        if close is not None:
            close()


class CollectOne(Protocol[T_contra]):
    """Collects one host: opens its transport, tells ``opened`` how to close it, returns what came."""

    def __call__(self, target: T_contra, opened: Opened, /) -> HostEvidence:
        """Return the host's evidence; a host that fails gives evidence that says so."""
        ...


class Fleet(msgspec.Struct, Generic[T], frozen=True):
    """What `collect_fleet` calls.

    ``name_of`` names a target; ``is_finished`` tells that an earlier run has it (asked in the worker's
    thread, before it is begun); ``store`` keeps a host's evidence, and an error of it ends the run;
    ``observe`` is told what happens. All but ``name_of`` may be called from any thread.
    """

    name_of: Callable[[T], str]
    collect_one: CollectOne[T]
    store: Callable[[T, HostEvidence], None]
    is_finished: Callable[[T], bool]
    observe: Callable[[FleetEvent], None]


def collect_fleet(
    targets: Iterable[T], fleet: Fleet[T], forks: int = DEFAULT_FORKS, stop: threading.Event | None = None
) -> FleetResult:
    """Collect all targets, ``forks`` at once.

    A host that fails costs only itself. An interrupt (KeyboardInterrupt in this thread, or ``stop`` set by
    another) ends the handing out; hosts that run get a short grace, then their connections are closed; the
    finished ones are kept, and the result says what is left.

    Raises:
        Exception: what ``store`` raised; hosts stored before are kept.
    """
    work = _Work(targets, fleet)
    threads = [
        threading.Thread(target=work.run, name=f"hardcheck-fleet-{number}", daemon=True)
        for number in range(max(1, min(forks, work.count)))
    ]
    for thread in threads:
        thread.start()
    try:
        while any(thread.is_alive() for thread in threads):
            if work.fatal is not None or (stop is not None and stop.is_set()):
                break
            _join_any(threads, _LOOK_UP_S)
    except KeyboardInterrupt:
        _LOG.info("interrupted: finishing what runs for %g s", _GRACE_S)
    work.end(threads)
    if work.fatal is not None:
        raise work.fatal
    return work.result()


class _Work(Generic[T]):
    """The targets that are left, those that run, and what became of the others."""

    def __init__(self, targets: Iterable[T], fleet: Fleet[T]) -> None:
        left = list(targets)
        self.count = len(left)
        self._left: Iterator[T] = iter(left)
        self._names = [fleet.name_of(target) for target in left]
        self._fleet = fleet
        self._lock = threading.Lock()
        self._running: dict[str, Opened] = {}
        self._outcomes: dict[str, EventKind] = {}
        self._why: dict[str, str] = {}
        self._handing_out = True
        self._breaking_off = False
        self.fatal: Exception | None = None

    def run(self) -> None:
        """One worker: a host after the other, until none is left."""
        while (target := self._next()) is not None:
            name = self._fleet.name_of(target)
            opened = Opened()
            with self._lock:
                self._running[name] = opened
            try:
                self._one(target, name, opened)
            finally:
                with self._lock:
                    self._running.pop(name, None)

    def end(self, threads: list[threading.Thread]) -> None:
        """Hand nothing out any more, wait a little, close what still runs, wait a little again."""
        with self._lock:
            self._handing_out = False
        if not self._joined(threads):
            with self._lock:
                self._breaking_off = True
                running = list(self._running.values())
            for opened in running:
                opened.break_off()
            self._joined(threads)

    def result(self) -> FleetResult:
        """The hosts by what became of them."""
        with self._lock:
            outcomes, why, running = dict(self._outcomes), dict(self._why), set(self._running)

        def of(kind: EventKind) -> tuple[str, ...]:
            return tuple(name for name in self._names if outcomes.get(name) is kind)

        still = tuple(name for name in self._names if name in running and name not in outcomes)
        return FleetResult(
            done=of(EventKind.DONE),
            failed=of(EventKind.FAILED),
            unreachable=of(EventKind.UNREACHABLE),
            skipped=of(EventKind.SKIPPED),
            errors=of(EventKind.ERROR),
            broken_off=of(EventKind.BROKEN_OFF) + still,
            waiting=tuple(name for name in self._names if name not in outcomes and name not in running),
            why={name: why[name] for name in self._names if name in why},
        )

    def _next(self) -> T | None:
        with self._lock:
            return next(self._left, None) if self._handing_out else None

    def _one(self, target: T, name: str, opened: Opened) -> None:
        started = time.monotonic()
        try:
            if self._fleet.is_finished(target):
                self._tell(FleetEvent(EventKind.SKIPPED, name))
                return
            self._fleet.observe(FleetEvent(EventKind.STARTED, name))
            evidence = self._fleet.collect_one(target, opened)
        except TransportError as error:
            self._tell(FleetEvent(EventKind.UNREACHABLE, name, time.monotonic() - started, error.detail))
            return
        except Exception as error:
            _LOG.exception("%s: a fault of hardcheck", name)
            detail = f"{type(error).__name__}: {error}"
            self._tell(FleetEvent(EventKind.ERROR, name, time.monotonic() - started, detail))
            return
        kind, detail = _outcome(evidence)
        with self._lock:
            broken_off = self._breaking_off and evidence.failure is not None
        if broken_off:  # not the host's failure: it is to be done again
            self._tell(FleetEvent(EventKind.BROKEN_OFF, name, time.monotonic() - started))
            return
        try:
            self._fleet.store(target, evidence)
        except Exception as error:
            with self._lock:
                self.fatal = self.fatal or error
                self._handing_out = False
            return
        self._tell(FleetEvent(kind, name, time.monotonic() - started, detail))

    def _tell(self, event: FleetEvent) -> None:
        with self._lock:
            self._outcomes[event.host] = event.kind
            if event.detail:
                self._why[event.host] = event.detail
        self._fleet.observe(event)

    def _joined(self, threads: list[threading.Thread]) -> bool:
        """Wait for the workers as long as the grace lasts; a second interrupt ends the wait."""
        end = time.monotonic() + _GRACE_S
        try:
            for thread in threads:
                thread.join(max(0.0, end - time.monotonic()))
        except KeyboardInterrupt:
            return False
        return not any(thread.is_alive() for thread in threads)


def _outcome(evidence: HostEvidence) -> tuple[EventKind, str]:
    """Done, failed after something came, or unreachable: nothing came at all."""
    failure = evidence.failure
    if failure is None:
        return EventKind.DONE, ""
    return (EventKind.FAILED if evidence.items else EventKind.UNREACHABLE), failure.detail


def _join_any(threads: list[threading.Thread], seconds: float) -> None:
    """Sleep until one thread that runs has ended, at most so long."""
    for thread in threads:
        if thread.is_alive():
            thread.join(seconds)
            return
