"""A host that was asked for: who it is, and how to reach it."""

from __future__ import annotations

from pathlib import Path

import msgspec

from hardcheck.evidence import HostIdentity
from hardcheck.transport.access import Access


class Target(msgspec.Struct, frozen=True):
    """One host. Exactly one of ``access`` and ``bundle`` is set: it is reached, or it was recorded."""

    identity: HostIdentity
    access: Access | None = None
    bundle: Path | None = None


class Vault(msgspec.Struct, frozen=True):
    """Where the passwords of vaulted values are, as ansible-playbook takes it."""

    password_files: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
