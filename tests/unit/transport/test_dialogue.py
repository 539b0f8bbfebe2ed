"""The talk with the bootstrap, byte by byte."""

from __future__ import annotations

import pickle
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardcheck.evidence import Privilege
from hardcheck.transport.access import Sudo
from hardcheck.transport.base import BecomeFailure
from hardcheck.transport.dialogue import Dialogue, one_line
from hardcheck.transport.secret import Secret

SUDO = Sudo()
PASSWORD = "s3cret-horse"


def start(sudo: Sudo = SUDO) -> tuple[Dialogue, bytes]:
    dialogue = Dialogue(b"the script\n", [], sudo)
    return dialogue, dialogue.argv[5].encode()


@given(st.binary(max_size=200), st.lists(st.integers(1, 7), max_size=200))
def test_the_split_into_reads_does_not_matter(noise: bytes, sizes: list[int]) -> None:
    dialogue, word = start()
    assert dialogue.opening() == b"the script\n"
    stream = noise + word + b" sudo\n" + noise + word + b" exit 7\nafter"
    place = 0
    for size in sizes:
        dialogue.feed(stream[place : place + size])
        place += size
    dialogue.feed(stream[place:])
    assert dialogue.privilege is Privilege.SUDO
    assert dialogue.exit_status == 7
    assert dialogue.finish() == noise


def test_nothing_is_sent_before_sudo_asks() -> None:
    dialogue, word = start(Sudo(password=Secret(PASSWORD)))
    assert dialogue.opening() == b""
    assert dialogue.waits_for_host
    assert dialogue.feed(b"Welcome!\n[sudo] password for you: ") == b""
    assert dialogue.feed(b"[" + word + b" pass") == b""
    assert dialogue.feed(b"word]") == PASSWORD.encode() + b"\n"
    assert dialogue.feed(word + b" sudo\n") == word + b" go\nthe script\n"
    assert not dialogue.waits_for_host


def test_a_second_prompt_ends_the_talk_without_the_password() -> None:
    dialogue, word = start(Sudo(password=Secret(PASSWORD)))
    prompt = b"[" + word + b" password]"
    dialogue.feed(prompt)
    assert dialogue.feed(b"\nSorry, try again.\n" + prompt) == word + b" stop\n"
    assert dialogue.feed(prompt) == b""
    assert dialogue.feed(word + b" denied password\n" + word + b" none\n") == b"the script\n"
    denied = dialogue.denied()
    assert denied is not None
    assert denied.why is BecomeFailure.WRONG_PASSWORD
    assert PASSWORD not in denied.detail


def test_a_prompt_inside_the_probes_own_output_gets_nothing() -> None:
    dialogue, word = start(Sudo(password=Secret(PASSWORD)))
    dialogue.feed(word + b" sudo\n")
    assert dialogue.feed(b"[" + word + b" password]") == b""


def test_what_is_said_before_the_start_is_bounded() -> None:
    dialogue, _ = start()
    for _ in range(100):
        dialogue.feed(b"x" * 10_000)
    assert len(dialogue.finish()) < 40_000


def test_what_never_started_has_no_privilege() -> None:
    dialogue, _ = start()
    dialogue.feed(b"This account is currently not available.\n")
    assert dialogue.privilege is None
    assert dialogue.denied() is None
    assert dialogue.finish() == b"This account is currently not available.\n"


def test_each_run_has_its_own_word() -> None:
    words = {start()[1] for _ in range(20)}
    assert len(words) == 20
    assert all(re.fullmatch(rb"[0-9a-f]{16}", word) for word in words)


def test_a_secret_is_neither_shown_nor_stored() -> None:
    secret = Secret(PASSWORD)
    assert PASSWORD not in f"{secret} {secret!r} {Sudo(password=secret)}"
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    assert secret == Secret(PASSWORD)
    assert secret != Secret("another")


@given(st.binary(max_size=2000))
def test_a_hosts_words_become_one_short_printable_line(data: bytes) -> None:
    line = one_line(data)
    assert len(line) <= 300
    assert "\n" not in line
    assert "\x1b" not in line
