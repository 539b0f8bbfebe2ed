"""What came back from a host, byte for byte, with how it was got."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from enum import StrEnum

import msgspec

from hardcheck.reasons import Reason


class Privilege(StrEnum):
    """How the probe ran on the host."""

    ROOT = "root"  # logged in as root
    SUDO = "sudo"  # became root through sudo
    INSTALLED = "installed"  # the installed probe, through its own sudoers line
    BECOME = "become"  # Ansible's become
    NONE = "none"  # an ordinary account


class Evidence(msgspec.Struct, frozen=True):
    """One item: a file, a command's output, or why it could not be had.

    ``key`` is the source's key (``selinux.config``), and for a member of a tree the key, a colon
    and the path (``sysctl.files:/etc/sysctl.d/90-site.conf``). ``origin`` is the path or the command
    line as run. ``content`` and ``stderr`` are the bytes as the host gave them, after redaction at
    the probe's edge. ``exit_status`` is None for a file. ``size`` is the size on the host in
    bytes where it is known to be more than what was kept. ``reason`` is None when the item was
    collected whole. ``redactions`` counts the secrets that were replaced by ``[redacted]``.
    """

    key: str
    origin: str
    content: bytes = b""
    stderr: bytes = b""
    exit_status: int | None = None
    euid: int | None = None
    duration_ms: int = 0
    size: int = 0
    reason: Reason | None = None
    redactions: int = 0

    @property
    def sha256(self) -> str:
        """Digest of ``content``, in hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()

    def text(self) -> str:
        """``content`` as UTF-8; bytes that are not become ``\\xNN`` escapes, so nothing is lost."""
        return self.content.decode("utf-8", "backslashreplace")

    def lines(self) -> Iterator[tuple[str, str]]:
        """Yield (place, line) with place as ``KEY:NUMBER`` for error messages; only LF ends a line."""
        text = self.text()
        if text.endswith("\n"):
            text = text[:-1]
        if not text:
            return
        for number, line in enumerate(text.split("\n"), start=1):
            yield f"{self.key}:{number}", line


class HostIdentity(msgspec.Struct, frozen=True):
    """Which host this is, as the inventory has it. ``variables`` hold no secrets: connection and
    become passwords, keys and vaulted values are left out before this is made."""

    name: str
    address: str = ""
    port: int = 0
    user: str = ""
    transport: str = ""
    groups: tuple[str, ...] = ()
    variables: Mapping[str, str] = {}


class Failure(msgspec.Struct, frozen=True):
    """Why a host, or the rest of it, could not be collected. ``kind`` is the error's class name."""

    reason: Reason
    kind: str
    detail: str


class HostEvidence(msgspec.Struct, frozen=True):
    """All that was collected from one host in one run. Times are UTC, ISO 8601 with ``Z``.

    ``failure`` is None when the probe ran to its end; otherwise what was collected before is kept,
    and every source that is missing from ``items`` reads as NOT_COLLECTED with this failure's reason.
    ``privilege_detail`` says why ``privilege`` is NONE: a word, and sudo's own text behind a colon.
    """

    host: HostIdentity
    started_at: str
    finished_at: str
    tool_version: str
    probe_sha256: str
    privilege: Privilege
    items: Mapping[str, Evidence]
    failure: Failure | None = None
    privilege_detail: str = ""

    def get(self, key: str) -> Evidence:
        """The item of that key; what was never collected is an Evidence that says so."""
        found = self.items.get(key)
        if found is not None:
            return found
        if self.failure is not None:
            return Evidence(key, "", stderr=self.failure.detail.encode(), reason=self.failure.reason)
        return Evidence(key, "", reason=Reason.NOT_COLLECTED)

    def members(self, key: str) -> tuple[Evidence, ...]:
        """The members of a tree, sorted by path. ``get(key)`` is the tree's own listing."""
        prefix = key + ":"
        return tuple(self.items[k] for k in sorted(self.items) if k.startswith(prefix))
