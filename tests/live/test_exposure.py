"""The answers of `hardcheck exposure` agree with what code inside the services really gets from the kernel.

Three services of each host read files when they are asked to: php-fpm by a planted script, nginx and
legacy-api by a link in the folder that they serve. File modes are opened first, so that the policy is what
decides; files, links and modes are put back when the script ends.
"""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.live.lab_hosts import inventory, on_host

pytestmark = [pytest.mark.live, pytest.mark.slow]

HOSTS = ("selinux", "apparmor")
SERVICES = {"php-fpm": "php8.2-fpm", "nginx": "nginx", "legacy-api": "legacy-api"}
FILES = {
    "read-password-hashes": "/etc/shadow",
    "read-ssh-host-keys": "/etc/ssh/ssh_host_probe_key",
    "read-application-secrets": "/etc/php/8.2/fpm/pool.d/b.conf",
    "read-web-content": "/srv/www/b.example/probe.php",
    "read-tls-keys": "/etc/ssl/private/server.key",
    "read-home-folders": "/home/auditor/.probe",
}
MADE = [
    FILES[goal] for goal in ("read-ssh-host-keys", "read-web-content", "read-tls-keys", "read-home-folders")
]
OPENED = ["/etc/shadow", "/etc/ssl/private", "/home/auditor"]

PROBE = f"""
set -u
link=/srv/www/a.example/probe-link.txt
restore() {{
    rm -f $link {" ".join(MADE)}
    while read -r mode path; do chmod "$mode" "$path"; done < /run/probe-modes
    rm -f /run/probe-modes
}}
trap restore EXIT
stat -c '%a %n' {" ".join(OPENED)} > /run/probe-modes
for f in {" ".join(MADE)}; do echo made-for-a-probe > "$f"; done
chmod o+rx {" ".join(OPENED)}
chmod 644 {" ".join(MADE)}
if command -v restorecon > /dev/null; then restorecon {" ".join(MADE)}; fi
for f in {" ".join(FILES.values())}; do
    ln -sfn "$f" $link
    body=$(curl -s -H 'Host: a.example' "http://127.0.0.1/read.php?f=$f" | tr -d '\\0')
    case $body in denied*|'') echo "php-fpm $f no";; *) echo "php-fpm $f yes";; esac
    code=$(curl -s -o /dev/null -w '%{{http_code}}' -H 'Host: a.example' http://127.0.0.1/probe-link.txt)
    if [ "$code" = 200 ]; then echo "nginx $f yes"; else echo "nginx $f no"; fi
    code=$(curl -s -o /dev/null -w '%{{http_code}}' http://127.0.0.1:8080/probe-link.txt)
    if [ "$code" = 200 ]; then echo "legacy-api $f yes"; else echo "legacy-api $f no"; fi
done
"""


def run(name: str, folder: Path, *words: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "hardcheck", "exposure", f"lab-{name}", "-i", str(inventory(folder))]
    done = subprocess.run([*command, "--json", *words], capture_output=True, timeout=300)
    assert done.returncode in (0, 3), done.stderr.decode(errors="replace")
    found = json.loads(done.stdout)
    assert found["format_version"] == 1
    exposure: dict[str, Any] = found["exposure"]
    return exposure


@cache
def exposed(name: str, folder: Path) -> dict[str, Any]:
    return run(name, folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("exposure")


def answers(found: dict[str, Any], service: str) -> dict[str, str]:
    (one,) = [one for one in found["now"]["services"] if one["service"]["name"] == service]
    return {answer["goal"]: answer["outcome"] for answer in one["answers"]}


@pytest.mark.parametrize("name", HOSTS)
def test_reads_come_out_as_the_kernel_decides_them(name: str, folder: Path) -> None:
    found = exposed(name, folder)
    lines = [line.split() for line in on_host(name, PROBE).splitlines()]
    tried = {(service, path): result == "yes" for service, path, result in lines}
    wrong = []
    for service, unit in SERVICES.items():
        predicted = answers(found, unit)
        for goal, path in FILES.items():
            expected = predicted[goal] in ("allowed", "logged only")
            if tried[service, path] is not expected:
                wrong.append(f"{service} {path}: {predicted[goal]}, the kernel gave {tried[service, path]}")
    assert not wrong
    assert len(tried) == len(SERVICES) * len(FILES)


def test_services_without_a_policy_are_open_and_confined_ones_are_not(folder: Path) -> None:
    selinux, apparmor = exposed("selinux", folder), exposed("apparmor", folder)
    for found in (selinux, apparmor):
        grades = {one["service"]["name"]: one["grade"]["letter"] for one in found["now"]["services"]}
        assert grades["legacy-api"] == "F"
        assert found["now"]["grade"] == "F"
    assert answers(selinux, "nginx")["write-programs"] == "blocked"
    assert answers(selinux, "php8.2-fpm")["reach-unconfined"] == "blocked"
    assert answers(apparmor, "nginx")["write-programs"] == "allowed"
    assert answers(apparmor, "php8.2-fpm")["read-password-hashes"] == "logged only"


@pytest.mark.parametrize("name", HOSTS)
def test_two_php_sites_in_one_domain_read_each_other(name: str, folder: Path) -> None:
    matrix = {
        (one["reader"], one["owner"]): one["read"]
        for one in exposed(name, folder)["now"]["tenants"]["matrix"]
    }
    for reader, owner in (("a.example", "b.example"), ("b.example", "a.example")):
        assert matrix[reader, owner] in ("allowed", "logged only")


def test_a_boolean_that_is_switched_off_closes_what_it_opens(folder: Path) -> None:
    words = ("--service", "php-fpm", "--goal", "connect-mail", "--boolean", "httpd_can_network_connect=off")
    (difference,) = run("selinux", folder, *words)["differences"]
    assert (difference["before"], difference["after"]) == ("allowed", "blocked")
