"""Containers that run, and what keeps them in."""

from __future__ import annotations

from typing import Literal

import msgspec

from hardcheck.facts.base import Absent
from hardcheck.reasons import Reason

_CONTAINER_TYPES = frozenset(
    {"container_file_t", "container_ro_file_t", "container_share_t", "svirt_sandbox_file_t"}
)
_NOT_LISTED = Absent(Reason.NOT_COLLECTED, (), "the engine was not asked")


class ContainerMount(msgspec.Struct, frozen=True):
    """A mount into the container. ``label`` is the SELinux context of what is mounted, Absent where it has
    none or was not looked at."""

    source: str
    target: str
    writable: bool
    label: str | Absent = _NOT_LISTED

    @property
    def for_containers(self) -> bool | Absent:
        """Whether its label is one of those that are meant for containers."""
        if isinstance(self.label, Absent):
            return self.label
        return self.label.split(":")[2:3] != [] and self.label.split(":")[2] in _CONTAINER_TYPES


class PublishedPort(msgspec.Struct, frozen=True):
    """A port of a container that the engine gives to the network; ``address`` is empty for every one."""

    protocol: str
    address: str
    port: int
    container_port: int


class Container(msgspec.Struct, frozen=True):
    """One running container. Empty labels and profiles are what the engine said; lists are sorted.

    ``seccomp`` is ``default``, ``unconfined`` or the profile's name; ``no_new_privileges`` is the option;
    ``memory_bytes`` and ``pids_limit`` are 0 without a limit.
    """

    engine: str
    id: str
    name: str
    image: str
    user: str
    privileged: bool
    apparmor_profile: str
    process_label: str
    mount_label: str
    seccomp: str
    no_new_privileges: bool
    label_disabled: bool
    capabilities_added: tuple[str, ...]
    capabilities_dropped: tuple[str, ...]
    network_mode: str
    pid_mode: str
    ipc_mode: str
    user_namespace: str
    memory_bytes: int
    pids_limit: int
    read_only: bool
    mounts: tuple[ContainerMount, ...]
    main_pid: int
    published: tuple[PublishedPort, ...] | Absent = _NOT_LISTED

    @property
    def host_namespaces(self) -> tuple[str, ...]:
        """The namespaces it shares with the host."""
        modes = {"network": self.network_mode, "pid": self.pid_mode, "ipc": self.ipc_mode}
        return tuple(name for name, mode in modes.items() if mode == "host")

    @property
    def foreign_mounts(self) -> tuple[str, ...] | Absent:
        """What is mounted into it from the host with a label that is not for containers. The host's own
        devices and kernel file systems do not count."""
        mine = [mount for mount in self.mounts if not mount.source.startswith(("/dev/", "/proc/", "/sys/"))]
        found = tuple(
            f"{mount.source}: {mount.label}"
            for mount in mine
            if mount.source and mount.for_containers is False
        )
        unseen = [mount.label for mount in mine if mount.source and isinstance(mount.label, Absent)]
        return unseen[0] if unseen and not found else found

    @property
    def engine_sockets(self) -> tuple[str, ...]:
        """Control sockets of an engine that are mounted into it."""
        names = ("docker.sock", "podman.sock", "containerd.sock", "crio.sock")
        return tuple(mount.source for mount in self.mounts if mount.source.endswith(names))


class Engine(msgspec.Struct, frozen=True):
    """One engine on the host: its name, whether it runs, its security options and its containers."""

    name: str
    running: bool
    security: tuple[str, ...] = ()
    containers: tuple[Container, ...] = ()


class EngineFile(msgspec.Struct, frozen=True):
    """A file that rules a container engine. ``kind``: its configuration, or the socket that takes orders."""

    kind: Literal["config", "socket"]
    path: str
    mode: str
    uid: int
    gid: int

    @property
    def guarded(self) -> bool:
        """Whether only root may change it; a group may use the socket, others may not."""
        bits = int(self.mode, 8)
        if self.kind == "socket":
            return self.uid == 0 and not bits & 0o007
        return self.uid == 0 and not bits & 0o002 and (not bits & 0o020 or self.gid == 0)

    @property
    def shown(self) -> str:
        """``PATH (mode 0666, uid 0, gid 999)``."""
        return f"{self.path} (mode {self.mode}, uid {self.uid}, gid {self.gid})"


class DockerConfig(msgspec.Struct, frozen=True):
    """daemon.json of dockerd(8), as far as it says who may give orders over the network."""

    hosts: tuple[str, ...] = ()
    tls_verify: bool = False


class EngineApi(msgspec.Struct, frozen=True):
    """A TCP socket on which an engine takes orders. ``tls``: from holders of a client certificate alone."""

    engine: str
    socket: str
    tls: bool | Absent

    @property
    def shown(self) -> str:
        """``dockerd on tcp 0.0.0.0:2375, without client certificates``."""
        how = "with" if self.tls is True else "without" if self.tls is False else "unknown whether with"
        return f"{self.engine} on {self.socket}, {how} client certificates"


class ExposedPort(msgspec.Struct, frozen=True):
    """A port that an engine publishes beyond loopback. ``filtered``: rules of the host's own, which the
    engine does not write, bound it; ``by`` is where."""

    container: str
    engine: str
    protocol: str
    address: str
    port: int
    filtered: bool | Absent
    by: str = ""

    @property
    def shown(self) -> str:
        """``web: tcp 0.0.0.0:8080, past the host's filter``."""
        how = "filtered by" if self.filtered is True else "past" if self.filtered is False else "perhaps past"
        where = self.by or "the host's filter"
        return f"{self.container}: {self.protocol} {self.address or '0.0.0.0'}:{self.port}, {how} {where}"  # noqa: S104 - shown
