"""systemd units: a drop-in for a unit that is there, a whole unit where a service or a pool gets its own.

``SELinuxContext=`` and ``AppArmorProfile=`` stand without ``-``: a unit whose confinement cannot be set does
not start. Each counts only where its framework runs. Source: systemd.exec(5), systemd.service(5).
"""

from __future__ import annotations

from hardcheck.confine import names
from hardcheck.confine.quoting import systemd_word
from hardcheck.confine.spec import ServiceSpec, Spec

DROP_IN = "50-confine.conf"


def systemd_files(spec: Spec) -> dict[str, str]:
    """The files below /etc/systemd/system by name; none for hats, whose profile attaches to the program: set
    by the unit, it would hold what else the unit starts as well."""
    files = {}
    for service in () if spec.hats else spec.services:
        if service.makes_unit:
            files[service.unit] = _unit(spec, service)
        else:
            files[f"{service.unit}.d/{DROP_IN}"] = (
                "\n".join(("[Service]", *_confinement(spec, service))) + "\n"
            )
    return files


def _confinement(spec: Spec, service: ServiceSpec) -> list[str]:
    lines = []
    if service.shared_executable:
        context = f"system_u:system_r:{names.domain(spec, service)}:{names.level(service)}"
        lines += [f"SELinuxContext={context}", f"AppArmorProfile={names.profile(spec, service)}"]
    families = ["AF_UNIX"]
    if service.listen or service.connect:
        families += ["AF_INET", "AF_INET6"]
    if service.connect:
        families.append("AF_NETLINK")
    capabilities = " ".join(f"CAP_{name.upper()}" for name in service.capabilities)
    return [
        *lines,
        "NoNewPrivileges=yes",
        "PrivateTmp=yes",
        "RestrictSUIDSGID=yes",
        "LockPersonality=yes",
        f"RestrictAddressFamilies={' '.join(families)}",
        f"CapabilityBoundingSet={capabilities}",
        *([f"AmbientCapabilities={capabilities}"] if capabilities and service.user else []),
    ]


def _unit(spec: Spec, service: ServiceSpec) -> str:
    """A whole unit. It runs as the service's account from the start, so that it needs no capability to
    become it; a pool keeps its socket's path, and the shared service must have let go of that."""
    arguments = service.start
    if service.pool is not None:
        arguments = ("--nodaemonize", "--fpm-config", names.pool_main_file(service))
    command = " ".join(systemd_word(word) for word in (service.executable, *arguments))
    after = ["network.target", *([service.replaces] if service.replaces else [])]
    lines = [
        "[Unit]",
        f"Description={service.name}, confined",
        f"After={' '.join(after)}",
        "",
        "[Service]",
        f"Type={'notify' if service.pool is not None else 'exec'}",
        f"User={service.user}",
        *([f"Group={service.group}"] if service.group else []),
        f"ExecStart={command}",
        *(["ExecReload=/bin/kill -USR2 $MAINPID"] if service.pool is not None else []),
        "Restart=on-failure",
        *_confinement(spec, service),
        "",
        "[Install]",
        "WantedBy=multi-user.target",
    ]
    return "\n".join(lines) + "\n"


def pool_main_text(service: ServiceSpec) -> str:
    """The php-fpm.conf of a pool's own unit: messages to the journal, and the pool. Its paths are plain."""
    pool = names.pool_file(service)
    return f"[global]\nerror_log = syslog\nsyslog.ident = {service.name}\ndaemonize = no\ninclude = {pool}\n"
