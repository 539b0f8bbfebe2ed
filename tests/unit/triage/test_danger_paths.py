"""Paths of the danger list: what is left out first is never one that matches."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardcheck.apparmor.globs import GlobFault, encode_text, parse_glob
from hardcheck.apparmor.matching import matcher_for
from hardcheck.triage.danger_list import DANGERS
from hardcheck.triage.danger_paths import path_fits, required_text

_LISTED = tuple(pattern for danger in DANGERS for clause in danger.paths for pattern in clause.paths)
_PATHS = st.lists(
    st.sampled_from(
        ["etc", "usr", "bin", "sbin", "lib", "home", "a", ".ssh", "shadow", "tmp", "dev", "sda", ""]
    ),
    max_size=5,
).map(lambda parts: "/" + "/".join(parts))
_GLOBS = st.lists(
    st.sampled_from(["/etc", "/", "a", "{a,b}", "**", "*", "?", "[ab]", "{,usr/}", "bin/", "\\*", "shadow"]),
    min_size=1,
    max_size=6,
).map("".join)


def plainly(path: str, patterns: tuple[str, ...]) -> bool:
    """The same by one automaton of all patterns."""
    matches = matcher_for(patterns).matches
    return matches(encode_text(path)) or (not path.endswith("/") and matches(encode_text(path + "/")))


@settings(max_examples=300, deadline=None)
@given(_PATHS)
def test_the_list_is_answered_as_one_automaton_answers_it(path: str) -> None:
    assert path_fits(path, _LISTED) is plainly(path, _LISTED)


@settings(max_examples=300, deadline=None)
@given(st.lists(_GLOBS, min_size=1, max_size=4), st.text(alphabet="/abetcusrinhdow*", max_size=14))
def test_any_patterns_are_answered_so(globs: list[str], path: str) -> None:
    patterns = tuple(globs)
    try:
        [parse_glob(pattern) for pattern in patterns]
    except GlobFault:
        return
    assert path_fits(path, patterns) is plainly(path, patterns)


@pytest.mark.parametrize(
    ("pattern", "held"),
    [("/etc/{,g}shadow*", b"shadow"), ("/{root,home/*}/.ssh/{,**}", b"/.ssh/"), ("/**", b"/"), ("**", b"")],
)
def test_the_longest_text_that_every_match_has(pattern: str, held: bytes) -> None:
    assert required_text(pattern) == held


def test_a_path_that_no_kernel_has_is_none() -> None:
    assert not path_fits("/etc/" + "a" * 5000, ("/etc/**",))
    assert path_fits("/etc/" + "a" * 4091, ("/etc/**",))
