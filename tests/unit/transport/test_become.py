"""Becoming root, tried with real shells and a make-believe sudo on this machine."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardcheck.errors import UsageError
from hardcheck.evidence import Privilege
from hardcheck.transport.access import Sudo
from hardcheck.transport.base import BecomeFailure, Limits, Streams
from hardcheck.transport.bootstrap import INNER, OUTER, Mode, bootstrap_argv, bootstrap_line
from hardcheck.transport.dialogue import Dialogue
from hardcheck.transport.local import LocalTransport
from hardcheck.transport.secret import Secret
from tests.unit.transport.shells import make_believe

SCRIPT = b'echo "args:$*"; id -u; echo from-probe >&2; exit 3\n'
SUDO = Sudo()
Run = Callable[..., Streams]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    def run(sudo: str, asked: Sudo = SUDO, password: str = "right horse") -> Streams:
        for name, value in make_believe(tmp_path / "bin", sudo, password).items():
            monkeypatch.setenv(name, value)
        return LocalTransport("here", asked).run_probe(SCRIPT, ["a", "b=1"], Limits(total_s=20))

    return run


def attempts(tmp_path: Path) -> int:
    return (tmp_path / "bin" / "log").read_text().count("attempt")


def test_an_account_that_may_use_sudo_becomes_root(run: Run) -> None:
    streams = run("allow")
    assert streams.privilege is Privilege.SUDO
    assert streams.stdout == b"args:a b=1\n0\n"
    assert streams.stderr == b"from-probe\n"
    assert (streams.exit_status, streams.failure, streams.denied) == (3, None, None)


def test_root_needs_no_sudo(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    variables = make_believe(tmp_path / "bin", "refuse") | {"FAKE_UID": "0"}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    streams = LocalTransport("here", Sudo()).run_probe(SCRIPT, [], Limits())
    assert streams.privilege is Privilege.ROOT
    assert (tmp_path / "bin" / "log").read_text() == ""


def test_without_sudo_nothing_is_tried(run: Run, tmp_path: Path) -> None:
    streams = run("allow", Sudo(allowed=False))
    assert streams.privilege is Privilege.NONE
    assert streams.stdout == b"args:a b=1\n1000\n"
    assert streams.denied is not None
    assert streams.denied.why is BecomeFailure.NOT_ASKED
    assert (tmp_path / "bin" / "log").read_text() == ""


@pytest.mark.parametrize(
    ("sudo", "why"),
    [
        ("refuse", BecomeFailure.NOT_ALLOWED),
        ("password", BecomeFailure.PASSWORD_NEEDED),
        ("tty", BecomeFailure.TTY_NEEDED),
    ],
)
def test_a_refusal_is_typed_and_the_probe_runs_without_root(run: Run, sudo: str, why: BecomeFailure) -> None:
    streams = run(sudo)
    assert streams.privilege is Privilege.NONE
    assert streams.stdout == b"args:a b=1\n1000\n"
    assert streams.stderr == b"from-probe\n"  # what sudo said is not the probe's
    assert streams.denied is not None
    assert streams.denied.why is why
    assert streams.denied.detail.startswith("sudo:")


def test_no_sudo_on_the_host_is_its_own_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    only = tmp_path / "only"
    only.mkdir()
    for name in ("sh", "sha256sum", "cut", "cat"):
        (only / name).symlink_to(shutil.which(name) or "")
    dialogue = Dialogue(SCRIPT, [], Sudo())
    variables = make_believe(tmp_path / "bin", "allow")
    (tmp_path / "bin" / "sudo").unlink()
    line = dialogue.argv[2].replace(
        "PATH=$PATH:/usr/sbin:/usr/bin:/sbin:/bin;", f"PATH={tmp_path}/bin:{only};"
    )
    done = subprocess.run(
        ["/bin/sh", "-c", line, *dialogue.argv[3:]],
        input=SCRIPT,
        capture_output=True,
        env=variables,
        check=False,
    )
    dialogue.feed(done.stderr)
    denied = dialogue.denied()
    assert denied is not None
    assert denied.why is BecomeFailure.NO_SUDO


@pytest.mark.parametrize(
    "password", ["right horse", "back\\slash", "'quote\"", "$(id) `id` %s !x", "ünïcode", "-n"]
)
def test_the_password_reaches_sudo_as_it_is(run: Run, tmp_path: Path, password: str) -> None:
    streams = run("password", Sudo(password=Secret(password)), password)
    assert streams.privilege is Privilege.SUDO
    assert streams.stdout == b"args:a b=1\n0\n"
    assert attempts(tmp_path) == 1
    assert password not in (tmp_path / "bin" / "log").read_text()


def test_a_password_that_is_not_needed_is_not_sent(run: Run, tmp_path: Path) -> None:
    streams = run("allow", Sudo(password=Secret("hunter2")))
    assert streams.privilege is Privilege.SUDO
    assert streams.stdout == b"args:a b=1\n0\n"
    assert attempts(tmp_path) == 0


def test_a_wrong_password_is_tried_once_and_then_done_without(run: Run, tmp_path: Path) -> None:
    streams = run("password", Sudo(password=Secret("wrong")))
    assert streams.privilege is Privilege.NONE
    assert streams.stdout == b"args:a b=1\n1000\n"
    assert streams.denied is not None
    assert streams.denied.why is BecomeFailure.WRONG_PASSWORD
    assert attempts(tmp_path) == 1
    assert b"wrong" not in streams.stdout + streams.stderr
    assert "wrong" not in repr(streams.denied.detail)


def test_a_silent_sudo_is_given_up(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hardcheck.transport.pump._PROMPT_WAIT_S", 0.2)
    streams = run("silent", Sudo(password=Secret("hunter2")))
    assert streams.privilege is Privilege.NONE
    assert streams.denied is not None
    assert streams.denied.why is BecomeFailure.FAILED


@pytest.mark.parametrize("differs", [False, True])
def test_the_installed_probe_is_used_when_it_is_this_very_probe(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, differs: bool
) -> None:
    probe = tmp_path / "hardcheck-probe"
    probe.write_bytes(b"#!/bin/sh\n" + SCRIPT + (b"#\n" if differs else b""))
    probe.chmod(0o755)
    monkeypatch.setenv("FAKE_PROBE", str(probe))
    monkeypatch.setattr(
        "hardcheck.transport.bootstrap.OUTER", OUTER.replace("/usr/local/libexec/hardcheck-probe", str(probe))
    )
    monkeypatch.setattr("tests.unit.transport.test_become.SCRIPT", b"#!/bin/sh\n" + SCRIPT)
    streams = run("installed")
    assert streams.privilege is (Privilege.NONE if differs else Privilege.INSTALLED)
    assert streams.stdout == (b"args:a b=1\n1000\n" if differs else b"args:a b=1\n0\n")
    assert streams.stderr == b"from-probe\n"
    assert streams.exit_status == 3


def test_an_installed_probe_that_sudo_refuses_falls_back(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    probe = tmp_path / "hardcheck-probe"
    probe.write_bytes(SCRIPT)
    probe.chmod(0o755)
    monkeypatch.setattr(
        "hardcheck.transport.bootstrap.OUTER", OUTER.replace("/usr/local/libexec/hardcheck-probe", str(probe))
    )
    streams = run("refuse")
    assert streams.privilege is Privilege.NONE
    assert streams.stdout == b"args:a b=1\n1000\n"
    assert streams.stderr == b"from-probe\n"


def test_the_line_has_nothing_that_a_login_shell_would_change() -> None:
    for text in (OUTER, INNER):
        assert not set("'!\\\n") & set(text)


@pytest.mark.parametrize("shell", ["sh", "bash", "dash", "busybox", "zsh", "ksh", "fish", "csh", "tcsh"])
def test_every_login_shell_runs_the_line_alike(shell: str) -> None:
    path = shutil.which(shell)
    if path is None:
        pytest.skip(f"{shell} is not installed")
    dialogue = Dialogue(SCRIPT, ["a.b:/c=@%+-,_", "2"], Sudo(allowed=False))
    command = [path, "sh", "-c"] if shell == "busybox" else [path, "-c"]
    done = subprocess.run(
        [*command, bootstrap_line(dialogue.argv)], input=SCRIPT, capture_output=True, check=False, timeout=30
    )
    dialogue.feed(done.stderr)
    assert done.stdout.startswith(b"args:a.b:/c=@%+-,_ 2\n")
    assert dialogue.finish() == b"from-probe\n"
    assert dialogue.exit_status == 3


@given(st.text(min_size=1, max_size=20))
def test_an_argument_is_carried_as_it_is_or_refused(argument: str) -> None:
    try:
        argv = bootstrap_argv("word", Mode.SUDO, "0" * 64, [argument])
    except UsageError:
        return
    words = bootstrap_line(argv).split(" ")
    assert words[-1] == argument
    assert not set(argument) & set(" '\"\\!$`*?[]{}()<>|&;#~\n\t")


def test_too_many_arguments_are_refused() -> None:
    with pytest.raises(UsageError, match="longer than"):
        bootstrap_argv("word", Mode.SUDO, "0" * 64, ["a" * 100] * 2000)
