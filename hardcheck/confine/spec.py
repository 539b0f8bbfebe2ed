"""What a service needs, as its owner wrote it: the file that ``hardcheck confine`` reads.

Paths are literal, whatever characters they hold: nothing in them is a pattern. One that ends in ``/`` is
a folder with all below it. What cannot be written safely into every output (control characters) is
refused here, with its line, so that no writer has to.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Literal, TypeVar

import msgspec

from hardcheck.apparmor.rules.capability import CAPABILITIES
from hardcheck.engine.yaml_source import Value, near, read_yaml

FORMAT = 1
OWN_KINDS = ("content", "uploads", "state", "logs", "runtime", "sockets", "configuration")
"""Kinds of files that are the service's own; each gets a type of its own."""

_NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_UNIT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]*\.service")
_ACCOUNT = re.compile(r"[a-z_][a-z0-9_-]*")
_TYPE = re.compile(r"[a-z][a-z0-9_]*")
_PROFILE = re.compile(r"[A-Za-z0-9/][A-Za-z0-9/_.+-]*")
_POOL_FILE = re.compile(r"/[A-Za-z0-9/_.-]+\.conf")
_POOL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_PORT = re.compile(r"(?P<protocol>tcp|udp) (?P<number>[1-9][0-9]{0,4})")
_MOST_NAME = 40
_MOST_PATH = 1024
_MOST_CATEGORY = 1023

T = TypeVar("T")


class PortNeed(msgspec.Struct, frozen=True):
    """A port that a service binds or connects to."""

    protocol: Literal["tcp", "udp"]
    number: int

    @property
    def shown(self) -> str:
        """``tcp 443``."""
        return f"{self.protocol} {self.number}"


class Peer(msgspec.Struct, frozen=True):
    """A service that reads this one's content and connects to its sockets, such as the web server;
    ``domain`` is its SELinux type, ``profile`` its AppArmor profile (or ``unconfined``); either may be
    empty."""

    domain: str = ""
    profile: str = ""


class Pool(msgspec.Struct, frozen=True):
    """A pool of php-fpm that gets a unit of its own. ``file`` is where it is configured now."""

    name: str
    file: str


class ServiceSpec(msgspec.Struct, frozen=True):
    """One service. ``own`` are its own files by kind, ``reads`` what it shares with others.

    ``shared_executable``: other services run the same program, so the domain is entered by the unit's
    setting and not by the program's label. ``start`` are the arguments of a unit that is to be made (a
    pool has its own); without them the unit is there already. ``replaces`` is the unit whose processes do
    the work today. ``categories`` is the pair that tells it apart where services share types.
    """

    name: str
    unit: str
    executable: str
    shared_executable: bool = True
    start: tuple[str, ...] = ()
    user: str = ""
    group: str = ""
    replaces: str = ""
    pool: Pool | None = None
    own: dict[str, tuple[str, ...]] = {}
    reads: tuple[str, ...] = ()
    executes: tuple[str, ...] = ()
    listen: tuple[PortNeed, ...] = ()
    connect: tuple[PortNeed, ...] = ()
    capabilities: tuple[str, ...] = ()
    served_by: tuple[Peer, ...] = ()
    categories: tuple[int, int] | None = None
    in_hat: bool = False

    @property
    def makes_unit(self) -> bool:
        """Whether the unit is written, and not only added to."""
        return bool(self.start) or (self.pool is not None and not self.in_hat)

    def paths(self, kind: str) -> tuple[str, ...]:
        """Its own paths of a kind."""
        return self.own.get(kind, ())


class Spec(msgspec.Struct, frozen=True):
    """A file: its name (of the module and folders) and the services. ``share_types``: one domain and one set
    of types for all, told apart by categories. ``hats``: one AppArmor profile with a hat for each pool."""

    name: str
    services: tuple[ServiceSpec, ...]
    share_types: bool = False
    hats: bool = False


_KEYS = (
    *("name", "unit", "executable", "shared_executable", "start", "user", "group", "replaces", "pool"),
    *OWN_KINDS,
    *("reads", "executes", "listen", "connect", "capabilities", "served_by", "categories"),
)


def load_spec(path: Path) -> Spec:
    """Read a file. Raises ConfigError with file, line, key and what was expected."""
    return spec_of(read_yaml(path))


def spec_of(document: Value) -> Spec:
    """Read a parsed document. Raises ConfigError."""
    top = document.fields(
        ("format", "name", "separate_by", "hats", "services"), ("format", "name", "services")
    )
    if top["format"].integer() != FORMAT:
        raise top["format"].fault(f"format {FORMAT}")
    share = "separate_by" in top and top["separate_by"].word(("types", "categories")) == "categories"
    services: list[ServiceSpec] = []
    for entry in top["services"].items("a list of services"):
        service = _service(entry, share=share)
        if service.name in {one.name for one in services}:
            raise entry.data["name"].fault("each service once", repr(service.name))
        _no_path_twice(entry, service, services)
        services.append(service)
    if not services:
        raise top["services"].fault("at least one service")
    if share:
        _told_apart(top["services"], services)
    hats = "hats" in top and top["hats"].flag()
    if hats and not all(service.pool is not None for service in services):
        raise top["hats"].fault("hats only where every service is a pool")
    if hats and len({service.executable for service in services}) > 1:
        raise top["hats"].fault("hats only where all pools have one executable: they share its process")
    if hats:
        services = [msgspec.structs.replace(service, in_hat=True) for service in services]
    return Spec(_name(top["name"]), tuple(services), share, hats)


def _service(at: Value, *, share: bool) -> ServiceSpec:
    entries = at.fields(_KEYS, ("name", "unit", "executable"))
    name = _name(entries["name"])
    known = {kind: _paths(entries[kind]) for kind in OWN_KINDS if kind in entries}
    for kind in ("sockets", "configuration"):
        for number, path in enumerate(known.get(kind, ())):
            if path.endswith("/"):
                raise entries[kind].items()[number].fault("a file, not a folder")
    pool = _pool(entries["pool"]) if "pool" in entries else None
    start = entries["start"].texts() if "start" in entries else ()
    if pool and start:
        raise entries["start"].fault("no 'start' beside 'pool': a pool's is known")
    if (pool or start) and "user" not in entries:
        raise entries["pool" if pool else "start"].fault("'user' beside it: the account of the new unit")
    categories = _categories(entries["categories"]) if "categories" in entries else None
    if share != (categories is not None):
        raise entries.get("categories", at).fault("'categories' exactly where separate_by is categories")
    return ServiceSpec(
        name=name,
        unit=_matching(entries["unit"], _UNIT, "a unit such as shop.service"),
        executable=_file(entries["executable"]),
        shared_executable=entries["shared_executable"].flag() if "shared_executable" in entries else True,
        start=tuple(_plain(element) for element in entries["start"].items()) if "start" in entries else (),
        user=_account(entries, "user"),
        group=_account(entries, "group"),
        replaces=_matching(entries["replaces"], _UNIT, "a unit such as php8.2-fpm.service")
        if "replaces" in entries
        else "",
        pool=pool,
        own=known,
        reads=_paths(entries["reads"]) if "reads" in entries else (),
        executes=_paths(entries["executes"]) if "executes" in entries else (),
        listen=_each(entries, "listen", _port),
        connect=_each(entries, "connect", _port),
        capabilities=_each(entries, "capabilities", _capability),
        served_by=_each(entries, "served_by", _peer),
        categories=categories,
    )


def _each(entries: dict[str, Value], key: str, read: Callable[[Value], T]) -> tuple[T, ...]:
    return tuple(read(element) for element in entries[key].items()) if key in entries else ()


def _name(at: Value) -> str:
    text = _matching(at, _NAME, "a name in small letters, digits and dashes")
    if len(text) > _MOST_NAME:
        raise at.fault(f"at most {_MOST_NAME} characters")
    return text


def _matching(at: Value, pattern: re.Pattern[str], what: str) -> str:
    text = at.text(what)
    if not pattern.fullmatch(text):
        raise at.fault(what)
    return text


def _account(entries: dict[str, Value], key: str) -> str:
    return _matching(entries[key], _ACCOUNT, "the name of an account") if key in entries else ""


def _plain(at: Value) -> str:
    """Text of one line without control characters."""
    text = at.text()
    if not text.isprintable() or not _is_text(text):
        raise at.fault("text without line breaks and control characters")
    return text


def _is_text(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _paths(at: Value) -> tuple[str, ...]:
    return tuple(_path(element) for element in at.items("a list of paths"))


def _path(at: Value) -> str:
    text = _plain(at)
    if not is_path(text):
        raise at.fault("an absolute path below /, without '//', '.' and '..' parts")
    return text


def is_path(text: str) -> bool:
    """Whether a specification can hold this path."""
    parts = text.rstrip("/").split("/")
    plain = text.isprintable() and _is_text(text) and len(text) <= _MOST_PATH
    return (
        plain
        and text.startswith("/")
        and len(parts) > 1
        and "//" not in text
        and not {".", ".."} & set(parts)
    )


def _file(at: Value) -> str:
    text = _path(at)
    if text.endswith("/"):
        raise at.fault("a file, not a folder")
    return text


def _port(at: Value) -> PortNeed:
    text = at.text("a port such as 'tcp 443'")
    match = _PORT.fullmatch(text)
    if match is None or int(match["number"]) > 65535:
        raise at.fault("a port such as 'tcp 443'")
    return PortNeed("udp" if match["protocol"] == "udp" else "tcp", int(match["number"]))


def _capability(at: Value) -> str:
    text = at.text("a capability such as net_bind_service")
    if text not in CAPABILITIES:
        raise at.fault("a capability of capabilities(7) in small letters", near(text, CAPABILITIES))
    return text


def _peer(at: Value) -> Peer:
    entries = at.fields(("domain", "profile"))
    if not entries:
        raise at.fault("'domain', 'profile' or both")
    domain = _matching(entries["domain"], _TYPE, "a SELinux type") if "domain" in entries else ""
    profile = _matching(entries["profile"], _PROFILE, "an AppArmor profile") if "profile" in entries else ""
    return Peer(domain, profile)


def _pool(at: Value) -> Pool:
    entries = at.fields(("name", "file"), ("name", "file"))
    what = "a .conf file whose path has letters, digits, '.', '_' and '-' only"
    file = _matching(entries["file"], _POOL_FILE, what)
    _path(entries["file"])
    return Pool(_matching(entries["name"], _POOL, "the name of a pool"), file)


def _categories(at: Value) -> tuple[int, int]:
    numbers = [element.integer() for element in at.items("two numbers of categories")]
    if len(numbers) != 2 or not 0 <= numbers[0] < numbers[1] <= _MOST_CATEGORY:
        raise at.fault(f"two numbers of categories, the smaller first, from 0 to {_MOST_CATEGORY}")
    return numbers[0], numbers[1]


def _no_path_twice(at: Value, service: ServiceSpec, others: list[ServiceSpec]) -> None:
    """A path has one label, so it can be the own one of one kind of one service only."""
    taken = {
        path.rstrip("/"): other.name for other in others for paths in other.own.values() for path in paths
    }
    for kind, paths in service.own.items():
        for number, path in enumerate(paths):
            place = at.data[kind].items()[number]
            if path.rstrip("/") in taken:
                raise place.fault(f"a path that is not {taken[path.rstrip('/')]}'s own already")
            taken[path.rstrip("/")] = service.name


def _told_apart(at: Value, services: list[ServiceSpec]) -> None:
    pairs = [service.categories for service in services]
    if len(set(pairs)) < len(pairs):
        raise at.fault("a pair of categories of its own for each service")
