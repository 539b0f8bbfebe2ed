"""A specification drafted from what is recorded of a service: unit, processes, sockets, pools, denials.

What was seen in use is written down; what was only denied stands in comments, for people to decide. Every
value comes from the host: it is written as a JSON string, or left out where a specification cannot hold it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from hardcheck.access import subject_name
from hardcheck.confine.spec import is_path
from hardcheck.errors import UsageError
from hardcheck.exposure.host import Host
from hardcheck.exposure.model import Service
from hardcheck.exposure.services import matches, services_of
from hardcheck.facts import Absent
from hardcheck.facts.processes import Process
from hardcheck.facts.web import PhpPool, Site

_PLAIN_POOL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_PLAIN_FILE = re.compile(r"/[A-Za-z0-9/_.-]+\.conf")
_ACCOUNT = re.compile(r"[a-z_][a-z0-9_-]*")
_UNIT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]*\.service")
_TYPE = re.compile(r"[a-z][a-z0-9_]*_t")
_PROFILE = re.compile(r"[A-Za-z0-9/][A-Za-z0-9/_.+-]*")
_SOCKET = re.compile(r"(tcp|udp)6? \S+:(?P<port>[0-9]+)")
_INTERPRETER = re.compile(r"/usr/bin/(?:python(?P<python>3\.[0-9]+)|perl|ruby|node|php[0-9.]*|bash|dash|sh)")
_PHP = re.compile(r"/usr/sbin/php-fpm(?P<version>[0-9.]*)")
_ALL_CAPABILITIES = 30  # a service that holds as many was never limited
_MOST_DENIALS = 40


def spec_text(host: Host, name: str) -> str:
    """The YAML text for one service of a host.

    Raises:
        UsageError: no such service, or one of which too little was seen to draft anything.
    """
    services = services_of(host)
    if isinstance(services, Absent):
        raise UsageError(f"{host.name}: its services are not known: {services.detail or services.reason}")
    found = [service for service in services if matches(service, name)]
    if not found:
        known = ", ".join(service.name for service in services) or "none"
        raise UsageError(f"{host.name} has no network-facing service called {name!r}; it has: {known}")
    service = found[0]
    pools = list(_pools(host, service))
    lines = [
        f"# Drafted from what was recorded of {_comment(service.name)} on {_comment(host.name)}.",
        "# Read each line: it holds what was seen in use, which may be less or more than it should be.",
        "format: 1",
        f"name: {_slug(service.name)}",
        "services:",
    ]
    if pools:
        for pool, site in pools:
            lines += _pool_lines(host, service, pool, site)
    else:
        lines += _service_lines(host, service)
    return "\n".join((*lines, *_denials(host, service))) + "\n"


def _slug(text: str) -> str:
    words = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:36].strip("-")
    return words if words[:1].isalpha() else f"svc-{words or 'x'}"


def _comment(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in text)[:200]


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)  # escapes of surrogate pairs are no YAML


def _list(key: str, values: Iterable[str]) -> list[str]:
    kept = list(dict.fromkeys(values))
    return [f"    {key}: [{', '.join(_quoted(value) for value in kept)}]"] if kept else []


def _folder(path: str) -> str:
    return path.rstrip("/") + "/"


def _pools(host: Host, service: Service) -> Iterator[tuple[PhpPool, Site]]:
    """The pools that this service runs and that a site passes requests to."""
    titles = {
        process.arguments[0].strip()
        for process in host.each("processes.all")
        if process.pid in service.pids and process.arguments
    }
    for pool in host.each("web.php_pools"):
        site = next((one for one in host.each("web.sites") if pool.name in one.pools and one.docroots), None)
        file = pool.place.rpartition(":")[0]
        plain = _PLAIN_POOL.fullmatch(pool.name) and _PLAIN_FILE.fullmatch(file) and is_path(file)
        if site is not None and plain and f"php-fpm: pool {pool.name}" in titles:
            yield pool, site


def _pool_lines(host: Host, service: Service, pool: PhpPool, site: Site) -> list[str]:
    name = _slug(pool.name)
    program = next(iter(_programs(host, service)), "")
    if not program:
        raise UsageError(f"{host.name}: the program of {service.name} was not seen")
    docroots = [_folder(root) for root in site.docroots if is_path(_folder(root))]
    sessions = [_folder(pool.session_path)] if is_path(_folder(pool.session_path)) else []
    user = pool.user if _ACCOUNT.fullmatch(pool.user) else "www-data"
    return [
        f"  - name: {name}",
        f"    unit: php-fpm-{name}.service",
        f"    executable: {_quoted(program)}",
        *([f"    replaces: {service.unit}"] if _UNIT.fullmatch(service.unit) else []),
        f"    user: {user}",
        *([f"    group: {pool.group}"] if _ACCOUNT.fullmatch(pool.group) else []),
        f"    pool: {{name: {_quoted(pool.name)}, file: {_quoted(pool.place.rpartition(':')[0])}}}",
        *_list("content", docroots),
        *_list("state", sessions),
        *_list("sockets", [pool.listen] if is_path(pool.listen) else []),
        *_list("reads", _php_reads(program)),
        *_served_by(host, site),
    ]


def _php_reads(program: str) -> list[str]:
    """Where php-fpm keeps its settings and extensions: Debian by version, others in one place."""
    match = _PHP.fullmatch(program)
    if match is not None and match["version"]:
        base = f"/etc/php/{match['version']}"
        settings = [f"{base}/fpm/php.ini", f"{base}/fpm/conf.d/", f"{base}/mods-available/"]
        return [*settings, "/usr/lib/php/", "/usr/share/php/"]
    return ["/etc/php.ini", "/etc/php.d/", "/usr/lib64/php/", "/usr/share/php/", "/usr/share/pear/"]


def _served_by(host: Host, site: Site) -> list[str]:
    """The web server in front: the labels of its processes."""
    labels = dict.fromkeys(
        process.label
        for process in host.each("processes.all")
        if process.name.startswith(site.server) and isinstance(process.label, str)
    )
    peers = []
    for label in labels:
        subject = subject_name(label)
        if host.framework == "selinux" and _TYPE.fullmatch(subject):
            peers.append(f"{{domain: {subject}}}")
        elif host.framework == "apparmor" and _PROFILE.fullmatch(subject):
            peers.append(f"{{profile: {_quoted(subject)}}}")
    return [f"    served_by: [{', '.join(peers)}]"] if peers else []


def _service_lines(host: Host, service: Service) -> list[str]:
    members = [process for process in host.each("processes.all") if process.pid in service.pids]
    programs = list(_programs(host, service))
    if not programs or not _UNIT.fullmatch(service.unit):
        raise UsageError(
            f"{host.name}: {service.name} has no unit, or its program was not seen: nothing to draft"
        )
    program = programs[0]
    others = {
        process.program
        for process in host.each("processes.all")
        if process.pid not in service.pids and isinstance(process.program, str)
    }
    shared = program in others or bool(_INTERPRETER.fullmatch(program))
    sockets = [path.removeprefix("unix ") for path in service.sockets if path.startswith("unix /")]
    ports = [f"{match[1]} {match['port']}" for match in map(_SOCKET.match, service.sockets) if match]
    held = dict.fromkeys(name for identity in service.identities for name in identity.capabilities)
    limited = len(held) < _ALL_CAPABILITIES
    lines = [
        f"  - name: {_slug(service.name)}",
        f"    unit: {service.unit}",
        f"    executable: {_quoted(program)}",
        f"    shared_executable: {'true' if shared else 'false'}",
        *_list("sockets", filter(is_path, sockets)),
        *_list("reads", (*_libraries(program), *_named_paths(host, members))),
        *_list("executes", filter(is_path, programs[1:])),
        *_list("listen", ports),
        *_list("capabilities", [name for name in held if limited and " " not in name]),
    ]
    if not limited:
        lines.append(
            f"    # It holds {len(held)} capabilities; name those that it uses, e.g. [net_bind_service]."
        )
        low = [port for port in ports if int(port.split()[1]) < 1024]
        lines += _list("capabilities", ["net_bind_service"] if low else [])
    return lines


def _programs(host: Host, service: Service) -> Iterator[str]:
    seen = dict.fromkeys(path for identity in service.identities for path in identity.executables)
    return (path for path in seen if is_path(path) and not path.endswith("/"))


def _libraries(program: str) -> list[str]:
    match = _INTERPRETER.fullmatch(program)
    version = match["python"] if match else None
    if not version:
        return []
    return ["/usr/lib/python3/", f"/usr/lib/python{version}/", f"/usr/local/lib/python{version}/"]


def _named_paths(host: Host, members: list[Process]) -> Iterator[str]:
    """Paths on the command lines: a folder where one was seen there, or where sites are."""
    folders = {root.rstrip("/") for site in host.each("web.sites") for root in site.docroots}
    for process in members:
        for argument in process.arguments[1:]:
            path = argument.rpartition("=")[2] if argument.startswith("-") else argument
            if not is_path(path):
                continue
            file = host.files.get(path.rstrip("/"))
            is_folder = path.rstrip("/") in folders or (file is not None and file.kind == "d")
            yield _folder(path) if is_folder else path


def _denials(host: Host, service: Service) -> Iterator[str]:
    """What was denied or let through and logged, as comments."""
    recent = host.facts["denials.recent"]
    groups = () if isinstance(recent, Absent) or isinstance(recent.groups, Absent) else recent.groups
    labels = {subject_name(label) for label in service.labels}
    seen = [group for group in groups if group.source in labels]
    if seen:
        yield "# Recorded denials of its label (other services may share it). Add only what it needs:"
    for group in seen[:_MOST_DENIALS]:
        yield f"#   {_comment(group.shown)}"
