"""The one program that runs on a host: POSIX shell text, built from the sources.

``sh -s -- NONCE [t=SECONDS] [b=BYTES] [d=DIGEST16]...`` with the text on standard input, or the installed
file with the same arguments. The text holds nothing of any host and no random part: the same
sources give the same bytes, so that one digest in sudoers(5) allows exactly this program. Nothing
runs before the last line has arrived: a text that was cut in the middle does nothing.

The form of the output is described in :mod:`hardcheck.collect.decode`; the shell side is ``prelude.sh``.
"""

from __future__ import annotations

import functools
import hashlib
import re
import shlex
from collections.abc import Iterable
from importlib import resources

from hardcheck.collect.base import BlobSource, CommandSource, FileSource, Source, TreeSource
from hardcheck.errors import UsageError

INSTALLED_PATH = "/usr/local/libexec/hardcheck-probe"
_USER = re.compile(r"(?!ALL$)[A-Za-z_][A-Za-z0-9_.@-]{0,63}")
_KEY = re.compile(r"[a-z][a-z0-9_.-]*")


def build_probe(sources: Iterable[Source]) -> bytes:
    """Return the program that gathers ``sources`` in their order.

    Raises:
        UsageError: two sources with one key, or a key with other characters than ``a-z 0-9 _ . -``.
    """
    return _build(tuple(sources))


@functools.lru_cache(maxsize=8)
def _build(sources: tuple[Source, ...]) -> bytes:
    """The same, remembered: every host of a run is asked the same."""
    lines = []
    seen = set()
    for source in sources:
        if source.key in seen or not _KEY.fullmatch(source.key):
            raise UsageError(f"source key {source.key!r} is used twice or is not of a-z 0-9 _ . -")
        seen.add(source.key)
        lines.append("  " + _call(source))
    body = "\n".join(lines) or "  :"
    text = f"{_prelude()}\nsources() {{\n{body}\n}}\n"
    return f'{text}\nBUILD={_digest(text)[:16]}\nprobe "$@"\n'.encode("ascii")


def probe_build(script: bytes) -> str:
    """Return the 16 digits by which a probe names itself in its first line of output.

    Raises:
        UsageError: ``script`` is not a probe.
    """
    found = re.search(rb"^BUILD=([0-9a-f]{16})$", script, re.MULTILINE)
    if found is None:
        raise UsageError("not a probe: it has no BUILD line")
    return found[1].decode("ascii")


def probe_sha256(script: bytes) -> str:
    """Digest of the program in hexadecimal, as ``sha256sum`` prints it."""
    return hashlib.sha256(script).hexdigest()


def sudoers_line(user: str, script: bytes, path: str = INSTALLED_PATH) -> str:
    """Return the sudoers(5) line that lets ``user`` run exactly this program as root, without a shell.

    sudo takes the digest in base64 as well; hexadecimal is what ``sha256sum`` prints, so that a person
    can compare the two.

    Raises:
        UsageError: ``user`` is not a plain account name, or ``path`` not a plain absolute path.
    """
    if not _USER.fullmatch(user):
        raise UsageError(f"{user!r} is not an account name that can stand in sudoers")
    if not re.fullmatch(r"(/[A-Za-z0-9_.-]+)+", path):
        raise UsageError(f"{path!r} is not a path that can stand in sudoers")
    return f"{user} ALL=(root) NOPASSWD: sha256:{probe_sha256(script)} {path}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("ascii")).hexdigest()


@functools.cache
def _prelude() -> str:
    return resources.files("hardcheck.collect").joinpath("prelude.sh").read_text(encoding="ascii")


def _call(source: Source) -> str:
    """One line of shell: which function of the prelude, and its fixed words."""
    root = str(int(source.root))
    if isinstance(source, FileSource):
        words = ["file", source.key, str(source.max_bytes), source.path]
    elif isinstance(source, TreeSource):
        blobs = str(int(source.blobs))
        limits = [str(source.max_files), str(source.max_bytes)]
        words = ["tree", source.key, *limits, blobs, "0", *source.patterns]
    elif isinstance(source, BlobSource):
        words = ["tree", source.key, "1", str(source.max_bytes), "1", "1", *source.paths]
    elif isinstance(source, CommandSource):
        words = ["run", source.key, str(source.max_bytes), str(source.timeout_s), root, *source.argv]
    else:
        limits = [str(source.max_bytes), str(source.timeout_s), root]
        words = ["fragment", source.key, *limits, " ".join(source.needs), source.body]
    return " ".join(shlex.quote(word) for word in words)
