"""Two PHP sites in one domain, told apart by what `hardcheck confine` writes, on both frameworks.

Before: the code of one site reads the other's secret. The folder that the command drafts from the host is
installed only logging, then enforcing: the same request is denied and recorded for the new domain or
profile, both sites still serve, the policy that the host's tools built is the one that the judgement was
made by, and the exposure page shows the change. `rollback.sh` brings back what was. The hosts go through it
side by side, since most of the time is spent by semodule and systemd under emulation.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hardcheck.evidence.bundle import read_bundle
from hardcheck.exposure.host import host_of
from hardcheck.selinux.cil import read_extension
from hardcheck.selinux.diff import diff_policies
from hardcheck.selinux.extend import extend, extend_file_contexts
from hardcheck.selinux.file_contexts import FileContexts
from hardcheck.selinux.policy import Policy
from tests.live.lab_hosts import inventory
from tests.live.recordings import PATIENCE, Recordings
from tests.live.sites import (
    ALL_READ,
    APART,
    ASK,
    FOLDER,
    PLANT,
    SERVED,
    SITES,
    hardcheck,
    on_host,
    pages,
    raw,
    reads,
    send,
    since_then,
)

pytestmark = pytest.mark.live

HOSTS = ("selinux", "apparmor")
LABELS = {
    "selinux": {site: f"system_u:system_r:{site[0]}_example_t:s0" for site in SITES},
    "apparmor": {site: f"{site[0]}-example" for site in SITES},
}
# What starts while only logging must start under enforcement too.
RESTART = "systemctl restart php-fpm-a-example php-fpm-b-example"


@dataclass
class Story:
    """What was seen at each step on one host."""

    before: str
    drafted: subprocess.CompletedProcess[bytes]
    folder: Path
    bundle: Path
    permissive: str
    enforced: str
    verified: str
    processes: str
    exposure: dict[str, Any]
    policy: bytes
    file_contexts: bytes
    denials: str
    after: str
    left: str


def tell(name: str, folder: Path, bundle: Path) -> Story:
    hosts = inventory(folder)
    out = folder / "confine"
    drafted = hardcheck("confine", "--from", bundle, "--service", "php-fpm", "-o", out)
    assert drafted.returncode in (0, 3), drafted.stderr
    send(name, out)
    run = f"sh {FOLDER}/"
    since = int(on_host(name, "date +%s"))
    try:
        before = on_host(name, f"{PLANT}; {ASK}")
        permissive = on_host(name, f"{run}install.sh permissive >&2 && {run}verify.sh 2>&1; {ASK}")
        enforced = on_host(name, f"{run}install.sh enforce >&2; {RESTART}; {ASK}")
        verified = on_host(name, f"{run}verify.sh 2>&1")
        exposure = hardcheck("exposure", f"lab-{name}", "-i", hosts, "--json", *PATIENCE)
        assert exposure.returncode in (0, 3), exposure.stderr
        processes = on_host(name, "ps -eo label,args")
        policy = contexts = b""
        if name == "selinux":
            policy = raw(name, "cat /sys/fs/selinux/policy")
            contexts = raw(name, "cat /etc/selinux/default/contexts/files/file_contexts")
        denials = since_then(on_host(name, "cat /var/log/audit/audit.log"), since)
    finally:
        on_host(name, f"{run}rollback.sh >&2; rm -f /srv/www/b.example/read.php")
    after = on_host(name, f"{PLANT}; {ASK}\nrm -f /srv/www/b.example/read.php")
    left = on_host(name, LEFT)
    found = json.loads(exposure.stdout)["exposure"]["now"]
    return Story(
        before=before,
        drafted=drafted,
        folder=out,
        bundle=bundle,
        permissive=permissive,
        enforced=enforced,
        verified=verified,
        processes=processes,
        exposure=found,
        policy=policy,
        file_contexts=contexts,
        denials=denials,
        after=after,
        left=left,
    )


LEFT = """
ls /etc/php/*/fpm/*.d/*example* /etc/systemd/system/*example* /etc/apparmor.d/*example* \
    /etc/apparmor.d/force-complain/*example* 2>/dev/null
if command -v semodule > /dev/null; then
    semodule -l | grep '^confine_'; semanage fcontext -lC | grep example_
fi
ls -Zd /srv/www/a.example
systemctl is-active php8.2-fpm
"""


@pytest.fixture(scope="module")
def stories(tmp_path_factory: pytest.TempPathFactory, recordings: Recordings) -> Callable[[str], Story]:
    """Both hosts at the same time; each test waits for the one that it is about."""
    with ThreadPoolExecutor(len(HOSTS)) as pool:
        found: dict[str, Future[Story]] = {
            name: pool.submit(tell, name, tmp_path_factory.mktemp(name), recordings.bundle(name))
            for name in HOSTS
        }
        return lambda name: found[name].result()


@pytest.mark.parametrize("name", HOSTS)
def test_the_draft_is_judged_to_tell_the_sites_apart(name: str, stories: Callable[[str], Story]) -> None:
    story = stories(name)
    text = (story.folder / "judgement.txt").read_text()
    assert "\n    bad" not in text
    assert re.search(r"a\.example on b\.example: read (allowed|logged only) -> blocked", text)
    assert (story.folder / "install.sh").exists()


@pytest.mark.parametrize("name", HOSTS)
def test_what_was_open_is_denied_and_both_sites_still_serve(
    name: str, stories: Callable[[str], Story]
) -> None:
    story = stories(name)
    assert (pages(story.before), reads(story.before)) == (SERVED, ALL_READ)
    assert (pages(story.permissive), reads(story.permissive)) == (SERVED, ALL_READ)
    assert (pages(story.enforced), reads(story.enforced)) == (SERVED, APART)


@pytest.mark.parametrize("name", HOSTS)
def test_the_pools_run_where_they_should_and_verify_says_so(
    name: str, stories: Callable[[str], Story]
) -> None:
    story = stories(name)
    assert "FAIL" not in story.permissive + story.verified
    assert story.verified.count("ok   php-fpm-") == len(SITES)
    for site, label in LABELS[name].items():
        assert re.search(rf"^{re.escape(label)}\s.*php-fpm: pool {re.escape(site)}", story.processes, re.M)


def test_a_denial_on_selinux_names_the_new_domain(stories: Callable[[str], Story]) -> None:
    found = [line for line in stories("selinux").denials.splitlines() if "permissive=0" in line]
    denied = [line for line in found if "a_example_t:s0" in line and "b_example_content_t" in line]
    assert denied
    needed = [line for line in found if "_example_t:s0 tcontext" in line and "_example_content_t" not in line]
    assert not needed, "the draft denies something that the sites need"


def test_a_denial_on_apparmor_names_the_new_profile(stories: Callable[[str], Story]) -> None:
    found = [line for line in stories("apparmor").denials.splitlines() if 'apparmor="DENIED"' in line]
    assert any('profile="a-example"' in line and "/srv/www/b.example/secret" in line for line in found)
    needed = [line for line in found if '-example"' in line and "/srv/www/" not in line]
    assert not needed, "the draft denies something that the sites need"


def test_the_judgement_was_made_by_the_policy_that_the_host_then_had(
    stories: Callable[[str], Story],
) -> None:
    story = stories("selinux")
    host = host_of(read_bundle(story.bundle))
    (source,) = (path for path in (story.folder / "selinux").glob("*.cil") if "permissive" not in path.name)
    module = read_extension(source.read_text())
    judged = extend(host.policy.policy, module).policy  # type: ignore[union-attr]
    difference = diff_policies(judged, Policy.from_bytes(story.policy).with_booleans(dict(judged.booleans)))
    assert difference.equal, difference
    contexts = extend_file_contexts(host.policy.file_contexts, module)  # type: ignore[union-attr]
    real = FileContexts.from_files({"file_contexts": story.file_contexts})
    ours = [rule.spec for rule in contexts.rules if rule.where.startswith(("file_contexts:", "module:"))]
    assert ours == [rule.spec for rule in real.rules]


@pytest.mark.parametrize("name", HOSTS)
def test_the_exposure_page_shows_the_sites_apart(name: str, stories: Callable[[str], Story]) -> None:
    matrix = {
        (one["reader"], one["owner"]): (one["read"], one["write"])
        for one in stories(name).exposure["tenants"]["matrix"]
    }
    assert matrix["a.example", "b.example"] == ("blocked", "blocked")
    assert matrix["b.example", "a.example"] == ("blocked", "blocked")


@pytest.mark.parametrize("name", HOSTS)
def test_rollback_brings_back_what_was(name: str, stories: Callable[[str], Story]) -> None:
    story = stories(name)
    assert (pages(story.after), reads(story.after)) == (SERVED, ALL_READ)
    kind = "httpd_sys_content_t:s0 /srv/www/a.example" if name == "selinux" else "/srv/www/a.example"
    assert story.left.splitlines()[-1] == "active"
    (shown,) = story.left.splitlines()[:-1]
    assert shown.endswith(kind)
