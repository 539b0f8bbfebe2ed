"""Private keys for logging in: each file is read and decrypted once, whatever the number of hosts."""

from __future__ import annotations

import base64
import binascii
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from paramiko import PKey, SSHException
from paramiko.pkey import UnknownKeyType

from hardcheck.transport.agent import Agent, AgentError, AgentKey
from hardcheck.transport.secret import Secret
from hardcheck.transport.ssh_lookup import SshHost

AskPassphrase = Callable[[str], Secret | None]  # gets the question, gives None when there is no answer
_MAX_KEY_BYTES = 64 * 1024
_ASK_TIMES = 3
_OPENSSH_MAGIC = b"openssh-key-v1\0"


class Candidate(msgspec.Struct, frozen=True):
    """A key to offer, and where it is from (a path, or the agent)."""

    source: str
    key: PKey


class KeyRing:
    """Keys by path, loaded once. ``ask`` is called for the passphrase of an encrypted key, by one
    thread at a time; without it such a key is not used."""

    def __init__(self, ask: AskPassphrase | None = None) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._loaded: dict[Path, PKey | str] = {}
        self._agents: dict[str, list[AgentKey] | str] = {}

    def candidates(self, host: SshHost) -> Iterator[Candidate | str]:
        """The keys to offer to a host, in order, with a sentence for each that cannot be.

        First the named ones that the agent holds, then named files, then the agent's others. A file is
        only opened when its turn comes, so a passphrase is only asked for when it is needed.
        """
        held = self._agent_keys(host.agent) if host.agent else []
        if isinstance(held, str):
            yield held
            held = []
        wanted = {path: public_blob(path) for path in host.identity_files} if held else {}
        by_blob = {key.blob: key for key in held}
        offered: set[bytes] = set()
        for blob in wanted.values():
            if blob is not None and blob in by_blob:
                offered.add(blob)
                yield Candidate(f"agent key {by_blob[blob].comment}", by_blob[blob])
        files = [path for path in host.identity_files if wanted.get(path) not in offered]
        if host.identities_given:
            yield from self._from_files(files, host)
        if not host.identities_only:
            yield from (Candidate(f"agent key {k.comment}", k) for k in held if k.blob not in offered)
        if not host.identities_given:
            yield from self._from_files(files, host)

    def load(self, path: Path) -> PKey | str:
        """The key of a file, or one sentence on why there is none."""
        with self._lock:
            if path not in self._loaded:
                self._loaded[path] = self._read(path)
            return self._loaded[path]

    def _from_files(self, files: list[Path], host: SshHost) -> Iterator[Candidate | str]:
        for path in files:
            if not host.identities_given and not path.exists():
                continue
            key = self.load(path)
            yield key if isinstance(key, str) else Candidate(str(path), key)

    def _agent_keys(self, path: str) -> list[AgentKey] | str:
        with self._lock:
            if path not in self._agents:
                agent = Agent(path)
                try:
                    self._agents[path] = [AgentKey(agent, found) for found in agent.identities()]
                except AgentError as error:
                    self._agents[path] = str(error)
            return self._agents[path]

    def _read(self, path: Path) -> PKey | str:
        try:
            if path.stat().st_size > _MAX_KEY_BYTES:
                return f"{path} is too large for a key"
            return PKey.from_path(path)
        except TypeError:  # cryptography's word for "encrypted, and no password was given"
            return self._read_encrypted(path)
        except OSError as error:
            return f"{path}: {error.strerror}"
        except (ValueError, SSHException, UnknownKeyType, UnsupportedAlgorithm):
            return f"{path} is not a private key that hardcheck can read"

    def _read_encrypted(self, path: Path) -> PKey | str:
        if self._ask is None:
            return f"{path} is encrypted and its passphrase was not given (ssh-add it to an agent)"
        for _ in range(_ASK_TIMES):
            passphrase = self._ask(f"Passphrase for {path}: ")
            if passphrase is None:
                break
            try:
                # Said to be str; but handed on to cryptography, which takes bytes alone (paramiko 5.1).
                return PKey.from_path(path, cast("str", passphrase.reveal().encode()))
            except (ValueError, SSHException):
                continue
            except (OSError, UnknownKeyType, UnsupportedAlgorithm):
                break
        return f"{path} is encrypted and its passphrase was not given or not right"


def public_blob(path: Path) -> bytes | None:
    """The wire form of a key file's public part: from ``PATH.pub``, or from the clear part of an
    OpenSSH private key (PROTOCOL.key in OpenSSH's source); None when neither tells."""
    try:
        words = path.with_name(path.name + ".pub").read_bytes()[:_MAX_KEY_BYTES].split()
        if len(words) >= 2:
            return base64.b64decode(words[1], validate=True)
    except (OSError, binascii.Error):
        pass
    try:
        with path.open("rb") as file:
            text = file.read(_MAX_KEY_BYTES)
        lines = [line for line in text.splitlines() if b"-----" not in line]
        return _clear_public_part(base64.b64decode(b"".join(lines), validate=True))
    except (OSError, binascii.Error, struct.error):
        return None


def _clear_public_part(data: bytes) -> bytes | None:
    """magic, string cipher, string kdf, string kdf options, u32 number of keys, string public key."""
    if not data.startswith(_OPENSSH_MAGIC):
        return None
    place = len(_OPENSSH_MAGIC)
    for _ in range(3):
        (length,) = struct.unpack_from(">I", data, place)
        place += 4 + length
    (length,) = struct.unpack_from(">I", data, place + 4)
    blob = data[place + 8 : place + 8 + length]
    return blob if len(blob) == length else None
