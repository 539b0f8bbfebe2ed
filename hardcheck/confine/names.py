"""The names that a draft gives: types, profiles, files. One place, so that all writers agree."""

from __future__ import annotations

import posixpath

from hardcheck.confine.spec import ServiceSpec, Spec

_SUFFIX = {
    "content": "content_t",
    "uploads": "upload_t",
    "state": "state_t",
    "logs": "log_t",
    "runtime": "runtime_t",
    "sockets": "socket_t",
    "configuration": "conf_t",
    "temporary": "tmp_t",
    "executable": "exec_t",
}


def stem(spec: Spec, service: ServiceSpec) -> str:
    """What the types of a service begin with; one for all where they share types."""
    return (spec.name if spec.share_types else service.name).replace("-", "_")


def domain(spec: Spec, service: ServiceSpec) -> str:
    """The type of its processes."""
    return f"{stem(spec, service)}_t"


def file_type(spec: Spec, service: ServiceSpec, kind: str) -> str:
    """The type of its own files of a kind, of its temporary files, or of its executable."""
    return f"{stem(spec, service)}_{_SUFFIX[kind]}"


def level(service: ServiceSpec) -> str:
    """The level of its processes and files: ``s0``, with its categories where it has them."""
    if service.categories is None:
        return "s0"
    return "s0:" + ",".join(f"c{number}" for number in service.categories)


def module(spec: Spec) -> str:
    """The SELinux module of a specification."""
    return f"confine_{spec.name.replace('-', '_')}"


def profile(spec: Spec, service: ServiceSpec) -> str:
    """The AppArmor profile that its processes run under, ``PARENT//HAT`` for a hat."""
    return f"{parent_profile(spec)}//{service.name}" if spec.hats else service.name


def parent_profile(spec: Spec) -> str:
    """The profile that holds the hats."""
    return f"{spec.name}-pools"


def pool_file(service: ServiceSpec) -> str:
    """Where the configuration of its pool is moved to: beside the folder that the shared service reads."""
    assert service.pool is not None
    folder = posixpath.dirname(service.pool.file)
    parent, name = posixpath.split(folder)
    moved = f"{parent}/confined.d" if name == "pool.d" else f"{folder.removesuffix('.d')}-confined.d"
    return f"{moved}/{service.name}.conf"


def pool_main_file(service: ServiceSpec) -> str:
    """The php-fpm.conf of the pool's own unit."""
    return pool_file(service).removesuffix(".conf") + ".fpm"


def own_paths(service: ServiceSpec, kind: str) -> tuple[str, ...]:
    """Its own paths of a kind, with the files that a pool gets."""
    if kind == "configuration" and service.pool is not None and not service.in_hat:
        return (*service.paths(kind), pool_file(service), pool_main_file(service))
    return service.paths(kind)
