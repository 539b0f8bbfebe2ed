"""Containers that run, and what keeps them in."""

from __future__ import annotations

import msgspec


class ContainerMount(msgspec.Struct, frozen=True):
    """A mount into the container."""

    source: str
    target: str
    writable: bool


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

    @property
    def host_namespaces(self) -> tuple[str, ...]:
        """The namespaces it shares with the host."""
        modes = {"network": self.network_mode, "pid": self.pid_mode, "ipc": self.ipc_mode}
        return tuple(name for name, mode in modes.items() if mode == "host")

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
