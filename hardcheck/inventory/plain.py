"""A plain list of hosts, ``[user@]host[:port]`` a line; ``#`` begins a comment. Read without Ansible."""

from __future__ import annotations

import os
from pathlib import Path

from hardcheck.errors import ConfigError, UsageError
from hardcheck.inventory.words import HostWord, parse_host_word

_MAX_BYTES = 16 * 1024 * 1024


def read_plain_list(path: Path) -> list[HostWord] | None:
    """The hosts of a file in its order, each once; None when it is no plain list but for Ansible to read.

    A list has one word a line and nothing else: no section, no ``key=value``, no range, no ``---``.
    An executable file is a dynamic inventory.

    Raises:
        ConfigError: the file cannot be read.
    """
    if not path.is_file() or os.access(path, os.X_OK) or path.suffix in (".yml", ".yaml", ".json"):
        return None
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(str(path), "a readable file", error.strerror or "") from None
    if len(data) > _MAX_BYTES:
        raise ConfigError(str(path), f"at most {_MAX_BYTES} bytes")
    try:
        lines = data.decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ConfigError(f"{path}:{line}", "UTF-8 text") from None
    hosts: dict[HostWord, None] = {}
    for entry in lines:
        text = entry.partition("#")[0].strip()
        if not text:
            continue
        try:
            hosts[parse_host_word(text)] = None
        except UsageError:
            return None
    return list(hosts)
