"""The command that Ansible's raw module carries, run by real shells on this machine."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardcheck.collect import SOURCES
from hardcheck.collect.probe import build_probe
from hardcheck.errors import UsageError
from hardcheck.transport.access import Sudo
from hardcheck.transport.ansible_command import WRAPPER, read_answer, wrapped_line
from hardcheck.transport.dialogue import Dialogue

SCRIPT = b"""printf '%s|' "$@" 'it'"'"'s \\\\ !x {{ y }} {% z %} $HOME'
printf '\\000\\377\\r\\n'
echo to-stderr >&2
exit 4
"""
ANSWER = b"a|b|it's \\\\ !x {{ y }} {% z %} $HOME|\x00\xff\r\n"


@pytest.mark.parametrize("shell", ["sh", "bash", "dash", "fish", "csh", "tcsh", "zsh", "ksh"])
def test_every_login_shell_runs_it_and_every_byte_comes_back(shell: str) -> None:
    path = shutil.which(shell)
    if path is None:
        pytest.skip(f"{shell} is not installed")
    dialogue = Dialogue(SCRIPT, ["a", "b"], Sudo(allowed=False))
    done = subprocess.run(
        [path, "-c", wrapped_line(SCRIPT, "w0rd", 1000, dialogue.argv)],
        capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=30,
    )  # fmt: skip
    answer = read_answer("motd\r\n" + done.stdout.replace("\n", "\r\n"), "w0rd", 1000)
    assert answer.whole
    assert answer.stdout == ANSWER
    dialogue.feed(answer.stderr)
    assert (dialogue.finish(), dialogue.exit_status) == (b"to-stderr\n", 4)


@pytest.mark.parametrize("missing", [(), ("gzip",), ("gzip", "base64")])
def test_a_host_without_the_tools_encodes_in_another_way(tmp_path: Path, missing: tuple[str, ...]) -> None:
    for name in ("sh", "head", "gzip", "base64", "od", "id", "cut", "cat"):
        if name not in missing:
            (tmp_path / name).symlink_to(shutil.which(name) or "")
    dialogue = Dialogue(SCRIPT, ["a", "b"], Sudo(allowed=False))
    line = wrapped_line(SCRIPT, "w0rd", 1000, dialogue.argv).replace(
        "PATH=$PATH:/usr/sbin:/usr/bin:/sbin:/bin;", f"PATH={tmp_path};"
    )
    done = subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, check=False)
    encoding = done.stdout.split()[2]
    assert encoding == {0: "gz64", 1: "b64", 2: "hex"}[len(missing)]
    answer = read_answer(done.stdout, "w0rd", 1000)
    assert (answer.stdout, answer.whole, answer.become) == (ANSWER, True, False)


def test_a_long_answer_is_cut_on_the_host() -> None:
    script = b"head -c 100000 /dev/zero\n"
    dialogue = Dialogue(script, [], Sudo(allowed=False))
    line = wrapped_line(script, "w0rd", 500, dialogue.argv)
    done = subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, check=False)
    assert len(read_answer(done.stdout, "w0rd", 500).stdout) == 500


@settings(max_examples=25, deadline=None)
@given(st.text(st.characters(min_codepoint=1, max_codepoint=127), max_size=200))
def test_any_ascii_script_arrives_as_it_was(text: str) -> None:
    script = ("cat <<'THE-END'\n" + text.replace("THE-END", "") + "\nTHE-END\n").encode()
    line = wrapped_line(script, "w0rd", 10_000, ["sh", "-s"])
    done = subprocess.run(["/bin/sh", "-c", line], capture_output=True, check=False)
    answer = read_answer(done.stdout.decode(), "w0rd", 10_000)
    assert answer.stdout == text.replace("THE-END", "").encode() + b"\n"


def test_the_real_probe_fits_and_holds_no_template() -> None:
    line = wrapped_line(build_probe(SOURCES), "w0rd", 1, ["sh"])
    assert not any(mark in line for mark in ("{{", "{%", "{#", "\n", "!"))
    assert not any(mark in WRAPPER for mark in ("{{", "{%", "{#", "\n", "!", "'", "\\"))


def test_what_cannot_be_carried_is_refused() -> None:
    with pytest.raises(UsageError, match="ASCII"):
        wrapped_line("ü".encode(), "w", 1, [])
    with pytest.raises(UsageError, match="longer than"):
        wrapped_line(b"x" * 200_000, "w", 1, [])


@given(st.text(max_size=300), st.integers(0, 100))
def test_any_output_is_read_without_an_exception(text: str, limit: int) -> None:
    for output in (
        text,
        f"w begin gz64 yes\n{text}\nw middle\n{text}",
        f"w begin hex\n{text}\nw middle\nw end",
    ):
        answer = read_answer(output, "w", limit)
        assert len(answer.stdout) <= limit
        assert len(answer.stderr) <= limit


def test_an_answer_cut_in_the_middle_keeps_what_is_there() -> None:
    script = b"head -c 5000 /dev/urandom | od -An -tx1\n"
    line = wrapped_line(script, "w0rd", 100_000, ["sh", "-s"])
    done = subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, check=False)
    full = read_answer(done.stdout, "w0rd", 100_000)
    cut = read_answer(done.stdout[: len(done.stdout) // 2], "w0rd", 100_000)
    assert full.whole
    assert not cut.whole
    assert 1000 < len(cut.stdout) < len(full.stdout)
    assert full.stdout.startswith(cut.stdout)


def test_a_small_answer_that_unpacks_to_much_is_bounded() -> None:
    import base64
    import gzip

    bomb = base64.b64encode(gzip.compress(bytes(50_000_000))).decode()
    answer = read_answer(f"w begin gz64 no\n{bomb}\nw middle\n\nw end\n", "w", 1000)
    assert len(answer.stdout) == 1000
    assert not answer.whole
