"""What a host is asked for, as data. The probe is built from these; nothing here decides or parses."""

from __future__ import annotations

import msgspec

KIB = 1024
MIB = 1024 * KIB


class FileSource(msgspec.Struct, frozen=True, tag="file"):
    """One file, whole, up to ``max_bytes``. ``root``: an ordinary account cannot be relied on to
    read it (it is still tried; a refusal is DENIED)."""

    key: str
    path: str
    max_bytes: int = 64 * KIB
    root: bool = False


class TreeSource(msgspec.Struct, frozen=True, tag="tree"):
    """Every regular file that the shell ``patterns`` match, each an item ``KEY:PATH``.

    The item ``KEY`` is the listing: ``TYPE MODE UID GID SIZE SHA256 PATH[ -> TARGET]`` a line, where TYPE
    is ``f``, ``d`` or ``l``, links are listed and not followed out of the tree, and ``-`` stands
    for what does not apply. A directory that cannot be searched makes the listing DENIED.
    With ``blobs`` the contents are fetched by digest, in the second round trip, and only those
    the controller has not seen.
    """

    key: str
    patterns: tuple[str, ...]
    max_files: int = 500
    max_bytes: int = 256 * KIB  # of one file
    root: bool = False
    blobs: bool = False


class BlobSource(msgspec.Struct, frozen=True, tag="blob"):
    """A large file, fetched by digest only when the controller has not seen it.

    ``paths`` are shell patterns in order of preference; the first that matches is taken.
    """

    key: str
    paths: tuple[str, ...]
    max_bytes: int = 32 * MIB
    root: bool = False


class CommandSource(msgspec.Struct, frozen=True, tag="command"):
    """A command and its arguments, fixed words without host data. ``argv[0]`` not on PATH is
    TOOL_MISSING. ``root``: not run at all by an ordinary account (its answer would be partial),
    and DENIED then. ``ok`` are the exit statuses that count as an answer; another one leaves
    the output in place with the reason DENIED, TIMEOUT or NOT_COLLECTED as the probe saw it."""

    key: str
    argv: tuple[str, ...]
    timeout_s: int = 20
    max_bytes: int = 512 * KIB
    root: bool = False
    ok: tuple[int, ...] = (0,)


class ShellSource(msgspec.Struct, frozen=True, tag="shell"):
    """A small fixed POSIX shell fragment, for what no single command prints. It must run under
    dash, bash and busybox sh, write nothing, and quote every expansion. ``needs`` are commands
    without which it is TOOL_MISSING."""

    key: str
    body: str
    needs: tuple[str, ...] = ()
    timeout_s: int = 20
    max_bytes: int = 512 * KIB
    root: bool = False
    ok: tuple[int, ...] = (0,)


Source = FileSource | TreeSource | BlobSource | CommandSource | ShellSource
