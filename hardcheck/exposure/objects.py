"""Finders: the host's own objects of each kind of goal, from its own facts.

Each finder gives what it saw, in the order in which it matters; nothing where it saw nothing, and then a
goal's default paths stand in. Names come from the host: whatever is no absolute path, or too long, is
left out here and never reaches a question.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

import msgspec

from hardcheck.ask.subjects import plain_label
from hardcheck.exposure.host import Host
from hardcheck.exposure.model import Goal, Origin, Service, Target
from hardcheck.facts import Absent

MOST = 24  # objects of one goal
_MOST_BYTES = 4000
_KEY = re.compile(r"(?:^|[/_.-])(?:privkey|private|key)[^/]*$|\.key$")
_SHELLS = frozenset(
    {"sh", "bash", "dash", "ash", "zsh", "ksh", "python", "perl", "php", "ruby", "node", "lua"}
)
_ENGINE = re.compile(r"/(?:docker|dockerd|containerd|podman|crio)\.sock$")
_VERSION = re.compile(r"[0-9.]+$")
_SECRETS = ("secret", ".env", "wp-config.php", "config.php", "configuration.php", "settings.php")


class Finder(msgspec.Struct, frozen=True):
    """A way to find objects; ``gives_labels``: process labels, not paths; ``sees_all``: where this is so of
    a host, what was not found there is not there."""

    find: Callable[[Host, Service], Iterable[Target]]
    gives_labels: bool = False
    sees_all: Callable[[Host], bool] = lambda host: False


def targets_of(goal: Goal, host: Host, service: Service) -> tuple[tuple[Target, ...], Origin]:
    """What a goal is asked about, and where that comes from; ``host`` without any: the host has none."""
    if not goal.objects and not goal.defaults:
        return (), "none"
    finder = FINDERS.get(goal.objects)
    found: tuple[Target, ...] = ()
    if finder is not None:
        seen: dict[str, Target] = {}
        for target in finder.find(host, service):
            if _usable(target):
                seen.setdefault(target.name, target)
        found = tuple(seen.values())[:MOST]
    if found or (finder is not None and finder.sees_all(host)):
        return found, "host"
    return defaults_of(goal), "default"


def defaults_of(goal: Goal) -> tuple[Target, ...]:
    """What stands in where the host's own objects were not seen."""
    finder = FINDERS.get(goal.objects)
    labels = finder is not None and finder.gives_labels
    return tuple(Target(name, is_label=labels) for name in goal.defaults)


def _usable(target: Target) -> bool:
    if target.is_label:
        return 0 < len(target.name) <= _MOST_BYTES
    path = target.name
    return path.startswith("/") and len(path) <= _MOST_BYTES and "\0" not in path


def _paths(names: Iterable[str]) -> Iterator[Target]:
    return (Target(name) for name in names)


def _labelled(host: Host, pattern: str, kind: str = "f") -> Iterator[Target]:
    """Files whose label was seen. One stands for all of the same label, kind, owner and mode."""
    expression = re.compile(pattern)
    seen = set()
    for file in host.files.values():
        like = (file.label, file.uid, file.gid, file.mode)
        if file.kind == kind and like not in seen and expression.match(file.path):
            seen.add(like)
            yield Target(file.path)


def _hashes(host: Host, service: Service) -> Iterator[Target]:
    return _labelled(host, r"/etc/g?shadow$")


def _host_keys(host: Host, service: Service) -> Iterator[Target]:
    return _labelled(host, r"/etc/ssh/ssh_host_[^/]*_key$")


def _tls_keys(host: Host, service: Service) -> Iterator[Target]:
    folders = r"/etc/(?:ssl/private|pki/tls/private|letsencrypt/(?:live|archive))/"
    return (
        target
        for target in _labelled(host, folders)
        if _KEY.search(target.name) or "/private/" in target.name
    )


def _docroots(host: Host, service: Service) -> Iterator[Target]:
    return _paths(root for site in host.each("web.sites") for root in site.docroots)


def _site_files(host: Host, service: Service) -> Iterator[Target]:
    """Files that lie in docroots; the folder's index where none was seen."""
    for root in _docroots(host, service):
        inside = tuple(_labelled(host, re.escape(root.name.rstrip("/")) + "/"))[:8]
        yield from inside or (Target(root.name.rstrip("/") + "/index.php"),)


def _secrets(host: Host, service: Service) -> Iterator[Target]:
    """Files of settings: secrets that lie in docroots, the pools' and the sites' own files."""
    roots = [root.name.rstrip("/") for root in _docroots(host, service)]
    names = "|".join(map(re.escape, _SECRETS))
    for root in roots:
        yield from _labelled(host, rf"{re.escape(root)}/(?:.*/)?(?:{names})$")
    yield from _paths(pool.place.rpartition(":")[0] for pool in host.each("web.php_pools"))
    yield from _paths(f"{root}/{_SECRETS[2]}" for root in roots)


def _authorized_keys(host: Host, service: Service) -> Iterator[Target]:
    for user in host.each("accounts.users"):
        if user.may_log_in and (user.uid == 0 or user.uid >= 1000):
            yield Target(f"{user.home.rstrip('/')}/.ssh/authorized_keys")


def _logs(host: Host, service: Service) -> Iterator[Target]:
    return _labelled(host, r"/var/log/")


def _programs(host: Host, service: Service) -> Iterator[Target]:
    """The files that run as services, this service's own first."""
    yield from _paths(program for identity in service.identities for program in identity.executables)
    own = set(service.pids)
    for process in host.each("processes.all"):
        running = not process.kernel and process.pid not in own and process.unit
        if running and isinstance(process.program, str):
            yield Target(process.program.removesuffix(" (deleted)"))


def _shells(host: Host, service: Service) -> Iterator[Target]:
    """Shells of accounts, and interpreters that run now."""
    yield from _paths(user.shell for user in host.each("accounts.users") if _is_shell(user.shell))
    programs = (process.program for process in host.each("processes.all") if isinstance(process.program, str))
    yield from _paths(program for program in programs if _is_shell(program))


def _is_shell(path: str) -> bool:
    return _VERSION.sub("", path.rpartition("/")[2]) in _SHELLS


def _processes(host: Host, service: Service) -> Iterator[Target]:
    """The labels of processes that are not the service's, the system's first process before others."""
    own = set(service.pids)
    for process in host.each("processes.all"):
        if not process.kernel and process.pid not in own and not isinstance(process.label, Absent):
            yield Target(plain_label(process.label), process.shown, is_label=True)


def _engine_sockets(host: Host, service: Service) -> Iterator[Target]:
    yield from _paths(
        listener.path for listener in host.each("network.unix_listeners") if _ENGINE.search(listener.path)
    )
    for engine in host.each("containers.engines"):
        path = {"docker": "/run/docker.sock", "podman": "/run/podman/podman.sock"}.get(str(engine.name))
        if path:
            yield Target(path)


def _sees_sockets(host: Host) -> bool:
    """Every socket that listens has its line in /proc/net/unix."""
    return not isinstance(host.facts["network.unix_listeners"], Absent)


FINDERS: dict[str, Finder] = {
    "": Finder(lambda host, service: ()),
    "password-hashes": Finder(_hashes),
    "ssh-host-keys": Finder(_host_keys),
    "tls-keys": Finder(_tls_keys),
    "docroots": Finder(_docroots),
    "site-files": Finder(_site_files),
    "application-secrets": Finder(_secrets),
    "authorized-keys": Finder(_authorized_keys),
    "logs": Finder(_logs),
    "programs": Finder(_programs),
    "shells": Finder(_shells),
    "processes": Finder(_processes, gives_labels=True),
    "engine-sockets": Finder(_engine_sockets, sees_all=_sees_sockets),
}
