"""Causes of denials made for real on both frameworks, each cured by what `hardcheck denials` suggests.

Before: a file that was moved, a site's own docroot, port 9999, a database behind a boolean, a service started
by hand, a stale profile, a program and a socket without rules, a domain and a profile that only log, and a
web server on the password hashes. The suggestions are sent to the host and run; the same actions then work,
the password hashes stay closed, and what only logged is ready to enforce. The hosts go through it side by
side and are put back to their snapshot at the end.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.live import lab
from tests.live.lab_hosts import inventory

pytestmark = pytest.mark.live

HOSTS = ("selinux", "apparmor")
FOLDER = "/root/denials"
DOINGS = {
    "selinux": """
get() { curl -s -m 20 -o /dev/null -w '%{http_code}' "$@"; }
php() { curl -s -m 20 -H 'Host: a.example' "http://127.0.0.1/$1"; }
echo "moved $(php 'read.php?f=/srv/www/a.example/moved.html')"
echo "docroot $(get -H 'Host: shop.example' http://127.0.0.1/)"
systemctl reload nginx; sleep 2
echo "port $(get http://127.0.0.1:9999/)"
echo "database $(php db.php)"
echo "hand $(get -H 'Host: hand.example' http://127.0.0.1/index.php)"
echo "shadow $(php 'read.php?f=/etc/shadow' | head -c 6)"
systemctl restart cron
""",
    "apparmor": """
php() { curl -s -m 20 -H 'Host: a.example' "http://127.0.0.1/$1"; }
said() { "$@" > /dev/null 2>&1 && echo yes || echo no; }
echo "docroot $(php 'read.php?f=/data/shop/index.html')"
echo "stale $(said reader /srv/www/new)"
echo "gap $(said reader /etc/hostname)"
echo "program $(said starter /usr/bin/true)"
said=$(dialer -c 'echo > /dev/tcp/127.0.0.1/9' 2>&1)
echo "socket $(echo "$said" | grep -o 'Permission denied\\|Connection refused' | head -1)"
echo "shadow $(said reader /etc/shadow)"
""",
}
PLANT = {
    "selinux": """
set -e
printf 'tcp 6 TCP\\nudp 17 UDP\\n' > /etc/protocols  # which semanage looks for
mkdir /srv/shop; echo shop > /srv/shop/index.html; restorecon -R /srv/shop
cat > /etc/nginx/sites-enabled/shop <<'N'
server { listen 80; server_name shop.example; root /srv/shop; }
server { listen 80; server_name hand.example; root /srv/www/b.example;
  location ~ \\.php$ { include fastcgi_params;
    fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
    fastcgi_pass unix:/run/php/hand.sock; } }
N
systemctl reload nginx; sleep 2
echo 'server { listen 9999; location / { return 204; } }' > /etc/nginx/sites-enabled/port
setsebool httpd_can_network_connect off
cat > /srv/www/a.example/db.php <<'P'
<?php @fsockopen('127.0.0.1', 3306, $number, $text, 5); echo $number;
P
cat > /etc/php/8.2/fpm/hand.conf <<'C'
[global]
error_log = syslog
[hand]
user = www-data
listen = /run/php/hand.sock
listen.owner = www-data
pm = static
pm.max_children = 1
C
cat > /etc/systemd/system/php-hand.service <<'U'
[Service]
ExecStart=/usr/sbin/php-fpm8.2 --nodaemonize --fpm-config /etc/php/8.2/fpm/hand.conf
U
systemctl daemon-reload
php-fpm8.2 --daemonize --fpm-config /etc/php/8.2/fpm/hand.conf < /dev/null > /dev/null 2>&1
echo '# nothing' > /root/job; mv /root/job /etc/cron.d/job
chmod 644 /etc/shadow
""",
    "apparmor": """
set -e
mkdir -p /data/shop; echo shop > /data/shop/index.html; echo new > /srv/www/new
chmod 644 /etc/shadow
systemctl restart php8.2-fpm  # what a start needs is seen as well: sockets that are there already
cp /usr/bin/env /usr/local/bin/starter; cp /usr/bin/bash /usr/local/bin/dialer
for name in starter dialer; do
cat > /etc/apparmor.d/$name <<P
abi <abi/3.0>,
include <tunables/global>
profile $name /usr/local/bin/$name {
  include <abstractions/base>
  /usr/local/bin/$name mr,
  include if exists <local/$name>
}
P
apparmor_parser -r /etc/apparmor.d/$name
done
curl -s -o /dev/null -H 'Host: a.example' 'http://127.0.0.1/read.php?f=/etc/shadow'
""",
}
APPLY = {
    "selinux": f"""
sh {FOLDER}/cures.sh >&2 && cd {FOLDER} &&
checkmodule -M -m -o hardcheck_local.mod hardcheck_local.te >&2 &&""",
    # The profile of reader has no place for rules of the site: its block is edited by hand.
    "apparmor": f"""
sed -i '/^profile reader/r {FOLDER}/apparmor/reader.rules' /etc/apparmor.d/reader
sh {FOLDER}/cures.sh --rules >&2 &&""",
}


@dataclass
class Story:
    """What was seen at each step on one host; ``told`` is the command's JSON."""

    before: dict[str, str]
    told: dict[str, Any]
    files: dict[str, str]
    after: dict[str, str]
    told_after: dict[str, Any]
    enforced: dict[str, str]


def on_host(name: str, command: str, *, stdin: bytes = b"") -> str:
    """Run a command as root; what changes the policy under emulation takes its time."""
    done = subprocess.run(lab.ssh_command(name, command), input=stdin, capture_output=True, timeout=900)
    assert done.returncode == 0, f"{name}: {command}: {done.stderr.decode(errors='replace')}"
    return done.stdout.decode(errors="replace")


def denials(name: str, hosts: Path, *words: str | Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "hardcheck", "denials", f"lab-{name}", "-i", hosts, "--json"]
    done = subprocess.run(
        [
            *map(str, command),
            "--idle-timeout",
            "300",
            "--timeout",
            "900",
            "--min-days",
            "0",
            *map(str, words),
        ],
        capture_output=True,
        timeout=900,
    )
    assert done.returncode == 1, done.stderr  # the password hashes are open to the end
    found: dict[str, Any] = json.loads(done.stdout)["denials"]
    return found


def send(name: str, folder: Path) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.add(folder, ".")
    on_host(name, f"mkdir {FOLDER}; tar -C {FOLDER} -xf -", stdin=packed.getvalue())


def outcomes(text: str) -> dict[str, str]:
    """What each action said, by its name."""
    return {name: said for line in text.splitlines() for name, _, said in [line.partition(" ")]}


def tell(name: str, folder: Path) -> Story:
    hosts, out = inventory(folder), folder / "suggested"
    on_host(name, PLANT[name])
    before = outcomes(on_host(name, DOINGS[name]))
    told = denials(name, hosts, "--suggest", "-o", out)
    send(name, out)
    since = on_host(name, f"{APPLY[name]} date -u +%Y-%m-%dT%H:%M:%S").strip()
    if name == "selinux":
        on_host(name, restart_what_was_started_by_hand(told))
    else:
        on_host(name, "systemctl restart php8.2-fpm")
    after = outcomes(on_host(name, DOINGS[name]))
    told_after = denials(name, hosts, *(("--since", since) if name == "apparmor" else ()))
    enforced = {}
    if name == "apparmor":
        on_host(name, " ".join(verdict(told_after, "php-fpm")["enforce"]) + " >&2")
        enforced = outcomes(on_host(name, f"systemctl restart php8.2-fpm; {DOINGS[name]}"))
        enforced["hashes"] = on_host(
            name, "curl -s -H 'Host: a.example' 'http://127.0.0.1/read.php?f=/etc/shadow'"
        ).strip()
    files = {str(path.relative_to(out)): path.read_text() for path in out.rglob("*") if path.is_file()}
    return Story(before, told, files, after, told_after, enforced)


def restart_what_was_started_by_hand(told: dict[str, Any]) -> str:
    """The command of the cure, and then the unit as its note says."""
    group = group_of(told, "connectto")
    words = [step["words"] for step in group["cure"]["steps"] if step["words"]]
    assert [word[0] for word in words] == ["kill"]
    return f"{' '.join(words[0])}; sleep 3; systemctl start php-hand; sleep 3"


@pytest.fixture(scope="module")
def stories(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Story]]:
    """Both hosts at the same time; each test waits for the one that it is about."""
    with ThreadPoolExecutor(len(HOSTS)) as pool:
        found: dict[str, Future[Story]] = {
            name: pool.submit(tell, name, tmp_path_factory.mktemp(name)) for name in HOSTS
        }
        yield lambda name: found[name].result()
    for name in HOSTS:
        lab.down(lab.HOSTS[name])
    lab.bring_up([lab.HOSTS[name] for name in HOSTS])


def group_of(told: dict[str, Any], *words: str) -> dict[str, Any]:
    """The one group of denials whose wish, object, target or paths have all of these words."""
    found = []
    for one in told["groups"]:
        group = one["group"]
        has = {*group["wanted"], group["source"], group["target"], group["object"], *group["object"].split()}
        if set(words) <= has | set(group["paths"]["values"]):
            found.append(one)
    (only,) = found
    return dict(only)


def verdict(told: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = (one for one in told["readiness"] if one["name"] == name)
    return dict(found)


def test_on_selinux_nothing_works_and_each_cause_is_told(stories: Callable[[str], Story]) -> None:
    story = stories("selinux")
    assert story.before == {
        "moved": "denied",
        "docroot": "403",
        "port": "000",
        "database": "13",
        "hand": "502",
        "shadow": "denied",
    }
    causes = {
        ("/srv/www/a.example/moved.html",): "wrong label",
        ("/srv/shop/index.html",): "own path without a specification",
        ("9999",): "port without the right label",
        ("3306",): "a boolean is off",
        ("connectto",): "wrong domain or profile",
        ("crond_t", "/etc/cron.d/job"): "wrong label",
        ("shadow_t",): "not to be allowed",
    }
    assert {words: group_of(story.told, *words)["cause"] for words in causes} == causes


def test_on_selinux_all_of_it_works_and_the_hashes_stay_closed(stories: Callable[[str], Story]) -> None:
    assert stories("selinux").after == {
        "moved": "moved",
        "docroot": "200",
        "port": "204",
        "database": "111",  # refused by the system, since nothing listens: SELinux let it through
        "hand": "200",
        "shadow": "denied",
    }


def test_the_boolean_is_the_narrow_one_and_is_told_with_what_it_opens(
    stories: Callable[[str], Story],
) -> None:
    group = group_of(stories("selinux").told, "3306")
    assert [step["words"] for step in group["cure"]["steps"]] == [
        ["setsebool", "-P", "httpd_can_network_connect_db=on"]
    ]
    assert group["cure"]["opens"]["ports"]
    assert "opens beside what was asked for" in stories("selinux").files["cures.sh"]


def test_a_permissive_domain_is_ready_once_its_label_is_right(stories: Callable[[str], Story]) -> None:
    story = stories("selinux")
    before, after = verdict(story.told, "crond_t"), verdict(story.told_after, "crond_t")
    assert before["verdict"] == "ready after steps"
    assert any("Restore the label" in step and "/etc/cron.d/job" in step for step in before["steps"])
    assert after["verdict"] == "ready", after
    assert after["restarts"] >= 1


def test_on_apparmor_nothing_works_and_each_cause_is_told(stories: Callable[[str], Story]) -> None:
    story = stories("apparmor")
    assert story.before == {
        "docroot": "shop",  # let through: the profile only complains
        "stale": "no",
        "gap": "no",
        "program": "no",
        "socket": "Permission denied",
        "shadow": "no",
    }
    causes = {
        ("php-fpm", "/data/shop/index.html"): "a gap in the policy",
        ("reader", "/srv/www/new"): "profile older than the file on disk",
        ("reader", "/etc/hostname"): "a gap in the policy",
        ("starter", "/usr/bin/true"): "wrong domain or profile",
        ("dialer", "create"): "a gap in the policy",
        ("reader", "/etc/shadow"): "not to be allowed",
        ("php-fpm", "/etc/shadow"): "not to be allowed",
    }
    assert {words: group_of(story.told, *words)["cause"] for words in causes} == causes


def test_on_apparmor_all_of_it_works_and_the_hashes_stay_closed(stories: Callable[[str], Story]) -> None:
    works = {
        "docroot": "shop",
        "stale": "yes",
        "gap": "yes",
        "program": "yes",
        "socket": "Connection refused",
    }
    assert stories("apparmor").after == {**works, "shadow": "no"}
    assert stories("apparmor").enforced == {**works, "shadow": "no", "hashes": "denied"}


def test_a_complaining_profile_is_not_ready_before_and_ready_after(stories: Callable[[str], Story]) -> None:
    story = stories("apparmor")
    before, after = verdict(story.told, "php-fpm"), verdict(story.told_after, "php-fpm")
    assert before["verdict"] == "not ready"
    assert any("Password hashes" in why for why in before["because"])
    assert after["verdict"] == "ready", after
    assert after["restarts"] >= 1


@pytest.mark.parametrize("name", HOSTS)
def test_nothing_that_was_written_allows_the_hashes(name: str, stories: Callable[[str], Story]) -> None:
    story = stories(name)
    assert story.told["recheck"]["dangers"] == []
    assert story.told["recheck"]["still_denied"] == []
    for file, text in story.files.items():
        lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
        assert file == "README.txt" or not any("shadow" in line for line in lines)
