"""Host keys that are known: the known_hosts files of sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT".

One key a line: ``[MARKER] NAMES KEYTYPE BASE64 [COMMENT]``. NAMES is a comma-separated list of names and
patterns (``*``, ``?``, ``!`` before a pattern excludes), or one hashed name ``|1|SALT|HMAC-SHA1``. A
port other than 22 is written ``[NAME]:PORT``. MARKER is ``@revoked`` or ``@cert-authority``::

    web1,192.0.2.7 ssh-ed25519 AAAAC3Nza...
    [web2]:2222 ecdsa-sha2-nistp256 AAAAE2Vj...
    |1|bQd1...=|k9Xw...= ssh-ed25519 AAAAC3Nza...
    @revoked * ssh-rsa AAAAB3Nza...

Each file is read once; a lookup costs a dictionary access, and one HMAC for each hashed line.
Not covered: certificates (a host known by its authority alone is refused with a sentence that says so).
"""

from __future__ import annotations

import base64
import binascii
import hmac
import logging
import re
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path

import msgspec

_LOG = logging.getLogger(__name__)
_MAX_BYTES = 64 * 1024 * 1024
_WILDCARDS = frozenset("*?!")


class Marker(StrEnum):
    """What a line says of its key."""

    NONE = ""
    REVOKED = "@revoked"
    AUTHORITY = "@cert-authority"


class KnownKey(msgspec.Struct, frozen=True):
    """One line: ``where`` is FILE:LINE, ``key`` the public key in base64."""

    where: str
    marker: Marker
    names: str
    key_type: str
    key: str


class KnownHosts:
    """The known keys of a set of files. Reading never fails: an unreadable file or line is logged
    and knows nothing, so the hosts in it are refused rather than trusted."""

    def __init__(self, keys: Iterable[KnownKey] = ()) -> None:
        self._plain: dict[str, list[KnownKey]] = {}
        self._patterns: list[KnownKey] = []
        self._hashed: list[tuple[bytes, bytes, KnownKey]] = []
        for key in keys:
            self.add(key)

    def add(self, key: KnownKey) -> None:
        """Take one more line in."""
        if key.names.startswith("|"):
            salt, digest = _hash_parts(key.names)
            if salt:
                self._hashed.append((salt, digest, key))
            return
        if _WILDCARDS.isdisjoint(key.names):
            for name in key.names.lower().split(","):
                self._plain.setdefault(name, []).append(key)
            return
        self._patterns.append(key)

    def lookup(self, name: str) -> tuple[KnownKey, ...]:
        """All lines that speak of ``name``, which is HOST or ``[HOST]:PORT`` (see `known_name`)."""
        name = name.lower()
        found = list(self._plain.get(name, ()))
        found += [key for key in self._patterns if _matches(key.names, name)]
        wanted = name.encode()
        found += [key for salt, digest, key in self._hashed if hmac.digest(salt, wanted, "sha1") == digest]
        return tuple(found)


def read_known_hosts(paths: Iterable[Path]) -> KnownHosts:
    """Read the files that exist, in order; the others know nothing."""
    known = KnownHosts()
    for path in paths:
        try:
            with path.open("rb") as file:
                text = file.read(_MAX_BYTES).decode("utf-8", "replace")
        except FileNotFoundError:
            continue
        except OSError as error:
            _LOG.warning("%s: not read: %s", path, error.strerror)
            continue
        for key in parse_known_hosts(text, str(path)):
            known.add(key)
    return known


def parse_known_hosts(text: str, name: str) -> Iterable[KnownKey]:
    """Yield the key of every line that has one; comments and damaged lines are passed over."""
    for number, line in enumerate(text.split("\n"), start=1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        marker = Marker.NONE
        if words[0].startswith("@"):
            try:
                marker = Marker(words[0])
            except ValueError:
                _LOG.warning("%s:%d: unknown marker passed over", name, number)
                continue
            words = words[1:]
        if len(words) < 3 or not _is_base64(words[2]):
            _LOG.warning("%s:%d: not a known_hosts line, passed over", name, number)
            continue
        yield KnownKey(f"{name}:{number}", marker, words[0], words[1], words[2])


def known_name(host: str, port: int) -> str:
    """The name under which a host and port are kept: ``HOST``, or ``[HOST]:PORT`` when not 22."""
    return host if port == 22 else f"[{host}]:{port}"


def hashed_name(name: str, salt: bytes) -> str:
    """``|1|SALT|HMAC`` for a name, as HashKnownHosts wants; ``salt`` has 20 bytes."""
    digest = hmac.digest(salt, name.lower().encode(), "sha1")
    return f"|1|{base64.b64encode(salt).decode()}|{base64.b64encode(digest).decode()}"


def append_known_host(path: Path, names: str, key_type: str, key: str) -> None:
    """Add one line to a file, made with mode 0600 when it is not there.

    The line goes out in a single write in append mode, so that programs which do the same
    at the same time do not mix; a last line without its newline is ended first.

    Raises:
        OSError: the file cannot be made or written.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        path.touch(mode=0o600)
    with path.open("ab+") as file:
        lead = ""
        if path.is_file() and file.tell() > 0:
            file.seek(-1, 2)
            lead = "" if file.read(1) == b"\n" else "\n"
        file.write(f"{lead}{names} {key_type} {key}\n".encode())


def _matches(names: str, name: str) -> bool:
    """Match a list of patterns: one that begins with ``!`` and fits decides against."""
    fits = False
    for pattern in names.lower().split(","):
        excluded = pattern.startswith("!")
        if _pattern_fits(pattern[1:] if excluded else pattern, name):
            if excluded:
                return False
            fits = True
    return fits


def _pattern_fits(pattern: str, name: str) -> bool:
    regex = "".join(".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern)
    return re.fullmatch(regex, name) is not None


def _hash_parts(names: str) -> tuple[bytes, bytes]:
    """Salt and digest of ``|1|SALT|HMAC``; both empty when it has another form."""
    parts = names.split("|")
    if len(parts) != 4 or parts[1] != "1":
        return b"", b""
    try:
        return base64.b64decode(parts[2], validate=True), base64.b64decode(parts[3], validate=True)
    except binascii.Error:
        return b"", b""


def _is_base64(word: str) -> bool:
    try:
        return bool(base64.b64decode(word, validate=True))
    except (binascii.Error, ValueError):
        return False
