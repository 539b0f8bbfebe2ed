"""Small hosts of a few facts, with a policy of given answers."""

from __future__ import annotations

from hardcheck.access.scripted import ScriptedPolicy
from hardcheck.derive import DERIVED
from hardcheck.derive.assemble import fact_specs
from hardcheck.exposure.host import Host
from hardcheck.facts import Absent
from hardcheck.facts.base import fixed_facts
from hardcheck.facts.labels import FileLabel, FileLabels
from hardcheck.facts.mac import Confined, Subject
from hardcheck.facts.network import Listener, UnixListener
from hardcheck.facts.processes import Process
from hardcheck.facts.web import Site
from hardcheck.parse import PARSERS
from hardcheck.reasons import Reason

HTTPD = "system_u:system_r:httpd_t:s0"
SHADOW = "system_u:object_r:shadow_t:s0"
CONTENT = "system_u:object_r:httpd_sys_content_t:s0"
MISSING = Absent(Reason.DENIED, ("selinux.policy",), "permission denied")
SPECS = fact_specs(PARSERS, DERIVED)
ALL = (1 << 41) - 1


def process(pid: int, name: str, uid: int = 0, unit: str = "", **more: object) -> Process:
    given: dict[str, object] = {
        "parent": 1,
        "label": HTTPD,
        "program": f"/usr/sbin/{name}",
        "capabilities": 0 if uid else ALL,
    }
    given |= more
    return Process(
        pid=pid,
        name=name,
        uid=uid,
        effective_uid=uid,
        gid=uid,
        kernel=False,
        unit=unit,
        **given,  # type: ignore[arg-type] # fields by name
    )


PROCESSES = (
    process(1, "systemd", label="system_u:system_r:init_t:s0", parent=0),
    process(10, "nginx", unit="nginx.service"),
    process(11, "nginx", 33, "nginx.service", parent=10),
    process(20, "php-fpm8.2", unit="php8.2-fpm.service"),
    process(21, "php-fpm8.2", 33, "php8.2-fpm.service", arguments=("php-fpm: pool a",)),
    process(22, "php-fpm8.2", 33, "php8.2-fpm.service", arguments=("php-fpm: pool b",)),
    process(30, "mysqld", 105, "mysql.service"),
    process(40, "sshd", unit="ssh.service"),
    process(41, "bash", 1000, "ssh.service"),
)
LISTENERS = (
    Listener("tcp", "0.0.0.0", 80, 0, 1, (10, 11)),
    Listener("tcp", "127.0.0.1", 3306, 105, 2, (30,)),
    Listener("tcp6", "::", 22, 0, 3, (40,)),
)
UNIX = (UnixListener("/run/php/a.sock", 9, (20,)), UnixListener("/run/docker.sock", 10, ()))
SITES = (
    Site(
        "nginx", ("a.example",), ("/srv/a",), ("unix:/run/php/a.sock",), ("a",), "www-data", "/etc/nginx/a:1"
    ),
    Site(
        "nginx", ("b.example",), ("/srv/b",), ("unix:/run/php/b.sock",), ("b",), "www-data", "/etc/nginx/b:1"
    ),
)
FILES = FileLabels(
    (
        FileLabel("/etc/shadow", "f", SHADOW, "640", 0, 42),
        FileLabel("/srv/a/index.php", "f", CONTENT, "644", 0, 0),
        FileLabel("/srv/b/index.php", "f", CONTENT, "644", 0, 0),
    )
)


def subjects(state: Confined | Absent) -> tuple[Subject, ...]:
    return tuple(
        Subject(
            one.pid,
            one.name,
            one.unit,
            "",
            one.effective_uid,
            str(one.label),
            "httpd_t",
            state,
            one.pid != 41,
        )
        for one in PROCESSES
    )


def host(policy: object = None, state: Confined | Absent = "enforced", **facts: object) -> Host:
    """A SELinux host with nginx, php-fpm behind it, sshd with a login, and a database of its own."""
    values: dict[str, object] = {
        "mac.framework": "selinux",
        "access.policy": ScriptedPolicy("selinux") if policy is None else policy,
        "access.unconfined": ("unconfined_t",),
        "processes.all": PROCESSES,
        "network.listeners": LISTENERS,
        "network.unix_listeners": UNIX,
        "mac.subjects": subjects(state),
        "web.sites": SITES,
        "labels.files": FILES,
    }
    return Host("web1", fixed_facts(SPECS, values | facts))
