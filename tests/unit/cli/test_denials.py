"""`hardcheck denials` on logs: what it prints of hostile ones, its exit codes, its files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.corpora import corpus

AVC = (
    "type=AVC msg=audit(1795232999.472:{serial}): avc:  denied  {{ read }} for  pid=9 comm={comm} "
    "path={path} dev=vda ino=7 scontext=system_u:system_r:httpd_t:s0 tcontext=system_u:object_r:{type}:s0 "
    "tclass=file permissive=0\n"
)
HOSTILE = (
    "\x1b[2J\x1b]0;owned\x07",
    "<script>alert(1)</script>",
    "nul\0byte",
    "\u202egnp.exe",
    "line\nfeed",
    "$(id) `id` '; id #",
)


def hexed(text: str) -> str:
    """As the kernel writes a name that it does not trust."""
    return text.encode().hex().upper()


def hostile_log() -> bytes:
    parts = [
        AVC.format(serial=number, comm=hexed(text), path=hexed(f"/srv/{text}"), type="user_home_t")
        for number, text in enumerate(HOSTILE)
    ]
    raw = "".join(parts).encode()
    return raw + b"\0\0\0\x1b[31m avc: denied\n" + b"x" * 10_000_000 + b" avc:  denied  { read }\n" + raw


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "audit.log"
    path.write_bytes(hostile_log())
    return path


def test_a_hostile_log_is_shown_as_text_alone(command: Callable[..., Any], log: Path) -> None:
    said = command("denials", log, "--all")
    assert said.code == 1
    assert all(char == "\n" or char.isprintable() for char in said.out)
    assert "\\x1b[2J" in said.out
    assert "too long and cut" in said.out
    assert "could not be read" in said.out


def test_a_hostile_log_gives_json_that_reads_back(command: Callable[..., Any], log: Path) -> None:
    said = command("denials", log, "--json")
    found = json.loads(said.out)["denials"]
    assert found["denials"] == 2 * len(HOSTILE)
    paths = {path for one in found["groups"] for path in one["group"]["paths"]["values"]}
    assert paths == {f"/srv/{text}" for text in HOSTILE}
    assert not any(char < " " and char != "\n" for char in said.out)


def test_a_hostile_log_writes_files_of_plain_lines(
    command: Callable[..., Any], log: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert command("denials", log, "--suggest", "-o", out).code == 1
    for path in out.rglob("*"):
        if path.is_file():
            assert all(char == "\n" or char.isprintable() for char in path.read_text())


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", 3),
        ("type=USER_ACCT msg=audit(1795232999.472:1): pid=1\n", 0),
        (AVC.format(serial=1, comm='"x"', path='"/etc/shadow"', type="shadow_t"), 1),
        ("type=AVC msg=audit(broken): avc:  denied  { read } for pid=1\n", 3),
    ],
    ids=["empty", "clean", "open", "damaged"],
)
def test_exit_codes(command: Callable[..., Any], tmp_path: Path, content: str, code: int) -> None:
    path = tmp_path / "audit.log"
    path.write_text(content)
    assert command("denials", path).code == code


def test_where_the_words_are_wrong_it_says_so(command: Callable[..., Any], log: Path) -> None:
    for words in (("--suggest",), ("-o", "x"), ("--file-contexts", log), ("--since", "soon")):
        assert command("denials", log, *words).code == 2


def test_a_log_alone_opens_no_domain_that_the_danger_list_is_about(
    command: Callable[..., Any], tmp_path: Path
) -> None:
    path = tmp_path / "audit.log"
    path.write_text(AVC.format(serial=1, comm='"x"', path='"/etc/shadow"', type="shadow_t"))
    said = command("denials", path)
    assert "not to be let through: Password hashes" in said.out
    assert "semanage permissive -a" not in said.out


def test_interfaces_are_taken_from_the_folder_that_is_given(
    command: Callable[..., Any], tmp_path: Path
) -> None:
    folder = tmp_path / "include"
    for name, text in (
        ("services/own.if", "interface(`own_pass',`allow $1 cron_spool_t:dir { search getattr };')"),
        ("support/own.spt", ""),
    ):
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text(text)
    log = tmp_path / "audit.log"
    log.write_text(
        "type=AVC msg=audit(1795232999.472:9): avc:  denied  { search } for  pid=9 comm=ntpd name=cron "
        "dev=vda ino=7 scontext=system_u:system_r:ntpd_t:s0 tcontext=system_u:object_r:cron_spool_t:s0 "
        "tclass=dir permissive=0\n"
    )
    policy = corpus("selinux-policies-debian12") / "debian12-default" / "policy.33"
    words = ("denials", log, "--policy", policy, "--refpolicy", folder)
    (group,) = json.loads(command(*words, "--json").out)["denials"]["groups"]
    assert group["cure"]["interface"]["call"] == "own_pass(ntpd_t)"
    assert "or as an interface: own_pass(ntpd_t)" in command(*words).out
    said = command("denials", log, "--policy", policy, "--refpolicy", tmp_path)
    assert said.code == 2
    assert "no interface files" in said.err
