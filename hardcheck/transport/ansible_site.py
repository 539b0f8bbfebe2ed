"""Gathers the hosts that are asked at about the same time into one run of Ansible.

A run costs about a second before the first host answers, so hosts are not run one by one: those that ask
within a short window share a run, and each goes on as soon as its own result is there.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future

import msgspec

from hardcheck.transport.ansible_run import AnsibleSetup, HostResult, run_batch

_LOG = logging.getLogger(__name__)
_WINDOW_S = 0.3
_MAX_HOSTS = 200

RunBatch = Callable[
    [AnsibleSetup, dict[str, str], Callable[[str, HostResult], None], Callable[[], bool]], None
]


class Job(msgspec.Struct, frozen=True, eq=False):
    """One host's command line; ``become`` False keeps Ansible from becoming root for it."""

    host: str
    line: str
    become: bool
    total_s: float
    future: Future[HostResult]
    cancelled: threading.Event


class AnsibleSite:
    """One for a run of hardcheck; `ask` is called by many threads."""

    def __init__(self, setup: AnsibleSetup, run: RunBatch = run_batch) -> None:
        self._setup, self._run = setup, run
        self._changed = threading.Condition()
        self._waiting: list[Job] = []
        self._thread: threading.Thread | None = None
        self._closed = threading.Event()

    def add_host(self, host: str, variables: dict[str, object]) -> None:
        """Make a host known that is in no inventory."""
        with self._changed:
            self._setup = msgspec.structs.replace(self._setup, hosts={**self._setup.hosts, host: variables})

    def ask(
        self, host: str, line: str, *, become: bool, total_s: float, cancelled: threading.Event
    ) -> HostResult:
        """Run a line on a host and wait for the result, however long that takes (Ansible keeps the limit)."""
        job = Job(host, line, become, total_s, Future(), cancelled)
        with self._changed:
            self._waiting.append(job)
            if self._thread is None:
                self._thread = threading.Thread(target=self._dispatch, name="hardcheck-ansible", daemon=True)
                self._thread.start()
            self._changed.notify()
        return job.future.result()

    def close(self) -> None:
        """End the runs that are under way; who waits gets a result that says so."""
        self._closed.set()
        with self._changed:
            self._changed.notify()

    def _dispatch(self) -> None:
        while True:
            with self._changed:
                while not self._waiting and not self._closed.is_set():
                    self._changed.wait()
            if self._closed.is_set():
                break
            time.sleep(_WINDOW_S)
            with self._changed:
                batch = self._take()
            threading.Thread(target=self._batch, args=(batch,), name="hardcheck-batch", daemon=True).start()
        with self._changed:
            left, self._waiting = self._waiting, []
        for job in left:
            _settle(job, HostResult("none", "broken off"))

    def _take(self) -> list[Job]:
        """The jobs that can share a run with the first: alike in become, each host once."""
        first = self._waiting[0]
        taken: list[Job] = []
        hosts: set[str] = set()
        for job in self._waiting:
            if job.become == first.become and job.host not in hosts and len(taken) < _MAX_HOSTS:
                taken.append(job)
                hosts.add(job.host)
        self._waiting = [job for job in self._waiting if job not in taken]
        return taken

    def _batch(self, jobs: list[Job]) -> None:
        by_host = {job.host: job for job in jobs}
        setup = msgspec.structs.replace(self._setup, total_s=max(job.total_s for job in jobs))
        if not jobs[0].become:
            setup = msgspec.structs.replace(setup, become=False, become_password=None)

        def cancelled() -> bool:
            return self._closed.is_set() or all(job.cancelled.is_set() for job in jobs)

        try:
            self._run(
                setup,
                {job.host: job.line for job in jobs},
                lambda host, result: _settle(by_host[host], result),
                cancelled,
            )
        except Exception as error:
            _LOG.exception("ansible-runner failed")
            for job in jobs:
                _settle(job, HostResult("none", f"ansible-runner: {error}"))


def _settle(job: Job, result: HostResult) -> None:
    if not job.future.done():
        job.future.set_result(result)
