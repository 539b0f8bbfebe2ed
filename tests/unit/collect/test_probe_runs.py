"""The probe as it runs: under every shell and set of tools that hosts have."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from hardcheck.collect.base import BlobSource, CommandSource, FileSource, ShellSource, Source, TreeSource
from hardcheck.evidence import Evidence, Reason, parse_listing
from tests.corpora import need_tool
from tests.unit.collect.shells import DASH, NOBODY, NONCE, SHELLS, Shell, probe_for, run

EVERY_BYTE = bytes(range(256)) * 3
each_shell = pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell.name)
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become an account that is not")


@pytest.fixture
def world() -> Iterator[Path]:
    """A folder that every account can search."""
    folder = Path(tempfile.mkdtemp(prefix="hardcheck-world-"))
    folder.chmod(0o755)
    yield folder
    for inner in folder.rglob("*"):
        if inner.is_dir() and not inner.is_symlink():
            inner.chmod(0o755)
    shutil.rmtree(folder)


def write(path: Path, content: bytes, mode: int = 0o644) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(mode)
    return path


def one(shell: Shell, source: Source, user: int | None = None) -> Evidence:
    return run(shell, [source], user=user).decoded.items[source.key]


@each_shell
@pytest.mark.parametrize("content", [b"", b"\n", b"a", b"a\n", b"a\n\n", EVERY_BYTE, b"\n@x y\n@", b"\r\n\0"])
def test_a_file_comes_byte_for_byte(shell: Shell, world: Path, content: bytes) -> None:
    path = write(world / "file", content)
    item = one(shell, FileSource("key", str(path)))
    assert (item.content, item.reason, item.exit_status, item.stderr) == (content, None, None, b"")
    assert item.origin == str(path)
    assert item.euid == os.geteuid()


@each_shell
def test_a_file_of_just_the_limit_is_whole_and_one_byte_more_is_cut(shell: Shell, world: Path) -> None:
    path = write(world / "file", b"x" * 100)
    whole, cut = FileSource("whole", str(path), 100), FileSource("cut", str(path), 99)
    items = run(shell, [whole, cut]).decoded.items
    assert (items["whole"].content, items["whole"].reason) == (b"x" * 100, None)
    assert (items["cut"].content, items["cut"].reason, items["cut"].size) == (
        b"x" * 99,
        Reason.TRUNCATED,
        100,
    )


@each_shell
def test_what_is_not_there_is_not_present(shell: Shell, world: Path) -> None:
    (world / "link").symlink_to("nowhere")
    (world / "loop").symlink_to("loop")
    sources = [
        FileSource("none", str(world / "none")),
        FileSource("deep", str(world / "a/b/c")),
        FileSource("link", str(world / "link")),
        FileSource("loop", str(world / "loop")),
        FileSource("below", str(write(world / "file", b"")) + "/x"),
    ]
    assert {item.reason for item in run(shell, sources).decoded.items.values()} == {Reason.NOT_PRESENT}


@each_shell
def test_what_is_no_regular_file_is_not_read(shell: Shell, world: Path) -> None:
    os.mkfifo(world / "pipe")
    sources = [
        FileSource("pipe", str(world / "pipe")),
        FileSource("folder", str(world)),
        FileSource("dev", "/dev/zero"),
    ]
    assert {item.reason for item in run(shell, sources).decoded.items.values()} == {Reason.NOT_COLLECTED}


@each_shell
@as_root
def test_what_a_closed_directory_may_hide_is_denied_and_never_absent(shell: Shell, world: Path) -> None:
    write(world / "closed" / "inner" / "file", b"x")
    (world / "closed").chmod(0o700)
    (world / "into").symlink_to("closed/inner/file")
    (world / "relative").symlink_to("closed")
    sources = [
        FileSource("file", str(world / "closed/inner/file")),
        FileSource("guess", str(world / "closed/nothing")),
        FileSource("link", str(world / "into")),
        FileSource("parent", str(world / "relative/nothing")),
        FileSource("beside", str(world / "open/nothing")),
    ]
    items = run(shell, sources, user=NOBODY).decoded.items
    reasons = {key: item.reason for key, item in items.items()}
    assert reasons.pop("beside") is Reason.NOT_PRESENT
    assert set(reasons.values()) == {Reason.DENIED}


@each_shell
@as_root
def test_a_file_that_may_not_be_read_is_denied(shell: Shell, world: Path) -> None:
    item = one(shell, FileSource("key", str(write(world / "file", b"x", 0o600)), root=True), user=NOBODY)
    assert (item.reason, item.content, item.euid) == (Reason.DENIED, b"", NOBODY)
    assert b"ermission denied" in item.stderr


@each_shell
@pytest.mark.parametrize("status", [0, 1, 2, 77, 126, 127, 255])
def test_a_command_has_its_own_exit_status(shell: Shell, status: int) -> None:
    source = CommandSource("key", ("sh", "-c", f"echo out; echo err >&2; exit {status}"), ok=(status,))
    item = one(shell, source)
    assert (item.exit_status, item.content, item.stderr, item.reason) == (status, b"out\n", b"err\n", None)


@each_shell
def test_output_of_a_command_comes_byte_for_byte(shell: Shell, world: Path) -> None:
    path = write(world / "file", EVERY_BYTE)
    item = one(shell, CommandSource("key", ("sh", "-c", f"cat {path}; cat {path} >&2")))
    assert (item.content, item.stderr) == (EVERY_BYTE, EVERY_BYTE)


@each_shell
def test_arguments_of_a_command_reach_it_as_they_are(shell: Shell) -> None:
    words = ("a b", "$HOME", "`id`", "*", "'", '"', "\\n", "", ";")
    item = one(shell, CommandSource("key", ("sh", "-c", 'printf "<%s>\\n" "$@"', "x", *words)))
    assert item.text() == "".join(f"<{word}>\n" for word in words)


@each_shell
def test_an_exit_status_that_is_no_answer_keeps_the_output_with_a_reason(shell: Shell) -> None:
    sources = [
        CommandSource("failed", ("sh", "-c", "echo half; exit 3")),
        CommandSource("denied", ("sh", "-c", "echo 'x: Permission denied' >&2; exit 4")),
        CommandSource("missing", ("nonesuch-command", "x")),
        CommandSource("path", ("/nonesuch/command",)),
    ]
    items = run(shell, sources).decoded.items
    assert (items["failed"].reason, items["failed"].content) == (Reason.NOT_COLLECTED, b"half\n")
    assert items["denied"].reason is Reason.DENIED
    assert items["missing"].reason is items["path"].reason is Reason.TOOL_MISSING


@each_shell
def test_a_fragment_runs_with_its_needs_or_is_tool_missing(shell: Shell) -> None:
    sources = [
        ShellSource("whole", 'for word in a b; do\n  echo "$word\'s"\ndone', needs=("echo", "cat")),
        ShellSource("needs", "echo never", needs=("cat", "nonesuch-command")),
    ]
    items = run(shell, sources).decoded.items
    assert (items["whole"].text(), items["whole"].reason) == ("a's\nb's\n", None)
    assert (items["needs"].content, items["needs"].reason) == (b"", Reason.TOOL_MISSING)


@each_shell
@as_root
def test_what_needs_root_is_not_run_by_another_account(shell: Shell) -> None:
    sources = [
        CommandSource("command", ("id",), root=True),
        ShellSource("fragment", "id", root=True),
        CommandSource("plain", ("id", "-u")),
    ]
    items = run(shell, sources, user=NOBODY).decoded.items
    assert items["command"].reason is items["fragment"].reason is Reason.DENIED
    assert items["command"].content == items["fragment"].content == b""
    assert items["plain"].text() == f"{NOBODY}\n"


@each_shell
def test_a_command_that_hangs_is_ended_and_costs_only_itself(shell: Shell) -> None:
    sources = [
        CommandSource("hangs", ("sh", "-c", "echo before; exec sleep 30"), timeout_s=1),
        CommandSource("quick", ("sh", "-c", "exit 124"), ok=(124,)),
        CommandSource("after", ("echo", "x")),
    ]
    items = run(shell, sources).decoded.items
    assert (items["hangs"].reason, items["hangs"].content) == (Reason.TIMEOUT, b"before\n")
    assert 900 <= items["hangs"].duration_ms <= 5000
    assert items["quick"].reason is None
    assert items["after"].text() == "x\n"


@pytest.mark.parametrize("shell", [DASH, SHELLS[3]], ids=lambda shell: shell.name)
def test_a_command_that_will_not_be_ended_is_killed(shell: Shell) -> None:
    body = "trap '' TERM; while :; do sleep 1; done"
    item = one(shell, ShellSource("key", body, timeout_s=1))
    assert item.reason is Reason.TIMEOUT
    assert item.duration_ms < 8000


@each_shell
def test_output_without_end_is_cut_at_the_limit(shell: Shell) -> None:
    sources = [
        CommandSource("out", ("yes",), max_bytes=1000),
        ShellSource("err", "yes >&2", timeout_s=1),
        CommandSource("after", ("echo", "x")),
    ]
    items = run(shell, sources).decoded.items
    assert (len(items["out"].content), items["out"].reason) == (1000, Reason.TRUNCATED)
    assert items["err"].reason is Reason.TIMEOUT
    assert len(items["err"].stderr) <= 16384
    assert items["after"].text() == "x\n"


@each_shell
def test_the_byte_limit_of_the_arguments_is_over_that_of_every_source(shell: Shell, world: Path) -> None:
    write(world / "a", b"x" * 50)
    sources = [
        FileSource("file", str(world / "a")),
        CommandSource("command", ("sh", "-c", "echo 12345678901")),
        TreeSource("tree", (f"{world}/*",)),
    ]
    items = run(shell, sources, "b=10").decoded.items
    assert {len(item.content) for key, item in items.items() if key != "tree"} == {10}
    assert items[f"tree:{world}/a"].reason is Reason.TRUNCATED


@each_shell
def test_after_the_time_for_all_nothing_new_begins(shell: Shell, world: Path) -> None:
    sources = [
        ShellSource("first", "sleep 4"),
        FileSource("file", str(write(world / "a", b"x"))),
        CommandSource("command", ("echo", "x")),
        TreeSource("tree", (f"{world}/*",)),
    ]
    decoded = run(shell, sources, "t=3").decoded
    assert decoded.problem == ""
    assert decoded.items["first"].reason is None
    assert {decoded.items[key].reason for key in ("file", "command", "tree")} == {Reason.TIMEOUT}


@each_shell
def test_no_command_reads_the_probe_or_waits_for_input(shell: Shell) -> None:
    items = run(shell, [CommandSource("cat", ("cat",)), CommandSource("after", ("echo", "x"))]).decoded.items
    assert (items["cat"].content, items["cat"].reason, items["after"].text()) == (b"", None, "x\n")


@each_shell
def test_no_other_process_can_learn_the_secret_of_the_markers(shell: Shell) -> None:
    body = 'for f in /proc/[0-9]*/cmdline /proc/[0-9]*/environ; do cat "$f" 2>/dev/null; done; :'
    ran = run(shell, [ShellSource("spy", body, max_bytes=8 << 20)])
    secret = re.search(rb"@hardcheck 1 %b ([0-9a-f-]+) " % NONCE.encode(), ran.stdout)
    assert secret is not None
    assert len(secret[1]) >= 32
    seen = ran.decoded.items["spy"].content
    assert NONCE.encode() in seen
    assert secret[1] not in seen


@each_shell
def test_content_that_looks_like_a_marker_stays_content(shell: Shell, world: Path) -> None:
    forged = (
        f"\n@hardcheck 1 {NONCE} {'0' * 32} 0 {'0' * 16}\n\n@{'0' * 32} f other\nroot\n@{NONCE} z\n".encode()
    )
    ran = run(
        shell, [FileSource("key", str(write(world / "file", forged))), FileSource("other", "/nonesuch")]
    )
    assert ran.decoded.items["key"].content == forged
    assert ran.decoded.items["other"].reason is Reason.NOT_PRESENT


@each_shell
@pytest.mark.parametrize(
    "arguments",
    [(), ("",), ("xyz",), ("0" * 15,), ("0" * 65,), ("a" * 16 + "\n",), ("A" * 16,), ("$(id)" + "0" * 16,)],
)
def test_a_nonce_that_is_not_hexadecimal_is_refused(shell: Shell, arguments: tuple[str, ...]) -> None:
    need_tool(shell.command[0])
    script = probe_for(shell, [CommandSource("id", ("id",))])
    done = subprocess.run([*shell.command, "-s", "--", *arguments], input=script, capture_output=True)
    assert (done.returncode, done.stdout) == (64, b"")
    assert done.stderr.startswith(b"usage:")


@each_shell
@pytest.mark.parametrize(
    "word", ["x", "d=short", "t=", "t=ff", "b=-1", "t=1;id", "d=" + "G" * 16, "t=99999999999"]
)
def test_an_argument_of_another_form_is_refused(shell: Shell, word: str) -> None:
    ran = run(shell, [CommandSource("id", ("id",))], word)
    assert (ran.status, ran.stdout) == (64, b"")


@each_shell
def test_a_tree_is_listed_and_its_files_come_byte_for_byte(shell: Shell, world: Path) -> None:
    contents = {
        "plain.conf": EVERY_BYTE,
        "empty": b"",
        "no newline": b"x",
        "odd\nname": b"odd",
        "b\u00e4r": b"umlaut",
        "back\\slash": b"escaped",
        "-rf": b"dash",
        "sub/inner": b"deep",
    }
    for name, content in contents.items():
        write(world / name, content)
    (world / "link").symlink_to("plain.conf")
    (world / "dangling").symlink_to("/no/where\nelse")
    os.mkfifo(world / "pipe")
    tree = run(shell, [TreeSource("tree", (f"{world}/*", f"{world}/*/*", f"{world}/none/*"))]).decoded.items
    entries = {entry.path.removeprefix(f"{world}/"): entry for entry in parse_listing(tree["tree"])}
    assert tree["tree"].reason is None
    assert {entry.kind: name for name, entry in entries.items() if name in ("sub", "pipe", "link")} == {
        "d": "sub",
        "o": "pipe",
        "l": "link",
    }
    assert entries["link"].target == "plain.conf"
    assert entries["dangling"].target == "/no/where\\x0aelse"
    for name, content in contents.items():
        escaped = name.replace("\\", "\\x5c").replace("\n", "\\x0a")
        item = tree[f"tree:{world}/{escaped}"]
        assert (item.content, item.reason) == (content, None), name
        entry = entries[escaped]
        assert (entry.kind, entry.mode, entry.size) == ("f", 0o644, len(content))
        assert entry.sha256 == hashlib.sha256(content).hexdigest()
    assert not any(key.endswith(("link", "pipe", "dangling")) for key in tree)


@each_shell
def test_files_of_a_tree_without_a_true_size_come_whole(shell: Shell) -> None:
    tree = run(
        shell, [TreeSource("tree", ("/proc/sys/kernel/ostype", "/proc/sys/kernel/osr*"))]
    ).decoded.items
    assert tree["tree:/proc/sys/kernel/ostype"].content == b"Linux\n"
    assert tree["tree:/proc/sys/kernel/osrelease"].text().strip() == os.uname().release


@each_shell
def test_a_tree_without_a_match_is_not_present(shell: Shell, world: Path) -> None:
    items = run(shell, [TreeSource("tree", (f"{world}/*.conf", "/nonesuch/*"))]).decoded.items
    assert (items["tree"].reason, items["tree"].content) == (Reason.NOT_PRESENT, b"")


@each_shell
def test_a_tree_of_too_many_files_is_cut(shell: Shell, world: Path) -> None:
    for number in range(9):
        write(world / f"f{number}", b"x")
    items = run(shell, [TreeSource("tree", (f"{world}/*",), max_files=5)]).decoded.items
    assert items["tree"].reason is Reason.TRUNCATED
    assert len(items) == 1 + 5


@each_shell
def test_a_large_member_of_a_tree_is_cut_and_the_others_are_whole(shell: Shell, world: Path) -> None:
    write(world / "a", b"a" * 5000)
    write(world / "b", b"b" * 100)
    write(world / "c", b"c" * 101)
    items = run(shell, [TreeSource("tree", (f"{world}/*",), max_bytes=100)]).decoded.items
    assert (items[f"tree:{world}/a"].content, items[f"tree:{world}/a"].size) == (b"a" * 100, 5000)
    assert [items[f"tree:{world}/{name}"].reason for name in "abc"] == [
        Reason.TRUNCATED,
        None,
        Reason.TRUNCATED,
    ]
    assert items[f"tree:{world}/b"].content == b"b" * 100


@each_shell
@as_root
def test_a_closed_directory_makes_the_listing_denied(shell: Shell, world: Path) -> None:
    write(world / "open" / "file", b"x")
    write(world / "closed" / "file", b"x").parent.chmod(0o700)
    write(world / "blind" / "file", b"x").parent.chmod(0o711)
    sources = [
        TreeSource("below", (f"{world}/closed/*",)),
        TreeSource("among", (f"{world}/*/file",)),
        TreeSource("unlisted", (f"{world}/blind/*",)),
        TreeSource("named", (f"{world}/blind/file",)),
        TreeSource("open", (f"{world}/open/*",)),
    ]
    items = run(shell, sources, user=NOBODY).decoded.items
    assert [items[key].reason for key in ("below", "among", "unlisted")] == [Reason.DENIED] * 3
    assert items["named"].reason is items["open"].reason is None
    assert items[f"among:{world}/open/file"].content == b"x"


@each_shell
@as_root
def test_a_member_that_may_not_be_read_is_denied_by_name(shell: Shell, world: Path) -> None:
    write(world / "secret", b"x", 0o600)
    write(world / "shown", b"y")
    items = run(shell, [TreeSource("tree", (f"{world}/*",))], user=NOBODY).decoded.items
    assert items[f"tree:{world}/secret"].reason is Reason.DENIED
    assert items[f"tree:{world}/shown"].content == b"y"
    assert [entry.sha256 is None for entry in parse_listing(items["tree"])] == [True, False]


@each_shell
def test_blobs_are_named_by_digest_and_sent_when_asked_for(shell: Shell, world: Path) -> None:
    names = ("plain", "odd \u00e9", "other")
    for name in names:
        write(world / "tree" / name, name.encode() * 10)
    policy = write(world / "policy.31", EVERY_BYTE)
    (world / "policy.link").symlink_to("policy.31")
    sources = [
        TreeSource("tree", (f"{world}/tree/*",), blobs=True),
        BlobSource("policy", ("/nonesuch/*", f"{world}/policy.*")),
        BlobSource("linked", (f"{world}/policy.link",)),
        BlobSource("none", ("/nonesuch/*",)),
        FileSource("file", str(policy)),
    ]
    first = run(shell, sources).decoded
    assert first.contents == {}
    assert {blob.key.rpartition("/")[2]: blob.size for blob in first.blobs} == {
        "plain": 50, "odd \u00e9": 60, "other": 50, "policy": 768, "linked": 768,
    }  # fmt: skip
    assert first.items["none"].reason is Reason.NOT_PRESENT
    assert "policy" not in first.items

    wanted = [blob.sha256 for blob in first.blobs if not blob.key.endswith("other")]
    second = run(shell, sources, *(f"d={sha256[:16]}" for sha256 in wanted)).decoded
    assert second.problem == ""
    assert "file" not in second.items
    assert set(second.contents) == set(wanted)
    assert EVERY_BYTE in second.contents.values()
    assert "odd \u00e9".encode() * 10 in second.contents.values()


@each_shell
def test_a_blob_above_its_limit_is_truncated_and_not_offered(shell: Shell, world: Path) -> None:
    path = write(world / "policy", b"x" * 100)
    decoded = run(shell, [BlobSource("policy", (str(path),), max_bytes=99)]).decoded
    assert decoded.blobs == ()
    assert (decoded.items["policy"].reason, decoded.items["policy"].size) == (Reason.TRUNCATED, 100)


@each_shell
@as_root
def test_a_blob_that_may_not_be_read_is_denied(shell: Shell, world: Path) -> None:
    path = write(world / "in" / "policy", b"x", 0o600)
    write(world / "closed" / "policy", b"x").parent.chmod(0o700)
    sources = [BlobSource("file", (str(path),)), BlobSource("below", (f"{world}/closed/*",))]
    decoded = run(shell, sources, user=NOBODY).decoded
    assert decoded.items["file"].reason is decoded.items["below"].reason is Reason.DENIED


def test_a_reader_that_goes_away_ends_the_probe(world: Path) -> None:
    script = probe_for(
        DASH, [CommandSource(f"yes{number}", ("yes",), max_bytes=1 << 20) for number in range(200)]
    )
    command = "dash -s -- 0123456789abcdef 2>/dev/null | head -c 100 >/dev/null"
    done = subprocess.run(["sh", "-c", command], input=script, capture_output=True, timeout=20)
    assert done.returncode == 0


def test_a_probe_started_with_sigpipe_ignored_still_answers() -> None:
    script = probe_for(
        DASH, [CommandSource("yes", ("yes",), max_bytes=1000), CommandSource("after", ("echo", "x"))]
    )
    wrapped = ["sh", "-c", "trap '' PIPE; exec dash -s -- 0123456789abcdef"]
    done = subprocess.run(wrapped, input=script, capture_output=True, timeout=20)
    assert done.stdout.count(b"\n@") == 6
    assert b"\nx\n" in done.stdout
