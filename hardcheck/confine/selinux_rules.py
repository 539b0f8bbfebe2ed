"""The SELinux rules that a specification needs, as statements: types, roles, allow rules, labels.

What every daemon needs comes from the attributes ``domain`` and ``daemon``, which the policy's own rules
speak of; nothing broader is joined (no ``nsswitch_domain``, no reading of all of /etc). Rights on files
follow the paths of the specification; a path that is shared with other programs keeps its type, so a right
to read it is a right to read every file of that type, and the judgement weighs it so.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from hardcheck.confine import names
from hardcheck.confine.labels import Labels
from hardcheck.confine.quoting import file_context_regex
from hardcheck.confine.spec import OWN_KINDS, ServiceSpec, Spec
from hardcheck.errors import UsageError
from hardcheck.selinux.cil import Allow, Extension, FileContext, TypeTransition

MANAGER = "init_t"
_DOMAIN_ATTRIBUTES = ("domain", "daemon")
_FILE_ATTRIBUTES = ("file_type", "non_security_file_type", "non_auth_file_type")
_KIND_ATTRIBUTES = {
    "logs": ("logfile",),
    "runtime": ("pidfile",),
    "sockets": ("pidfile",),
    "temporary": ("tmpfile", "polymember"),
    "executable": ("exec_type", "entry_type"),
}
_CONSTRAINED = ("mcs_constrained_type",)

_READ = ("getattr", "ioctl", "lock", "map", "open", "read")
_LIST = ("getattr", "ioctl", "lock", "open", "read", "search")
_SEARCH = ("getattr", "search")
_LINK = ("getattr", "read")
_RUN = ("execute", "execute_no_trans", *_READ)
_ENTER = ("entrypoint", *_RUN)
_MANAGE = ("append", "create", "link", "rename", "setattr", "unlink", "write", *_READ)
_MANAGE_DIR = ("add_name", "create", "remove_name", "rename", "reparent", "rmdir", "setattr", "write", *_LIST)
_LOG = ("append", "create", "getattr", "ioctl", "lock", "open", "setattr")
_ADD = ("add_name", "getattr", "search", "write")
_REPLACE = ("remove_name", *_ADD)
_SOCKET_FILE = ("create", "getattr", "setattr", "unlink", "write")
_PROCESS = (
    *("fork", "getattr", "getcap", "getpgid", "getsched", "setcap", "setpgid", "setrlimit", "setsched"),
    *("sigchld", "sigkill", "signal", "signull", "sigstop"),
)
_SOCKET = (
    *("accept", "append", "bind", "connect", "create", "getattr", "getopt", "ioctl", "listen", "read"),
    *("setattr", "setopt", "shutdown", "write"),
)
_OUTPUT = ("append", "getattr", "getopt", "ioctl", "read", "write")
_ROUTES = ("bind", "create", "getattr", "nlmsg_read", "read", "write")
_DATAGRAMS = tuple(name for name in _SOCKET if name not in ("accept", "listen"))

_SYSTEM_FILES = (
    *("/etc/passwd", "/etc/group", "/etc/nsswitch.conf", "/etc/hosts", "/etc/resolv.conf", "/etc/localtime"),
    *("/etc/ld.so.conf", "/usr/share/zoneinfo/", "/usr/share/locale/locale.alias"),
    *("/usr/lib/locale/C.utf8/LC_CTYPE", "/proc/meminfo", "/proc/sys/vm/overcommit_memory"),
    *("/etc/ssl/openssl.cnf", "/etc/ssl/certs/ca-certificates.crt"),
)
"""What programs read through the C library, whatever they do; public on every system."""
_DEVICES = ("/dev/urandom", "/dev/random")
_LATER_CAPABILITIES = frozenset(
    {"mac_override", "mac_admin", "syslog", "wake_alarm", "block_suspend", "audit_read", "perfmon", "bpf"}
    | {"checkpoint_restore"}
)


class _Statements:
    """Gathers statements, each once and in the order in which they are first needed."""

    def __init__(self, labels: Labels) -> None:
        self.labels = labels
        self.types: dict[str, None] = {}
        self.attributes: dict[tuple[str, str], None] = {}
        self.roles: dict[tuple[str, str], None] = {}
        self.rights: dict[tuple[str, str, str], dict[str, None]] = {}
        self.transitions: dict[tuple[str, str, str], str] = {}
        self.contexts: dict[tuple[str, str], str] = {}

    def type_(self, name: str, attributes: Iterable[str]) -> None:
        self.types[name] = None
        self.roles["object_r", name] = None
        self.attributes.update({(one, name): None for one in self.labels.attributes(tuple(attributes))})

    def allow(self, source: str, target: str, class_: str, permissions: tuple[str, ...]) -> None:
        known = self.labels.permissions(class_, permissions)
        if target and known:
            target = "self" if target == source else target
            self.rights.setdefault((source, target, class_), {}).update(dict.fromkeys(known))

    def transition(self, source: str, target: str, class_: str, new: str) -> None:
        """A type for what a domain makes in a folder, or becomes by a program: one for each place."""
        if self.transitions.setdefault((source, target, class_), new) != new:
            raise UsageError(
                f"{source} would give two types to what it makes in folders of the type {target}: "
                f"{self.transitions[source, target, class_]} and {new}; give one a folder of its own"
            )

    def extension(self) -> Extension:
        return Extension(
            tuple(self.types),
            tuple(self.attributes),
            tuple(self.roles),
            tuple(Allow(*key, tuple(sorted(found))) for key, found in self.rights.items()),
            tuple(TypeTransition(*key, new) for key, new in self.transitions.items()),
            (),
            tuple(FileContext(spec, kind, context) for (spec, kind), context in self.contexts.items()),
        )


def selinux_rules(spec: Spec, labels: Labels) -> Extension:
    """Every statement of the module.

    Raises:
        UsageError: a place where two types would be needed at once, or a type that the policy lacks.
    """
    found = _Statements(labels)
    if not labels.has_type(MANAGER):
        raise UsageError(f"the policy has no type {MANAGER}: the domains of its services cannot be drafted")
    for service in spec.services:
        _own_types(found, spec, service)
    for service in spec.services:
        _process(found, spec, service)
        _entry(found, spec, service)
        _files(found, spec, service)
        _network(found, spec, service)
        _peers(found, spec, service)
    return found.extension()


def _own_types(found: _Statements, spec: Spec, service: ServiceSpec) -> None:
    constrained = _CONSTRAINED if spec.share_types else ()
    found.type_(names.domain(spec, service), (*_DOMAIN_ATTRIBUTES, *constrained))
    found.roles["system_r", names.domain(spec, service)] = None
    kinds = [kind for kind in OWN_KINDS if names.own_paths(service, kind)]
    kinds += ["temporary"] if service.shared_executable else ["temporary", "executable"]
    for kind in kinds:
        found.type_(
            names.file_type(spec, service, kind), (*_FILE_ATTRIBUTES, *_KIND_ATTRIBUTES.get(kind, ()))
        )


def _process(found: _Statements, spec: Spec, service: ServiceSpec) -> None:
    """What each process needs of itself and of systemd: output, the journal, notifications."""
    domain = names.domain(spec, service)
    found.allow(domain, domain, "process", _PROCESS)
    found.allow(domain, domain, "fifo_file", ("append", "getattr", "ioctl", "lock", "open", "read", "write"))
    found.allow(domain, domain, "unix_stream_socket", (*_SOCKET, "connectto"))
    found.allow(domain, domain, "unix_dgram_socket", (*_DATAGRAMS, "sendto"))
    found.allow(domain, MANAGER, "fd", ("use",))
    found.allow(domain, MANAGER, "fifo_file", ("append", "getattr", "ioctl", "read", "write"))
    found.allow(
        domain, MANAGER, "unix_stream_socket", ("append", "getattr", "getopt", "ioctl", "read", "write")
    )
    found.allow(domain, MANAGER, "unix_dgram_socket", ("getattr", "sendto", "write"))
    for path in ("/run/systemd/notify", "/run/systemd/journal/dev-log", "/run/systemd/journal/socket"):
        _above(found, domain, path)
        found.allow(domain, found.labels.of(path, "sock_file"), "sock_file", ("getattr", "write"))
    if found.labels.has_type("syslogd_t"):
        found.allow(domain, "syslogd_t", "unix_dgram_socket", ("sendto",))
        found.allow(domain, "syslogd_t", "unix_stream_socket", ("connectto",))
    if service.pool is not None and found.labels.has_type("hugetlbfs_t"):
        # opcache's shared memory is a nameless file of huge pages where the kernel has some
        found.allow(domain, "hugetlbfs_t", "file", ("getattr", "map", "read", "write"))
    for name in service.capabilities:
        class_ = "capability2" if name in _LATER_CAPABILITIES else "capability"
        found.allow(domain, domain, class_, (name,))


def _entry(found: _Statements, spec: Spec, service: ServiceSpec) -> None:
    """How systemd enters the domain: by the program's own label, or by SELinuxContext= and a shared one."""
    domain = names.domain(spec, service)
    if service.shared_executable:
        program = found.labels.of(service.executable)
        if not program:
            raise UsageError(f"the policy defines no label for {service.executable}")
    else:
        program = names.file_type(spec, service, "executable")
        found.contexts[file_context_regex(service.executable), "file"] = _object(program, "s0")
        found.transition(MANAGER, program, "process", domain)
    _above(found, domain, service.executable)
    found.allow(domain, program, "file", _ENTER)
    found.allow(domain, program, "lnk_file", _LINK)  # a program looks at the link it was started by
    found.allow(MANAGER, program, "file", ("execute", "getattr", "map", "open", "read"))
    found.allow(MANAGER, domain, "process", ("rlimitinh", "transition"))
    found.allow(MANAGER, domain, "process2", ("nnp_transition", "nosuid_transition"))


def _files(found: _Statements, spec: Spec, service: ServiceSpec) -> None:
    domain = names.domain(spec, service)
    for path in _SYSTEM_FILES:
        _reading(found, domain, path)
    for path in _DEVICES:
        found.allow(domain, found.labels.of(path, "chr_file"), "chr_file", _READ)
    for path in service.reads:
        _reading(found, domain, path)
    for path in service.executes:
        _above(found, domain, path)
        type_ = found.labels.of(path.rstrip("/"))
        found.allow(domain, type_, "file", _RUN)
        found.allow(domain, type_, "lnk_file", _LINK)
    for kind in OWN_KINDS:
        for path in names.own_paths(service, kind):
            _own_path(found, spec, service, kind, path)
    temporary = names.file_type(spec, service, "temporary")
    for place in {found.labels.of(folder, "dir"): None for folder in ("/tmp", "/var/tmp")}:  # noqa: S108
        found.allow(domain, place, "dir", _REPLACE)
        for class_ in ("file", "dir"):
            if place:
                found.transition(domain, place, class_, temporary)
    found.allow(domain, temporary, "file", _MANAGE)
    found.allow(domain, temporary, "dir", _MANAGE_DIR)


def _reading(found: _Statements, domain: str, path: str) -> None:
    """Read a shared file, or a folder with all below it, by the types that it has."""
    _above(found, domain, path)
    inside = path if not path.endswith("/") else f"{path}x"
    types = {found.labels.of(inside)}
    if path.endswith("/"):
        folders = {found.labels.of(path.rstrip("/"), "dir"), found.labels.of(inside, "dir")}
        for folder in sorted(folders):
            found.allow(domain, folder, "dir", _LIST)
        types |= folders
    for type_ in sorted(types):
        found.allow(domain, type_, "file", _READ)
        found.allow(domain, type_, "lnk_file", _LINK)


def _above(found: _Statements, domain: str, path: str) -> None:
    """Search the folders on the way to a path."""
    folder = posixpath.dirname(path.rstrip("/"))
    while folder not in ("", "/"):
        found.allow(domain, found.labels.of(folder, "dir"), "dir", _SEARCH)
        folder = posixpath.dirname(folder)


_OWN_RIGHTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "content": (_READ, _LIST),
    "configuration": (_READ, _LIST),
    "uploads": (_MANAGE, _MANAGE_DIR),
    "state": (_MANAGE, _MANAGE_DIR),
    "runtime": (_MANAGE, _MANAGE_DIR),
    "logs": (_LOG, ("add_name", "write", *_LIST)),
}


def _own_path(found: _Statements, spec: Spec, service: ServiceSpec, kind: str, path: str) -> None:
    """The label of an own path, and the rights on it. What the service makes outside of a folder of its
    own gets its type by a transition from the folder's."""
    domain, type_ = names.domain(spec, service), names.file_type(spec, service, kind)
    _above(found, domain, path)
    expression = file_context_regex(path.rstrip("/"))
    context = _object(type_, names.level(service))
    if kind == "sockets":
        found.contexts[expression, "sock_file"] = context
        found.allow(domain, type_, "sock_file", _SOCKET_FILE)
    else:
        found.contexts[expression + ("(/.*)?" if path.endswith("/") else ""), ""] = context
        file, folder = _OWN_RIGHTS[kind]
        found.allow(domain, type_, "file", file)
        found.allow(domain, type_, "dir", folder)
        found.allow(domain, type_, "lnk_file", _LINK)
    if kind in ("uploads", "state", "runtime") and path.endswith("/"):
        found.allow(domain, type_, "sock_file", _SOCKET_FILE)
    if kind not in ("content", "configuration") and not path.endswith("/"):
        place = _place_of(found, spec, service, path)
        found.allow(domain, place, "dir", _ADD if kind == "logs" else _REPLACE)
        if place and place not in found.types:
            found.transition(domain, place, "sock_file" if kind == "sockets" else "file", type_)


def _place_of(found: _Statements, spec: Spec, service: ServiceSpec, path: str) -> str:
    """The type of the folder of a path: one of the service's own, else what the policy says."""
    folder = posixpath.dirname(path)
    for kind in OWN_KINDS:
        for own in service.paths(kind):
            if own.endswith("/") and f"{folder}/".startswith(own):
                return names.file_type(spec, service, kind)
    return found.labels.of(folder, "dir")


def _network(found: _Statements, spec: Spec, service: ServiceSpec) -> None:
    domain = names.domain(spec, service)
    needs = (*service.listen, *service.connect)
    for protocol in dict.fromkeys(need.protocol for need in needs):
        found.allow(domain, domain, f"{protocol}_socket", _SOCKET if protocol == "tcp" else _DATAGRAMS)
    if service.connect:  # names are looked up over UDP and netlink, whatever is connected to
        found.allow(domain, domain, "udp_socket", _DATAGRAMS)
        found.allow(
            domain, domain, "netlink_route_socket", ("bind", "create", "getattr", "nlmsg_read", "read")
        )
        found.allow(domain, domain, "netlink_route_socket", ("write",))
    for need in service.listen:
        found.allow(
            domain, _port(found, need.protocol, need.number), f"{need.protocol}_socket", ("name_bind",)
        )
        if found.labels.has_type("node_t"):
            found.allow(domain, "node_t", f"{need.protocol}_socket", ("node_bind",))
    for need in service.connect:
        if need.protocol == "tcp":  # the port of a UDP connection is not checked
            found.allow(domain, _port(found, "tcp", need.number), "tcp_socket", ("name_connect",))


def _port(found: _Statements, protocol: str, number: int) -> str:
    type_ = found.labels.of_port(protocol, number)
    if not type_:
        raise UsageError(f"the type of {protocol} {number} is not known: name a SELinux host with --from")
    return type_


def _peers(found: _Statements, spec: Spec, service: ServiceSpec) -> None:
    """What passes requests to it reads its content and connects to its sockets."""
    domain = names.domain(spec, service)
    for peer in service.served_by:
        if not peer.domain:
            continue
        if not found.labels.has_type(peer.domain):
            raise UsageError(f"{service.name}: the policy has no type {peer.domain}, named in served_by")
        for kind in ("content", "uploads"):
            if service.paths(kind):
                type_ = names.file_type(spec, service, kind)
                found.allow(peer.domain, type_, "file", _READ)
                found.allow(peer.domain, type_, "dir", _LIST)
                found.allow(peer.domain, type_, "lnk_file", _LINK)
        if service.paths("sockets"):
            type_ = names.file_type(spec, service, "sockets")
            found.allow(peer.domain, type_, "sock_file", ("getattr", "write"))
            found.allow(peer.domain, domain, "unix_stream_socket", ("connectto",))


def _object(type_: str, level: str) -> str:
    return f"system_u:object_r:{type_}:{level}"
