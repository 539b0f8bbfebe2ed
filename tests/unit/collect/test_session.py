"""Two runs at most, and what is kept when something goes wrong in either."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import hardcheck
from hardcheck.collect.base import BlobSource, CommandSource, FileSource, Source, TreeSource
from hardcheck.collect.blobs import BlobStore
from hardcheck.collect.probe import build_probe, probe_sha256
from hardcheck.collect.session import collect_host
from hardcheck.errors import (
    AuthenticationFailed,
    DeadlineExceeded,
    HostKeyRejected,
    TransportError,
    Unreachable,
)
from hardcheck.evidence import Evidence, HostEvidence, HostIdentity, Privilege, Reason
from hardcheck.transport.base import BecomeDenied, BecomeFailure, Limits, Streams

START = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)


class ShellTransport:
    """Runs the probe under dash here; ``change`` may alter what a run gave."""

    name = "shell"
    host = "here"

    def __init__(self, change: Callable[[int, Streams], Streams] = lambda _, streams: streams) -> None:
        self.change = change
        self.arguments: list[tuple[str, ...]] = []
        self.limits: list[Limits] = []

    def run_probe(self, script: bytes, arguments: Sequence[str], limits: Limits) -> Streams:
        self.arguments.append(tuple(arguments))
        self.limits.append(limits)
        done = subprocess.run(["dash", "-s", "--", *arguments], input=script, capture_output=True, timeout=60)
        streams = Streams(done.stdout, done.stderr, done.returncode, Privilege.SUDO)
        return self.change(len(self.arguments), streams)

    def close(self) -> None:
        pass


class DeadTransport(ShellTransport):
    def __init__(self, error: TransportError) -> None:
        super().__init__()
        self.error = error

    def run_probe(self, script: bytes, arguments: Sequence[str], limits: Limits) -> Streams:
        raise self.error


@pytest.fixture
def sources(tmp_path: Path) -> tuple[Source, ...]:
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "nginx").write_bytes(b"profile nginx {}\n")
    (tmp_path / "profiles" / "sshd").write_bytes(b"profile sshd {}\n")
    (tmp_path / "policy").write_bytes(bytes(range(256)) * 40)
    return (
        FileSource("file", str(tmp_path / "policy"), 100_000),
        CommandSource("command", ("echo", "x")),
        TreeSource("profiles", (f"{tmp_path}/profiles/*",), blobs=True),
        BlobSource("policy", (f"{tmp_path}/policy",)),
    )


def collect(
    transport: ShellTransport,
    sources: Sequence[Source],
    store: BlobStore | None = None,
    limits: Limits | None = None,
) -> HostEvidence:
    ticks = iter(range(1000))
    return collect_host(
        transport,
        HostIdentity("here"),
        store or BlobStore(),
        limits or Limits(),
        lambda: START + timedelta(seconds=next(ticks)),
        sources,
    )


def members(host: HostEvidence) -> list[bytes]:
    return [item.content for item in host.members("profiles")]


def test_everything_comes_in_two_runs(sources: tuple[Source, ...]) -> None:
    transport = ShellTransport()
    host = collect(transport, sources)
    assert len(transport.arguments) == 2
    assert host.failure is None
    assert host.get("policy").content == host.get("file").content == bytes(range(256)) * 40
    assert members(host) == [b"profile nginx {}\n", b"profile sshd {}\n"]
    assert host.get("command").content == b"x\n"
    assert (host.privilege, host.tool_version) == (Privilege.SUDO, hardcheck.__version__)
    assert host.probe_sha256 == probe_sha256(build_probe(sources))
    assert host.started_at == "2026-11-21T04:00:01Z" < host.finished_at
    assert list(host.items) == sorted(host.items)


def test_what_another_host_had_is_not_sent_again(sources: tuple[Source, ...], tmp_path: Path) -> None:
    store = BlobStore()
    first = collect(ShellTransport(), sources, store)
    again = ShellTransport()
    second = collect(again, sources, store)
    assert len(again.arguments) == 1
    assert second.items["policy"] == first.items["policy"]
    assert members(second) == members(first)
    (tmp_path / "profiles" / "nginx").write_bytes(b"profile other {}\n")
    changed = ShellTransport()
    third = collect(changed, sources, store)
    assert [word[:2] for word in changed.arguments[1]] == [changed.arguments[1][0][:2], "t=", "d="]
    assert members(third) == [b"profile other {}\n", b"profile sshd {}\n"]


def test_each_run_has_a_nonce_of_its_own(sources: tuple[Source, ...]) -> None:
    transport = ShellTransport()
    collect(transport, sources)
    collect(transport, sources)
    nonces = {arguments[0] for arguments in transport.arguments}
    assert len(nonces) == len(transport.arguments) == 4
    assert all(len(nonce) == 32 for nonce in nonces)


def test_the_second_run_has_only_the_time_that_is_left(sources: tuple[Source, ...]) -> None:
    transport = ShellTransport()
    collect(transport, sources, limits=Limits(total_s=100))
    assert transport.limits[1].total_s < transport.limits[0].total_s <= 100
    assert all(int(arguments[1][2:]) < 100 for arguments in transport.arguments)


@pytest.mark.parametrize(
    "error",
    [
        Unreachable("here", "connection refused"),
        AuthenticationFailed("here", "no key was accepted"),
        HostKeyRejected("here", "the key changed"),
        DeadlineExceeded("here", "15 s to connect"),
    ],
)
def test_a_host_without_connection_is_kept_as_unreachable(
    error: TransportError, sources: tuple[Source, ...]
) -> None:
    host = collect(DeadTransport(error), sources)
    assert host.failure is not None
    assert (host.failure.reason, host.failure.kind) == (Reason.UNREACHABLE, type(error).__name__)
    assert host.failure.detail == error.detail
    assert host.items == {}
    assert host.get("file").reason is Reason.UNREACHABLE


def drop(share: float, failure: TransportError | None, in_run: int = 1) -> Callable[[int, Streams], Streams]:
    def change(run: int, streams: Streams) -> Streams:
        if run != in_run:
            return streams
        kept = streams.stdout[: int(len(streams.stdout) * share)]
        return Streams(kept, streams.stderr, None, streams.privilege, failure)

    return change


@pytest.mark.parametrize(
    ("failure", "reason", "kind"),
    [
        (Unreachable("here", "connection lost"), Reason.UNREACHABLE, "Unreachable"),
        (DeadlineExceeded("here", "60 s without a byte"), Reason.TIMEOUT, "DeadlineExceeded"),
        (None, Reason.NOT_COLLECTED, "ProbeError"),
    ],
)
def test_a_connection_lost_in_the_middle_keeps_what_came_before(
    failure: TransportError | None, reason: Reason, kind: str, sources: tuple[Source, ...]
) -> None:
    host = collect(ShellTransport(drop(0.95, failure)), sources)
    assert host.failure is not None
    assert (host.failure.reason, host.failure.kind) == (reason, kind)
    assert host.items["file"].reason is None
    assert host.get("policy").reason in (reason, Reason.NOT_COLLECTED)


def test_a_lost_second_run_costs_only_the_blobs(sources: tuple[Source, ...]) -> None:
    host = collect(ShellTransport(drop(0.1, Unreachable("here", "lost"), in_run=2)), sources)
    assert host.failure is not None
    assert host.items["command"].reason is None
    assert host.items["policy"].reason is Reason.UNREACHABLE
    assert host.items["policy"].size == 10240


def test_a_blob_with_other_bytes_than_its_digest_is_typed_and_not_stored(sources: tuple[Source, ...]) -> None:
    def forge(run: int, streams: Streams) -> Streams:
        changed = streams.stdout.replace(b"profile nginx {}", b"profile NGINX {}")
        return Streams(changed, streams.stderr, 0, streams.privilege)

    store = BlobStore()
    host = collect(ShellTransport(forge), sources, store)
    item = next(item for item in host.members("profiles") if item.key.endswith("nginx"))
    assert (item.reason, item.content) == (Reason.NOT_COLLECTED, b"")
    assert b"do not have the digest" in item.stderr
    other = next(item for item in host.members("profiles") if item.key.endswith("sshd"))
    assert other.content == b"profile sshd {}\n"


def test_garbage_alone_is_a_typed_failure(sources: tuple[Source, ...]) -> None:
    garbage = Streams(b"\xff\x00garbage" * 1000, b"fish: Unknown command\n", 127, Privilege.NONE)
    host = collect(ShellTransport(lambda *_: garbage), sources)
    assert host.failure is not None
    assert (host.failure.kind, host.failure.reason) == ("ProbeError", Reason.NOT_COLLECTED)
    assert "fish: Unknown command" in host.failure.detail
    assert host.items == {}


def test_a_flood_that_was_cut_at_the_limit_is_truncated(sources: tuple[Source, ...]) -> None:
    flood = Streams(b"y\n" * 500, b"", None, Privilege.NONE, TransportError("here", "more than 1000 bytes"))
    host = collect(ShellTransport(lambda *_: flood), sources, limits=Limits(max_stdout=1000))
    assert host.failure is not None
    assert host.failure.reason is Reason.TRUNCATED


def test_an_installed_probe_of_another_build_is_not_taken_for_this_one(
    sources: tuple[Source, ...],
) -> None:
    class Installed(ShellTransport):
        def run_probe(self, script: bytes, arguments: Sequence[str], limits: Limits) -> Streams:
            return super().run_probe(build_probe(sources[:1]), arguments, limits)

    host = collect(Installed(), sources)
    assert host.failure is not None
    assert host.failure.kind == "ProbeMismatch"
    assert host.items == {}


def test_why_the_probe_did_not_become_root_is_kept(sources: tuple[Source, ...]) -> None:
    def refuse(_: int, streams: Streams) -> Streams:
        why = BecomeDenied(BecomeFailure.PASSWORD_NEEDED, "sudo: a password is required")
        return Streams(streams.stdout, streams.stderr, 0, Privilege.NONE, denied=why)

    host = collect(ShellTransport(refuse), sources)
    assert (host.privilege, host.privilege_detail) == (
        Privilege.NONE,
        "password_needed: sudo: a password is required",
    )


def test_an_empty_profile_is_a_content_like_any_other(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")
    source = TreeSource("profiles", (f"{tmp_path}/*",), blobs=True)
    host = collect(ShellTransport(), (source,))
    path = f"{tmp_path}/empty"
    assert host.items[f"profiles:{path}"] == Evidence(f"profiles:{path}", path, euid=os.geteuid())
