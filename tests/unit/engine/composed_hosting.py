"""The hardening of a host that many share: a filter that names its ports, sites apart, private places.

What `tests.unit.engine.composed` composes is changed item by item to what a host would send after the
remedies of the rules about it.
"""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec

from hardcheck.evidence import HostEvidence, Reason
from tests.unit.parse.system_hosts import host, tree

PROGRAMS = "exec,passthru,shell_exec,system,popen,proc_open,pcntl_exec"
POOL = """\
[{name}.example]
user = site-{name}
group = site-{name}
listen = /run/php/{name}.sock
php_admin_value[open_basedir] = /srv/www/{name}.example
php_admin_value[session.save_path] = /var/lib/php/sessions/{name}
php_admin_value[sys_temp_dir] = /srv/tmp/{name}
"""
FOLDERS = """\
folder 755 0 0 /
folder 755 0 0 /srv
folder 755 0 0 /srv/www
folder 2750 2001 33 /srv/www/a.example
folder 2750 2002 33 /srv/www/b.example
end
"""
UFW = {
    "/etc/default/ufw": "".join(f"DEFAULT_{way}_POLICY=DROP\n" for way in ("INPUT", "OUTPUT", "FORWARD")),
    "/etc/ufw/ufw.conf": "ENABLED=yes\n",
    "/etc/ufw/user.rules": "### tuple ### limit tcp 22 0.0.0.0/0 any 0.0.0.0/0 in\n",
}
NAMESPACE = "/tmp /tmp/tmp-inst/ user root\n/var/tmp /var/tmp/tmp-inst/ user root\n"
PORTS = [22, 80]
INI = "/etc/php/8.2/fpm/php.ini"


def _ruleset() -> str:
    """What nft lists of one table that drops by default at every hook and lets `PORTS` in."""
    where = {"family": "inet", "table": "filter"}

    def rule(chain: str, *expressions: Any) -> dict[str, Any]:
        return {"rule": {**where, "chain": chain, "handle": 1, "expr": list(expressions)}}

    def match(left: Any, right: Any, op: str = "==") -> dict[str, Any]:
        return {"match": {"op": op, "left": left, "right": right}}

    lo = match({"meta": {"key": "iifname"}}, "lo")
    known = match({"ct": {"key": "state"}}, ["established", "related"], "in")
    ports = match({"payload": {"protocol": "tcp", "field": "dport"}}, {"set": PORTS})
    chains = [
        {
            "chain": {
                **where,
                "name": hook,
                "handle": 1,
                "type": "filter",
                "hook": hook,
                "prio": 0,
                "policy": "drop",
            }
        }
        for hook in ("input", "forward", "output")
    ]
    accept = {"accept": None}
    rules = [rule("input", lo, accept), rule("input", known, accept), rule("input", ports, accept)]
    table = {"table": {"family": "inet", "name": "filter", "handle": 1}}
    return json.dumps({"nftables": [table, *chains, *rules]})


def hosting(shared: HostEvidence) -> HostEvidence:
    """The host with all of it."""
    items = dict(shared.items)
    mounts = re.sub(
        r"( /proc \S+(?: \S+)* - proc proc rw)\b.*", r"\1,hidepid=invisible", items["mounts.mountinfo"].text()
    )
    users = "site-a:x:2001:2001::/srv/www/a:/bin/false\nsite-b:x:2002:2002::/srv/www/b:/bin/false\n"
    for key in [
        key for key in items if key.startswith(("web.php_pools", "firewall.", "pam.", "containers."))
    ]:
        del items[key]
    session = "session required pam_namespace.so\n"
    changed = host(
        {
            "mounts.mountinfo": mounts,
            "mounts.fstab": items["mounts.fstab"].text() + "proc /proc proc nosuid,hidepid=2 0 0\n",
            "accounts.passwd": items["accounts.passwd"].text() + users,
            "web.folders": FOLDERS,
            "web.php_ini": f"file {INI}\n{INI}:1:disable_functions = {PROGRAMS}\nend\n",
            "web.apache": "state missing\n",
            **tree("web.php_pools", {f"/etc/php/8.2/fpm/pool.d/{n}.conf": POOL.format(name=n) for n in "ab"}),
            **tree("pam.files", {f"/etc/pam.d/{name}": session for name in ("login", "sshd")}),
            **tree("pam.namespace_conf", {"/etc/security/namespace.d/site.conf": NAMESPACE}),
            **tree("firewall.ufw", UFW),
            **tree(
                "firewall.files", {path: text for path, text in UFW.items() if not path.endswith(".rules")}
            ),
            "firewall.nft": _ruleset(),
            "firewall.iptables": "module nf_tables loaded\nnone ip\nnone ip6\n",
            "firewall.compat": "none ip\nnone ip6\n",
            "containers.docker": "state running\n",
            "containers.podman": Reason.TOOL_MISSING,
            "containers.owners": "config 755 0 0 /etc/docker\nsocket 660 0 999 /run/docker.sock\nend\n",
            **tree("containers.daemon", {"/etc/docker/daemon.json": "{}"}),
        }
    )
    return msgspec.structs.replace(shared, items={**items, **changed.items})
