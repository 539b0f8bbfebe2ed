from __future__ import annotations

import importlib
import pkgutil
import re
import subprocess
from pathlib import Path

import pytest

import hardcheck.collect
from hardcheck.collect import SOURCES
from hardcheck.collect.base import CommandSource, FileSource, ShellSource
from hardcheck.collect.probe import build_probe, probe_build, probe_sha256, sudoers_line
from hardcheck.errors import UsageError
from tests.corpora import need_tool
from tests.unit.collect.shells import NONCE

PROBE = build_probe(SOURCES)
FRAGMENTS = [source for source in SOURCES if isinstance(source, ShellSource)]


def test_the_same_sources_give_the_same_bytes() -> None:
    assert build_probe(SOURCES) == PROBE
    assert len(probe_sha256(PROBE)) == 64
    assert probe_build(PROBE).encode() in PROBE


def test_another_source_gives_another_build() -> None:
    assert probe_build(build_probe(SOURCES[1:])) != probe_build(PROBE)


def test_keys_are_unique_and_plain() -> None:
    keys = [source.key for source in SOURCES]
    assert len(keys) == len(set(keys))
    twice = (FileSource("a", "/x"), CommandSource("a", ("id",)))
    for wrong in (twice, (FileSource("a b", "/x"),), (FileSource("", "/x"),), (FileSource("a:b", "/x"),)):
        with pytest.raises(UsageError, match="source key"):
            build_probe(wrong)


def test_every_module_of_sources_is_in_the_registry() -> None:
    names = [module.name for module in pkgutil.iter_modules(hardcheck.collect.__path__)]
    modules = [importlib.import_module(f"hardcheck.collect.{name}") for name in names]
    known = [source.key for module in modules for source in getattr(module, "SOURCES", ())]
    assert set(known) == {source.key for source in SOURCES}


def test_a_text_that_is_no_probe_has_no_build() -> None:
    with pytest.raises(UsageError, match="not a probe"):
        probe_build(b"#!/bin/sh\n")


def test_the_probe_is_clean_to_shellcheck(tmp_path: Path) -> None:
    path = tmp_path / "probe.sh"
    path.write_bytes(PROBE)
    done = subprocess.run([need_tool("shellcheck"), "-s", "sh", path], capture_output=True, text=True)
    assert done.stdout == ""


def test_every_fragment_is_clean_to_shellcheck(tmp_path: Path) -> None:
    paths = []
    for source in FRAGMENTS:
        paths.append(tmp_path / f"{source.key}.sh")
        paths[-1].write_text(f"#!/bin/sh\n{source.body}\n")
    # Not counted: a word that read puts aside, ls of /proc (no name there is odd), a value like a command.
    known = "SC2034,SC2010,SC2209"
    command = [need_tool("shellcheck"), "-s", "sh", "-S", "warning", "-e", known, *paths]
    assert subprocess.run(command, capture_output=True, text=True).stdout == ""


@pytest.mark.parametrize("shell", ["dash", "bash", "busybox sh"])
def test_probe_and_fragments_parse_under_every_shell(shell: str) -> None:
    command, *first = shell.split()
    for text in [PROBE, *(source.body.encode() for source in FRAGMENTS)]:
        done = subprocess.run([need_tool(command), *first, "-n"], input=text, capture_output=True)
        assert (done.returncode, done.stderr) == (0, b""), text[:200]


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_probe_that_was_cut_on_its_way_runs_nothing(share: float) -> None:
    cut = PROBE[: int(len(PROBE) * share)]
    done = subprocess.run([need_tool("dash"), "-s", "--", NONCE], input=cut, capture_output=True)
    assert b"@hardcheck" not in done.stdout


@pytest.mark.slow
def test_all_sources_together_write_nothing_on_the_host_they_run_on(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    calls = "open,openat,creat,mkdir,mkdirat,unlink,unlinkat,rename,renameat,renameat2,link,linkat,symlink"
    calls += ",symlinkat,chmod,fchmodat,chown,lchown,fchownat,truncate,mknod,mknodat,utimensat,setxattr"
    command = [
        need_tool("strace"),
        "-f",
        "-qq",
        "-o",
        trace,
        "-e",
        f"trace={calls}",
        "dash",
        "-s",
        "--",
        NONCE,
    ]
    assert subprocess.run(command, input=PROBE, capture_output=True).stdout.endswith(b" z\n")
    changing = re.compile(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC| (?!open)[a-z0-9]+\(")
    lines = [line for line in trace.read_text(errors="replace").splitlines() if changing.search(line)]
    # An unnamed file (O_TMPFILE) is memory by another name; what failed changed nothing.
    allowed = re.compile(r"/dev/(null|tty|pts/)|O_TMPFILE|= -1 E|<unfinished|resumed>|\+\+\+|---")
    assert [line for line in lines if not allowed.search(line)] == []


def test_the_sudoers_line_allows_one_digest_and_nothing_else() -> None:
    line = sudoers_line("audit-01", PROBE)
    digest = probe_sha256(PROBE)
    assert line == f"audit-01 ALL=(root) NOPASSWD: sha256:{digest} /usr/local/libexec/hardcheck-probe"


@pytest.mark.parametrize("user", ["", "a b", "ALL", "a\nroot ALL=(ALL) ALL", "%wheel", "a,b", "#0", "!x"])
def test_a_user_that_would_change_the_sudoers_line_is_refused(user: str) -> None:
    with pytest.raises(UsageError, match="can stand in sudoers"):
        sudoers_line(user, PROBE)


@pytest.mark.parametrize("path", ["probe", "/a b", "/a,/bin/sh", "/../x y", "/a\n"])
def test_a_path_that_would_change_the_sudoers_line_is_refused(path: str) -> None:
    with pytest.raises(UsageError, match="can stand in sudoers"):
        sudoers_line("auditor", PROBE, path)


def test_sudo_itself_accepts_the_line(tmp_path: Path) -> None:
    path = tmp_path / "hardcheck"
    path.write_text(sudoers_line("auditor", PROBE) + "\n")
    path.chmod(0o440)
    done = subprocess.run([need_tool("visudo"), "-c", "-f", path], capture_output=True, text=True)
    assert "parsed OK" in done.stdout, done.stderr
