"""The part of m4 that is read: quotes, calls, comments; whatever comes, it ends and says what it missed."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardcheck.refpolicy.m4 import Call, M4Error, Statement, read_body, read_calls

NAMES = st.sampled_from(["allow_it", "a", "gen_require", "x9"])
WORDS = st.sampled_from(["$1", "a_t", "b_t:file", "{ read open }", "-c_t", "self"])
STATEMENTS = st.lists(WORDS, min_size=1, max_size=4).map(" ".join)
COMMENTS = st.sampled_from(["", "# a comment, (with) marks\n", "\n", "dnl gone\n", " "])


def written(body: list[Call | Statement]) -> str:
    """The body as text."""
    return "\n".join(
        f"{node.text};"
        if isinstance(node, Statement)
        else f"{node.name}({', '.join(map(quoted, node.arguments))})"
        for node in body
    )


def quoted(text: str) -> str:
    return f"`{text}'"


def nested(inner: st.SearchStrategy[list[Call | Statement]]) -> st.SearchStrategy[list[Call | Statement]]:
    """Bodies whose calls have bodies as arguments."""
    argument = st.one_of(WORDS.filter(lambda word: "{" not in word), inner.map(written))
    call = st.builds(lambda name, given: Call(name, tuple(given)), NAMES, st.lists(argument, max_size=3))
    filled = call.map(lambda one: one if one.arguments else Call(one.name, ("",)))
    return st.lists(st.one_of(STATEMENTS.map(Statement), filled), max_size=4)


NOTHING: st.SearchStrategy[list[Call | Statement]] = st.builds(list)
BODIES = st.recursive(NOTHING, nested, max_leaves=12)


@given(BODIES, st.lists(COMMENTS, min_size=1, max_size=5))
def test_what_is_written_is_read(body: list[Call | Statement], comments: list[str]) -> None:
    lines = written(body).split("\n")
    spread = "".join(f"{comments[n % len(comments)]}{line}\n" for n, line in enumerate(lines))
    shown = [node for node in read_body(spread) if isinstance(node, Statement)]
    assert [node.text for node in shown] == [node.text for node in body if isinstance(node, Statement)]
    assert list(read_body(written(body))) == body


@settings(max_examples=400)
@given(st.text(alphabet="`'(),;#\n aA_1${}dnl", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    for read in (read_calls, read_body):
        try:
            found = list(read(text))
        except M4Error:
            continue
        assert all(isinstance(node, Call | Statement) for node in found)


@given(st.text(max_size=40))
def test_any_characters_are_read_or_refused(text: str) -> None:
    try:
        list(read_calls(text))
        list(read_body(text))
    except M4Error:
        return


def test_calls_at_the_top_know_their_line() -> None:
    text = "# interface(`no',`x')\n\ndnl b(`no')\na(`b')\n`c(d)'\nword e (f)\ng(1, `h(2), 3', (4, 5))"
    assert list(read_calls(text)) == [Call("a", ("b",), 4), Call("g", ("1", "h(2), 3", "(4, 5)"), 7)]


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("a(`b", "a quote that is never closed"),
        ("a(b, (c)", "a bracket that is never closed"),
        ("a(" + "," * 70 + ")", "more than 64 arguments"),
    ],
)
def test_what_is_open_is_said(text: str, missing: str) -> None:
    with pytest.raises(M4Error, match=missing):
        list(read_calls(text))
    with pytest.raises(M4Error, match=missing):
        list(read_body(text))


@pytest.mark.parametrize(
    "text", ["`" * 200_000, "a(" * 100_000, "a(`" * 60_000, "a;" * 200_000, "#" * 400_000, "a " * 200_000]
)
def test_hostile_text_takes_no_longer_than_it_is_long(text: str) -> None:
    start = time.process_time()
    for read in (read_calls, read_body):
        try:
            list(read(text))
        except M4Error:
            continue
    assert time.process_time() - start < 5
