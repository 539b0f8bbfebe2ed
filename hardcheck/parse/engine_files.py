"""What rules a container engine: owners of its files, and dockerd's own configuration.

``config MODE UID GID PATH`` and ``socket MODE UID GID PATH`` up to ``end``; /etc/docker/daemon.json is JSON::

    {"hosts": ["unix:///run/docker.sock", "tcp://192.0.2.5:2376"], "tlsverify": true}
"""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from hardcheck.errors import ParseError
from hardcheck.evidence import HostEvidence
from hardcheck.facts import Absent
from hardcheck.facts.containers import DockerConfig, EngineFile
from hardcheck.parse.tree_files import tree_files

OWNERS, DAEMON = "containers.owners", "containers.daemon"
_LINE = re.compile(r"(config|socket) ([0-7]{1,4}) ([0-9]{1,10}) ([0-9]{1,10}) (/.*)")


def parse_engine_files(host: HostEvidence) -> tuple[EngineFile, ...]:
    """The files in the fragment's order.

    Raises:
        ParseError: a line of another form, or a fragment that did not end.
    """
    found = []
    ended = False
    for where, line in host.get(OWNERS).lines():
        match = _LINE.fullmatch(line)
        if line == "end":
            ended = True
        elif match is None:
            raise ParseError(where, "'config|socket MODE UID GID PATH'", repr(line[:80]))
        else:
            kind: Literal["config", "socket"] = "socket" if match[1] == "socket" else "config"
            mode = f"{int(match[2], 8):04o}"
            found.append(EngineFile(kind, match[5], mode, int(match[3]), int(match[4])))
    if not ended:
        raise ParseError(OWNERS, "'end' as the last line", "none")
    return tuple(found)


def parse_docker_config(host: HostEvidence) -> DockerConfig | Absent:
    """daemon.json; the defaults where there is none.

    Raises:
        ParseError: other JSON than an object.
    """
    files = tree_files(host, DAEMON)
    if isinstance(files, Absent):
        return files
    if not files:
        return DockerConfig()
    content = files[0].content
    if isinstance(content, Absent):
        return content
    try:
        value = msgspec.json.decode(content.text())
    except (msgspec.DecodeError, RecursionError) as error:
        raise ParseError(DAEMON, "JSON", str(error)[:120]) from error
    if not isinstance(value, dict):
        raise ParseError(DAEMON, "an object", type(value).__name__)
    hosts = value.get("hosts")
    listed = [each for each in hosts if isinstance(each, str)] if isinstance(hosts, list) else []
    return DockerConfig(tuple(listed[:100]), value.get("tlsverify") is True)
