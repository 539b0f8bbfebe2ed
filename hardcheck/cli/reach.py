"""From the words of a command to evidence: targets, connections, bundles."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from hardcheck import __version__
from hardcheck.cli.progress import Progress
from hardcheck.cli.run import bundle_path, make_folder
from hardcheck.collect import SOURCES
from hardcheck.collect.blobs import BlobStore
from hardcheck.collect.fleet import EventKind, Fleet, FleetEvent, FleetResult, Opened, collect_fleet
from hardcheck.collect.probe import build_probe, probe_sha256
from hardcheck.collect.session import collect_host
from hardcheck.errors import BundleError, HardcheckError, UsageError
from hardcheck.evidence import Failure, HostEvidence, Privilege
from hardcheck.evidence.bundle import BundleWriter, read_bundle
from hardcheck.inventory.model import Target, Vault
from hardcheck.inventory.targets import Request, resolve_targets
from hardcheck.reasons import Reason
from hardcheck.transport.access import Sudo, Way
from hardcheck.transport.base import Limits
from hardcheck.transport.host_keys import HostKeys
from hardcheck.transport.opening import Options, Ways
from hardcheck.transport.secret import Secret

_LOG = logging.getLogger(__name__)
SUDO_PASSWORD = "HARDCHECK_SUDO_PASSWORD"  # noqa: S105 - the name of a variable


def targets_of(words: tuple[str, ...], how: Mapping[str, Any], sudo: Sudo) -> tuple[Target, ...]:
    """The hosts that a command names; ``how`` has the values of those options."""
    way = None if how["transport"] == "auto" else Way(how["transport"])
    vault = Vault((str(how["vault_password_file"]),) if how["vault_password_file"] else ())
    inventory = str(how["inventory"]) if how["inventory"] else ""
    return resolve_targets(Request(words, inventory, how.get("limit") or "", way, sudo, vault))


def limits_of(how: Mapping[str, Any]) -> Limits:
    """The time limits of the command's options."""
    return Limits(connect_s=how["connect_s"], idle_s=how["idle_s"], total_s=how["total_s"])


class Reach:
    """Collects targets; what their transports share is made once and closed at the end."""

    def __init__(self, how: Mapping[str, Any], sudo: Sudo) -> None:
        self.limits = limits_of(how)
        self._ways = Ways(_options(how, sudo))
        self._blobs = BlobStore(_blob_folder())

    def __enter__(self) -> Reach:
        return self

    def __exit__(self, *_: object) -> None:
        self._ways.close()

    def prepare(self, targets: tuple[Target, ...]) -> None:
        """Load keys before threads start, so that a passphrase is asked for once and at the terminal."""
        self._ways.prepare(target.access for target in targets if target.access is not None)

    def collect(self, target: Target, opened: Opened) -> HostEvidence:
        """Collect one host, or read what was recorded of it. Nothing that a host does raises."""
        if target.bundle is not None:
            return read_bundle(target.bundle)
        assert target.access is not None
        try:
            transport = self._ways.open(target.identity.name, target.access)
            opened.on_break(transport.close)
            try:
                return collect_host(transport, target.identity, self._blobs, self.limits, _now)
            finally:
                transport.close()
        except Exception as error:
            _LOG.debug("%s: %s", target.identity.name, error, exc_info=True)
            return _not_collected(target, error)


def evidence_of(word: str, how: Mapping[str, Any]) -> HostEvidence:
    """The evidence of one host, recorded or collected now.

    Raises:
        UsageError: the word is more than one host.
        BundleError: nothing could be collected.
    """
    sudo = sudo_of(how)
    targets = targets_of((word,), how, sudo)
    if len(targets) != 1:
        raise UsageError(f"{word}: {len(targets)} hosts; this command asks one")
    with Reach(how, sudo) as reach:
        reach.prepare(targets)
        evidence = reach.collect(targets[0], Opened())
    if not evidence.items:
        detail = evidence.failure.detail if evidence.failure else "nothing was collected"
        raise BundleError(word, detail)
    return evidence


def evidence_of_all(words: tuple[str, ...], how: Mapping[str, Any]) -> tuple[HostEvidence, ...]:
    """The evidence of every host that the words and the inventory name, recorded or collected now, with
    progress on stderr; a host that could not be reached gives evidence that says so.

    An interrupt ends the collection and raises nothing: hosts that were not finished are left out.
    """
    sudo = sudo_of(how)
    targets = targets_of(words, how, sudo)
    found: dict[str, HostEvidence] = {}

    def store(target: Target, evidence: HostEvidence) -> None:
        found[target.identity.name] = evidence

    recorded = all(target.bundle is not None for target in targets)
    with Reach(how, sudo) as reach, Progress(len(targets), quiet=recorded) as progress:
        reach.prepare(targets)
        fleet = Fleet(
            name_of=lambda target: target.identity.name,
            collect_one=reach.collect,
            store=store,
            is_finished=lambda target: False,
            observe=_observer(progress),
        )
        collect_fleet(targets, fleet, int(how["forks"]))
    return tuple(found[name] for target in targets if (name := target.identity.name) in found)


def collect_into(
    folder: Path, words: tuple[str, ...], how: Mapping[str, Any], *, quiet: bool, resume: bool
) -> tuple[tuple[Target, ...], FleetResult]:
    """Collect every host that the command names into ``folder``'s bundles, with progress on stderr.

    Returns:
        The targets, and what became of them.
    """
    sudo = sudo_of(how)
    targets = targets_of(words, how, sudo)
    make_folder(folder)
    writer = BundleWriter()

    def store(target: Target, evidence: HostEvidence) -> None:
        writer.write(evidence, bundle_path(folder, target.identity.name))

    def is_finished(target: Target) -> bool:
        return resume and _is_whole(bundle_path(folder, target.identity.name))

    with Reach(how, sudo) as reach, Progress(len(targets), quiet=quiet) as progress:
        reach.prepare(targets)
        fleet = Fleet(
            name_of=lambda target: target.identity.name,
            collect_one=reach.collect,
            store=store,
            is_finished=is_finished,
            observe=_observer(progress),
        )
        return targets, collect_fleet(targets, fleet, int(how["forks"]))


def _observer(progress: Progress) -> Callable[[FleetEvent], None]:
    def observe(event: FleetEvent) -> None:
        if event.kind is EventKind.STARTED:
            progress.started(event.host)
        else:
            unreachable = event.kind is EventKind.UNREACHABLE
            failed = event.kind in (EventKind.FAILED, EventKind.ERROR, EventKind.BROKEN_OFF)
            progress.ended(event.host, unreachable=unreachable, failed=failed)

    return observe


def _is_whole(path: Path) -> bool:
    try:
        return read_bundle(path).failure is None
    except BundleError:
        return False


def _not_collected(target: Target, error: Exception) -> HostEvidence:
    """A host that could not even be tried stays in the report, as not collected, with the reason."""
    now = _now().strftime("%Y-%m-%dT%H:%M:%SZ")
    reason = Reason.UNREACHABLE if isinstance(error, HardcheckError) else Reason.NOT_COLLECTED
    detail = str(error) if isinstance(error, HardcheckError) else f"{type(error).__name__}: {error}"
    failure = Failure(reason, type(error).__name__, detail)
    digest = probe_sha256(build_probe(SOURCES))
    return HostEvidence(target.identity, now, now, __version__, digest, Privilege.NONE, {}, failure)


def _options(how: Mapping[str, Any], sudo: Sudo) -> Options:
    password = Secret(click.prompt("SSH password", hide_input=True, err=True)) if how["ask_pass"] else None
    return Options(
        host_keys=HostKeys(how["host_keys"]) if how["host_keys"] else None,
        ssh_password=password,
        ask=_ask_passphrase,
        inventories=(str(how["inventory"]),) if how["inventory"] else (),
        vault_password_files=(str(how["vault_password_file"]),) if how["vault_password_file"] else (),
        sudo_password=sudo.password,
        connect_s=how["connect_s"],
    )


def sudo_of(how: Mapping[str, Any]) -> Sudo:
    """How to become root, by the options, the environment, or a password asked for now."""
    if how["no_sudo"]:
        if how["ask_sudo_pass"]:
            raise UsageError("--no-sudo and --ask-sudo-pass contradict each other")
        return Sudo(allowed=False)
    if how["ask_sudo_pass"]:
        return Sudo(password=Secret(click.prompt("sudo password", hide_input=True, err=True)))
    given = os.environ.get(SUDO_PASSWORD)
    return Sudo(password=Secret(given)) if given else Sudo()


def _ask_passphrase(question: str) -> Secret | None:
    if not os.isatty(0):
        return None
    answer = click.prompt(question, hide_input=True, default="", show_default=False, err=True)
    return Secret(answer) if answer else None


def _blob_folder() -> Path:
    """Policies and profiles seen before, by digest; they are no secret of one host."""
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(cache).expanduser() / "hardcheck" / "blobs"


def _now() -> datetime:
    return datetime.now(UTC)
