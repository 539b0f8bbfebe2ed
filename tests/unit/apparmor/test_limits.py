"""Hostile policy: faults, and neither long waits nor much memory."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hardcheck.apparmor import ProfileSet, parse
from hardcheck.apparmor.answers.messages import Message
from hardcheck.apparmor.decision import decide
from hardcheck.apparmor.hygiene import inspect
from hardcheck.apparmor.objects import FileObject, PeerObject
from hardcheck.errors import ProfileError
from tests.corpora import corpus


@pytest.fixture(autouse=True)
def bounded() -> Iterator[None]:
    started = time.process_time()
    yield
    assert time.process_time() - started < 20


def test_a_file_that_includes_itself_twice_ends() -> None:
    body = b"profile x%d { include <bomb> }\n"
    files = {"/etc/apparmor.d/a": b"include <bomb>", "/etc/apparmor.d/bomb": body % 1 + body % 2}
    policy = ProfileSet.read(files)
    assert policy.faults


def test_includes_that_double_at_each_step_end() -> None:
    files = {
        f"/etc/apparmor.d/abstractions/{n}": f"profile a{n} {{ include <abstractions/{n + 1}> }}\n"
        f"profile b{n} {{ include <abstractions/{n + 1}> }}\n".encode()
        for n in range(40)
    }
    files["/etc/apparmor.d/abstractions/40"] = b"/x r,\n"
    files["/etc/apparmor.d/start"] = b"profile s { include <abstractions/0> }\n"
    assert ProfileSet.read(files).faults


def test_variables_that_multiply_end() -> None:
    text = "@{V0}=/a/ /b/ /c/\n" + "".join(f"@{{V{n}}}=@{{V{n - 1}}}@{{V{n - 1}}}\n" for n in range(1, 30))
    with pytest.raises(ProfileError):
        parse(text + "profile p { @{V29} r, }")


@pytest.mark.parametrize(
    "text",
    [
        "profile p {" * 500,
        "{" * 10_000,
        "profile p { if " + "not " * 5_000 + "true { } }",
        "profile p { if " + "(" * 5_000 + " } ",
        "profile p { /" + "{a," * 5_000 + " r, }",
        "profile p { " + "/a r, " * 250_000 + "}",
        '"' * 9_999,
        "@{A}=" + "x " * 100_000,
        "profile p { " + "dbus peer=(" * 3_000,
        "profile p { /" + "[a" * 9_000 + " r, }",
    ],
    ids=lambda text: text[:24],
)
def test_text_made_to_exhaust_is_a_profile_error_or_read(text: str) -> None:
    assert len(_faults(text)) <= 400


def _samples() -> list[str]:
    folder = corpus("apparmor-profiles-debian13") / "etc" / "apparmor.d"
    names = ("usr.sbin.dnsmasq", "php-fpm", "usr.sbin.smbd", "abstractions/base", "tunables/home")
    return [(folder / name).read_text(encoding="utf-8") for name in names]


def _ask(policy: ProfileSet) -> None:
    """Put some questions: they have to be answered or refused in our own words."""
    for name in list(policy.profiles)[:3]:
        decide(policy, name, "read", FileObject("/etc/shadow"))
        decide(policy, name, "execute", FileObject("/bin/sh"))
        decide(policy, name, "trace", PeerObject("unconfined"))
        decide(policy, name, "send", Message("system", "org.x", "/org/x", "org.x", "Get", "unconfined"))
    policy.attached("/bin/sh")


def _read_and_ask(text: str) -> None:
    policy = ProfileSet.read({"/etc/apparmor.d/x": text.encode("utf-8", "surrogatepass")})
    _ask(policy)
    if "\n" in text:
        assert all(map(str, _faults(text)))


def _faults(text: str) -> tuple[object, ...]:
    try:
        parse(text)
    except ProfileError as error:
        return error.faults
    return ()


def test_mutated_real_profiles_raise_nothing_foreign() -> None:
    rng = random.Random(7)
    samples = _samples()
    marks = (
        "{",
        "}",
        ",",
        '"',
        "@{",
        "->",
        "#include <",
        "(",
        ")",
        "\\",
        "*",
        "[",
        "\0",
        "é",
        "=",
        "owner ",
        " px ",
    )
    for _ in range(250):
        text = rng.choice(samples)
        for _ in range(rng.randint(1, 12)):
            at = rng.randrange(len(text))
            action = rng.random()
            if action < 0.4:
                text = text[:at] + rng.choice(marks) + text[at:]
            elif action < 0.7:
                text = text[:at] + text[at + rng.randint(1, 30) :]
            else:
                other = rng.choice(samples)
                start = rng.randrange(len(other))
                text = text[:at] + other[start : start + rng.randint(1, 200)] + text[at:]
        _read_and_ask(text)


_WORDS = st.sampled_from(
    [
        *(
            "profile",
            "p",
            "{",
            "}",
            ",",
            "/a",
            "/b/**",
            "rw",
            "px",
            "ix",
            "->",
            "deny",
            "owner",
            "audit",
            "\n",
        ),
        *("@{X}", "=", "+=", '"', "flags=(", ")", "complain", "include", "<x>", "if", "else", "$B", "true"),
        *("mount", "options=(", "rw", "signal", "set=(", "kill", "peer=", "dbus", "send", "unix", "addr=@a"),
        *(
            "network",
            "inet",
            "capability",
            "chown",
            "set",
            "rlimit",
            "<=",
            "1",
            "^hat",
            "abi",
            "alias",
            "all",
        ),
        *("priority=", "-1", "change_profile", "mqueue", "userns", "[", "*", "{a,b}", "#", "link", "subset"),
    ]
)


@settings(max_examples=250, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(_WORDS, max_size=40).map(" ".join))
def test_random_words_raise_nothing_foreign(text: str) -> None:
    _read_and_ask(text)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300))
def test_random_bytes_raise_nothing_foreign(content: bytes) -> None:
    policy = ProfileSet.read({"/etc/apparmor.d/x": content, "/etc/apparmor.d/y": b"profile y { " + content})
    _ask(policy)
    inspect(policy)


def test_nothing_outside_the_folder_is_read(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("profile stolen { }\n")
    base = tmp_path / "apparmor.d"
    base.mkdir()
    (base / "link").symlink_to(tmp_path / "secret")
    (base / "direct").write_text(f'include "{tmp_path}/secret"\nprofile d {{ }}\n')
    (base / "dots").write_text("include <../secret>\nprofile e { }\n")
    policy = ProfileSet.read(base)
    assert "stolen" not in policy.profiles
    assert {fault.file for fault in policy.faults} == {"direct", "dots"}
