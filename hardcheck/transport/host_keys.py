"""Is this the host it was? The check of a host's key against known_hosts."""

from __future__ import annotations

import base64
import hashlib
import os
import threading
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path

from hardcheck.errors import HostKeyRejected
from hardcheck.transport.known_hosts import (
    KnownHosts,
    KnownKey,
    Marker,
    append_known_host,
    hashed_name,
    known_name,
    read_known_hosts,
)
from hardcheck.transport.ssh_lookup import SshHost

_RSA_ALGORITHMS = ("rsa-sha2-512", "rsa-sha2-256")


class HostKeys(StrEnum):
    """What to do with a host whose key is not known. A changed key is refused in either case."""

    STRICT = "strict"
    ACCEPT_NEW = "accept-new"


class HostKeyStore:
    """The known_hosts files of a run, each read once; any thread may ask.

    ``policy`` None leaves it to each host's StrictHostKeyChecking: ``accept-new``, ``no`` and ``off`` accept
    new keys, everything else, and nothing at all, is strict.
    """

    def __init__(self, policy: HostKeys | None = None) -> None:
        self._policy = policy
        self._lock = threading.Lock()
        self._files: dict[tuple[Path, ...], KnownHosts] = {}

    def known_algorithms(self, host: SshHost) -> tuple[str, ...]:
        """The host key algorithms under which the host is known, to be negotiated before others."""
        found: list[str] = []
        for key in self._lookup(host):
            if key.marker is Marker.NONE:
                found += _RSA_ALGORITHMS if key.key_type == "ssh-rsa" else (key.key_type,)
        return tuple(dict.fromkeys(found))

    def check(self, name: str, host: SshHost, key_type: str, blob: bytes) -> None:
        """Accept the key that a host showed, or refuse it; a new key is stored when that is the policy.

        Raises:
            HostKeyRejected: unknown, changed, revoked, or vouched for by an authority alone.
        """
        shown = base64.b64encode(blob).decode()
        with self._lock:
            known = self._lookup_locked(host)
            _refuse_revoked(name, known, shown)
            keys = [key for key in known if key.marker is Marker.NONE]
            if any(key.key == shown for key in keys):
                return
            if keys:
                raise _changed(name, host, keys, key_type, blob)
            authority = next((key for key in known if key.marker is Marker.AUTHORITY), None)
            if authority is not None:
                raise HostKeyRejected(
                    name,
                    f"{authority.where} vouches for it by a @cert-authority, which the ssh transport does "
                    "not check; add the host's own key, or use --transport ansible",
                )
            if not self._accepts_new(host):
                raise _unknown(name, host, key_type, blob)
            self._store(name, host, key_type, shown)

    def _accepts_new(self, host: SshHost) -> bool:
        if self._policy is not None:
            return self._policy is HostKeys.ACCEPT_NEW
        return host.strict in ("accept-new", "no", "off", "false")

    def _lookup(self, host: SshHost) -> tuple[KnownKey, ...]:
        with self._lock:
            return self._lookup_locked(host)

    def _lookup_locked(self, host: SshHost) -> tuple[KnownKey, ...]:
        paths = host.user_known_hosts + host.global_known_hosts
        if paths not in self._files:
            self._files[paths] = read_known_hosts(paths)
        return self._files[paths].lookup(_name(host))

    def _store(self, name: str, host: SshHost, key_type: str, shown: str) -> None:
        names = hashed_name(_name(host), os.urandom(20)) if host.hash_known_hosts else _name(host)
        if not host.user_known_hosts:
            raise HostKeyRejected(name, "its key is new and there is no known_hosts file to keep it in")
        path = host.user_known_hosts[0]
        try:
            append_known_host(path, names, key_type, shown)
        except OSError as error:
            raise HostKeyRejected(
                name, f"its key is new and cannot be kept in {path}: {error.strerror}"
            ) from None
        key = KnownKey(f"{path}:new", Marker.NONE, _name(host), key_type, shown)
        for paths, known in self._files.items():
            if path in paths:
                known.add(key)


def fingerprint(blob: bytes) -> str:
    """``SHA256:...`` as ssh-keygen -l prints it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def _name(host: SshHost) -> str:
    return host.host_key_alias or known_name(host.hostname, host.port)


def _refuse_revoked(name: str, known: Iterable[KnownKey], shown: str) -> None:
    for key in known:
        if key.marker is Marker.REVOKED and key.key == shown:
            raise HostKeyRejected(name, f"its key is @revoked by {key.where}")


def _changed(name: str, host: SshHost, keys: list[KnownKey], key_type: str, blob: bytes) -> HostKeyRejected:
    same_type = next((key for key in keys if key.key_type == key_type), None)
    old = same_type or keys[0]
    file = old.where.rpartition(":")[0]
    shown = f"{key_type} {fingerprint(blob)}"
    what = (
        f"its key changed: {shown} is not the one in {old.where}"
        if same_type
        else f"it is known by the {old.key_type} key in {old.where} and shows another, {shown}"
    )
    return HostKeyRejected(name, f"{what}; if that is right, run: ssh-keygen -R '{_name(host)}' -f {file}")


def _unknown(name: str, host: SshHost, key_type: str, blob: bytes) -> HostKeyRejected:
    files = host.user_known_hosts or host.global_known_hosts
    place = files[0] if files else "known_hosts"
    return HostKeyRejected(
        name,
        f"its key {key_type} {fingerprint(blob)} is not in {place}; compare it with the host's own, then "
        f"run: ssh-keyscan -p {host.port} {host.hostname} >> {place} (or use --host-keys accept-new)",
    )
