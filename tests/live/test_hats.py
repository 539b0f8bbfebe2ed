"""One php-fpm whose pools are told apart by hats, as `hardcheck confine` writes them for AppArmor."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.recordings import Recordings
from tests.live.sites import (
    ALL_READ,
    APART,
    ASK,
    FOLDER,
    PLANT,
    SERVED,
    hardcheck,
    on_host,
    pages,
    reads,
    send,
    since_then,
)

pytestmark = pytest.mark.live

HOST = "apparmor"
RUN = f"sh {FOLDER}/"
RESTART = "systemctl restart php8.2-fpm"


@pytest.fixture(scope="module")
def since() -> int:
    """When these tests began, in seconds on the host: what the log has from before is not theirs."""
    return int(on_host(HOST, "date +%s"))


@pytest.fixture(scope="module")
def draft(since: int, recordings: Recordings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder that the drafted specification gives with hats, sent to the host; rolled back after."""
    folder, bundle = tmp_path_factory.mktemp("hats"), recordings.bundle(HOST)
    drafted = hardcheck("confine", "--from", bundle, "--service", "php-fpm", "-o", folder / "drafted")
    assert drafted.returncode == 0, drafted.stderr
    spec = folder / "spec.yaml"
    text = (folder / "drafted" / "spec.yaml").read_text()
    spec.write_text(text.replace("services:", "hats: true\nservices:", 1))
    written = hardcheck("confine", spec, "--from", bundle, "-o", folder / "hats")
    assert written.returncode == 0, written.stdout + written.stderr
    send(HOST, folder / "hats")
    try:
        yield folder / "hats"
    finally:
        on_host(HOST, f"{RUN}rollback.sh >&2; rm -f /srv/www/b.example/read.php")


def test_hats_are_enough_for_php_fpm_and_tell_its_pools_apart(draft: Path) -> None:
    before = on_host(HOST, f"{PLANT}; {ASK}")
    assert (pages(before), reads(before)) == (SERVED, ALL_READ)
    permissive = on_host(HOST, f"{RUN}install.sh permissive >&2 && {RUN}verify.sh 2>&1; {ASK}")
    assert (pages(permissive), reads(permissive)) == (SERVED, ALL_READ)
    enforced = on_host(HOST, f"{RUN}install.sh enforce >&2; {RESTART}; {RUN}verify.sh 2>&1; {ASK}")
    assert (pages(enforced), reads(enforced)) == (SERVED, APART)
    assert "FAIL" not in permissive + enforced
    labels = on_host(HOST, "ps -eo label,args")
    for site in "ab":
        hat = rf"^pools-pools//{site}-example \(enforce\)\s.*php-fpm: pool {site}\.example"
        hat = hat.replace("pools-pools", re.escape(next((draft / "apparmor").iterdir()).name))
        assert re.search(hat, labels, re.MULTILINE), labels


def test_what_hats_deny_is_the_other_site_and_no_need(draft: Path, since: int) -> None:
    profile = next((draft / "apparmor").iterdir()).name
    denied = [
        line
        for line in since_then(on_host(HOST, "cat /var/log/audit/audit.log"), since).splitlines()
        if f'profile="{profile}' in line and 'apparmor="DENIED"' in line
    ]
    assert any(f'profile="{profile}//a-example"' in line and "/srv/www/b.example/" in line for line in denied)
    assert not [line for line in denied if "/srv/www/" not in line], "denied what is needed"
