"""A profile of AppArmor for each service, or one with a hat for each pool.

Written for the abi of version 3 or 4 of AppArmor; the rules are in the language that both know. System files
are named one by one rather than through broad abstractions: ``nameservice`` would open the network.
Source: apparmor.d(5).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from typing import Literal

from hardcheck.confine import names
from hardcheck.confine.quoting import apparmor_path
from hardcheck.confine.spec import OWN_KINDS, ServiceSpec, Spec

Abi = Literal["3.0", "4.0"]
ABIS: tuple[Abi, ...] = ("3.0", "4.0")

_ACCESS = {
    "content": "r",
    "configuration": "r",
    "uploads": "rwk",
    "state": "rwk",
    "runtime": "rwk",
    "logs": "w",
    "sockets": "rw",
}
_SYSTEM = (
    "/etc/passwd r,",
    "/etc/group r,",
    "/etc/nsswitch.conf r,",
    "/etc/hosts r,",
    "/etc/host.conf r,",
    "/etc/gai.conf r,",
    "/etc/mime.types r,",
    "/etc/resolv.conf r,",
    "@{run}/systemd/resolve/*.conf r,",
    "/etc/ssl/openssl.cnf r,",
    "/etc/ssl/certs/{,**} r,",
    "/etc/pki/ca-trust/extracted/{,**} r,",
    "/etc/pki/tls/{cert.pem,openssl.cnf,certs/,certs/**} r,",
    "/etc/crypto-policies/{,**} r,",
    "/usr/share/ca-certificates/{,**} r,",
    "@{PROC}/meminfo r,",
    "@{PROC}/sys/vm/overcommit_memory r,",
    "@{run}/systemd/notify w,",
)
_MASTER = (
    *(f"capability {name}," for name in ("chown", "dac_override", "kill", "setgid", "setuid")),
    "@{run}/php{,-fpm}/*.pid rw,",
    "@{run}/php{,-fpm}/*.sock rw,",
    "@{run}/php-fpm.pid rw,",
    "/var/log/php*-fpm.log rw,",
    "/var/log/php-fpm/*.log rw,",
    "deny / rw,",
    "deny capability net_admin,",  # to widen the buffer of a notification, which works without
)
_TEMPORARY = (
    "/tmp/ r,",  # noqa: S108 - a rule, and the unit has a folder of its own there
    "owner /tmp/** rwk,",
    "/var/tmp/ r,",  # noqa: S108
    "owner /var/tmp/** rwk,",
)
_CODE = ("/usr/lib/", "/usr/lib64/", "/usr/libexec/", "/lib/", "/lib64/", "/opt/")


def apparmor_files(spec: Spec, abi: Abi) -> dict[str, str]:
    """The files for /etc/apparmor.d by name: one for each profile that attaches or is set by a unit."""
    if spec.hats:
        return {names.parent_profile(spec): _with_hats(spec, abi)}
    return {names.profile(spec, service): _profile(spec, service, abi) for service in spec.services}


def _profile(spec: Spec, service: ServiceSpec, abi: Abi) -> str:
    attachment = "" if service.shared_executable else f" {apparmor_path(service.executable)}"
    head = f"profile {names.profile(spec, service)}{attachment} flags=(attach_disconnected)"
    return _file(abi, head, _lines(service), ())


def _with_hats(spec: Spec, abi: Abi) -> str:
    """The master of the pools with what it needs to start them, and a hat for each."""
    program = spec.services[0].executable  # the same for all, as the specification was read
    lines = ["# the master: reads the configuration, opens the sockets and logs, starts the pools", *_MASTER]
    for service in spec.services:
        lines += [_rule(path, "rw") for path in service.paths("sockets")]
        lines += [rule for path in (*service.reads, *service.paths("logs")) for rule in _reading(path)]
        lines += [rule for path in service.paths("logs") for rule in _rules(path, "w")]
        assert service.pool is not None  # hats are for pools only, as the specification was read
        folder = posixpath.dirname(service.pool.file)
        lines += [*_rules(f"{folder}/", "r"), _rule(f"{posixpath.dirname(folder)}/php-fpm.conf", "r")]
        lines.append(f"change_profile -> {names.profile(spec, service)},")
        lines.append(f"signal (send) peer={names.profile(spec, service)},")
    lines.append(_rule(program, "mrix"))
    lines += ["@{PROC}/@{pid}/attr/{apparmor/,}current rw,", *_unix(), *_SYSTEM, *_TEMPORARY]
    hats = tuple((f"^{service.name}", _hat_lines(spec, service)) for service in spec.services)
    head = f"profile {names.parent_profile(spec)} {apparmor_path(program)} flags=(attach_disconnected)"
    return _file(abi, head, dict.fromkeys(lines), hats)


def _hat_lines(spec: Spec, service: ServiceSpec) -> Iterable[str]:
    yield f"signal (receive) peer={names.parent_profile(spec)},"
    yield "/tmp/.ZendSem.* rwk,"  # noqa: S108 - the lock of php's cache, made by the master as root
    yield from _lines(service)


def _file(abi: Abi, head: str, lines: Iterable[str], hats: tuple[tuple[str, Iterable[str]], ...]) -> str:
    text = [f"abi <abi/{abi}>,", "", "include <tunables/global>", "", f"{head} {{"]
    text += _body(lines, "  ")
    for name, inner in hats:
        text += ["", f"  {name} flags=(attach_disconnected) {{", *_body(inner, "    "), "  }"]
    return "\n".join((*text, "}")) + "\n"


def _body(lines: Iterable[str], margin: str) -> list[str]:
    return [f"{margin}{line}" for line in ("include <abstractions/base>", *dict.fromkeys(lines))]


def _lines(service: ServiceSpec) -> Iterator[str]:
    """The rules of one service, its own files first."""
    yield "# its own files"
    for kind in OWN_KINDS:
        for path in names.own_paths(service, kind):
            yield from _rules(path, _ACCESS[kind])
    yield "# what it shares with others"
    for path in service.reads:
        yield from _reading(path)
    yield _rule(service.executable, "mrix")
    for path in service.executes:
        yield from _rules(path, "mrix")
    if service.pool is not None:  # php maps shared memory, which has no path; Debian's profile says the same
        yield "deny / rw,"
    yield "# what every service needs"
    yield from _SYSTEM
    yield from _TEMPORARY
    yield from _unix()
    for protocol in dict.fromkeys(need.protocol for need in (*service.listen, *service.connect)):
        kind = {"tcp": "stream", "udp": "dgram"}[protocol]
        yield f"network inet {kind},"
        yield f"network inet6 {kind},"
    if service.connect:
        yield "network inet dgram,"
        yield "network inet6 dgram,"
        yield "network netlink raw,"
    for name in service.capabilities:
        yield f"capability {name},"


def _unix() -> tuple[str, ...]:
    return ("network unix stream,", "network unix dgram,")


def _reading(path: str) -> Iterator[str]:
    """Shared files; libraries may be mapped to be run as well."""
    yield from _rules(path, "mr" if path.startswith(_CODE) else "r")


def _rules(path: str, access: str) -> Iterator[str]:
    if path.endswith("/"):
        yield _rule(path, "r")
        yield f"{apparmor_path(path, '**')} {access},"
    else:
        yield _rule(path, access)


def _rule(path: str, access: str) -> str:
    return f"{apparmor_path(path)} {access},"
