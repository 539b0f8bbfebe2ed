"""Patterns: their meaning, and that no pattern can be slow."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardcheck.apparmor.globs import GlobFault, parse_glob
from hardcheck.apparmor.matching import matcher_for
from hardcheck.apparmor.questions import intersection
from tests.unit.apparmor.samples import texts_of


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        ("/d/*", ("/d/x", "/d/.x"), ("/d/", "/d/x/", "/d/x/y")),
        ("/d/**", ("/d/x", "/d/x/", "/d/x/y"), ("/d/", "/d//x")),
        ("/d/*x", ("/d/x", "/d/ax"), ("/d/", "/d/a/x")),
        ("/d/{,*}", ("/d/", "/d/x"), ("/d/x/",)),
        ("/d/{,**}", ("/d/", "/d/x", "/d/x/y/"), ("/d",)),
        ("/d/*/", ("/d/x/",), ("/d//", "/d/x")),
        ("/a?c", ("/abc", "/a.c"), ("/a/c", "/ac")),
        ("/[a-c]x", ("/ax", "/cx"), ("/dx", "/x")),
        ("/[^a]x", ("/bx", "//x"), ("/ax",)),
        ("/[-a]", ("/-", "/a"), ("/b",)),
        ("/{a,b{c,d}}", ("/a", "/bc", "/bd"), ("/b", "/c")),
        ("/a\\*b", ("/a*b",), ("/axb",)),
        ("/a^$.+|()", ("/a^$.+|()",), ("/a",)),
        ("/\\[x\\]", ("/[x]",), ("/x",)),
        ("/[a\\]]", ("/]", "/a"), ("/x",)),
        ("/***", ("/x", "/x/y"), ("/",)),
        ("/é?", ("/éx",), ("/é",)),
        ("/?", ("/x",), ("/é",)),  # one byte, and é has two
    ],
)
def test_a_pattern_matches_what_the_parser_makes_of_it(
    pattern: str, matching: tuple[str, ...], other: tuple[str, ...]
) -> None:
    matcher = matcher_for((pattern,))
    assert [text for text in matching if not matcher.matches_text(text)] == []
    assert [text for text in other if matcher.matches_text(text)] == []


@pytest.mark.parametrize(
    "pattern",
    ["/a]", "/[a", "/{a", "/a}", "/{a}", "/[]", "/[^]", "/[a-]", "/[a-c-e]", "/a\\", "/[*]", "{" * 60],
)
def test_a_pattern_without_meaning_is_a_fault(pattern: str) -> None:
    with pytest.raises(GlobFault):
        parse_glob(pattern)


def _as_regex(pattern: str) -> str:
    """The translation of convert_aaregex_to_pcre for patterns without classes and escapes."""
    out = ""
    position = 0
    while position < len(pattern):
        character = pattern[position]
        if character == "*":
            rest = pattern[position:].lstrip("*")
            if out.endswith("/") and (not rest or rest.startswith("/")):
                out += "[^/]"
            double = pattern[position + 1 : position + 2] == "*"
            out += ".*" if double else "[^/]*"
            position += 2 if double else 1
            continue
        out += {"?": "[^/]", "{": "(?:", "}": ")", ",": "|"}.get(character, re.escape(character))
        position += 1
    return out


_PIECE = st.recursive(
    st.sampled_from(["a", "b", "/", "*", "**", "?", ".x", ""]),
    lambda inner: st.lists(st.lists(inner, max_size=3).map("".join), min_size=2, max_size=3).map(
        lambda parts: "{" + ",".join(parts) + "}"
    ),
    max_leaves=6,
)


@given(st.lists(_PIECE, max_size=6).map("".join), st.lists(st.text("ab/x.", max_size=8), max_size=10))
def test_random_patterns_match_as_their_regular_expression(pattern: str, texts: list[str]) -> None:
    matcher, regex = matcher_for((pattern,)), re.compile(_as_regex(pattern), re.DOTALL)
    for text in texts:
        assert matcher.matches_text(text) == bool(regex.fullmatch(text)), (pattern, text)


@given(st.lists(_PIECE, max_size=5).map("".join))
def test_a_pattern_matches_the_texts_made_from_it(pattern: str) -> None:
    matcher = matcher_for((pattern,))
    assert all(matcher.matches_text(text) for text in texts_of(pattern, 4))


@pytest.mark.parametrize(
    ("left", "right", "common"),
    [("/bin/a*", "/bin/*b", "/bin/ab"), ("/bin/*", "/bin/**", "/bin/x"), ("/a/*", "/b/*", None)],
)
def test_patterns_with_a_path_in_common_have_a_shortest_one(
    left: str, right: str, common: str | None
) -> None:
    assert intersection(left, right) == common


def test_no_pattern_takes_long_to_match() -> None:
    pattern = "/" + "**a" * 40 + "{" + ",".join("*b" * 10 for _ in range(20)) + "}"
    matcher = matcher_for((pattern,))
    started = time.process_time()
    assert not matcher.matches_text("/" + "a" * 4000 + "c")
    assert time.process_time() - started < 5
