"""Bad input gets one line that names the file and the place, and the exit code that fits."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from hardcheck import __version__
from hardcheck.evidence import Evidence, HostEvidence, HostIdentity, Privilege
from hardcheck.evidence.bundle import write_bundle
from tests.unit.cli.conftest import Said

Command = Callable[..., Said]
MANIFEST = "manifest.json"


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A small bundle as it should be."""
    item = Evidence("host.os_release", "/etc/os-release", b"ID=debian\n", euid=0)
    host = HostEvidence(
        host=HostIdentity("web1"),
        started_at="2026-01-02T03:04:05Z",
        finished_at="2026-01-02T03:04:06Z",
        tool_version=__version__,
        probe_sha256="0" * 64,
        privilege=Privilege.ROOT,
        items={item.key: item},
    )
    path = tmp_path / "web1.evidence.zip"
    write_bundle(host, path)
    return path


def rewrite(path: Path, change: Callable[[dict[str, bytes]], None]) -> None:
    """The same archive with other members."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def one_line(said: Said, code: int, *words: str) -> None:
    assert said.code == code, said
    lines = said.err.strip().splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("hardcheck: ")
    assert "Traceback" not in said.err
    for word in words:
        assert word in lines[0]


def test_a_bundle_as_it_should_be_is_judged(command: Command, bundle: Path) -> None:
    said = command("evaluate", bundle)
    assert said.code in (1, 3)
    assert "web1" in said.out


def test_a_bundle_that_is_cut(command: Command, bundle: Path) -> None:
    bundle.write_bytes(bundle.read_bytes()[:-40])
    one_line(command("evaluate", bundle), 3, bundle.name)


def test_a_bundle_that_is_no_zip(command: Command, bundle: Path) -> None:
    bundle.write_bytes(b"not a zip" * 100)
    one_line(command("evaluate", bundle), 3, bundle.name)


def test_a_bundle_that_cannot_be_read(command: Command, tmp_path: Path) -> None:
    one_line(command("evaluate", tmp_path / "gone.zip"), 2, "gone.zip", "no such file")


def test_bytes_that_do_not_match_the_manifest(command: Command, bundle: Path) -> None:
    def change(members: dict[str, bytes]) -> None:
        name = next(name for name in members if name != MANIFEST)
        members[name] = members[name].replace(b"debian", b"ubuntu")

    rewrite(bundle, change)
    one_line(command("evaluate", bundle), 3, bundle.name)


def test_a_member_that_climbs_out(command: Command, bundle: Path, tmp_path: Path) -> None:
    rewrite(bundle, lambda members: members.update({"../../evil": b"x"}))
    one_line(command("evaluate", bundle), 3, bundle.name)
    assert not list(tmp_path.parent.glob("evil"))


def test_a_gigabyte_of_zeros(command: Command, bundle: Path) -> None:
    with zipfile.ZipFile(bundle) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(bundle, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            if name == MANIFEST:
                archive.writestr(name, content)
                continue
            with archive.open(name, "w", force_zip64=True) as member:
                block = bytes(1 << 20)
                for _ in range(1024):
                    member.write(block)
    one_line(command("evaluate", bundle), 3, bundle.name)


@pytest.mark.parametrize(
    "manifest", [b"\xff\xfe not utf-8", b"{", b"[]", json.dumps({"format_version": 99}).encode()]
)
def test_a_manifest_of_another_form(command: Command, bundle: Path, manifest: bytes) -> None:
    rewrite(bundle, lambda members: members.update({MANIFEST: manifest}))
    one_line(command("evaluate", bundle), 3, bundle.name)


def test_one_bad_bundle_costs_only_itself(command: Command, bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.evidence.zip").write_bytes(b"no")
    said = command("evaluate", tmp_path)
    assert said.code in (1, 3)
    assert "web1" in said.out
    assert "bad.evidence.zip" in said.err


def test_an_inventory_that_does_not_parse(command: Command, tmp_path: Path) -> None:
    inventory = tmp_path / "hosts.yml"
    inventory.write_text("all:\n  hosts:\n   - [\n")
    one_line(command("audit", "-i", inventory, "-o", tmp_path / "out"), 2, "hosts.yml")


def test_a_pattern_that_fits_no_host(command: Command, tmp_path: Path) -> None:
    inventory = tmp_path / "hosts.ini"
    inventory.write_text("[web]\nweb1 ansible_host=127.0.0.1\n")
    said = command("audit", "-i", inventory, "--limit", "database", "-o", tmp_path / "out")
    one_line(said, 2, "database")


def test_an_inventory_without_hosts_is_never_clean(command: Command, tmp_path: Path) -> None:
    inventory = tmp_path / "hosts.txt"
    inventory.write_text("# nobody\n")
    assert command("audit", "-i", inventory, "-o", tmp_path / "out").code in (2, 3, 4)


def test_no_target_at_all(command: Command) -> None:
    one_line(command("audit"), 2, "no host was named")


def test_a_profile_that_does_not_exist(command: Command, bundle: Path) -> None:
    one_line(command("evaluate", bundle, "--profile", "pci-dss-9"), 2, "pci-dss")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("check: {fact: selinux.config.mode, equlas: enforcing}", ("equlas", "equals")),
        ("check: {fact: selinux.confg.mode, equals: enforcing}", ("selinux.confg", "selinux.config")),
        ("check: {fact: selinux.config.mode, equals: enforced}", ("enforced",)),
        ("chekc: {fact: selinux.config.mode, equals: enforcing}", ("chekc", "check")),
    ],
)
def test_a_rule_with_a_fault(command: Command, tmp_path: Path, text: str, words: tuple[str, ...]) -> None:
    (tmp_path / "own.yaml").write_text(
        "id: own\ntitle: Own\nseverity: low\ntopic: own\nrationale: Own.\n"
        f"sources: [own]\nremedies: []\n{text}\n"
    )
    said = command("rules", "list", "--rules", tmp_path)
    assert said.code == 2
    assert "own.yaml:8" in said.err
    for word in words:
        assert word in said.err
    assert "Traceback" not in said.err


def test_a_question_outside_the_grammar(command: Command, tmp_path: Path) -> None:
    (tmp_path / "usr.bin.true").write_text("profile true /usr/bin/true {\n}\n")
    one_line(command("ask", tmp_path, "can true read /etc/shadow"), 2, "who may write /etc/cron.d")


def test_an_unreachable_host_stays_in_the_report(command: Command, tmp_path: Path) -> None:
    said = command("audit", "127.0.0.1:1", "-o", tmp_path, "--format", "json", "--connect-timeout", "5")
    assert said.code == 4
    report = json.loads((tmp_path / "report.json").read_bytes())
    assert [host["reached"] for host in report["hosts"]] == [False]
    assert {finding["status"] for finding in report["findings"]} == {"unknown"}
