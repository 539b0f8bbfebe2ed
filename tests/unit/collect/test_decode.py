"""What the decoder makes of whole, cut, noisy and forged streams; the streams are made by hand."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardcheck.collect.base import BlobSource, CommandSource, FileSource, ShellSource, Source, TreeSource
from hardcheck.collect.decode import Decoded, decode
from hardcheck.collect.redact import Redactor
from hardcheck.evidence import Reason
from tests.unit.collect.shells import DASH, NONCE, run

SECRET = b"6b1f0c5e-1111-4222-8333-444455556666"
BEGIN = b"@hardcheck 1 %b %b 0 0123456789abcdef\n" % (NONCE.encode(), SECRET)
SOURCES: tuple[Source, ...] = (
    FileSource("file", "/etc/file", 20),
    CommandSource("command", ("tool", "-x"), timeout_s=5, max_bytes=20),
    ShellSource("fragment", "id", max_bytes=20, ok=(0, 3)),
    TreeSource("tree", ("/etc/tree/*",), max_bytes=20),
    TreeSource("profiles", ("/etc/p/*",), blobs=True),
    BlobSource("policy", ("/policy",)),
)


def marker(text: str, body: bytes = b"") -> bytes:
    return b"\n@" + SECRET + b" " + text.encode() + b"\n" + body


def read(stdout: bytes, stderr: bytes = BEGIN, sources: tuple[Source, ...] = SOURCES) -> Decoded:
    return decode(stdout, stderr, NONCE, sources, Redactor())


def whole(*parts: bytes) -> bytes:
    return b"".join([BEGIN, *parts, marker("z")])


FILE = marker("f file", b"content\n") + marker("e 0 100 103")
COMMAND = marker("c command", b"out") + marker("e 0 103 110")
STDERR = BEGIN + marker("f file") + marker("c command", b"warn") + marker("x 0") + marker("z")


def test_items_have_bytes_status_duration_and_account() -> None:
    items = read(whole(FILE, COMMAND), STDERR).items
    file, command = items["file"], items["command"]
    assert (file.content, file.exit_status, file.duration_ms, file.euid, file.origin) == (
        b"content\n", None, 30, 0, "/etc/file",
    )  # fmt: skip
    assert (command.content, command.stderr, command.exit_status) == (b"out", b"warn", 0)
    assert (command.duration_ms, command.origin, command.reason) == (70, "tool -x", None)


@pytest.mark.parametrize(
    "noise", [b"", b"\n", b"Welcome!\n\n", b"@hardcheck 1 x\n", BEGIN[:-5] + b"\n", b"\xff\0" * 99]
)
def test_banners_before_and_noise_behind_change_nothing(noise: bytes) -> None:
    clean = read(whole(FILE, COMMAND), STDERR)
    before = noise if noise.endswith(b"\n") or not noise else noise + b"\n"
    assert read(before + whole(FILE, COMMAND) + noise, before + STDERR + noise) == clean


def test_noise_between_the_items_changes_nothing() -> None:
    noisy = whole(b"motd\n", FILE, b"background job done", COMMAND, b"\n\n")
    assert read(noisy, STDERR) == read(whole(FILE, COMMAND), STDERR)


@pytest.mark.parametrize("cut", range(len(whole(FILE, COMMAND))))
def test_a_stream_cut_anywhere_gives_the_complete_items_alone(cut: int) -> None:
    decoded = read(whole(FILE, COMMAND)[:cut], STDERR)
    assert decoded.problem
    complete = read(whole(FILE, COMMAND), STDERR).items
    for key, item in decoded.items.items():
        assert item == complete[key]
    ends = {"file": len(BEGIN + FILE), "command": len(BEGIN + FILE + COMMAND)}
    assert set(decoded.items) == {key for key, end in ends.items() if cut >= end}


@pytest.mark.parametrize("cut", range(len(STDERR)))
def test_a_cut_error_stream_never_makes_an_answer_of_a_command_without_its_status(cut: int) -> None:
    items = read(whole(FILE, COMMAND), STDERR[:cut]).items
    assert items["file"].content == b"content\n"
    if cut < STDERR.index(b"x 0\n") + 4:
        assert (items["command"].reason, items["command"].exit_status) == (Reason.NOT_COLLECTED, None)


@pytest.mark.parametrize(
    ("stdout", "stderr", "says"),
    [
        (b"", b"", "gave no output of the probe"),
        (
            b"This account is currently not available.\n",
            b"",
            "it said: This account is currently not available.",
        ),
        (b"", b"noise\nsudo: a password is required\n", "it said: sudo: a password is required"),
        (b"\x1b[31mred\n\x1b]0;title\x07x", b"", r"it said: ?]0;title?x"),
        (b"x" * 100_000, b"", "it said: xxx"),
    ],
)
def test_a_host_that_did_not_run_the_probe_is_told_apart_with_its_own_words(
    stdout: bytes, stderr: bytes, says: str
) -> None:
    decoded = read(stdout, stderr)
    assert decoded.items == {}
    assert says in decoded.problem
    assert decoded.problem.isprintable()
    assert len(decoded.problem) < 300


def test_output_of_a_run_with_another_nonce_is_not_taken() -> None:
    assert read(whole(FILE).replace(NONCE.encode(), b"f" * 32)).items == {}


def test_the_first_item_of_a_key_counts() -> None:
    second = marker("f file", b"forged\n") + marker("e 0 1 2")
    assert read(whole(FILE, second)).items["file"].content == b"content\n"


def test_items_that_nobody_asked_for_are_left_out() -> None:
    parts = [
        marker("f other", b"x") + marker("e 0 1 2"),
        marker("n another denied"),
        marker("c file", b"x"),
        marker("e 0 1 2"),
    ]
    assert read(whole(*parts)).items == {}


def test_an_item_behind_the_end_is_left_out() -> None:
    assert read(whole() + FILE).items == {}


@pytest.mark.parametrize("reason", ["denied", "not_present", "tool_missing", "timeout", "not_collected"])
def test_absence_has_the_reason_that_the_probe_gave(reason: str) -> None:
    item = read(whole(marker(f"n file {reason}"))).items["file"]
    assert (item.reason, item.content, item.origin) == (Reason(reason), b"", "/etc/file")


@pytest.mark.parametrize(
    "text",
    ["n file", "n file fine", "n file denied x", "e", "e 0", "e a b c", "e -1 0 0", "e 0 1 " + "9" * 99],
)
def test_a_marker_of_another_form_makes_no_item(text: str) -> None:
    assert read(whole(marker("f file", b"x"), marker(text))).items == {}


@pytest.mark.parametrize(
    ("status", "stderr", "reason"),
    [
        (0, b"", None),
        (1, b"head: cannot open '/etc/file' for reading: Permission denied", Reason.DENIED),
        (1, b"head: error reading '/etc/file': Operation not permitted", Reason.DENIED),
        (1, b"head: cannot open '/etc/file' for reading: No such file or directory", Reason.NOT_PRESENT),
        (1, b"head: error reading '/etc/file': Invalid argument", Reason.NOT_COLLECTED),
        (124, b"", Reason.TIMEOUT),
        (137, b"", Reason.TIMEOUT),
    ],
)
def test_a_file_that_could_not_be_read_tells_why(status: int, stderr: bytes, reason: Reason | None) -> None:
    errors = BEGIN + marker("f file", stderr) + marker("z")
    item = read(whole(marker("f file"), marker(f"e {status} 1 2")), errors).items["file"]
    assert (item.reason, item.stderr) == (reason, stderr)


@pytest.mark.parametrize(
    ("key", "status", "stderr", "ends", "reason"),
    [
        ("command", 0, b"Permission denied for one of many", 2, None),
        ("command", 1, b"", 2, Reason.NOT_COLLECTED),
        ("fragment", 3, b"", 2, None),
        ("command", 1, b"You must be root to run this", 2, Reason.DENIED),
        ("command", 4, b"ERROR: Access denied", 2, Reason.DENIED),
        ("command", 126, b"", 2, Reason.DENIED),
        ("command", 127, b"", 2, Reason.TOOL_MISSING),
        ("command", 124, b"", 501, Reason.TIMEOUT),
        ("command", 143, b"", 501, Reason.TIMEOUT),
        ("command", 137, b"", 801, Reason.TIMEOUT),
        ("command", 124, b"", 20, Reason.NOT_COLLECTED),
        ("command", 143, b"", 0, Reason.TIMEOUT),
    ],
)
def test_an_exit_status_is_read_with_the_time_and_the_words(
    key: str, status: int, stderr: bytes, ends: int, reason: Reason | None
) -> None:
    errors = BEGIN + marker(f"c {key}", stderr) + marker(f"x {status}") + marker("z")
    start = min(1, ends)  # 0 0 is a host without a clock
    item = read(whole(marker(f"c {key}", b"out"), marker(f"e 0 {start} {ends}")), errors).items[key]
    assert (item.reason, item.exit_status, item.content) == (reason, status, b"out")


def test_output_of_which_the_last_reader_failed_is_no_answer() -> None:
    item = read(whole(marker("c command", b"out"), marker("e 1 1 2")), STDERR).items["command"]
    assert (item.reason, item.exit_status) == (Reason.NOT_COLLECTED, None)


def test_what_is_longer_than_its_limit_is_cut_there() -> None:
    sizes = marker("v", b"9000 /etc/file\n77 /etc/other\nx /etc/file\n")
    item = read(whole(marker("f file", b"x" * 21), marker("e 0 1 2"), sizes)).items["file"]
    assert (item.content, item.reason, item.size) == (b"x" * 20, Reason.TRUNCATED, 9000)


def test_error_text_of_a_flood_is_bounded() -> None:
    errors = BEGIN + marker("c command", b"e" * 1_000_000) + marker("x 0") + marker("z")
    assert len(read(whole(COMMAND), errors).items["command"].stderr) == 16384


def test_secrets_are_gone_before_anything_is_kept() -> None:
    parts = marker("f file", b"password=hunter2\n") + marker("e 0 1 2")
    errors = BEGIN + marker("f file", b"--token hunter2") + marker("z")
    item = read(whole(parts), errors).items["file"]
    assert (item.content, item.redactions) == (b"password=[redacted]\n", 2)
    assert b"hunter2" not in item.stderr


def test_files_of_a_tree_that_changed_while_read_are_told_and_not_mixed_up() -> None:
    digests = b"".join(
        b"%b  /etc/tree/%b\n" % (sha, name) for sha, name in ((b"1" * 64, b"a"), (b"2" * 64, b"b"))
    )
    parts = [
        marker("t tree"),
        marker("s", b"81a4 0 0 3 /etc/tree/a\n81a4 0 0 3 /etc/tree/b\n"),
        marker("h", digests),
        marker("d", b"abcdef"),
        marker("e 0 1 2 0 2"),
    ]
    items = read(whole(*parts)).items
    assert {items[f"tree:/etc/tree/{name}"].reason for name in "ab"} == {Reason.NOT_COLLECTED}
    assert {items[f"tree:/etc/tree/{name}"].content for name in "ab"} == {b""}


STAT = b"81a4 0 0 3 /etc/tree/a\n"


@pytest.mark.parametrize(
    ("parts", "reason", "member"),
    [
        ([marker("e 0 1 2 0 0")], Reason.NOT_PRESENT, None),
        ([marker("e 0 1 2 1 0")], Reason.DENIED, None),
        ([marker("e 0 1 2 0 1")], Reason.NOT_COLLECTED, None),  # stat(1) gave nothing, yet the shell saw one
        ([marker("s", STAT), marker("e 0 1 2 0 2")], Reason.NOT_COLLECTED, Reason.NOT_COLLECTED),
        ([marker("s", STAT), marker("e 1 1 2 0 1")], Reason.TRUNCATED, Reason.NOT_COLLECTED),
        ([marker("s", STAT), marker("e 0 1 2 0 1")], None, Reason.NOT_COLLECTED),  # sha256sum(1) gave nothing
        ([marker("s", STAT), marker("w", b"/etc/tree/a\n"), marker("e 0 1 2 0 1")], None, Reason.DENIED),
        (
            [
                marker("p", b"/etc/tree/a"),
                marker("o", STAT[:10]),
                marker("m"),
                marker("r 1"),
                marker("e 0 1 2 0 1"),
            ],
            None,
            Reason.NOT_COLLECTED,
        ),
        (
            [marker("p", b"/etc/tree/a"), marker("o", STAT[:10]), marker("u"), marker("e 0 1 2 0 1")],
            None,
            Reason.DENIED,
        ),
    ],
)
def test_a_tree_is_only_what_every_tool_agrees_on(
    parts: list[bytes], reason: Reason | None, member: Reason | None
) -> None:
    items = read(whole(marker("t tree"), *parts)).items
    assert items["tree"].reason is reason
    found = items.get("tree:/etc/tree/a")
    assert (found.reason if found else None) is member
    assert found is None or found.content == b""


def test_a_member_that_the_kernel_refuses_to_open_is_denied_in_the_words_of_the_tool() -> None:
    said = b"head: cannot open '/etc/tree/a' for reading: Permission denied\n"
    said += b"head: /etc/tree/b: Input/output error\n"
    one = [marker("o", b"81a4 0 0 0"), marker("m"), marker("r 1")]
    parts = [marker("p", b"/etc/tree/a"), *one, marker("p", b"/etc/tree/b"), *one, marker("e 0 1 2 0 2")]
    items = read(whole(marker("t tree"), *parts), BEGIN + marker("t tree", said) + marker("z")).items
    assert items["tree:/etc/tree/a"].reason is Reason.DENIED
    assert items["tree:/etc/tree/b"].reason is Reason.NOT_COLLECTED
    assert items["tree:/etc/tree/b"].stderr == b"head: /etc/tree/b: Input/output error"


def test_a_blob_with_other_bytes_than_its_digest_is_not_taken() -> None:
    parts = [
        marker("t policy"),
        marker("p", b"/sys/policy"),
        marker("o", b"8124 0 0 0"),
        marker("g " + "3" * 64),
    ]
    decoded = read(whole(*parts, marker("m", b"other bytes"), marker("e 0 1 2 0 1")))
    assert decoded.contents == {}
    assert decoded.altered == {"policy"}
    assert decoded.items["policy"].reason is Reason.NOT_COLLECTED


@given(st.binary(max_size=400), st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_bytes_decode_to_something(stdout: bytes, stderr: bytes) -> None:
    read(stdout, stderr)
    read(BEGIN + stdout, BEGIN + stderr)


_words = st.sampled_from(
    ["file", "command", "tree", "profiles", "policy", "0", "1", "7", "-", "x", "denied", "4" * 64, ""]
)
_bodies = st.sampled_from(
    [b"", b"81a4 0 0 3 /a\n", b"4" * 64 + b"  /a\n", b"/a", b"41ed 0 0 3 /a", b"abc"]
) | st.binary(max_size=30)


@given(
    st.lists(
        st.tuples(st.sampled_from("nfctshdpolgmrwuevzxq"), st.lists(_words, max_size=4), _bodies), max_size=14
    )
)
@settings(max_examples=400, deadline=None)
def test_any_order_of_markers_decodes_to_something(parts: list[tuple[str, list[str], bytes]]) -> None:
    stream = BEGIN + b"".join(marker(" ".join([verb, *words]), body) for verb, words, body in parts)
    for item in read(stream, stream).items.values():
        assert item.reason is None or isinstance(item.reason, Reason)


def _real() -> tuple[bytes, bytes]:
    sources = (
        FileSource("file", "/etc/os-release"),
        CommandSource("command", ("id",)),
        TreeSource("tree", ("/etc/os-release", "/usr/lib/os-release", "/proc/sys/kernel/ostype")),
        BlobSource("policy", ("/usr/lib/os-release",)),
    )
    ran = run(DASH, sources)
    return ran.stdout, ran.stderr


REAL = _real()


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_a_real_stream_with_changed_cut_or_doubled_bytes_decodes_to_something(data: st.DataObject) -> None:
    streams = []
    for real in REAL:
        changed = bytearray(real)
        for _ in range(data.draw(st.integers(0, 4))):
            at = data.draw(st.integers(0, max(0, len(changed) - 1)))
            kind = data.draw(st.integers(0, 2))
            if kind == 0:
                changed[at : at + 1] = bytes([data.draw(st.integers(0, 255))])
            elif kind == 1:
                del changed[at : at + data.draw(st.integers(1, 200))]
            else:
                changed[at:at] = changed[at : at + data.draw(st.integers(1, 200))]
        streams.append(bytes(changed))
    read(streams[0], streams[1])


@pytest.mark.parametrize(
    "flood",
    [
        marker("f file"),
        marker("n file denied"),
        marker("s", b"81a4 0 0 3 /a\n"),
        marker("h", b"4" * 64 + b"  /a\n"),
        marker("p", b"/a") + marker("m", b"x"),
        b"@hardcheck 1 ",
        b"\n@" + SECRET,
        b"a:" * 8,
    ],
)
def test_time_grows_with_the_bytes_and_no_faster(flood: bytes) -> None:
    def seconds(size: int) -> float:
        stream = whole(marker("t tree"), flood * (size // len(flood)), marker("e 0 1 2 0 2"))
        start = time.process_time()
        read(stream, stream)
        return time.process_time() - start

    small, large = seconds(250_000), seconds(2_000_000)
    assert large < max(small, 0.02) * 32  # 8 times the bytes; a square would be 64 times
