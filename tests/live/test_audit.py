"""The main job, end to end: an inventory in, a report out, on real hosts over SSH."""

from __future__ import annotations

from pathlib import Path

import pytest

from hardcheck.findings import Framework, Report, Status
from hardcheck.reasons import Reason
from tests.live import lab
from tests.live.lab_hosts import inventory
from tests.live.runs import Run, hardcheck

pytestmark = pytest.mark.live


def audit(folder: Path, user: str, *more: str, extra: str = "", **environment: str) -> Run:
    out = folder / f"out-{user}"
    every_rule = ("-p", "host")
    words = ("audit", "-i", inventory(folder, user, extra), *every_rule, "-o", out, "--format", "json", *more)
    return hardcheck(*words, folder=out, **environment)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """All hosts as the account that may sudo without a password."""
    return audit(tmp_path_factory.mktemp("auditor"), "auditor")


def verdicts(report: Report) -> dict[tuple[str, str], Status]:
    return {(finding.host, finding.rule): finding.status for finding in report.findings}


def test_every_host_is_reached_as_root_and_has_failures(run: Run) -> None:
    assert run.code == 1, run.stderr
    assert {host.name: host.privilege for host in run.report.hosts} == {
        "lab-selinux": "sudo",
        "lab-apparmor": "sudo",
        "lab-plain": "sudo",
    }
    assert all(host.failure == "" for host in run.report.hosts)


def test_the_framework_and_its_reconciled_state_are_told(run: Run) -> None:
    hosts = {host.name: host for host in run.report.hosts}
    assert hosts["lab-selinux"].framework is Framework.SELINUX
    assert "enforcing now, permissive after the next boot" in hosts["lab-selinux"].verdict
    assert hosts["lab-apparmor"].framework is Framework.APPARMOR
    assert hosts["lab-plain"].framework is Framework.NEITHER


PLANTED = [
    # on every host
    ("selinux", "sysctl-ipv4-source-route", "net.ipv4.conf.all.accept_source_route"),
    ("apparmor", "sysctl-ipv4-source-route", "/etc/sysctl.d/90-site.conf:1"),
    ("plain", "sysctl-ipv4-redirects-accepted", "net.ipv4.conf.default.accept_redirects"),
    ("selinux", "sysctl-address-randomisation", "now 1, after boot 2"),
    ("apparmor", "mac-listeners-confined", "legacy-api"),
    ("selinux", "mac-listeners-confined", "legacy-api"),
    # selinux
    ("selinux", "mac-enforcing-after-boot", "permissive"),
    ("selinux", "mac-no-permissive-subjects", "crond_t"),
    ("selinux", "selinux-booleans-web", "httpd_can_network_connect"),
    ("selinux", "selinux-local-fcontexts", "/srv/www"),
    ("selinux", "selinux-file-labels", "/srv/www/a.example/moved.html"),
    ("selinux", "mac-denials-reviewed", "httpd_t"),
    # apparmor
    ("apparmor", "mac-nothing-disabled", "lsb_release"),
    ("apparmor", "mac-no-permissive-subjects", "php-fpm"),
    ("apparmor", "mac-running-policy-is-configured", "reader"),
    ("apparmor", "mac-listeners-confined", "nginx"),
    ("apparmor", "mac-denials-reviewed", "reader"),
    # plain
    ("plain", "mac-framework-enforcing", ""),
]


@pytest.mark.parametrize(("host", "rule", "words"), PLANTED)
def test_what_was_planted_is_found(run: Run, host: str, rule: str, words: str) -> None:
    finding = run.finding(host, rule)
    assert finding.status is Status.FAIL, finding
    assert words in " ".join((*finding.items, finding.observed))
    assert finding.evidence


def test_nothing_is_unknown_to_root_but_what_the_host_itself_does_not_know(run: Run) -> None:
    unknown = {f.rule: f.detail for f in run.report.findings if f.status in (Status.UNKNOWN, Status.ERROR)}
    expected = {
        "updates-security-applied": "the host has no package lists",
        "audit-log-room": "the log reaches back",  # hosts that were planted today
        "mac-ready-to-enforce": "7 are wanted",
    }
    assert set(unknown) == set(expected)
    assert all(words in unknown[rule] for rule, words in expected.items()), unknown


def test_the_bundles_give_the_same_bytes_again(run: Run, tmp_path: Path) -> None:
    words = ("evaluate", run.folder, "-p", "host", "-o", tmp_path, "--format", "json")
    again = hardcheck(*words, folder=tmp_path)
    assert again.code == run.code
    assert (tmp_path / "report.json").read_bytes() == (run.folder / "report.json").read_bytes()


def test_a_sudo_password_from_the_inventory_gives_the_same_verdicts(run: Run, tmp_path: Path) -> None:
    by_password = audit(tmp_path, "pwuser", extra=f"ansible_become_password={lab.SUDO_PASSWORD}")
    assert {host.privilege for host in by_password.report.hosts} == {"sudo"}
    assert verdicts(by_password.report) == verdicts(run.report)
    for file in by_password.folder.rglob("*"):
        assert not file.is_file() or lab.SUDO_PASSWORD.encode() not in file.read_bytes()


def test_a_wrong_sudo_password_costs_verdicts_and_says_so(tmp_path: Path) -> None:
    run = audit(tmp_path, "pwuser", "--limit", "lab-plain", HARDCHECK_SUDO_PASSWORD="not it")
    (host,) = run.report.hosts
    assert host.privilege == "none"
    denied = [f for f in run.report.findings if f.reason is Reason.DENIED]
    assert denied
    assert host.cure.startswith("pwuser ALL=(root) NOPASSWD: sha256:")


def test_an_ordinary_account_gets_unknowns_and_never_a_better_verdict(run: Run, tmp_path: Path) -> None:
    plain = audit(tmp_path, "plain", "--no-sudo")
    root, user = verdicts(run.report), verdicts(plain.report)
    better = {key for key, status in user.items() if status is Status.PASS and root[key] is not Status.PASS}
    assert not better
    denied = [f for f in plain.report.findings if f.reason is Reason.DENIED]
    assert {finding.host for finding in denied} == {"lab-selinux", "lab-apparmor", "lab-plain"}
    assert all(host.cure for host in plain.report.hosts)


def test_ansible_reaches_the_same_verdicts(run: Run, tmp_path: Path) -> None:
    ansible = audit(tmp_path, "auditor", "--transport", "ansible", extra="ansible_become=true")
    assert {host.privilege for host in ansible.report.hosts} <= {"become", "sudo"}
    assert verdicts(ansible.report) == verdicts(run.report)


def test_all_reports_are_written_and_the_page_is_small(run: Run, tmp_path: Path) -> None:
    again = hardcheck("evaluate", run.folder, "-o", tmp_path, "--format", "html,pdf", folder=tmp_path)
    assert again.code == 1
    html, pdf = tmp_path / "report.html", tmp_path / "report.pdf"
    assert html.stat().st_size < 1_000_000
    assert pdf.read_bytes().startswith(b"%PDF-")


def test_the_installed_probe_is_used_where_sudo_allows_exactly_it(run: Run, tmp_path: Path) -> None:
    from tests.live.lab_hosts import on_host

    probe = hardcheck("probe", folder=tmp_path)
    line = hardcheck("probe", "--sudoers", "plain", folder=tmp_path).stdout
    install = "install -D -m 0755 -o root -g root /dev/stdin /usr/local/libexec/hardcheck-probe"
    on_host("plain", install, stdin=probe.stdout.encode())
    on_host("plain", "install -m 0440 /dev/stdin /etc/sudoers.d/hardcheck", stdin=line.encode())
    try:
        by_probe = audit(tmp_path, "plain", "--limit", "lab-plain")
        (host,) = by_probe.report.hosts
        assert host.privilege == "installed"
        root = {key: status for key, status in verdicts(run.report).items() if key[0] == "lab-plain"}
        assert verdicts(by_probe.report) == root
    finally:
        on_host("plain", "rm -f /etc/sudoers.d/hardcheck /usr/local/libexec/hardcheck-probe")
