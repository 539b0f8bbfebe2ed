"""The command: what it writes, its exit codes, and one line for every fault."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hardcheck.cli.app import run
from tests.unit.confine.specs import SHOP, SITES
from tests.unit.confine.test_draft import debian_host


def write(folder: Path, text: str) -> Path:
    path = folder / "spec.yaml"
    path.write_text(text)
    return path


def test_a_draft_without_a_host_is_written_and_unknown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert run(["confine", str(write(tmp_path, SITES)), "-o", str(out)]) == 3
    shown = capsys.readouterr().out
    assert "The draft is unknown" in shown
    assert "name a host with --from TARGET" in shown
    names = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    assert {"install.sh", "verify.sh", "rollback.sh", "settings.sh", "common.sh"} <= names
    assert {"selinux/confine_sites.cil", "selinux/confine_sites.te", "selinux/confine_sites.fc"} <= names
    assert {"selinux/confine_sites.if", "selinux/confine_sites_permissive.cil"} <= names
    assert {"apparmor/site-a", "systemd/php-fpm-site-a.service", "php/site-a.fpm"} <= names
    assert (out / "spec.yaml").read_text() == SITES
    assert "sh install.sh permissive" in (out / "README.md").read_text()
    assert (out / "install.sh").stat().st_mode & 0o111


def test_the_judgement_is_there_for_machines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["confine", str(write(tmp_path, SHOP)), "-o", str(tmp_path / "out"), "--json"]) == 3
    found = json.loads(capsys.readouterr().out)
    assert found["format_version"] == 1
    assert found["confine"]["judged"] == "unknown"
    assert "tcp 8080" in found["confine"]["notes"][0]


def test_a_bad_draft_withholds_its_installer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hardcheck.cli.confine._host", lambda source, how: debian_host())
    out = tmp_path / "out"
    bad = write(tmp_path, SITES.replace("[/etc/php/8.2/fpm/php.ini,", "[/etc/shadow,", 1))
    out.mkdir()
    (out / "install.sh").write_text("of an earlier draft\n")
    assert run(["confine", str(bad), "--from", "web1", "-o", str(out)]) == 1
    shown = capsys.readouterr().out
    assert "The draft is bad" in shown
    (line,) = (line for line in shown.splitlines() if "site-a" in line and "read-password-hashes" in line)
    assert line.split()[0] == "bad"
    assert not (out / "install.sh").exists()
    assert "install.sh is not written" in (out / "README.md").read_text()
    assert "bad     site-a: Read" in (out / "judgement.txt").read_text()


def test_a_service_is_drafted_from_a_host(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hardcheck.cli.confine._host", lambda source, how: debian_host())
    out = tmp_path / "out"
    assert run(["confine", "--from", "web1", "--service", "php-fpm", "-o", str(out)]) in (0, 3)
    assert "pool: {name:" in (out / "spec.yaml").read_text()
    assert "Web tenants" in capsys.readouterr().out
    assert run(["confine", "--from", "web1", "--service", "no-such", "-o", str(out)]) == 2
    message = capsys.readouterr().err
    assert "no network-facing service called 'no-such'" in message
    assert len(message.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "give SPEC, or --from TARGET --service NAME"),
        (["--service", "x"], "--service goes with --from"),
        (["{spec}", "--service", "x", "--from", "y"], "give SPEC, or --from"),
        (["{missing}"], "expected a readable file"),
        (["{bad}"], "nearest: reads"),
    ],
)
def test_a_fault_is_one_line_and_exit_code_2(
    words: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(SHOP.replace("    reads:", "    read:"))
    places = {"spec": write(tmp_path, SHOP), "bad": bad, "missing": tmp_path / "missing.yaml"}
    given = [word.format(**places) for word in words]
    assert run(["confine", *given, "-o", str(tmp_path / "out")]) == 2
    shown = capsys.readouterr().err
    assert message in shown
    assert len(shown.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()
