"""Running containers, as the probe's template makes docker(1) and podman(1) print them.

``state stopped``, or ``state running``; ``security [...]`` from the engine where it tells; then one JSON
object a container with the chosen fields; on SELinux ``label CONTEXT PATH`` for what is mounted. Options of
the form ``seccomp=unconfined`` are docker's ``--security-opt``; podman writes ``label=disable`` and
``unmask=ALL`` the same way."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from hardcheck.errors import ParseError
from hardcheck.evidence import Evidence, HostEvidence, Reason
from hardcheck.facts import Absent
from hardcheck.facts.containers import Container, ContainerMount, Engine, PublishedPort
from hardcheck.parse.base import absent

KEYS = ("containers.docker", "containers.podman")
_MAX_MOUNTS = 100
_MAX_PORTS = 500
_PORT = re.compile(r"([0-9]{1,5})/(tcp|udp|sctp)")
_NUMBER = re.compile(r"[0-9]{1,5}")


def parse_engines(host: HostEvidence) -> tuple[Engine, ...] | Absent:
    """The engines that the host has, each with its running containers; empty where there is none.

    Absent as soon as one engine's answer could not be had.

    Raises:
        ParseError: an answer of another form.
    """
    engines = []
    for key in KEYS:
        evidence = host.get(key)
        if evidence.reason is Reason.TOOL_MISSING:
            continue
        if evidence.reason is not None:
            return absent(evidence)
        engines.append(_engine(evidence))
    return tuple(engines)


def _engine(evidence: Evidence) -> Engine:
    name = evidence.key.rpartition(".")[2]
    running: bool | None = None
    security: tuple[str, ...] = ()
    containers = []
    labels: dict[str, str] = {}
    for where, line in evidence.lines():
        if line in ("state stopped", "state running"):
            running = line == "state running"
        elif line.startswith("security "):
            found = _json(where, line.removeprefix("security "))
            security = tuple(str(each) for each in found) if isinstance(found, list) else ()
        elif line.startswith("label "):
            label, _, path = line.removeprefix("label ").partition(" ")
            labels[path] = label
        elif line.strip():
            containers.append(_container(where, name, _json(where, line)))
    containers = [_labelled(each, labels) for each in containers]
    if running is None:
        raise ParseError(evidence.key, "'state running' or 'state stopped'", "neither")
    return Engine(name, running, security, tuple(containers))


def _labelled(container: Container, labels: Mapping[str, str]) -> Container:
    """The container with the labels of its mounts."""
    mounts = tuple(
        msgspec.structs.replace(mount, label=labels[mount.source]) if mount.source in labels else mount
        for mount in container.mounts
    )
    return msgspec.structs.replace(container, mounts=mounts)


def _json(where: str, text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ParseError(where, "JSON", str(error)[:120]) from error


def _container(where: str, engine: str, value: Any) -> Container:
    if not isinstance(value, dict) or not isinstance(value.get("id"), str):
        raise ParseError(where, "an object with the field 'id'", repr(value)[:80])
    options = _texts(value.get("security_opt"))
    named = dict(_option(option) for option in options)
    return Container(
        engine=engine,
        id=value["id"][:64],
        name=_text(value.get("name")).lstrip("/"),
        image=_text(value.get("image")),
        user=_text(value.get("user")),
        privileged=_flag(where, value, "privileged"),
        apparmor_profile=_text(value.get("apparmor")) or named.get("apparmor", ""),
        process_label=_text(value.get("process_label")),
        mount_label=_text(value.get("mount_label")),
        seccomp="unconfined" if value.get("privileged") is True else named.get("seccomp", "default")[:200],
        no_new_privileges=named.get("no-new-privileges", "false") != "false",
        label_disabled=named.get("label") == "disable",
        capabilities_added=tuple(sorted(_texts(value.get("cap_add")))),
        capabilities_dropped=tuple(sorted(_texts(value.get("cap_drop")))),
        network_mode=_text(value.get("network")),
        pid_mode=_text(value.get("pid")),
        ipc_mode=_text(value.get("ipc")),
        user_namespace=_text(value.get("userns")),
        memory_bytes=_count(value.get("memory")),
        pids_limit=max(0, _count(value.get("pids_limit"))),
        read_only=value.get("read_only") is True,
        mounts=_mounts(value.get("mounts")),
        main_pid=_count(value.get("main_pid")),
        published=_published(value),
    )


def _published(value: dict[str, Any]) -> tuple[PublishedPort, ...] | Absent:
    """What is given to the network: ``{"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}]}``."""
    if "ports" not in value:
        return Absent(Reason.NOT_COLLECTED, KEYS, "the engine was not asked for its ports")
    ports = value["ports"]
    if ports is None:
        return ()
    if not isinstance(ports, dict):
        return Absent(Reason.UNPARSABLE, KEYS, f"ports: {str(ports)[:80]}")
    found = []
    for name, bindings in list(ports.items())[:_MAX_PORTS]:
        match = _PORT.fullmatch(name)
        for each in bindings if isinstance(bindings, list) else []:
            host_port = each.get("HostPort") if isinstance(each, dict) else None
            if match is None or not isinstance(host_port, str) or not _NUMBER.fullmatch(host_port):
                return Absent(Reason.UNPARSABLE, KEYS, f"ports: {name[:40]}: {str(each)[:80]}")
            found.append(PublishedPort(match[2], _text(each.get("HostIp")), int(host_port), int(match[1])))
    return tuple(found)


def _option(option: str) -> tuple[str, str]:
    """``seccomp=unconfined`` and the older ``seccomp:unconfined``; an option alone is ``true``."""
    for mark in ("=", ":"):
        name, found, value = option.partition(mark)
        if found:
            return name, value
    return option, "true"


def _flag(where: str, value: dict[str, Any], name: str) -> bool:
    found = value.get(name)
    if not isinstance(found, bool):
        raise ParseError(where, f"{name}: true or false", repr(found)[:40])
    return found


def _text(value: Any) -> str:
    return value[:500] if isinstance(value, str) else ""


def _texts(value: Any) -> list[str]:
    return [each for each in value if isinstance(each, str)][:100] if isinstance(value, list) else []


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _mounts(value: Any) -> tuple[ContainerMount, ...]:
    if not isinstance(value, list):
        return ()
    return tuple(
        ContainerMount(_text(each.get("Source")), _text(each.get("Destination")), each.get("RW") is True)
        for each in value[:_MAX_MOUNTS]
        if isinstance(each, dict)
    )
