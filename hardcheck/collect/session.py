"""One host, at most two runs of the probe: everything first, then the blobs that nobody has seen."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

import msgspec

import hardcheck
from hardcheck.collect import SOURCES
from hardcheck.collect.base import Source
from hardcheck.collect.blobs import BlobStore
from hardcheck.collect.decode import Decoded, decode
from hardcheck.collect.probe import build_probe, probe_build, probe_sha256
from hardcheck.collect.redact import Redactor
from hardcheck.collect.trees import Blob
from hardcheck.errors import DeadlineExceeded, TransportError
from hardcheck.evidence.model import Evidence, Failure, HostEvidence, HostIdentity, Privilege
from hardcheck.reasons import Reason
from hardcheck.transport.base import Limits, Streams, Transport

_PREFIX = 16  # digits of a digest that the probe compares
_LONGEST_WAIT_S = 20.0  # for another host that is fetching the same blobs
_SHARE_OF_TIME = 0.8  # of the total limit after which the probe begins nothing new


def collect_host(
    transport: Transport,
    identity: HostIdentity,
    blobs: BlobStore,
    limits: Limits,
    now: Callable[[], datetime],
    sources: Sequence[Source] | None = None,
) -> HostEvidence:
    """Collect from one host. A failure becomes part of the result; nothing is raised for it.

    Args:
        transport: not closed here.
        blobs: shared by all hosts of a fleet.
        now: the time in UTC.
        sources: instead of all of them.
    """
    chosen = SOURCES if sources is None else tuple(sources)
    script = build_probe(chosen)
    session = _Session(transport, script, chosen, blobs.redactor, limits, now)
    started = now()
    first = session.run(())
    items = dict(first.decoded.items)
    failure = first.failure
    privilege = first.privilege
    if first.decoded.blobs:
        found, second_failure = _fetch(session, blobs, first.decoded, skip=failure is not None)
        items.update(found)
        failure = failure or second_failure
    return HostEvidence(
        host=identity,
        started_at=_utc(started),
        finished_at=_utc(now()),
        tool_version=hardcheck.__version__,
        probe_sha256=probe_sha256(script),
        privilege=privilege,
        items=dict(sorted(items.items())),
        failure=failure,
        privilege_detail=first.privilege_detail,
    )


class _Run(msgspec.Struct, frozen=True):
    decoded: Decoded
    privilege: Privilege
    failure: Failure | None
    privilege_detail: str = ""


class _Session:
    """The probe and what is left of the host's time."""

    def __init__(
        self,
        transport: Transport,
        script: bytes,
        sources: tuple[Source, ...],
        redactor: Redactor,
        limits: Limits,
        now: Callable[[], datetime],
    ) -> None:
        self._transport, self._script, self._sources = transport, script, sources
        self._redactor = redactor
        self._limits, self._now, self._started = limits, now, now()

    def left_s(self) -> float:
        """Seconds of the host's total limit that are left, at least one."""
        return max(1.0, self._limits.total_s - (self._now() - self._started).total_seconds())

    def run(self, digests: Iterable[str]) -> _Run:
        """One run; with ``digests`` for those blobs alone."""
        nonce = secrets.token_hex(16)
        left_s = self.left_s()
        arguments = [nonce, f"t={max(1, int(left_s * _SHARE_OF_TIME))}"]
        arguments += [f"d={digest}" for digest in sorted({digest[:_PREFIX] for digest in digests})]
        limits = msgspec.structs.replace(self._limits, total_s=left_s)
        try:
            streams = self._transport.run_probe(self._script, arguments, limits)
        except TransportError as error:
            failure = Failure(Reason.UNREACHABLE, type(error).__name__, error.detail)
            return _Run(Decoded({}), Privilege.NONE, failure)
        decoded = decode(streams.stdout, streams.stderr, nonce, self._sources, self._redactor)
        if decoded.build and decoded.build != probe_build(self._script):
            detail = f"another build of the probe answered ({decoded.build}); install the current one"
            failure = Failure(Reason.NOT_COLLECTED, "ProbeMismatch", detail)
            return _Run(Decoded({}), streams.privilege, failure)
        failure_or_none = _failure(streams, decoded, limits)
        return _Run(decoded, streams.privilege, failure_or_none, _privilege_detail(streams))


def _fetch(
    session: _Session, store: BlobStore, first: Decoded, *, skip: bool
) -> tuple[dict[str, Evidence], Failure | None]:
    """The items of blobs: from the store, or by the second run (none with ``skip``)."""
    wanted = first.blobs
    fetched: dict[str, bytes] = {}
    altered: frozenset[str] = frozenset()
    failure = None
    wait_s = min(_LONGEST_WAIT_S, session.left_s() / 2)
    claimed = frozenset() if skip else store.claim((blob.sha256 for blob in wanted), wait_s)
    if claimed:
        try:
            second = session.run(claimed)
            fetched, altered, failure = second.decoded.contents, second.decoded.altered, second.failure
            for new in fetched.values():
                store.put(new)
        finally:
            store.release(claimed)
    reason = failure.reason if failure is not None else Reason.NOT_COLLECTED
    items = {}
    for blob in wanted:
        content = fetched[blob.sha256] if blob.sha256 in fetched else store.get(blob.sha256)
        if content is not None:
            items[blob.key] = Evidence(blob.key, blob.origin, content, euid=first.euid, size=len(content))
        else:
            items[blob.key] = msgspec.structs.replace(_missing(blob, reason, altered), euid=first.euid)
    return items, failure


def _missing(blob: Blob, reason: Reason, altered: frozenset[str]) -> Evidence:
    detail = "its bytes do not have the digest" if blob.key in altered else "not sent again with the digest"
    text = f"{detail} {blob.sha256} that the host named for it".encode()
    return Evidence(blob.key, blob.origin, stderr=text, size=blob.size, reason=reason)


def _failure(streams: Streams, decoded: Decoded, limits: Limits) -> Failure | None:
    """Why the run is not whole, in the order of what explains most."""
    error = streams.failure
    if error is not None:
        reason = Reason.UNREACHABLE
        if isinstance(error, DeadlineExceeded):
            reason = Reason.TIMEOUT
        elif len(streams.stdout) >= limits.max_stdout or len(streams.stderr) >= limits.max_stderr:
            reason = Reason.TRUNCATED
        return Failure(reason, type(error).__name__, error.detail)
    if decoded.problem:
        return Failure(Reason.NOT_COLLECTED, "ProbeError", decoded.problem)
    return None


def _privilege_detail(streams: Streams) -> str:
    if streams.denied is None:
        return ""
    why, detail = streams.denied.why.value, streams.denied.detail
    return f"{why}: {detail}" if detail else why


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
