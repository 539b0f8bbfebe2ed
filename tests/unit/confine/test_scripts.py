"""The scripts against a made-up root: what install.sh does, rollback.sh undoes."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from hardcheck.confine.apparmor_text import apparmor_files
from hardcheck.confine.scripts import Labelling, scripts, settings
from hardcheck.confine.systemd_text import pool_main_text, systemd_files
from tests.unit.confine.specs import SHOP, SITES, spec

LABEL = Labelling("/srv/a(/.*)?", "a", "site_a_content_t", "s0")


@pytest.mark.parametrize("name", sorted(scripts()))
@pytest.mark.parametrize("shell", ["sh", "dash", "bash", "busybox"])
def test_every_shell_can_read_the_scripts(name: str, shell: str, tmp_path: Path) -> None:
    found = shutil.which(shell)
    if found is None:
        pytest.skip(f"{shell} is not installed")
    path = tmp_path / name
    path.write_text(scripts()[name])
    command = [found, "sh"] if shell == "busybox" else [found]
    done = subprocess.run([*command, "-n", str(path)], capture_output=True, timeout=10)
    assert done.returncode == 0, done.stderr


def test_settings_list_what_there_is() -> None:
    text = settings(spec(SITES), "confine_sites", (LABEL,), ("site-a", "site-b"))
    show = 'eval "$1"; show() { printf "[%s]" "$@"; echo; }; '
    each = 'for f in service shared path label profile; do "each_$f" show; done; '
    last = 'echo "$name $module $hats $state"'
    command = ["sh", "-c", show + each + last, "sh", text]
    shown = subprocess.run(command, capture_output=True, check=True, timeout=10).stdout.decode()
    lines = shown.splitlines()
    moved = "/etc/php/8.2/fpm/confined.d/site-a"
    assert lines[0] == (
        "[site-a][php-fpm-site-a.service][site_a_t][site-a][yes][a][/etc/php/8.2/fpm/pool.d/a.conf]"
        f"[{moved}.conf][{moved}.fpm]"
    )
    assert "[php8.2-fpm.service]" in lines
    assert "[a][site_a_content_t][s0][/srv/a(/.*)?]" in lines
    assert lines[-1] == "sites confine_sites no /var/lib/hardcheck-confine/sites"


def test_a_unit_that_is_there_gets_a_drop_in_and_a_pool_a_whole_unit() -> None:
    (name,) = systemd_files(spec(SHOP))
    assert name == "shop.service.d/50-confine.conf"
    text = systemd_files(spec(SHOP))[name]
    assert "SELinuxContext" not in text  # the program's own label and attachment lead there
    assert "CapabilityBoundingSet=CAP_NET_BIND_SERVICE\n" in text
    assert "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK\n" in text
    unit = systemd_files(spec(SITES))["php-fpm-site-a.service"]
    assert "User=www-data\n" in unit
    assert "SELinuxContext=system_u:system_r:site_a_t:s0\nAppArmorProfile=site-a\n" in unit
    assert "CapabilityBoundingSet=\n" in unit
    main = pool_main_text(spec(SITES).services[0])
    assert main.endswith("include = /etc/php/8.2/fpm/confined.d/site-a.conf\n")


def test_hats_attach_to_the_program_and_write_no_unit() -> None:
    of_hats = spec(SITES.replace("name: sites", "name: sites\nhats: true", 1))
    assert systemd_files(of_hats) == {}
    (profile,) = apparmor_files(of_hats, "3.0").values()
    assert "\nprofile sites-pools /usr/sbin/php-fpm8.2 flags=(attach_disconnected) {\n" in profile
