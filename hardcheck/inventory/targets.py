"""From what the user asked for to targets: the words, the inventory and the limit of a command."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from hardcheck.errors import ConfigError, UsageError
from hardcheck.evidence import HostIdentity
from hardcheck.inventory.ansible_process import ListedHost, Settings, list_hosts
from hardcheck.inventory.model import Target, Vault
from hardcheck.inventory.patterns import limit_names
from hardcheck.inventory.plain import read_plain_list
from hardcheck.inventory.variables import shown_variables
from hardcheck.inventory.words import HostWord, parse_host_word
from hardcheck.transport.access import Access, SshAccess, Sudo, Way
from hardcheck.transport.recorded import RecordedHost, find_bundles, is_recorded_word
from hardcheck.transport.secret import Secret
from hardcheck.transport.ssh_arguments import parse_ssh_arguments

LOCAL = "local"
_SSH = frozenset({"ssh", "smart", "paramiko", "paramiko_ssh"})


class Request(msgspec.Struct, frozen=True):
    """What a command was asked for. ``way`` None is "auto", ``sudo`` what the command line says of it."""

    words: tuple[str, ...] = ()
    inventory: str = ""
    limit: str = ""
    way: Way | None = None
    sudo: Sudo = Sudo()
    vault: Vault = Vault()


def resolve_targets(request: Request) -> tuple[Target, ...]:
    """The hosts of a command, each once, in the order in which they were named.

    A word is ``local``, the path of a bundle or of a folder of bundles, a name, group or pattern of the
    inventory, or ``[user@]host[:port]``. Without words it is the whole inventory, as far as the limit
    leaves it.

    Raises:
        UsageError: nothing was asked for, a word or pattern fits nothing, nothing is left.
        ConfigError: the inventory has a fault.
        BundleError: a bundle cannot be read.
    """
    if not request.words and not request.inventory:
        raise UsageError("no host was named: give a TARGET, or an inventory with -i")
    if request.limit and not request.inventory:
        raise UsageError("--limit needs an inventory (-i)")
    found: list[Target] = []
    patterns: list[str] = []
    for word in request.words:
        if word == LOCAL:
            found.append(_local(request))
        elif is_recorded_word(word):
            found += [
                Target(RecordedHost(path).evidence().host, bundle=path) for path in find_bundles(Path(word))
            ]
        elif request.inventory and "@" not in word and not _has_port(word):
            patterns.append(word)
        else:
            found.append(_named(parse_host_word(word), request))
    if request.inventory and (patterns or not request.words):
        found += _listed(request, ",".join(patterns))
    if not found:
        raise UsageError(f"{request.inventory}: no host is left of this inventory")
    return _distinct(found)


def _local(request: Request) -> Target:
    if request.way not in (None, Way.LOCAL):
        raise UsageError(f"'{LOCAL}' is this machine: it is not reached by --transport {request.way}")
    identity = HostIdentity(name=LOCAL, address=LOCAL, transport=Way.LOCAL.value)
    return Target(identity, Access(Way.LOCAL, sudo=request.sudo))


def _named(word: HostWord, request: Request) -> Target:
    """A host that no inventory knows."""
    way = request.way or Way.SSH
    if way is Way.LOCAL:
        raise UsageError(f"{word.host} is not this machine: --transport local reaches only '{LOCAL}'")
    host = f"[{word.host}]" if ":" in word.host and word.port else word.host
    name = f"{host}:{word.port}" if word.port else host
    identity = HostIdentity(name=name, address=word.host, port=word.port, user=word.user, transport=way.value)
    return Target(identity, Access(way, SshAccess(word.host, word.port, word.user), request.sudo))


def _listed(request: Request, words: str) -> list[Target]:
    """The hosts of the inventory that the words and the limit leave."""
    path = Path(request.inventory)
    if "," not in request.inventory and not path.exists():
        raise ConfigError(request.inventory, "an inventory", "no such file")
    plain = read_plain_list(path)
    if plain is not None:
        targets = {
            target.identity.name: target for target in _distinct(_named(word, request) for word in plain)
        }
        if not targets:
            raise ConfigError(request.inventory, "at least one host", "none")
        names = limit_names(list(targets), words) if words else list(targets)
        names = limit_names(names, request.limit) if request.limit else names
        return [targets[name] for name in names]
    hosts = list_hosts([request.inventory], words or "all", request.limit, request.vault)
    if not hosts and not request.limit:
        raise ConfigError(request.inventory, "at least one host", "none")
    return [_target(host, request) for host in hosts]


def _target(host: ListedHost, request: Request) -> Target:
    settings = host.connection
    way = _way(host.name, settings, request)
    where = f"{request.inventory}: {host.name}"
    text = " ".join(filter(None, [settings.ssh_args, settings.ssh_common_args, settings.ssh_extra_args]))
    options, config_file = parse_ssh_arguments(text, where) if way is Way.SSH else ({}, "")
    if settings.host_key_checking is False:
        options.setdefault("stricthostkeychecking", "no")
    identity = HostIdentity(
        name=host.name,
        address=settings.host,
        port=settings.port or 0,
        user=settings.remote_user or "",
        transport=way.value,
        groups=host.groups,
        variables=shown_variables(host.variables),
    )
    ssh = SshAccess(
        address=settings.host,
        port=settings.port or 0,
        user=settings.remote_user or "",
        identity_files=(settings.private_key_file,) if settings.private_key_file else (),
        options=options,
        config_file=config_file,
        password=Secret(settings.password) if settings.password else None,
    )
    sudo = request.sudo
    if sudo.allowed and sudo.password is None and settings.become_password:
        sudo = Sudo(password=Secret(settings.become_password))
    return Target(identity, Access(way, ssh, sudo, listed=True))


def _way(name: str, settings: Settings, request: Request) -> Way:
    """The transport for a host: what was asked for, else what its inventory asks for."""
    connection = settings.connection.rpartition(".")[2]
    if connection == "local":
        return Way.LOCAL
    if request.way is Way.LOCAL:
        raise UsageError(f"{name} is not this machine: --transport local reaches only '{LOCAL}'")
    if request.way is not None:
        return request.way
    become = settings.become_method.rpartition(".")[2]
    return Way.SSH if connection in _SSH and become == "sudo" else Way.ANSIBLE


def _has_port(word: str) -> bool:
    head, colon, tail = word.rpartition(":")
    return bool(colon) and tail.isdigit() and ":" not in head


def _distinct(targets: Iterable[Target]) -> tuple[Target, ...]:
    """Each host once. Two that differ may not have one name: their bundles would be one file.

    Raises:
        UsageError: two different hosts with one name.
    """
    by_name: dict[str, Target] = {}
    for target in targets:
        name = target.identity.name
        known = by_name.setdefault(name, target)
        if known != target:
            raise UsageError(f"two different hosts are named {name}")
    return tuple(by_name.values())
