"""Files that attack goals name and lab hosts lack: made before a recording, removed after the tests."""

from __future__ import annotations

from tests.live.lab_hosts import on_host

LABELLED = "/usr/local/sbin/probe-python"
MADE = (
    "/etc/ssl/private/server.key",
    "/etc/pki/tls/private/localhost.key",
    "/etc/letsencrypt/archive/site/privkey1.pem",
    "/root/.ssh/id_ed25519",
    "/root/.ssh/id_rsa",
    "/home/user/.bash_history",
    "/home/user/.ssh/id_ed25519",
    "/etc/my.cnf",
    "/srv/www/a.example/probe.php",
)
PLANTED = (
    *("/etc/cron.d/planted", "/var/spool/cron/crontabs/root", "/var/spool/cron/root"),
    *("/usr/lib/planted.so", "/usr/local/bin/planted", "/usr/bin/planted", "/etc/ld.so.preload"),
    *("/etc/sudoers.d/planted", "/etc/apparmor.d/planted"),
    *(f"{folder}/systemd/system/planted.service" for folder in ("/etc", "/usr/lib", "/run")),
    "$(find /srv/www /var/www -name planted.php)",
)
OPENED = ("/etc/shadow", "/etc/gshadow", "/etc/ssl/private", "/root", "/root/.ssh", "/home/user/.ssh")
PHP = """<?php
$in = json_decode(file_get_contents('php://input'));
$child = proc_open(array_merge(['/usr/bin/python3', '-c'], $in), [1 => ['pipe', 'w']], $pipes);
echo stream_get_contents($pipes[1]);
"""


def _making() -> str:
    made = " ".join(MADE)
    return f"""set -u
mkdir -p /run/probe; : > /run/probe/made; : > /run/probe/modes
for f in {made}; do
    [ -e "$f" ] && continue
    top=$f; while [ ! -e "$(dirname "$top")" ]; do top=$(dirname "$top"); done
    echo "$top" >> /run/probe/made; mkdir -p "$(dirname "$f")"; echo made-for-a-probe > "$f"
done
cat > /srv/www/a.example/probe.php
chmod 644 /srv/www/a.example/probe.php
if command -v restorecon > /dev/null; then
    while read -r f; do restorecon -RF "$f"; done < /run/probe/made
fi
"""


_UNMAKING = f"""
while read -r mode path; do chmod "$mode" "$path"; done < /run/probe/modes
while read -r f; do rm -rf "$f"; done < /run/probe/made
rm -rf {" ".join(PLANTED)} {LABELLED} /run/probe
if mountpoint -q /mnt; then umount /mnt; fi
"""


def make(name: str) -> None:
    """Make on a host what the goals name."""
    on_host(name, _making(), stdin=PHP.encode())


def unmake(name: str) -> None:
    """Put a host back to how it was."""
    on_host(name, _UNMAKING, check=False)
